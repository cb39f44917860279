import type { Privilege, RowValues } from '@outpost/model';
import { roleIds, sampleApp, sampleUsers } from '@outpost/sample';
import { testSystem } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const units = { north: id(901), south: id(902) };
/** With the shipped roles: Ana and Ben are salespeople in the north, Dev is one in the south. */
const { ana, ben, dev } = sampleUsers;
const owned = (user: { readonly id: string }) => ({
  ownerid: { table: 'systemuser', id: user.id },
});
const below = (account: number) => ({ parentcustomerid: { table: 'account', id: id(account) } });

let organization: Organization;
beforeAll(async () => {
  organization = await createServer({
    ...{ store: openStore(), model: sampleApp, limits: 'off', system: testSystem(3) },
    auth: tokenList(new Map([['ana', ana.id]])),
  });
  await organization.load([
    ...Object.values(units).map((unit) => ({ table: 'businessunit', id: unit, values: {} })),
    ...[ana, ben, dev].flatMap((user, i) => [
      {
        ...{ table: 'systemuser', id: user.id },
        values: {
          fullname: user.first,
          businessunitid: { table: 'businessunit', id: user === dev ? units.south : units.north },
        },
      },
      {
        ...{ table: 'systemuserroles', id: id(910 + i) },
        values: {
          systemuserid: { table: 'systemuser', id: user.id },
          roleid: roleIds.salesperson,
        },
      },
    ]),
  ]);
});
afterAll(() => organization.close());

/** An account of Ana, with contacts of the given people. */
async function family(
  n: number,
  ...people: readonly { readonly id: string }[]
): Promise<readonly number[]> {
  await organization.load([
    { table: 'account', id: id(n), values: { name: `A${n}`, ...owned(ana) } },
    ...people.map((user, i) => ({
      ...{ table: 'contact', id: id(n + 1 + i) },
      values: { lastname: `C${n + 1 + i}`, ...owned(user), ...below(n) },
    })),
  ]);
  return people.map((_, i) => n + 1 + i);
}
const as = (user: { readonly id: string }) => organization.as(user.id);
const read = (user: { readonly id: string }, n: number) => as(user).retrieve('contact', id(n));
const ownerOf = async (user: { readonly id: string }, table: string, n: number) =>
  (await as(user).retrieve(table, id(n)))?.['ownerid'];
const give = (user: { readonly id: string }, table: string, n: number, to: RowValues) =>
  as(user).update({ table, id: id(n), values: to });
const denied = (what: RegExp) => ({ code: '0x80040220', message: expect.stringMatching(what) });
const everything: readonly Privilege[] = ['read', 'write', 'append', 'appendTo', 'delete', 'share'];

describe('O04a: a share goes no further than who shares could go', () => {
  test('so nobody reads a row of another unit by sharing an account with oneself', async () => {
    const [secret = 0, mine = 0] = await family(100, dev, ana);
    await as(ana).share('account', id(100), ana.id, [...everything, 'assign']);
    expect(await read(ana, secret)).toBeNull();
    await expect(give(ana, 'contact', secret, { lastname: 'Taken' })).rejects.toMatchObject(
      denied(/outside the reach of your write/),
    );
    expect(await read(ana, mine)).toMatchObject({ lastname: `C${mine}` });
  });

  test('and gives each row those rights only that who shares has on it', async () => {
    const [own = 0, colleague = 0] = await family(110, ana, ben);
    await as(ana).share('account', id(110), dev.id, ['read', 'write', 'delete']);
    expect(await read(dev, own)).not.toBeNull();
    // A colleague's row Ana may read, and not share.
    expect(await read(dev, colleague)).toBeNull();
    await as(ben).share('contact', id(colleague), ana.id, ['read', 'share']);
    await as(ana).share('account', id(110), dev.id, ['read', 'write', 'delete']);
    expect(await read(dev, colleague)).not.toBeNull();
    await expect(as(dev).delete('contact', id(colleague))).rejects.toMatchObject(denied(/delete/));
    await as(dev).delete('contact', id(own));
  });

  test('and one that is ended stays on rows that others shared', async () => {
    const [secret = 0, own = 0] = await family(120, dev, ana);
    await as(ana).share('account', id(120), ben.id, ['read']);
    await as(dev).share('contact', id(secret), ben.id, ['read']);
    await as(ana).share('account', id(120), ben.id, []);
    expect(await read(ben, secret)).not.toBeNull();
    expect(await read(ben, own)).not.toBeNull();
    await expect(as(ben).delete('contact', id(own))).rejects.toMatchObject(denied(/delete/));
  });
});

