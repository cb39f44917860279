import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleApp, sampleUsers } from '@outpost/sample';
import { deleteDatabase, MemoryFiles, type StorageLocation } from '@outpost/store';
import { FaultFiles, lossStyles, powerLoss } from '@outpost/store/contract';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import type { SyncTransport, TokenSource } from '@outpost/sync';
import { dataverseTransport } from '@outpost/sync/dataverse';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Device, databaseName } from '../src/index.ts';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const folder = mkdtempSync(join(tmpdir(), 'outpost-sign-in-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
/** Places where the power is lost. */
const cuts = 15;
const place = () => join(folder, `${folders++}`);

/** A source that an app switches from one user to another; the device cannot see whose it is. */
function anybody(first: string): TokenSource & { now: string } {
  const source = { now: first, token: async () => source.now };
  return source;
}

const overEndpoint = (tokens: TokenSource): SyncTransport =>
  httpTransport({ url: world.server.url, tokens });
const overWebApi = (tokens: TokenSource): SyncTransport =>
  dataverseTransport({
    url: world.server.url,
    tokens,
    app: sampleApp,
    clock: testSystem(1).clock,
  });
const transports = [
  ['the sync endpoint', overEndpoint],
  ['a plain Web API', overWebApi],
] as const;
/** Most tests are short over the sync endpoint only: a cycle over the plain Web API is many requests. */
const mostly = transports.slice(0, lengthOf('OUTPOST_ROUNDS', { short: 1, long: 2 }));

const firstOf = (device: Device, table: string) =>
  String(device.store.all(`SELECT ${table}id FROM "${table}" ORDER BY 1 LIMIT 1`)[0]?.[0]);
const wanted = 'Written by Ana offline';
const otherUser = expect.objectContaining({ code: 'device.otherUser' });
const failedOther = { kind: 'failed', failure: { class: 'auth', code: 'device.otherUser' } };

/** Ana's database with an edit that was not sent. */
async function leftByAna(transport: SyncTransport, path: string): Promise<string> {
  const storage = fileStorage(path, 'dev');
  const ana = await world.device('ana', { storage, transport });
  await sync(ana);
  const id = firstOf(ana, 'account');
  expect(ana.update('account', id, { name: wanted })).toMatchObject({ kind: 'saved' });
  await ana.close();
  return id;
}

const nameOf = async (id: string) =>
  (await world.organization.as(sampleUsers.carla.id).retrieve('account', id))?.['name'];

describe.each(transports)('over %s', (_, over) => {
  test('N02a: a database is opened with the account of another user: it shows nothing and sends nothing, and its user goes on', async () => {
    const path = place();
    const id = await leftByAna(over(staticToken(tokenOf('ana'))), path);
    const before = await nameOf(id);
    const storage = fileStorage(path, 'dev');
    const ben = await world.device('ben', {
      storage,
      transport: over(staticToken(tokenOf('ben'))),
    });
    expect(() => ben.get('account', id)).toThrow(otherUser);
    expect(ben.sync.outbox.pending()).toEqual([]);
    expect(await ben.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
    expect(() => ben.get('account', id)).toThrow(otherUser);
    expect(await nameOf(id)).toBe(before);
    await ben.close();
    const again = await world.device('ana', {
      storage,
      transport: over(staticToken(tokenOf('ana'))),
    });
    expect(again.get('account', id)).toMatchObject({ name: wanted });
    await sync(again);
    expect(await nameOf(id)).toBe(wanted);
    expect(again.sync.outbox.unsettled()).toEqual([]);
  });

  test('N02b: a token of another user between two cycles, or within one, sends and brings nothing', async () => {
    const tokens = anybody(tokenOf('ana'));
    const device = await world.device('ana', { transport: over(tokens) });
    await sync(device);
    const id = firstOf(device, 'account');
    device.update('account', id, { name: wanted });
    const before = await nameOf(id);
    tokens.now = tokenOf('ben');
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
    expect(await nameOf(id)).toBe(before);
    tokens.now = tokenOf('ana');
    await sync(device);
    expect(device.get('account', id)).toMatchObject({ name: wanted });
    expect(await nameOf(id)).toBe(wanted);
  });
});

/** A transport whose tokens become Ben's at its nth request. */
function turning(over: (tokens: TokenSource) => SyncTransport, nth: number) {
  let asked = 0;
  const tokens: TokenSource = {
    async token() {
      asked += 1;
      return tokenOf(asked >= nth ? 'ben' : 'ana');
    },
  };
  return { transport: over(tokens), asked: () => asked };
}

describe.each(mostly)('over %s', (_, over) => {
  test('N02b: whichever request the token of another user comes at, no edit is theirs', async () => {
    const path = place();
    const tokens = staticToken(tokenOf('ana'));
    const id = await leftByAna(over({ token: tokens.token }), path);
    const seen: string[] = [];
    for (let nth = 1; nth < 40; nth++) {
      const { transport, asked } = turning(over, nth);
      const device = await world.device('ana', { storage: fileStorage(path, 'dev'), transport });
      const result = await device.sync.run('DELTA_SYNC');
      const { kind } = result;
      seen.push(kind === 'failed' ? String(result.failure.code) : kind);
      await device.close();
      if (asked() < nth) break;
      expect(kind).toBe('failed');
    }
    expect(new Set(seen)).toEqual(new Set(['device.otherUser', 'done']));
    const audited = await readAs('ana', `accounts(${id})?$select=name,_modifiedby_value`);
    expect(audited).toMatchObject({ name: wanted, _modifiedby_value: sampleUsers.ana.id });
  });

  test('N02c: the app says who is signed in: without a network too, a database of another user is not opened', async () => {
    const path = place();
    const id = await leftByAna(over(staticToken(tokenOf('ana'))), path);
    const storage = fileStorage(path, 'dev');
    world.online.next(false);
    const transport = over({ token: async () => null });
    const opening = world.device('ben', { storage, transport, user: sampleUsers.ben.id });
    await expect(opening).rejects.toThrow(otherUser);
    const ana = await world.device('ana', {
      storage,
      transport,
      user: sampleUsers.ana.id.toUpperCase(),
    });
    expect(ana.get('account', id)).toMatchObject({ name: wanted });
    await ana.close();
    // An account is known once the organization has said whose it is.
    const named = { storage, transport, user: { account: 'ana@field.example' } };
    const unknown = await world.device('ana', named);
    expect(() => unknown.get('account', id)).toThrow(otherUser);
    await unknown.close();
    world.online.next(true);
    const known = await world.device('ana', { ...named, transport: over(anybody(tokenOf('ana'))) });
    await sync(known);
    await known.close();
    world.online.next(false);
    const offline = await world.device('ana', named);
    expect(offline.get('account', id)).toMatchObject({ name: wanted });
    await offline.close();
    const other = await world.device('ben', { ...named, user: { account: 'ben@field.example' } });
    expect(() => other.get('account', id)).toThrow(otherUser);
  });

  test('N02c: whom the app expects must be who the organization finds, in a new database too', async () => {
    const device = await world.device('ben', {
      transport: over(anybody(tokenOf('ana'))),
      user: sampleUsers.ben.id,
    });
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
    expect(device.sync.hello).toBeNull();
    expect(device.store.schema.size).toBe(0);
  });
});

test('N02b: while somebody else is signed in nothing is tried or listened to; it goes on when its user is back', async () => {
  const tokens = anybody(tokenOf('ana'));
  const signals: AbortSignal[] = [];
  const system = testSystem(71);
  const device = await world.device('ana', {
    start: 'auto',
    system,
    transport: {
      ...overEndpoint(tokens),
      async *hints(signal) {
        signals.push(signal);
        yield 'connected';
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
  });
  const { schedule } = device;
  if (schedule === null) throw new Error('It synchronizes by itself.');
  /** Time goes on until something has come about. */
  const until = async (reached: () => boolean) => {
    while (!reached()) {
      system.clock.advance({ ms: 1000 });
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await until(() => device.sync.currentStatus.readiness === 'available' && signals.length === 1);
  expect(signals.map((one) => one.aborted)).toEqual([false]);
  tokens.now = tokenOf('ben');
  device.create('account', { name: wanted });
  await until(() => schedule.current.paused === 'otherUser');
  expect(signals.map((one) => one.aborted)).toEqual([true]);
  const requests = () => [...world.server.requests.values()].reduce((sum, one) => sum + one, 0);
  const before = requests();
  system.clock.advance({ hours: 3 });
  expect(requests()).toBe(before);
  tokens.now = tokenOf('ana');
  schedule.resume();
  await until(() => device.sync.currentLock === null && signals.length === 2);
  await until(() => device.sync.outbox.unsettled().length === 0);
  expect(signals.map((one) => one.aborted)).toEqual([true, false]);
});

/** JSON of the Web API, as a user sees it. */
async function readAs(user: string, address: string): Promise<unknown> {
  const { body } = await world.organization.handle({
    method: 'GET',
    url: `/api/data/v9.2/${address}`,
    headers: { authorization: `Bearer ${tokenOf(user)}` },
    body: null,
  });
  return JSON.parse(body);
}

test('N02d: a database of a version that recorded no owner is its that it last said hello for', async () => {
  const storage = fileStorage(place(), 'dev');
  const ana = await world.device('ana', {
    storage,
    transport: overEndpoint(anybody(tokenOf('ana'))),
  });
  await sync(ana);
  ana.store.driver.exec(`DELETE FROM "$sync" WHERE key IN ('owner', 'account')`);
  await ana.close();
  const transport = overEndpoint(anybody(tokenOf('ben')));
  await expect(
    world.device('ben', { storage, transport, user: sampleUsers.ben.id }),
  ).rejects.toThrow(otherUser);
  const ben = await world.device('ben', { storage, transport });
  expect(await ben.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
});

test('N02d: a user of the same id in another organization is another one', async () => {
  const storage = fileStorage(place(), 'dev');
  const ana = await world.device('ana', { storage });
  await sync(ana);
  const json = String(ana.store.all(`SELECT value FROM "$sync" WHERE key = 'owner'`)[0]?.[0]);
  const owner = { ...JSON.parse(json), organization: '00000000-0000-4000-8000-000000000bad' };
  ana.store.driver
    .prepare(`UPDATE "$sync" SET value = ? WHERE key = 'owner'`)
    .run([JSON.stringify(owner)]);
  await ana.close();
  const again = await world.device('ana', { storage });
  const result = await again.sync.run('DELTA_SYNC');
  expect(result).toMatchObject(failedOther);
  expect(result.kind === 'failed' && result.failure.message).toContain('another organization');
});

describe('signing out', () => {
  const carla = () => world.organization.as(sampleUsers.carla.id);
  const bytesIn = (path: string) =>
    Buffer.concat(readdirSync(path).map((name) => readFileSync(join(path, name))));

  /** Ana's device with a new account, an edit, a file on a note, a refused edit and a draft; offline. */
  async function busy(path: string, over: (tokens: TokenSource) => SyncTransport) {
    const storage = fileStorage(path, 'dev');
    const transport = over(staticToken(tokenOf('ana')));
    const device = await world.device('ana', { storage, transport });
    await sync(device);
    const ids = device.store.all('SELECT accountid, name FROM account ORDER BY 1 LIMIT 3');
    const [edited, refused, other] = ids.map((row) => String(row[0]));
    // Of rows that are not edited: an edit knows what it changed.
    const names = device.store
      .all('SELECT name FROM account ORDER BY accountid LIMIT -1 OFFSET 3')
      .map((row) => String(row[0]));
    if (edited === undefined || refused === undefined || other === undefined)
      throw new Error('no rows');
    device.update('account', refused, { name: 'Given up by nobody' });
    await carla().delete('account', refused);
    await sync(device);
    expect(device.sync.errors.list()).toHaveLength(1);
    world.online.next(false);
    device.update('account', edited, { name: wanted });
    const made = device.create('account', { name: 'Made by Ana' });
    const body = Buffer.from('the lift is out of order').toString('base64');
    const attachment = { fileName: 'lift.txt', mimeType: 'text/plain', body };
    const noted = device.addNote('account', other, { subject: 'Lift', attachment });
    const form = device.openForm('account', other);
    form.set('name', 'Typed by Ana');
    if (made.kind !== 'saved' || noted.kind !== 'saved') throw new Error('not saved');
    return { storage, transport, device, names, edited, other, made: made.id, note: noted.id };
  }

  test.each(mostly)(
    'N02e: over %s, edits that are kept lie on the rows again when their user is back, and go up; nobody else reads them',
    async (_, over) => {
      const path = place();
      const { storage, transport, device, names, edited, other, made, note } = await busy(
        path,
        over,
      );
      const result = await device.signOut({ pending: 'keep' });
      expect(result).toMatchObject({ pending: 'keep', keeps: true, drafts: 1 });
      expect(result.edits.map((one) => `${one.op} ${one.table} ${one.state}`).sort()).toEqual([
        'create account queued',
        'create annotation queued',
        'update account queued',
        'update account refused',
      ]);
      expect(() => device.get('account', edited)).toThrow(
        expect.objectContaining({ code: 'device.closed' }),
      );
      const left = bytesIn(path);
      expect(names.filter((name) => left.includes(name))).toEqual([]);
      expect(left.includes(wanted)).toBe(true);
      // Without a network nobody is let in, unless the account is Ana's.
      const transportOfBen = over(staticToken(tokenOf('ben')));
      const ben = await world.device('ben', { storage, transport: transportOfBen });
      expect(ben.sync.currentLock).toMatchObject({ reason: 'unknownUser' });
      expect([ben.sync.outbox.pending(), ben.sync.errors.list()]).toEqual([[], []]);
      expect(() => ben.drafts()).toThrow(otherUser);
      world.online.next(true);
      expect(await ben.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
      expect(ben.sync.outbox.pending()).toEqual([]);
      await ben.close();
      const ana = await world.device('ana', { storage, transport });
      await sync(ana);
      expect(ana.get('account', edited)).toMatchObject({ name: wanted });
      expect(ana.get('account', made)).toMatchObject({ name: 'Made by Ana' });
      expect(ana.drafts()).toMatchObject([{ rowId: other }]);
      expect(ana.sync.errors.list()).toMatchObject([{ canRetry: true }]);
      expect(ana.sync.outbox.pending()).toEqual([]);
      expect(
        await readAs('ana', `accounts(${edited})?$select=name,_modifiedby_value`),
      ).toMatchObject({
        name: wanted,
        _modifiedby_value: sampleUsers.ana.id,
      });
      expect(await readAs('ana', `accounts(${made})?$select=name,_createdby_value`)).toMatchObject({
        _createdby_value: sampleUsers.ana.id,
      });
      expect(await carla().retrieve('annotation', note)).toMatchObject({
        documentbody: Buffer.from('the lift is out of order').toString('base64'),
      });
      expect(await ana.sync.compare()).toEqual([]);
    },
  );

  test.each(mostly)(
    'N02g: over %s, edits that are discarded are told and gone, and the database is whose who signs in next',
    async (_, over) => {
      const path = place();
      const { storage, device, names, made } = await busy(path, over);
      const result = await device.signOut({ pending: 'discard' });
      expect(result).toMatchObject({ pending: 'discard', keeps: false, drafts: 1 });
      expect(result.edits.filter((one) => one.id === made)).toMatchObject([
        { op: 'create', table: 'account', set: { name: 'Made by Ana' } },
      ]);
      const left = bytesIn(path);
      for (const text of [wanted, 'Made by Ana', 'Typed by Ana', ...names]) {
        expect(left.includes(text)).toBe(false);
      }
      world.online.next(true);
      const ben = await world.device('ben', {
        storage,
        transport: over(staticToken(tokenOf('ben'))),
      });
      await sync(ben);
      expect(ben.sync.hello?.user.id).toBe(sampleUsers.ben.id);
      expect(ben.sync.outbox.unsettled()).toEqual([]);
      expect(await carla().retrieve('account', made)).toBeNull();
    },
  );

  test('N02g: where nothing waits nothing is kept, and the next user has the database', async () => {
    const storage = fileStorage(place(), 'dev');
    const ana = await world.device('ana', { storage });
    await sync(ana);
    expect(await ana.signOut({ pending: 'keep' })).toMatchObject({ keeps: false, edits: [] });
    const ben = await world.device('ben', { storage });
    await sync(ben);
    expect(ben.sync.currentLock).toBeNull();
  });

  test('N02g: who is not the user of a database can sign its user out, and learns and discards nothing', async () => {
    const storage = fileStorage(place(), 'dev');
    const tokens = anybody(tokenOf('ana'));
    const device = await world.device('ana', { storage, transport: overEndpoint(tokens) });
    await sync(device);
    device.create('account', { name: 'Made by Ana' });
    tokens.now = tokenOf('ben');
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject(failedOther);
    await expect(device.signOut({ pending: 'discard' })).rejects.toThrow(
      expect.objectContaining({ code: 'device.otherUser' }),
    );
    expect(await device.signOut({ pending: 'keep' })).toMatchObject({ keeps: true, edits: [] });
    tokens.now = tokenOf('ana');
    const ana = await world.device('ana', { storage, transport: overEndpoint(tokens) });
    await sync(ana);
    expect(ana.sync.outbox.unsettled()).toEqual([]);
    const made = ana.store.all(`SELECT accountid FROM account WHERE name = 'Made by Ana'`);
    expect(await nameOf(String(made[0]?.[0]))).toBe('Made by Ana');
  });

  test.each(['keep', 'discard'] as const)(
    'N02h: a loss of power anywhere while edits are to be %s: the next opening ends it',
    async (pending) => {
      const files = new FaultFiles(new MemoryFiles());
      const ana = await world.device('ana', { storage: locationOf(files) });
      await sync(ana);
      const id = firstOf(ana, 'account');
      ana.update('account', id, { name: wanted });
      const names = ana.store
        .all('SELECT name FROM account ORDER BY accountid LIMIT -1 OFFSET 1')
        .map((row) => String(row[0]));
      const start = files.log.length;
      await ana.signOut({ pending });
      const end = files.log.length;
      files.recording = false;
      world.online.next(false);
      const random = seededRandom(7);
      const outcomes = { before: 0, after: 0 };
      const step = Math.max(1, Math.floor((end - start) / cuts));
      for (let cut = start; cut <= end; cut += step) {
        const style = lossStyles[cut % lossStyles.length] ?? 'dropAll';
        const left = powerLoss(files.log, cut, style, random);
        const at = `cut ${cut} of ${start} to ${end}, ${style}`;
        const again = await world.device('ana', { storage: locationOf(left) });
        const all = Buffer.concat(left.names().map((name) => left.bytes(name)));
        const waits = again.sync.outbox.pending().map((one) => one.set['name']);
        const hasRows = again.store.schema.has('account');
        outcomes[hasRows ? 'before' : 'after'] += 1;
        expect([at, waits]).toEqual([at, hasRows || pending === 'keep' ? [wanted] : []]);
        const found = hasRows ? [] : names.filter((name) => all.includes(name));
        expect([at, found]).toEqual([at, []]);
        await again.close();
      }
      expect(outcomes.before).toBeGreaterThan(0);
      expect(outcomes.after).toBeGreaterThan(0);
    },
  );
});

/** A database on files that remember what was done to them. */
function locationOf(files: FaultFiles | MemoryFiles): StorageLocation {
  const memory = memoryStorage();
  return {
    name: 'c.db',
    open: async () => ({ ...(await memory.open()), files }),
    delete: async () => deleteDatabase(files, 'c.db'),
  };
}

test('N02i: each user of an organization has a database of their own name, which is one for files', () => {
  const ana = databaseName('https://Field.crm.dynamics.com/', sampleUsers.ana.id.toUpperCase());
  expect(ana).toBe(`field.crm.dynamics.com+${sampleUsers.ana.id}`);
  expect(databaseName('field.crm.dynamics.com', sampleUsers.ana.id)).toBe(ana);
  const odd = ['a/b', 'a:b', 'a\\b', '.a', 'a+b', 'a*', "a'", 'ä', 'a b', 'a%20b', ''];
  const all = odd.flatMap((one) => [databaseName(one, 'u'), databaseName('o', one)]);
  expect(new Set(all).size).toBe(all.length);
  for (const name of all) expect(fileStorage(folder, name).name).toBe(`${name}.db`);
  expect(all.join()).toMatch(/^[a-z0-9+%._~,A-F-]*$/);
});
