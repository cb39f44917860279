import {
  type AppModel,
  type Depth,
  defineApp,
  defineTable,
  type OfflineProfileItem,
  privileges,
  type Role,
  withSystemTables,
} from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [ana, ben, cat, team, home, away] = [id(1), id(2), id(4), id(3), id(10), id(11)];
const all = Object.fromEntries(privileges.map((one) => [one, 4 as Depth]));
const role: Role = {
  id: id(30),
  name: 'All',
  privileges: { account: all, contact: all, pair: all },
};
const noCascade = { assign: 'noCascade', delete: 'noCascade' } as const;
const name = { type: 'string', maxLength: 50 } as const;

function modelWith(items: readonly Partial<OfflineProfileItem>[]): AppModel {
  const table = (one: string, more = {}) =>
    defineTable({
      name: one,
      label: one,
      primaryName: 'name',
      ownership: 'user',
      columns: { name, phone: { type: 'string' }, ...more },
    });
  return withSystemTables(
    defineApp({
      name: 'T',
      uniqueName: 't',
      tables: [
        table('account'),
        table('contact', { accountid: { type: 'lookup', targets: ['account'] } }),
        defineTable({
          name: 'pair',
          label: 'Pair',
          primaryName: null,
          ownership: 'none',
          isIntersect: true,
          columns: {
            accountid: { type: 'lookup', targets: ['account'] },
            contactid: { type: 'lookup', targets: ['contact'] },
          },
        }),
      ],
      relationships: [
        {
          kind: 'manyToOne',
          name: 'contacts',
          table: 'contact',
          column: 'accountid',
          target: 'account',
          cascade: noCascade,
        },
        {
          kind: 'manyToMany',
          name: 'pairs',
          intersect: 'pair',
          table1: 'account',
          column1: 'accountid',
          table2: 'contact',
          column2: 'contactid',
        },
      ],
      roles: [role],
      profile: {
        id: 'p',
        name: 'p',
        items: items.map((one) => ({
          table: 'account',
          criteria: 'all',
          relationships: [],
          intervalMinutes: 10,
          ...one,
        })),
      },
    }),
  );
}

