import {
  type AppModel,
  type CascadeKind,
  type Depth,
  defineApp,
  defineTable,
  type ManyToOne,
  parentalCascade,
  privileges,
  type Role,
  withSystemTables,
} from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const people = { boss: id(1), ana: id(2), ben: id(3) } as const;
type Person = keyof typeof people;
const units = { root: id(10), sales: id(11) } as const;
const team = id(20);
const own = Object.fromEntries(privileges.map((one) => [one, 1 as Depth]));
const role: Role = { id: id(30), name: 'Own', privileges: { account: own, visit: own } };
const teamRole: Role = { ...role, id: id(31), name: 'Team only', inheritance: 'teamOnly' };

const visits = (assign: CascadeKind): ManyToOne => ({
  kind: 'manyToOne',
  name: 'account_visits',
  table: 'visit',
  column: 'accountid',
  target: 'account',
  cascade: { ...parentalCascade, assign },
});
const modelWith = (assign: CascadeKind): AppModel =>
  withSystemTables(
    defineApp({
      name: 'T',
      uniqueName: 't',
      tables: [
        defineTable({
          name: 'account',
          label: 'Account',
          primaryName: 'name',
          ownership: 'user',
          columns: { name: { type: 'string' } },
        }),
        defineTable({
          name: 'visit',
          label: 'Visit',
          primaryName: 'name',
          ownership: 'user',
          columns: {
            name: { type: 'string' },
            accountid: { type: 'lookup', targets: ['account'] },
          },
        }),
      ],
      relationships: [visits(assign)],
      roles: [role, teamRole],
      profile: {
        id: 'p',
        name: 'p',
        items: ['account', 'visit'].map((table) => ({
          table,
          criteria: 'all' as const,
          relationships: [],
          intervalMinutes: 10,
        })),
      },
    }),
  );

