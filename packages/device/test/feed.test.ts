import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, tokenList } from '@outpost/server';
import { listen, type RunningServer, sqliteStore } from '@outpost/server/node';
import { memoryStorage } from '@outpost/store/node';
import type { SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Device, openDevice } from '../src/index.ts';
import { sync } from './world.ts';

/** An organization on a file that can go back to a copy. */
let folder: string;
let organization: Organization;
let server: RunningServer;
let device: Device;
let losePulls = false;
/** How many digests are answered before the connection is lost. */
let digests = Number.POSITIVE_INFINITY;

async function* none(): AsyncGenerator<never> {}

async function start(file: string, seed = 11): Promise<void> {
  const system = testSystem(seed);
  organization = await createServer({
    store: sqliteStore(join(folder, file)),
    model: sampleApp,
    auth: tokenList(new Map([['token', sampleUsers.ana.id]])),
    system,
  });
  server = await listen(organization);
}

async function stop(): Promise<void> {
  await server.close();
  await organization.close();
}

const inner = () => httpTransport({ url: server.url, tokens: staticToken('token') });
const lost = { class: 'network', status: null, code: null, message: 'cut', retryAfterMs: null };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outpost-feed-'));
  losePulls = false;
  digests = Number.POSITIVE_INFINITY;
  await start('org.db');
  const rows = generateRows({
    random: seededRandom(5),
    now: testSystem(11).clock.now(),
    rows: 300,
  });
  await organization.load(rows);
  const transport: SyncTransport = {
    hello: (message, signal) => inner().hello(message, signal),
    app: (signal) => inner().app(signal),
    pull: (message, signal) =>
      losePulls
        ? Promise.resolve({ kind: 'failed', failure: { ...lost, class: 'network' } })
        : inner().pull(message, signal),
    page: (message, signal) => inner().page(message, signal),
    digest: (message, signal) =>
      digests-- > 0
        ? inner().digest(message, signal)
        : Promise.resolve({ kind: 'failed', failure: { ...lost, class: 'network' } }),
    push: (message, signal) => inner().push(message, signal),
    upload: (message, signal) => inner().upload(message, signal),
    document: (message, signal) => inner().document(message, signal),
    hints: (signal) => inner().hints?.(signal) ?? none(),
  };
  device = await openDevice({ storage: memoryStorage(), transport, system: testSystem(100) });
  await sync(device);
});

afterEach(async () => {
  await device.close();
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

const account = (n: number) =>
  String(device.store.all('SELECT accountid FROM account ORDER BY 1')[n]?.[0]);
const ana = () => organization.as(sampleUsers.ana.id);
const phone = async (id: string) => (await ana().retrieve('account', id))?.['telephone1'];

test('under a new feed an edit that waits to be seen is settled, and only what differs is read', async () => {
  const id = account(0);
  losePulls = true;
  device.update('account', id, { telephone1: 'mine' });
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
  await organization.newFeed();
  losePulls = false;
  const before = server.requests.get('/sync/v1/page') ?? 0;
  await sync(device);
  expect(await phone(id)).toBe('mine');
  expect(device.store.all('SELECT count(*) FROM "$outbox"')).toEqual([[0]]);
  expect((server.requests.get('/sync/v1/page') ?? 0) - before).toBeLessThanOrEqual(1);
  expect(await device.sync.compare()).toEqual([]);
});

test('what a failed cycle left half compared is read by the next one, whatever that is for', async () => {
  const [row] = device.store.all('SELECT activityid FROM task ORDER BY 1');
  const id = String(row?.[0]);
  await ana().update({ table: 'task', id, values: { subject: 'theirs' } });
  await organization.newFeed();
  digests = 3;
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
  digests = Number.POSITIVE_INFINITY;
  // Who waits for a grid does not wait for other tables.
  expect(await device.sync.run('GRID_SYNC', { tables: ['account'] })).toMatchObject({
    kind: 'done',
  });
  expect(device.get('task', id)?.['subject']).not.toBe('theirs');
  expect(await device.sync.run('DELTA_SYNC', { tables: ['account'] })).toMatchObject({
    kind: 'done',
  });
  expect(device.get('task', id)).toMatchObject({ subject: 'theirs' });
  expect(device.get('activitypointer', id)).toMatchObject({ subject: 'theirs' });
});

test('an organization that went back to a backup gets unseen edits again, and devices its rows', async () => {
  const [mine, theirs] = [account(0), account(1)];
  const before = await phone(mine);
  const seen = String(device.store.all('SELECT contactid FROM contact')[0]?.[0]);
  await stop();
  cpSync(join(folder, 'org.db'), join(folder, 'backup.db'));
  await start('org.db');
  device.update('contact', seen, { telephone1: 'seen' });
  await sync(device);
  losePulls = true;
  device.update('account', mine, { telephone1: 'mine' });
  device.create('account', { name: 'New and unseen' });
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({ kind: 'failed' });
  expect(await phone(mine)).toBe('mine');
  await stop();
  await start('backup.db', 12);
  await organization.newFeed();
  expect(await phone(mine)).toBe(before);
  // The first write since the backup, as the lost one of `seen` was: their versions must not be the same.
  await ana().update({ table: 'contact', id: seen, values: { telephone1: 'theirs' } });
  await ana().update({ table: 'account', id: theirs, values: { telephone1: 'theirs' } });
  losePulls = false;
  await sync(device);
  expect([await phone(mine), await phone(theirs)]).toEqual(['mine', 'theirs']);
  expect(device.get('contact', seen)).toMatchObject({ telephone1: 'theirs' });
  expect(device.store.all(`SELECT count(*) FROM account WHERE name = 'New and unseen'`)).toEqual([
    [1],
  ]);
  expect(device.store.all('SELECT count(*) FROM "$outbox"')).toEqual([[0]]);
  expect(await device.sync.compare()).toEqual([]);
});
