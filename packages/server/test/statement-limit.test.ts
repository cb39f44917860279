import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineApp, defineTable, withSystemTables } from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Organization, type ServerStore, tokenList } from '../src/index.ts';
import { listen, type RunningServer, sqliteStore } from '../src/node/index.ts';
import { postgresStore } from '../src/postgres/index.ts';
import { dropSchemas, newSchema, postgresAddress } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const users = { ana: id(1), ben: id(2) };
const rights = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
const model = withSystemTables(
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
    ],
    roles: [{ id: id(50), name: 'All', privileges: { account: rights } }],
    profile: {
      id: 'p',
      name: 'p',
      items: [{ table: 'account', criteria: 'all', relationships: [], intervalMinutes: 10 }],
    },
  }),
);
const person = (name: keyof typeof users, n: number) => [
  {
    table: 'systemuser',
    id: users[name],
    values: { fullname: name, businessunitid: { table: 'businessunit', id: id(90) } },
  },
  {
    table: 'systemuserroles',
    id: id(n),
    values: { systemuserid: { table: 'systemuser', id: users[name] }, roleid: id(50) },
  },
];
const rows = 300;
/** Every row with every row with every row, in order: far more than any limit lets anybody read. */
const joins = (depth: number): string =>
  depth === 0
    ? ''
    : `<link-entity name="account" from="statecode" to="statecode" alias="a${depth}">${joins(depth - 1)}</link-entity>`;
const endless = `<fetch count="1"><entity name="account"><order entityname="a6" attribute="name"/>${joins(6)}</entity></fetch>`;

const folder = mkdtempSync(join(tmpdir(), 'outpost-limit-'));
afterAll(async () => {
  await dropSchemas();
  rmSync(folder, { recursive: true, force: true });
});

const stores: readonly (readonly [string, (queryMs: number) => ServerStore])[] = [
  ['node:sqlite', (queryMs) => sqliteStore(join(folder, 'org.db'), { queryMs })],
  ...(postgresAddress === undefined
    ? []
    : ([
        [
          'PostgreSQL',
          (queryMs: number) =>
            postgresStore(postgresAddress ?? '', {
              schema: newSchema(),
              random: testSystem(1).random,
              clock: 'sequencer',
              queryMs,
            }),
        ],
      ] as const)),
];

describe.each(stores)('O03f: on %s a query that takes too long', (_, open) => {
  let organization: Organization;
  let server: RunningServer;
  beforeAll(async () => {
    organization = await createServer({
      store: open(1500),
      model,
      auth: tokenList(new Map(Object.entries(users))),
      system: testSystem(1),
      limits: 'off',
    });
    await organization.load([
      { table: 'businessunit', id: id(90), values: { name: 'Root' } },
      ...person('ana', 60),
      ...person('ben', 61),
      ...Array.from({ length: rows }, (_row, n) => ({
        table: 'account',
        id: id(1000 + n),
        values: { name: `Row ${n}` },
      })),
    ]);
    server = await listen(organization);
  });
  afterAll(async () => {
    await server.close();
    await organization.close();
  });

  const get = async (path: string, user: keyof typeof users) => {
    const response = await fetch(`${server.url}${path}`, {
      headers: { authorization: `Bearer ${user}` },
    });
    return { status: response.status, text: await response.text() };
  };
  const fetchXml = (xml: string, user: keyof typeof users) =>
    get(`/api/data/v9.2/accounts?fetchXml=${encodeURIComponent(xml)}`, user);

  test('is stopped with the number of Dataverse, while everybody else goes on', async () => {
    const order: string[] = [];
    const hostile = Array.from({ length: 4 }, async () => {
      const answered = await fetchXml(endless, 'ana');
      order.push('hostile');
      return answered;
    });
    for (let n = 0; n < 5; n++) {
      const health = await get('/health', 'ben');
      expect(health).toEqual({ status: 200, text: 'ok\n' });
      await organization.as(users.ben).create({
        table: 'account',
        id: id(5000 + n),
        values: { name: 'Made meanwhile' },
      });
      const app = await get('/sync/v1/app', 'ben');
      expect(app.status).toBe(200);
    }
    order.push('honest');
    // The share of one user leaves room for another's query, which is the next to have its turn.
    const own = await fetchXml('<fetch top="1"><entity name="account"/></fetch>', 'ben');
    expect(own.status).toBe(200);
    for (const one of await Promise.all(hostile)) {
      expect(one.status).toBe(500);
      expect(JSON.parse(one.text)).toMatchObject({ error: { code: '0x80044151' } });
    }
    expect(order[0]).toBe('honest');
    // What was stopped is ready for the next one.
    const next = await get(`/api/data/v9.2/accounts(${id(5004)})?$select=name`, 'ana');
    expect(JSON.parse(next.text)).toMatchObject({ name: 'Made meanwhile' });
  });
});