const user = (name: Person) => ({ table: 'systemuser', id: people[name], name });
const open: Organization[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Boss manages Ana; Ben is alone. The team holds a role of its own kind. Ana owns account 100 with visits 200 to 203. */
async function organizationWith(assign: CascadeKind = 'cascade'): Promise<Organization> {
  const organization = await createServer({
    store: openStore(),
    model: modelWith(assign),
    auth: tokenList(new Map(Object.entries(people))),
    system: testSystem(1),
  });
  open.push(organization);
  const unit = (name: keyof typeof units) => ({ table: 'businessunit', id: units[name] });
  const owned = (table: string, n: number, owner: Person, more = {}) => ({
    table,
    id: id(n),
    values: {
      name: `${table} ${n}`,
      ownerid: user(owner),
      owningbusinessunit: unit('sales'),
      ...more,
    },
  });
  const onAccount = { accountid: { table: 'account', id: id(100) } };
  await organization.load([
    { table: 'businessunit', id: units.root, values: { name: 'Root' } },
    {
      table: 'businessunit',
      id: units.sales,
      values: { name: 'Sales', parentbusinessunitid: unit('root') },
    },
    {
      table: 'systemuser',
      id: people.boss,
      values: { fullname: 'Boss', businessunitid: unit('root') },
    },
    {
      table: 'systemuser',
      id: people.ana,
      values: { fullname: 'Ana', businessunitid: unit('sales'), parentsystemuserid: user('boss') },
    },
    {
      table: 'systemuser',
      id: people.ben,
      values: { fullname: 'Ben', businessunitid: unit('sales') },
    },
    {
      table: 'team',
      id: team,
      values: { name: 'Team', businessunitid: unit('sales'), teamtype: 0 },
    },
    ...(['boss', 'ana', 'ben'] as const).map((name, i) => ({
      table: 'systemuserroles',
      id: id(40 + i),
      values: { systemuserid: user(name), roleid: role.id },
    })),
    owned('account', 100, 'ana'),
    owned('visit', 200, 'ana', onAccount),
    owned('visit', 201, 'ben', onAccount),
    owned('visit', 202, 'ana', { ...onAccount, statecode: 1, statuscode: 2 }),
    owned('visit', 203, 'ana'),
  ]);
  return organization;
}

interface Answer {
  readonly rows?: readonly (readonly unknown[])[];
  readonly plan?: readonly { readonly table: string; readonly view: string }[];
  readonly beyondRoles?: boolean;
}

async function ask(
  organization: Organization,
  who: Person,
  path: string,
  body: object,
): Promise<Answer> {
  const response = await organization.handle({
    method: 'POST',
    url: `/sync/v1/${path}`,
    headers: { authorization: `Bearer ${who}` },
    body: new TextEncoder().encode(
      JSON.stringify({
        device: { id: 'd', epoch: 'e' },
        seen: { app: organization.appHash, access: '' },
        ...body,
      }),
    ),
  });
  expect(response.status).toBe(200);
  return JSON.parse(response.body) as Answer;
}

/** Numbers of the rows that belong on the user's device. */
async function downloaded(
  organization: Organization,
  who: Person,
  table: string,
): Promise<readonly number[]> {
  const { rows } = await ask(organization, who, 'page', { table, after: null, limit: 100 });
  return (rows ?? []).map((row) => Number.parseInt(String(row[0]).slice(-12), 16));
}

const refused = expect.objectContaining({ code: '0x80040220' });

describe('sharing', () => {
  test('gives a row and what cascades from it to a user, with just the rights given, until it ends', async () => {
    const organization = await organizationWith();
    const viewOf = async () =>
      (await ask(organization, 'ben', 'hello', {})).plan?.find((one) => one.table === 'account')
        ?.view;
    const before = await viewOf();
    expect(before).toMatch(/\S/);
    expect(await downloaded(organization, 'ben', 'account')).toEqual([]);
    await organization.as(people.ana).share('account', id(100), people.ben, ['read']);
    expect(await downloaded(organization, 'ben', 'account')).toEqual([100]);
    expect(await downloaded(organization, 'ben', 'visit')).toEqual([200, 201, 202]);
    expect((await ask(organization, 'ben', 'hello', {})).beyondRoles).toBe(true);
    const shared = await viewOf();
    expect(shared).toMatch(/\S/);
    expect(shared).not.toBe(before);
    const ben = organization.as(people.ben);
    expect(await ben.retrieve('account', id(100))).toMatchObject({ name: 'account 100' });
    const rename = () => ben.update({ table: 'account', id: id(100), values: { name: 'x' } });
    await expect(rename()).rejects.toEqual(refused);
    await organization.as(people.ana).share('account', id(100), people.ben, ['read', 'write']);
    await rename();
    await organization.as(people.ana).share('account', id(100), people.ben, []);
    await expect(rename()).rejects.toEqual(refused);
    expect(await ben.retrieve('account', id(100))).toBe(null);
    expect(await downloaded(organization, 'ben', 'account')).toEqual([]);
    // As before, but for what else the view depends on: the share is over.
    const after = await viewOf();
    expect(after).toMatch(/\S/);
    expect(after).not.toBe(shared);
  });

  test('needs the share privilege on the row and only gives away what one has', async () => {
    const organization = await organizationWith();
    await expect(
      organization.as(people.ben).share('account', id(100), people.ben, ['read']),
    ).rejects.toEqual(refused);
    await organization.as(people.ana).share('account', id(100), people.ben, ['read', 'share']);
    const ben = organization.as(people.ben);
    await expect(ben.share('account', id(100), people.boss, ['delete'])).rejects.toEqual(refused);
    await ben.share('account', id(100), null, ['read']);
    expect(await downloaded(organization, 'boss', 'account')).toEqual([100]);
  });
});

test('a team role of the team-only kind reaches rows of the team and not those of its members', async () => {
  const organization = await organizationWith();
  await organization.load([
    {
      table: 'teammembership',
      id: id(50),
      values: { teamid: { table: 'team', id: team }, systemuserid: user('ben') },
    },
    {
      table: 'teamroles',
      id: id(51),
      values: { teamid: { table: 'team', id: team }, roleid: teamRole.id },
    },
    {
      table: 'account',
      id: id(101),
      values: {
        name: 'team row',
        ownerid: { table: 'team', id: team },
        owningbusinessunit: { table: 'businessunit', id: units.sales },
      },
    },
  ]);
  expect(await downloaded(organization, 'ben', 'account')).toEqual([101]);
});

test('D14: a manager downloads and edits rows of a direct report once hierarchy security is on', async () => {
  const organization = await organizationWith();
  expect(await downloaded(organization, 'boss', 'account')).toEqual([]);
  await organization.setHierarchy({
    model: 'manager',
    depth: 2,
    excludedTables: ['visit'],
    sameOrParentBusinessUnit: true,
  });
  expect(await downloaded(organization, 'boss', 'account')).toEqual([100]);
  expect(await downloaded(organization, 'boss', 'visit')).toEqual([]);
  const boss = organization.as(people.boss);
  await boss.update({ table: 'account', id: id(100), values: { name: 'by the boss' } });
  await expect(boss.delete('account', id(100))).rejects.toEqual(refused);
  expect(await downloaded(organization, 'ben', 'account')).toEqual([]);
});

describe('assigning a row takes rows that point at it along', () => {
  test.each([
    ['cascade', [200, 201, 202]],
    ['active', [200, 201]],
    ['userOwned', [200, 202]],
    ['noCascade', []],
  ] as const)('as "%s" says', async (kind, moved) => {
    const organization = await organizationWith(kind);
    const before = await downloaded(organization, 'ben', 'visit');
    expect(before).toEqual([201]);
    // Ana could give Ben's visit away by itself too.
    await organization.as(people.ben).share('visit', id(201), people.ana, ['read', 'assign']);
    await organization
      .as(people.ana)
      .update({ table: 'account', id: id(100), values: { ownerid: user('boss') } });
    expect(await downloaded(organization, 'boss', 'visit')).toEqual(moved);
  });
});