const open: Organization[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Accounts 100 (Ana's), 101 (Ben's, same unit), 102 (Cat's, elsewhere), 103 (the team's); contacts 200 of 100, 201 of 101. */
async function organizationWith(...items: readonly Partial<OfflineProfileItem>[]) {
  const system = testSystem(1);
  const organization = await createServer({
    store: openStore(),
    model: modelWith(items),
    auth: tokenList(new Map([['ana', ana]])),
    system,
  });
  open.push(organization);
  const row = (
    table: string,
    n: number,
    owner: readonly [string, string],
    unit: string,
    more = {},
  ) => ({
    table,
    id: id(n),
    values: {
      name: `${table} ${n}`,
      phone: '1',
      modifiedon: '2026-01-01T00:00:00Z',
      ownerid: { table: owner[0], id: owner[1] },
      owningbusinessunit: { table: 'businessunit', id: unit },
      ...more,
    },
  });
  const user = (who: string, unit: string) => ({
    table: 'systemuser',
    id: who,
    values: { fullname: who, businessunitid: { table: 'businessunit', id: unit } },
  });
  const of = (n: number) => ({ accountid: { table: 'account', id: id(n) } });
  await organization.load([
    { table: 'businessunit', id: home, values: { name: 'Home' } },
    { table: 'businessunit', id: away, values: { name: 'Away' } },
    user(ana, home),
    user(ben, home),
    user(cat, away),
    {
      table: 'team',
      id: team,
      values: { name: 'Team', businessunitid: { table: 'businessunit', id: away } },
    },
    {
      table: 'teammembership',
      id: id(20),
      values: {
        teamid: { table: 'team', id: team },
        systemuserid: { table: 'systemuser', id: ana },
      },
    },
    {
      table: 'systemuserroles',
      id: id(21),
      values: { systemuserid: { table: 'systemuser', id: ana }, roleid: role.id },
    },
    row('account', 100, ['systemuser', ana], home),
    row('account', 101, ['systemuser', ben], home),
    row('account', 102, ['systemuser', cat], away),
    row('account', 103, ['team', team], away),
    row('contact', 200, ['systemuser', ben], away, of(100)),
    row('contact', 201, ['systemuser', ben], away, of(101)),
  ]);
  const ask = async (path: string, body: object) => {
    const response = await organization.handle({
      method: 'POST',
      url: `/sync/v1/${path}`,
      headers: { authorization: 'Bearer ana' },
      body: new TextEncoder().encode(
        JSON.stringify({
          device: { id: 'd', epoch: 'e' },
          seen: { app: organization.appHash, access: '' },
          ...body,
        }),
      ),
    });
    expect(response.status).toBe(200);
    return JSON.parse(response.body) as Record<string, never>;
  };
  const page = async (table: string) =>
    (await ask('page', { table, after: null, limit: 100 })) as unknown as {
      readonly columns: readonly string[];
      readonly rows: readonly (readonly unknown[])[];
    };
  const rows = async (table: string) =>
    (await page(table)).rows.map((one) => Number.parseInt(String(one[0]).slice(-12), 16));
  return { organization, system, ask, page, rows };
}

describe('E13: rows by owner', () => {
  test.each([
    ['my rows', { mine: true }, [100]],
    ["my teams' rows", { myTeams: true }, [103]],
    ["my business unit's rows", { myBusinessUnit: true }, [100, 101]],
    ['all three', { mine: true, myTeams: true, myBusinessUnit: true }, [100, 101, 103]],
  ])('%s', async (_, choice, wanted) => {
    const { rows } = await organizationWith({ criteria: 'other', ...choice });
    expect(await rows('account')).toEqual(wanted);
  });
});

test('E12: related rows come with the rows they belong to, and leave with them', async () => {
  const { organization, rows } = await organizationWith(
    { criteria: 'other', mine: true },
    { table: 'contact', criteria: 'related', relationships: ['contacts'] },
  );
  expect(await rows('contact')).toEqual([200]);
  await organization.as(ana).update({
    table: 'account',
    id: id(100),
    values: { ownerid: { table: 'systemuser', id: ben } },
  });
  expect(await rows('contact')).toEqual([]);
});

test('rows related by pairs come with the other side, when the pair is made and no longer when it ends', async () => {
  const { organization, rows, ask } = await organizationWith(
    { criteria: 'other', mine: true },
    { table: 'contact', criteria: 'related', relationships: ['pairs'] },
  );
  expect(await rows('contact')).toEqual([]);
  const first = (await ask('pull', {
    from: [{ token: null, tables: ['account', 'contact', 'pair'] }],
    views: {},
    awaiting: [],
    maxRows: 100,
  })) as unknown as { tokens: { token: string }[] };
  const pair = {
    accountid: { table: 'account', id: id(100) },
    contactid: { table: 'contact', id: id(201) },
  };
  await organization.as(ana).create({ table: 'pair', id: id(300), values: pair });
  expect(await rows('contact')).toEqual([201]);
  expect(await rows('pair')).toEqual([300]);
  const delta = (await ask('pull', {
    from: [{ token: first.tokens[0]?.token, tables: ['account', 'contact', 'pair'] }],
    views: {},
    awaiting: [],
    maxRows: 100,
  })) as unknown as { changes: { table: string; rows: unknown[][] }[] };
  expect(delta.changes.map((one) => [one.table, one.rows.length])).toEqual(
    expect.arrayContaining([
      ['contact', 1],
      ['pair', 1],
    ]),
  );
  await organization.as(ana).delete('pair', id(300));
  expect(await rows('contact')).toEqual([]);
});

test('E02: ten days: a row changed ten days ago is there, one changed eleven days ago is not', async () => {
  const { organization, system, rows, ask } = await organizationWith({ days: 10 });
  const now = system.clock.now();
  const ago = (days: number) =>
    new Date(now - days * 86_400_000).toISOString().replace(/\.\d+/, '');
  await organization.load(
    [10, 11].map((days) => ({
      table: 'account',
      id: id(400 + days),
      values: {
        name: `${days} days`,
        modifiedon: ago(days),
        ownerid: { table: 'systemuser', id: ana },
      },
    })),
  );
  expect((await rows('account')).filter((n) => n >= 400)).toEqual([410]);
  const view = async () =>
    ((await ask('hello', {})) as unknown as { plan: { view: string }[] }).plan[0]?.view;
  const before = await view();
  expect(before).toMatch(/\S/);
  system.clock.advance({ hours: 24 });
  expect((await rows('account')).filter((n) => n >= 400)).toEqual([]);
  const after = await view();
  expect(after).toMatch(/\S/);
  expect(after).not.toBe(before);
  expect(await (await organizationWith({ days: 0 })).rows('account')).toEqual([]);
});

test('X01: only chosen columns travel, and those a device cannot do without', async () => {
  const columns = [
    'accountid',
    'name',
    'statecode',
    'statuscode',
    'createdon',
    'modifiedon',
    'ownerid',
    'owningbusinessunit',
  ];
  const { page } = await organizationWith({ columns });
  const sent = (await page('account')).columns;
  expect(sent).not.toContain('phone');
  expect(sent).toEqual(expect.arrayContaining([...columns, 'versionnumber', 'ownerid$t']));
});

test.each([
  [
    'E15: four conditions',
    'account',
    [1, 2, 3, 4].map((n) => `<condition attribute="name" operator="ne" value="${n}"/>`).join(''),
    '0x80071116',
  ],
  [
    'an unknown column',
    'account',
    '<condition attribute="nope" operator="eq" value="1"/>',
    '0x80071123',
  ],
  [
    'an unknown operator',
    'account',
    '<condition attribute="name" operator="sounds-like" value="1"/>',
    '0x80071121',
  ],
  ['another table', 'contact', '', '0x80071113'],
  [
    'several owners',
    'account',
    `<condition attribute="ownerid" operator="in"><value>${ana}</value><value>${ben}</value></condition>`,
    '0x80071129',
  ],
  [
    'columns compared',
    'account',
    '<condition attribute="name" operator="eq" valueof="phone"/>',
    '0x80071130',
  ],
  ['broken XML', 'account', '<condition', '0x80071113'],
])('a custom filter with %s stops publishing', async (_, table, conditions, code) => {
  const filter = `<fetch><entity name="${table}"><filter>${conditions}</filter></entity></fetch>`;
  await expect(organizationWith({ criteria: 'custom', filter })).rejects.toMatchObject({
    code: 'profile.invalid',
    message: expect.stringContaining(code),
  });
});

test('E15: three conditions are fine', async () => {
  const conditions = [101, 102, 103]
    .map((n) => `<condition attribute="name" operator="ne" value="account ${n}"/>`)
    .join('');
  const filter = `<fetch><entity name="account"><filter>${conditions}</filter></entity></fetch>`;
  expect(await (await organizationWith({ criteria: 'custom', filter })).rows('account')).toEqual([
    100,
  ]);
});
