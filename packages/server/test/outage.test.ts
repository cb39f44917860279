import { type AppModel, defineApp, defineTable, withSystemTables } from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createServer,
  type Organization,
  type ServerResponse,
  type ServerStore,
  tokenList,
} from '../src/index.ts';
import { dropSchemas, newSchema, openPostgres, postgresAddress } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const ana = id(1);
const rights = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
const model: AppModel = withSystemTables(
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

describe.skipIf(postgresAddress === undefined)('a database that goes away', () => {
  let organization: Organization;
  let store: ServerStore;
  let other: ServerStore;
  let schema: string;
  beforeAll(async () => {
    schema = newSchema();
    store = openPostgres(schema);
    other = openPostgres(newSchema(), 1);
    const auth = tokenList(new Map([['ana', ana]]));
    const system = testSystem(1);
    organization = await createServer({ store, model, auth, system, limits: 'off' });
    await organization.load([
      { table: 'businessunit', id: id(90), values: { name: 'Root' } },
      {
        table: 'systemuser',
        id: ana,
        values: { fullname: 'Ana', businessunitid: { table: 'businessunit', id: id(90) } },
      },
      {
        table: 'systemuserroles',
        id: id(91),
        values: { systemuserid: { table: 'systemuser', id: ana }, roleid: id(50) },
      },
    ]);
  });
  afterAll(async () => {
    await organization.close();
    await other.close();
    await dropSchemas();
  });

  /** Ends every connection of the organization, as a restart of the database does. Answers how many there were. */
  const endAll = async () => {
    const ended = await other.read((tx) =>
      tx.all('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?', [
        `outpost ${schema}`,
      ]),
    );
    return ended.length;
  };
  const create = (n: number): Promise<ServerResponse> =>
    organization.handle({
      method: 'POST',
      url: '/api/data/v9.2/accounts',
      headers: { authorization: 'Bearer ana', 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ accountid: id(n), name: `Row ${n}` })),
    });

  test('O02a: a connection that ends between two statements ends its transaction, not the process', async () => {
    const heard: unknown[] = [];
    const between = store.write(async (tx) => {
      await tx.all('SELECT 1');
      await endAll();
      for (;;) heard.push(await tx.all('SELECT 1'));
    });
    const unavailable = {
      status: 503,
      code: 'outpost:unavailable',
      headers: { 'retry-after': '5' },
    };
    await expect(between).rejects.toMatchObject(unavailable);
    expect(await store.read((tx) => tx.all('SELECT 1'))).toEqual([[1]]);
  });

  test('O02b: under load every answer is the right one, or 503 with a time to wait; then all goes on', async () => {
    const answers: ServerResponse[] = [];
    let made = 1000;
    let isOver = false;
    const works = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        made += 1;
        answers.push(await create(made));
      }
    });
    let ended = 0;
    for (let n = 0; n < 4; n++) {
      const before = answers.length;
      while (answers.length < before + 20) await other.read((tx) => tx.all('SELECT 1'));
      ended += await endAll();
    }
    isOver = true;
    await Promise.all(works);
    expect(ended).toBeGreaterThanOrEqual(4);
    const done = answers.filter((one) => one.status === 204);
    const failed = answers.filter((one) => one.status !== 204);
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map((one) => `${one.status} ${one.headers['retry-after']}`))).toEqual(
      new Set(['503 5']),
    );
    // What was answered as done is there.
    expect(await organization.count('account')).toBeGreaterThanOrEqual(done.length);
    expect((await create(1)).status).toBe(204);
  });
});
