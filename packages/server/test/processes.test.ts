import { type AppModel, defineApp, defineTable, withSystemTables } from '@outpost/model';
import { testSystem, VirtualClock } from '@outpost/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type Organization, type ServerStore, tokenList } from '../src/index.ts';
import { postgresStore } from '../src/postgres/index.ts';
import { dropSchemas, newSchema, openPostgres, postgresAddress } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const ana = id(1);
const rights = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
const modelWith = (columns: Readonly<Record<string, { type: 'string' }>>): AppModel =>
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
          columns: { name: { type: 'string' }, ...columns },
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
const people = [
  { table: 'businessunit', id: id(90), values: { name: 'Root' } },
  {
    table: 'systemuser',
    id: ana,
    values: { fullname: 'Ana', businessunitid: { table: 'businessunit', id: id(90) } },
  },
  {
    table: 'systemuserroles',
    id: id(91),
    values: {
      systemuserid: { table: 'systemuser', id: ana },
      roleid: id(50),
    },
  },
];

const open: Organization[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await dropSchemas();
});

describe.skipIf(postgresAddress === undefined)('several processes on one PostgreSQL', () => {
  const clock = new VirtualClock();
  const start = async (store: ServerStore, model = modelWith({})) => {
    const auth = tokenList(new Map([['ana', ana]]));
    const system = { ...testSystem(1), clock };
    const organization = await createServer({ store, model, auth, system, limits: 'off' });
    open.push(organization);
    return organization;
  };
  const pair = async () => {
    const schema = newSchema();
    // Both make the schema at the same time.
    const both = await Promise.all([start(openPostgres(schema)), start(openPostgres(schema))]);
    await both[0].load(people);
    return both;
  };

  test('what one has committed, the other answers', async () => {
    const [first, second] = await pair();
    await first.as(ana).create({ table: 'account', id: id(100), values: { name: 'A' } });
    await second.as(ana).update({ table: 'account', id: id(100), values: { name: 'B' } });
    expect(await first.as(ana).retrieve('account', id(100))).toMatchObject({ name: 'B' });
    expect(await second.isLoaded()).toBe(true);
  });

  test('rights that one takes away are gone in the other at its next request', async () => {
    const [first, second] = await pair();
    await first.as(ana).create({ table: 'account', id: id(100), values: { name: 'A' } });
    await first.setRole({
      id: id(50),
      name: 'All',
      privileges: { account: { ...rights, write: 0 } },
    });
    const update = second.as(ana).update({ table: 'account', id: id(100), values: { name: 'B' } });
    await expect(update).rejects.toMatchObject({ code: '0x80040220' });
  });

  test('definitions that one publishes are used by the other at its next request', async () => {
    const [first, second] = await pair();
    await first.publish(modelWith({ city: { type: 'string' } }));
    expect(second.appHash).not.toBe(first.appHash);
    const values = { name: 'A', city: 'Oslo' };
    await second.as(ana).create({ table: 'account', id: id(100), values });
    expect(second.appHash).toBe(first.appHash);
    expect(await first.as(ana).retrieve('account', id(100))).toMatchObject(values);
  });

  test('changes of the same row at the same time happen one after another', async () => {
    const [first, second] = await pair();
    await first.as(ana).create({ table: 'account', id: id(100), values: { name: 'A' } });
    const versions: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const one = n % 2 === 0 ? first : second;
        await one.as(ana).update({ table: 'account', id: id(100), values: { name: `A ${n}` } });
        const row = await one.as(ana).retrieve('account', id(100));
        versions.push(Number(row?.['versionnumber']));
      }),
    );
    const row = await second.as(ana).retrieve('account', id(100));
    expect(Math.max(...versions)).toBe(Number(row?.['versionnumber']));
  });

  test('those who listen at one hear of what the other commits', async () => {
    const [first, second] = await pair();
    const heard: string[] = [];
    const request = {
      method: 'GET',
      url: '/sync/v1/hints',
      headers: { authorization: 'Bearer ana' },
      body: null,
    };
    const watching = await first.watch(request, (tables) => heard.push(...tables));
    if (!('stop' in watching)) throw new Error('refused');
    await second.as(ana).create({ table: 'account', id: id(100), values: { name: 'A' } });
    expect(heard).toEqual([]);
    for (let n = 0; n < 50 && heard.length === 0; n++) {
      clock.advance({ ms: 500 });
      await first.count('account');
    }
    expect(heard).toContain('account');
    watching.stop();
  });

  test('with another clock the list of changes begins anew: what devices know of the old one says nothing', async () => {
    const schema = newSchema();
    const first = await start(openPostgres(schema));
    await first.load(people);
    await first.as(ana).create({ table: 'account', id: id(100), values: { name: 'A' } });
    expect((await first.metrics()).logEntries).toBeGreaterThan(0);
    const { random } = testSystem(1);
    const other = () => postgresStore(postgresAddress ?? '', { schema, random, clock: 'xid8' });
    const second = await start(other());
    expect(await second.metrics()).toMatchObject({ logEntries: 0, watermark: 0 });
    await second.as(ana).update({ table: 'account', id: id(100), values: { name: 'B' } });
    const third = await start(other());
    expect((await third.metrics()).logEntries).toBe(1);
  });

  test('names that the database would cut off are refused, and indexes get short ones', async () => {
    const long = (bytes: number) => modelWith({ ['x'.repeat(bytes)]: { type: 'string' } });
    const schema = newSchema();
    await expect(start(openPostgres(schema), long(62))).rejects.toThrow('longer than the 61 bytes');
    await start(openPostgres(schema), long(61));
  });

  test('a text that cannot be stored is refused as a bad request, and is no fault', async () => {
    const [first] = await pair();
    const values = { name: 'a\u0000b' };
    const create = first.as(ana).create({ table: 'account', id: id(100), values });
    await expect(create).rejects.toThrow('cannot hold the character U+0000');
    const other = first.as(ana).retrieve('account', 'a\u0000b');
    await expect(other).rejects.toMatchObject({ status: 400, code: 'outpost:text' });
  });

  test('a database that cannot be reached is a clear error', async () => {
    const { random } = testSystem(1);
    const store = postgresStore('postgres://nobody@127.0.0.1:1/none', { random });
    await expect(start(store)).rejects.toMatchObject({ status: 503, code: 'outpost:unavailable' });
    await store.close();
    expect(() => postgresStore('postgres://x@y/z', { random, schema: 'A"; DROP' })).toThrow(
      'is not the name of a schema',
    );
  });
});
