import { type AppModel, defineColumn } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, tokenList } from '@outpost/server';
import { listen, memoryStore, type RunningServer } from '@outpost/server/node';
import { memoryStorage } from '@outpost/store/node';
import type { Failure, SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { messageLimits, syncPaths } from '@outpost/sync/protocol';
import { seededGuids, seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Device, openDevice } from '../src/index.ts';
import { sync } from './world.ts';

/** Of a transaction; a small one meets something on the way that takes it for too large. */
const megabytes = lengthOf('OUTPOST_MEGABYTES', { short: 1, long: 12 });
/** Openings of a database, each with an edit that is not finished. */
const openings = lengthOf('OUTPOST_OPENINGS', { short: 40, long: 2500 });

const body = defineColumn('new_body', { type: 'memo', label: 'Body', maxLength: 1_048_576 });
const model: AppModel = {
  ...sampleApp,
  tables: sampleApp.tables.map((table) =>
    table.name === 'account' ? { ...table, columns: [...table.columns, body] } : table,
  ),
};

const changedRows = 20;
const ids = seededGuids(seededRandom(7));
let organization: Organization;
let server: RunningServer;
let device: Device;
/** What stands on the way. */
const way: { refuse: ((path: string, body: string) => number | null) | null } = { refuse: null };

beforeAll(async () => {
  const system = testSystem(11);
  organization = await createServer({
    store: memoryStore(),
    model,
    auth: tokenList(new Map(Object.entries(sampleUsers).map(([name, user]) => [name, user.id]))),
    system,
    limits: 'off',
    // A cycle makes up to twenty rounds: they are to be enough.
    messageLimits: { changedRows, awaited: Math.ceil(openings / 4) },
  });
  await organization.load(
    generateRows({ random: seededRandom(5), now: system.clock.now(), rows: 60 }),
  );
  server = await listen(organization);
  device = await open();
  await sync(device);
});
afterAll(async () => {
  await device.close();
  await server.close();
  await organization.close();
});

const transport = (): SyncTransport =>
  httpTransport({
    url: server.url,
    tokens: staticToken('ana'),
    fetch: async (url, init) => {
      const path = new URL(String(url)).pathname;
      const status = way.refuse?.(path, typeof init?.body === 'string' ? init.body : '') ?? null;
      if (status !== null) return new Response('<html>Too large</html>', { status });
      return fetch(url, init);
    },
  });

const open = () =>
  openDevice({ storage: memoryStorage(), transport: transport(), system: testSystem(100) });

const asked = (path: string) => server.requests.get(path) ?? 0;
const isThere = async (id: string) =>
  (await organization.as(sampleUsers.ana.id).retrieve('account', id)) !== null;

test('O01b: a transaction of more bytes than a request may have goes up in parts, and is carried out as one', async () => {
  const text = 'x'.repeat(1_000_000);
  const made = Array.from({ length: megabytes }, () => ids.next());
  device.sync.store.write({ origin: 'local' }, (tx) => {
    for (const id of made) tx.insert('account', id, { name: 'Large', new_body: text });
  });
  const parts = asked(syncPaths.part);
  const isSmall = megabytes * 1_000_000 < messageLimits.bodyBytes;
  way.refuse = (path) => (isSmall && path === syncPaths.push ? 413 : null);
  await sync(device);
  way.refuse = null;
  expect(asked(syncPaths.part) - parts).toBeGreaterThan(
    (megabytes * 1_000_000) / messageLimits.partBytes,
  );
  expect(await Promise.all(made.map(isThere))).toEqual(made.map(() => true));
  expect(device.sync.outbox.unsettled()).toEqual([]);
  expect(device.sync.errors.list()).toEqual([]);
});

test('O01c: what something on the way takes for too large goes up in smaller parts', async () => {
  const id = ids.next();
  device.sync.store.write({ origin: 'local' }, (tx) =>
    tx.insert('account', id, { name: 'Behind a proxy' }),
  );
  way.refuse = (path) => (path === syncPaths.push ? 413 : null);
  await sync(device);
  way.refuse = null;
  expect(await isThere(id)).toBe(true);
});

test('O01d: an edit that a proxy lets through in no way waits: only the organization can refuse it', async () => {
  const id = ids.next();
  device.sync.store.write({ origin: 'local' }, (tx) =>
    tx.insert('account', id, { name: 'Behind a wall' }),
  );
  way.refuse = (path) => (path === syncPaths.push || path === syncPaths.part ? 413 : null);
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
  way.refuse = null;
  expect(device.sync.outbox.pending()).toMatchObject([{ id }]);
  expect(device.sync.errors.list()).toEqual([]);
  await sync(device);
  expect(await isThere(id)).toBe(true);
});

test('O01e: an edit that can never be sent becomes a sync error, with what depends on it, and holds up nothing else', async () => {
  const failure: Failure = {
    class: 'protocol',
    status: 413,
    code: 'outpost:transactionTooLarge',
    message: 'The edits of a transaction have at most 7 bytes.',
    retryAfterMs: null,
  };
  const inner = transport();
  const other = await openDevice({
    storage: memoryStorage(),
    transport: {
      ...inner,
      push: (message, signal) =>
        message.entries.some((one) => one.set['name'] === 'Never')
          ? Promise.resolve({ kind: 'failed', failure })
          : inner.push(message, signal),
    },
    system: testSystem(200),
  });
  await sync(other);
  const [before, never, child, after] = [ids.next(), ids.next(), ids.next(), ids.next()];
  const edit = (id: string, name: string, more: Readonly<Record<string, string>> = {}) =>
    other.sync.store.write({ origin: 'local' }, (tx) =>
      tx.insert('account', id, { name, ...more }),
    );
  edit(before, 'Before');
  edit(never, 'Never');
  edit(child, 'Child', { parentaccountid: never, parentaccountid$n: 'Never' });
  edit(after, 'After');
  await sync(other);
  expect([
    await isThere(before),
    await isThere(never),
    await isThere(child),
    await isThere(after),
  ]).toEqual([true, false, false, true]);
  expect(other.sync.outbox.unsettled()).toEqual([]);
  expect(
    other.sync.errors
      .list()
      .map((one) => [one.rowId, one.code])
      .sort(),
  ).toEqual(
    [
      [never, 'outpost:transactionTooLarge'],
      [child, 'outpost:blocked'],
    ].sort(),
  );
  // The user sees them on every device.
  await other.sync.verify();
  expect(other.sync.errors.list()).toHaveLength(2);
  await other.close();
});

test('O01f: a transaction of others with more rows than a pull brings is compared and read in pages', async () => {
  const made = Array.from({ length: changedRows + 1 }, () => ids.next());
  const second = await open();
  await sync(second);
  device.sync.store.write({ origin: 'local' }, (tx) => {
    for (const id of made) tx.insert('account', id, { name: 'One of many' });
  });
  await sync(device);
  expect(device.sync.outbox.unsettled()).toEqual([]);
  const digests = asked(syncPaths.digest);
  await sync(second);
  expect(asked(syncPaths.digest)).toBeGreaterThan(digests);
  expect(made.filter((id) => second.store.get('account', id) === null)).toEqual([]);
  await second.close();
});

test('O01g: edits of any number of openings go up, are seen, and are forgotten', async () => {
  const [[account]] = device.store.all('SELECT accountid FROM account ORDER BY 1 LIMIT 1') as [
    [string],
  ];
  const edited = device.update('account', account, { telephone1: '0' });
  expect(edited.kind).toBe('saved');
  device.sync.store.write({ origin: 'sync' }, (tx) => {
    const one = tx.sql.prepare(
      `INSERT INTO "$outbox" (epoch, seq, state, op, table_name, row_id, set_json, base_json, after_json, at)
         VALUES (?, ?, 'queued', 'update', 'account', ?, ?, '{}', '[]', '2026-03-02T08:00:00Z')`,
    );
    for (let i = 1; i <= openings; i++) {
      one.run([`opening ${i}`, 10_000 + 2 * i, account, JSON.stringify({ telephone1: String(i) })]);
      tx.sql
        .prepare('INSERT INTO "$epoch" (epoch, next_seq) VALUES (?, ?)')
        .run([`opening ${i}`, 10_001 + 2 * i]);
    }
  });
  await sync(device);
  const kept = await organization.as(sampleUsers.ana.id).retrieve('account', account);
  expect(kept?.['telephone1']).toBe(String(openings));
  expect(device.sync.outbox.unsettled()).toEqual([]);
  // Marks travel with edits.
  for (let i = 0; i * messageLimits.epochs < openings; i++) {
    device.update('account', account, { telephone1: `after ${i}` });
    await sync(device);
  }
  expect(device.store.all(`SELECT count(*) FROM "$epoch" WHERE epoch LIKE 'opening%'`)).toEqual([
    [0],
  ]);
});
