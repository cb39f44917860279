import type { AppModel } from '@outpost/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Organization } from '../src/index.ts';
import { ask, id, model, openRightsWorld, row } from './rights-world.ts';

const withKeys = (...keys: readonly (readonly string[])[]): AppModel => ({
  ...model,
  tables: model.tables.map((table) =>
    table.name === 'account'
      ? { ...table, alternateKeys: keys.map((columns) => ({ name: columns.join('_'), columns })) }
      : table,
  ),
});
let organization: Organization;
const rita = () => organization.as(id(1));
const account = (n: number, values: object) => row('account', n, { name: `A${n}`, ...values });
const byNumber = (number: string) =>
  ask(organization, 'rita', `accounts(accountnumber='${number}')?$select=accountid`);
const duplicate = { code: '0x80060892' };

beforeEach(async () => {
  organization = await openRightsWorld(withKeys(['accountnumber'], ['name', 'numberofemployees']));
});
afterEach(() => organization.close());

test('O05a: what a key finds is what it keeps unique: neither case nor accents tell keys apart', async () => {
  await rita().create(account(100, { accountnumber: 'Zürich-1' }));
  for (const number of ['Zürich-1', 'ZÜRICH-1', 'zurich-1']) {
    expect((await byNumber(number)).json.accountid).toBe(id(100));
    await expect(rita().create(account(101, { accountnumber: number }))).rejects.toMatchObject(
      duplicate,
    );
  }
  await rita().create(account(101, { accountnumber: 'Zürich-2' }));
  await expect(
    rita().update(row('account', 101, { accountnumber: 'ZURICH-1' })),
  ).rejects.toMatchObject(duplicate);
  await rita().update(row('account', 100, { accountnumber: 'zürich-1' }));
  // What a row gives up is free, also when the row is gone.
  await rita().update(row('account', 100, { accountnumber: 'other' }));
  await rita().update(row('account', 101, { accountnumber: 'ZURICH-1' }));
  expect((await byNumber('zürich-1')).json.accountid).toBe(id(101));
  expect((await byNumber('zürich-2')).status).toBe(404);
  await rita().delete('account', id(101));
  await rita().create(account(102, { accountnumber: 'Zürich-1' }));
  expect((await byNumber('zürich-1')).json.accountid).toBe(id(102));
});

test('O05a: a key of several columns, with a number, makes and finds the row it names', async () => {
  const key = "accounts(name='Alpine',numberofemployees=7)";
  const put = () =>
    ask(organization, 'rita', key, { telephone1: '1' }, { method: 'PATCH' }).then(
      (one) => one.status,
    );
  expect([await put(), await put()]).toEqual([204, 204]);
  expect(await organization.count('account')).toBe(1);
  const read = await ask(organization, 'rita', key.replace('Alpine', 'ALPINE'));
  expect(read.json).toMatchObject({ name: 'Alpine', numberofemployees: 7, telephone1: '1' });
  expect((await ask(organization, 'rita', key.replace('7', "'x'"))).status).toBe(400);
});

test('O05b: a key that comes to rows with the same values is told, names none of them, and takes no more', async () => {
  await organization.publish(withKeys());
  await organization.load([
    account(100, { accountnumber: 'N1' }),
    account(101, { accountnumber: 'n1' }),
    account(102, { accountnumber: 'N2' }),
    account(103, {}),
  ]);
  expect(await organization.failedKeys()).toEqual([]);
  await organization.publish(withKeys(['accountnumber']));
  expect(await organization.failedKeys()).toEqual([
    {
      ...{ table: 'account', key: 'accountnumber', columns: ['accountnumber'] },
      twins: [[id(100), id(101)]],
    },
  ]);
  const refused = await byNumber('N2');
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('not active')]);
  await expect(rita().create(account(104, { accountnumber: 'N1' }))).rejects.toMatchObject(
    duplicate,
  );
  // A twin can be changed, in its key too.
  await rita().update(row('account', 101, { telephone1: '1' }));
  await rita().update(row('account', 101, { accountnumber: 'N3' }));
  await organization.publish(withKeys(['accountnumber']));
  expect(await organization.failedKeys()).toEqual([]);
  expect((await byNumber('n1')).json.accountid).toBe(id(100));
  expect((await byNumber('n3')).json.accountid).toBe(id(101));
});