describe('O04b: who may not assign or delete a row does not do so by its parent', () => {
  const others = [
    ['of another unit', dev, /A Contact row goes with it that is outside the reach of your/],
    ['of a colleague', ben, /outside the reach of your (assign|delete) privilege/],
  ] as const;

  test.each(others)('an account is not assigned with a contact %s', async (_, other, message) => {
    const n = other === dev ? 200 : 210;
    const [own = 0, theirs = 0] = await family(n, ana, other);
    const to = other === dev ? ben : dev;
    await expect(give(ana, 'account', n, owned(to))).rejects.toMatchObject(denied(message));
    expect(await ownerOf(ana, 'account', n)).toMatchObject({ id: ana.id });
    expect(await ownerOf(ana, 'contact', own)).toMatchObject({ id: ana.id });
    expect(await ownerOf(other, 'contact', theirs)).toMatchObject({ id: other.id });
  });

  test.each(others)('an account is not deleted with a contact %s', async (_, other, message) => {
    const n = other === dev ? 220 : 230;
    const [own = 0, theirs = 0] = await family(n, ana, other);
    await expect(as(ana).delete('account', id(n))).rejects.toMatchObject(denied(message));
    expect(await as(ana).retrieve('account', id(n))).not.toBeNull();
    expect(await read(ana, own)).not.toBeNull();
    expect(await read(other, theirs)).not.toBeNull();
  });

  test('what may be done to all of them is done', async () => {
    const contacts = await family(240, ana, ana);
    await give(ana, 'account', 240, owned(ben));
    for (const n of contacts)
      expect(await ownerOf(ben, 'contact', n)).toMatchObject({ id: ben.id });
    await as(ben).delete('account', id(240));
    for (const n of contacts) expect(await read(ben, n)).toBeNull();
  });

  test('a lookup in a row of others is emptied, as for everybody', async () => {
    await family(250);
    await organization.load([
      {
        ...{ table: 'account', id: id(251) },
        values: {
          ...{ name: 'Below', ...owned(dev) },
          parentaccountid: { table: 'account', id: id(250) },
        },
      },
    ]);
    await as(ana).delete('account', id(250));
    const left = await as(dev).retrieve('account', id(251));
    expect(left).toMatchObject({ name: 'Below' });
    expect(left).not.toHaveProperty('parentaccountid');
  });
});

describe('O04c: a row gets another parent by who may do that to both', () => {
  test('and goes with the new parent as far as its owner lets it', async () => {
    await family(300);
    const [theirs = 0] = await family(310, dev);
    const moved = below(300);
    await expect(give(ana, 'contact', theirs, moved)).rejects.toMatchObject(denied(/your write/));
    await give(dev, 'contact', theirs, { lastname: 'Still mine' });
    await expect(give(dev, 'contact', theirs, moved)).rejects.toMatchObject(
      denied(/your appendTo/),
    );
    await as(ana).share('account', id(300), dev.id, ['read', 'appendTo']);
    await give(dev, 'contact', theirs, moved);
    // Under Ana's account it is Dev's still.
    expect(await read(ana, theirs)).toBeNull();
    await as(ana).share('account', id(300), ana.id, ['read', 'write']);
    expect(await read(ana, theirs)).toBeNull();
    await expect(as(ana).delete('account', id(300))).rejects.toMatchObject(denied(/goes with it/));
  });
});
