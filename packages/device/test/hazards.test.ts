import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppModel, type RowValues, versionColumn } from '@outpost/model';
import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import type { StorageLocation } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import type { Reply, SyncTransport } from '@outpost/sync';
import { httpTransport } from '@outpost/sync/http';
import { seededGuids, seededRandom, testSystem, VirtualClock } from '@outpost/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, DeviceOptions } from '../src/index.ts';
import { isPlainWebApi, openWorld, sync, tokenOf, type UserName, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ben = () => world.organization.as(sampleUsers.ben.id);
const carla = () => world.organization.as(sampleUsers.carla.id);
const http = (user: UserName = 'ana') => world.transport(user);

const synced = (options: Partial<DeviceOptions> = {}, user: UserName = 'ana') =>
  world.synced(user, options);
const run = (device: Device) => device.sync.run('DELTA_SYNC');
const lost: Reply<never> = {
  kind: 'failed',
  failure: { class: 'network', status: null, code: null, message: 'cut', retryAfterMs: null },
};
const idOf = (result: { readonly kind: string; readonly id?: string }): string => {
  if (result.id === undefined) throw new Error(JSON.stringify(result));
  return result.id;
};
const value = (row: RowValues | null, column: string) => row?.[column] ?? null;
const firstIds = (device: Device, table: string, count: number) => {
  const key = device.model.tables.find((one) => one.name === table)?.primaryId;
  return device.store
    .all(`SELECT "${key}" FROM "${table}" ORDER BY 1 LIMIT ?`, [count])
    .map((row) => String(row[0]));
};

test('H-1: no change is missed, whatever order writers commit in', async () => {
  const device = await synced();
  const ids = firstIds(device, 'account', 20);
  const writers = ids.flatMap((id, i) => [
    carla().update({ table: 'account', id, values: { telephone1: `a${i}` } }),
    carla().update({ table: 'account', id, values: { address1_city: `b${i}` } }),
  ]);
  for (let i = 0; i < 5; i++) await sync(device);
  await Promise.all(writers);
  await sync(device);
  expect(ids.map((id) => value(device.get('account', id), 'telephone1'))).toEqual(
    ids.map((_, i) => `a${i}`),
  );
  expect(await device.sync.compare()).toEqual([]);
});

test('H-2, H-3: rows that come, go and change between the pages of a first sync are right at its end', async () => {
  const inner = http();
  const ids = seededGuids(seededRandom(3));
  let pages = 0;
  const device = await world.device('ana', {
    pageRows: 10,
    transport: {
      ...inner,
      async page(request, signal) {
        const reply = await inner.page(request, signal);
        pages += 1;
        if (reply.kind !== 'ok' || request.table !== 'account') return reply;
        // Before and behind the page.
        for (const id of [reply.value.rows[0]?.[0], reply.value.rows.at(-1)?.[0]]) {
          if (typeof id !== 'string') continue;
          await ben().update({ table: 'account', id, values: { telephone1: `p${pages}` } });
        }
        const made = ids.next();
        await ben().create({ table: 'account', id: made, values: { name: `Page ${pages}` } });
        return reply;
      },
    },
  });
  expect(await run(device)).toMatchObject({ kind: 'done' });
  expect(pages).toBeGreaterThan(20);
  expect(await device.sync.compare()).toEqual([]);
});

test('H-4, H-5: a first sync that ends anywhere goes on there; rows, cursor and progress are one', async () => {
  const storage = memoryStorage();
  const fetched: string[] = [];
  let allowed = 3;
  const inner = http();
  const transport: SyncTransport = {
    ...inner,
    async page(request, signal) {
      if (allowed-- <= 0) return lost;
      fetched.push(`${request.table} ${request.after}`);
      return inner.page(request, signal);
    },
  };
  /** Rows that the database says were loaded, and rows that are there, at each commit of a load. */
  const told: (readonly [said: string, rows: number])[] = [];
  let kills = 0;
  for (;;) {
    const device = await world.device('ana', { storage, transport, pageRows: 25 });
    device.store.commits.subscribe(() => {
      for (const [table, rows] of device.store.all(
        `SELECT table_name, walk_rows FROM "$sync_table" WHERE state = 'load'`,
      )) {
        told.push([`${String(table)} ${String(rows)}`, device.store.count(String(table))]);
      }
    });
    const result = await run(device);
    await device.close();
    if (result.kind === 'done') break;
    kills += 1;
    allowed = 3;
  }
  expect(kills).toBeGreaterThan(3);
  expect(told.length).toBeGreaterThan(kills);
  expect(told.filter(([said, rows]) => !said.endsWith(` ${rows}`))).toEqual([]);
  // No page was fetched twice.
  expect(new Set(fetched).size).toBe(fetched.length);
  const device = await world.device('ana', { storage });
  await sync(device);
  expect(await device.sync.compare()).toEqual([]);
});

test('H-6: an answer that arrives twice changes nothing', async () => {
  const inner = http();
  let answers: Reply<never>[] = [];
  let replay: Reply<never> | null = null;
  const device = await synced({
    transport: {
      ...inner,
      async pull(request, signal) {
        if (replay !== null) {
          const again = replay;
          replay = null;
          return again;
        }
        const reply = await inner.pull(request, signal);
        answers.push(reply as Reply<never>);
        return reply;
      },
    },
  });
  answers = [];
  const [id] = firstIds(device, 'account', 1) as [string];
  await carla().update({ table: 'account', id, values: { telephone1: 'one' } });
  await sync(device);
  const [first] = answers;
  if (first === undefined) throw new Error('Nothing was pulled.');
  await carla().update({ table: 'account', id, values: { telephone1: 'two' } });
  await sync(device);
  replay = first;
  await sync(device);
  expect(replay).toBeNull();
  await sync(device);
  expect(value(device.get('account', id), 'telephone1')).toBe('two');
  expect(await device.sync.compare()).toEqual([]);
});

test.each(['off', 'on', 'merge'] as const)(
  'H-7: conflicts %s: a lost answer to a push makes no second row and no conflict with itself',
  async (policy) => {
    await world.organization.setConflictPolicy(policy);
    const inner = http();
    let losing = true;
    const device = await synced({
      transport: {
        ...inner,
        async push(request, signal) {
          const reply = await inner.push(request, signal);
          return losing ? lost : reply;
        },
      },
    });
    const id = idOf(device.create('account', { name: 'Once' }));
    expect(await run(device)).toMatchObject({ kind: 'failed', failure: { message: 'cut' } });
    device.update('account', id, { name: 'Once more' });
    expect(await run(device)).toMatchObject({ kind: 'failed', failure: { message: 'cut' } });
    losing = false;
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    expect(value(await ben().retrieve('account', id), 'name')).toBe('Once more');
    expect(await device.sync.compare()).toEqual([]);
  },
);

test('H-8, H-13: entries that arrive in any order keep children behind their parents', async () => {
  const inner = http();
  const device = await synced({
    transport: {
      ...inner,
      push: (request, signal) =>
        inner.push({ ...request, entries: [...request.entries].reverse() }, signal),
    },
  });
  world.online.next(false);
  const account = idOf(device.create('account', { name: 'Parent' }));
  const contact = idOf(
    device.create('contact', {
      lastname: 'Child',
      parentcustomerid: { table: 'account', id: account },
    }),
  );
  world.online.next(true);
  for (let i = 0; i < 3; i++) await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(value(await ben().retrieve('contact', contact), 'parentcustomerid')).toMatchObject({
    id: account,
  });
});

const folder = mkdtempSync(join(tmpdir(), 'outpost-hazards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let copies = 0;

/** A database in a folder of its own, and copies of it as a backup would make them. */
function files(): { readonly storage: StorageLocation; copy(): StorageLocation } {
  const path = join(folder, `db${copies++}`);
  return {
    storage: fileStorage(path, 'device'),
    copy() {
      const to = join(folder, `db${copies++}`);
      cpSync(path, to, { recursive: true, filter: (name) => !name.includes('lock') });
      return fileStorage(to, 'device');
    },
  };
}

// A plain Web API knows no devices, and no keys of edits.
test.skipIf(isPlainWebApi)(
  'H-9: of two openings of one database only the newest synchronizes',
  async () => {
    const { storage, copy } = files();
    const device = await synced({ storage });
    const twin = await world.device('ana', { storage: copy(), system: testSystem(901) });
    expect(await run(twin)).toMatchObject({ kind: 'done' });
    device.create('account', { name: 'From the older one' });
    expect(await run(device)).toMatchObject({
      kind: 'failed',
      failure: { code: 'outpost:fenced' },
    });
    // Its edit is not lost: opened again it takes over and uploads.
    expect(device.sync.outbox.pending()).toHaveLength(1);
    expect(await run(twin)).toMatchObject({ kind: 'done' });
  },
);

test.skipIf(isPlainWebApi)(
  'H-10: a restored backup neither repeats edits nor loses them',
  async () => {
    const { storage, copy } = files();
    const device = await synced({ storage });
    const [first, second] = firstIds(device, 'account', 2) as [string, string];
    world.online.next(false);
    device.update('account', first, { telephone1: 'before the backup' });
    await device.close();
    const restoredFrom = copy();
    const later = await world.device('ana', { storage, system: testSystem(909) });
    later.update('account', second, { telephone1: 'after the backup' });
    world.online.next(true);
    await sync(later);
    await later.close();
    // Somebody else goes on from there.
    await carla().update({ table: 'account', id: first, values: { telephone1: 'by Carla' } });
    const restored = await world.device('ana', { storage: restoredFrom, system: testSystem(902) });
    const made = idOf(restored.create('account', { name: 'After the restore' }));
    expect(await run(restored)).toMatchObject({ kind: 'done' });
    expect(value(await carla().retrieve('account', first), 'telephone1')).toBe('by Carla');
    expect(value(restored.get('account', second), 'telephone1')).toBe('after the backup');
    expect(value(await carla().retrieve('account', made), 'name')).toBe('After the restore');
    expect(restored.sync.errors.list()).toEqual([]);
    expect(restored.sync.outbox.unsettled()).toEqual([]);
    expect(restored.sync.notices()[0]).toMatchObject({ kind: 'restored' });
    expect(await restored.sync.compare()).toEqual([]);
  },
);

test('H-11: edits made as one are applied or refused as one; others have their own results', async () => {
  const device = await synced();
  const [first, second, third] = firstIds(device, 'account', 3) as [string, string, string];
  const before = value(device.get('account', first), 'telephone1');
  device.store.write({ origin: 'local' }, (tx) => {
    tx.update('account', first, { telephone1: 'one' });
    tx.update('account', second, { name: 'x'.repeat(1000) });
  });
  device.update('account', third, { telephone1: 'three' });
  await sync(device);
  const errors = device.sync.errors.list();
  expect(new Map(errors.map((one) => [one.rowId, one.code]))).toEqual(
    new Map([
      [first, 'outpost:changeSet'],
      [second, '0x80044331'],
    ]),
  );
  expect(value(await ben().retrieve('account', first), 'telephone1')).toBe(before);
  expect(value(await ben().retrieve('account', third), 'telephone1')).toBe('three');
  // They are repaired as one, too.
  device.sync.errors.resolve(errors[0]?.id ?? '', 'discard');
  expect(device.sync.errors.list()).toEqual([]);
  await sync(device);
  expect(await device.sync.compare()).toEqual([]);
});

test('H-12: an entry that the organization puts off waits by itself; the others go on', async () => {
  const clock = new VirtualClock();
  const device = await synced({ system: { ...testSystem(903), clock } });
  const inner = http();
  const [first, second] = firstIds(device, 'account', 2) as [string, string];
  await device.close();
  let attempts = 0;
  const system = { ...testSystem(904), clock };
  const other = await synced({
    system,
    transport: {
      ...inner,
      // The organization's own count of attempts decides; here it fails before it.
      async push(request, signal) {
        const poisoned = request.entries.filter((one) => one.id === first);
        const rest = request.entries.filter((one) => one.id !== first);
        const reply = await inner.push({ ...request, entries: rest }, signal);
        if (reply.kind !== 'ok') return reply;
        attempts += poisoned.length;
        const later = poisoned.map(({ key }) => ({ key, status: 'retryLater' as const }));
        return { ...reply, value: { ...reply.value, results: [...reply.value.results, ...later] } };
      },
    },
  });
  other.update('account', first, { telephone1: 'poison' });
  other.update('account', second, { telephone1: 'fine' });
  await sync(other);
  expect(value(await ben().retrieve('account', second), 'telephone1')).toBe('fine');
  expect(other.sync.outbox.pending()).toMatchObject([{ id: first, attempts: 1 }]);
  // Held: not sent again before its time.
  await sync(other);
  expect(attempts).toBe(1);
  clock.advance({ minutes: 1 });
  await sync(other);
  expect(attempts).toBe(2);
  expect(other.sync.outbox.pending()).toMatchObject([{ id: first, attempts: 2 }]);
});

test('H-13, S08: the child of a refused parent waits with it, and is released with it', async () => {
  const device = await synced();
  const role = sampleApp.roles[0];
  if (role === undefined) throw new Error('no role');
  world.online.next(false);
  const account = idOf(device.create('account', { name: 'Parent' }));
  const contact = idOf(
    device.create('contact', {
      lastname: 'Child',
      parentcustomerid: { table: 'account', id: account },
    }),
  );
  await world.organization.setRole({
    ...role,
    privileges: { ...role.privileges, account: { ...role.privileges['account'], create: 0 } },
  });
  world.online.next(true);
  await sync(device);
  const errors = device.sync.errors.list();
  expect(new Map(errors.map((one) => [one.rowId, one.code]))).toEqual(
    new Map([
      [account, '0x80040220'],
      [contact, 'outpost:blocked'],
    ]),
  );
  await world.organization.setRole(role);
  const root = errors.find((one) => one.rowId === account);
  device.sync.errors.resolve(root?.id ?? '', 'retry');
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(value(await ben().retrieve('contact', contact), 'parentcustomerid')).toMatchObject({
    id: account,
  });
});

test('H-14, S08: joined edits come to the same as edits sent one by one', async () => {
  const joined = await synced();
  const single = await synced({ system: testSystem(905) });
  const random = seededRandom(14);
  const one = <Item>(list: readonly Item[]) =>
    list[Math.floor(random.next() * list.length)] as Item;
  const pairs: (readonly [string, string])[] = [];
  const kinds: (readonly [joined: string, single: string])[] = [];
  for (let n = 0; n < 60; n++) {
    const dice = random.next();
    if (pairs.length === 0 || dice < 0.25) {
      pairs.push([
        idOf(joined.create('account', { name: `Row ${n}` })),
        idOf(single.create('account', { name: `Row ${n}` })),
      ]);
    } else {
      const [a, b] = one(pairs);
      const values = { [one(['telephone1', 'address1_city'])]: `v${n}` };
      const edit = (device: Device, id: string) =>
        dice < 0.35 ? device.delete('account', id) : device.update('account', id, values);
      kinds.push([edit(joined, a).kind, edit(single, b).kind]);
    }
    await sync(single);
  }
  expect(kinds.filter(([mine, theirs]) => mine !== theirs)).toEqual([]);
  expect(new Set(kinds.flat())).toEqual(new Set(['saved', 'refused']));
  expect(joined.sync.outbox.pending().length).toBeLessThan(pairs.length + 1);
  await sync(joined);
  for (const [a, b] of pairs) {
    const [mine, theirs] = [await ben().retrieve('account', a), await ben().retrieve('account', b)];
    for (const column of ['name', 'telephone1', 'address1_city']) {
      expect(value(mine, column)).toBe(value(theirs, column));
    }
  }
});

test('H-14: joined edits keep what was seen before the first of them', async () => {
  await world.organization.setConflictPolicy('merge');
  const device = await synced();
  const [id] = firstIds(device, 'account', 1) as [string];
  world.online.next(false);
  device.update('account', id, { telephone1: 'a' });
  device.update('account', id, { telephone1: 'b' });
  expect(device.sync.outbox.pending()).toHaveLength(1);
  await carla().update({ table: 'account', id, values: { address1_city: 'Elsewhere' } });
  world.online.next(true);
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve('account', id)).toMatchObject({
    telephone1: 'b',
    address1_city: 'Elsewhere',
  });
});

test.each([
  [
    'an edit',
    (device: Device, id: string) => device.update('account', id, { address1_city: 'Mine' }),
  ] as const,
  // Through the plain Web API nothing tells which row a deletion stood on.
  ...(isPlainWebApi
    ? []
    : [['a deletion', (device: Device, id: string) => device.delete('account', id)] as const]),
])('W-20: %s that stands on one joined with what others wrote is a conflict', async (_, change) => {
  await world.organization.setConflictPolicy('merge');
  const inner = http();
  let during: (() => void) | null = null;
  const device = await synced({
    transport: {
      ...inner,
      push(request, signal) {
        during?.();
        during = null;
        return inner.push(request, signal);
      },
    },
  });
  const [id] = firstIds(device, 'account', 1) as [string];
  device.update('account', id, { telephone1: 'one' });
  await carla().update({ table: 'account', id, values: { address1_city: 'Theirs' } });
  // On its way, the first edit cannot take the second in; the user has not seen the other city.
  during = () => void change(device, id);
  await sync(device);
  await sync(device);
  expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict', rowId: id }]);
  expect(await carla().retrieve('account', id)).toMatchObject({
    telephone1: 'one',
    address1_city: 'Theirs',
  });
});

test('H-15, H-16: an edit made while its row is on its way survives, and no older value is ever shown', async () => {
  const inner = http();
  let during: (() => Promise<void>) | null = null;
  const device = await synced({
    transport: {
      ...inner,
      async push(request, signal) {
        const reply = await inner.push(request, signal);
        const run = during;
        during = null;
        await run?.();
        return reply;
      },
    },
  });
  const [id] = firstIds(device, 'account', 1) as [string];
  const shown: unknown[] = [];
  device.observe('account', id).subscribe((row) => shown.push(value(row, 'telephone1')));
  device.update('account', id, { telephone1: 'one' });
  during = async () => {
    device.update('account', id, { telephone1: 'two' });
    await carla().update({ table: 'account', id, values: { address1_city: 'Oslo' } });
  };
  await sync(device);
  await sync(device);
  expect(await carla().retrieve('account', id)).toMatchObject({
    telephone1: 'two',
    address1_city: 'Oslo',
  });
  expect(device.get('account', id)).toMatchObject({ telephone1: 'two', address1_city: 'Oslo' });
  const from = shown.indexOf('two');
  expect(shown.slice(from)).toEqual(shown.slice(from).map(() => 'two'));
  expect(await device.sync.compare()).toEqual([]);
});

test('H-16: after the log was pruned, an edit is shown until its row has been compared', async () => {
  const inner = http();
  const device = await synced({
    transport: {
      ...inner,
      async push(request, signal) {
        const reply = await inner.push(request, signal);
        await world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
        return reply;
      },
    },
  });
  const [id] = firstIds(device, 'account', 1) as [string];
  const before = device.get('account', id);
  const shown: unknown[] = [];
  device.observe('account', id).subscribe((row) => shown.push(value(row, 'telephone1')));
  device.update('account', id, { telephone1: 'mine' });
  await sync(device);
  expect(device.sync.outbox.unsettled()).toEqual([]);
  expect([...new Set(shown)]).toEqual([value(before, 'telephone1'), 'mine']);
  expect(shown.at(-1)).toBe('mine');
  expect(shown.lastIndexOf(value(before, 'telephone1'))).toBe(0);
});

test('H-17: of two edits of one version at the same moment one is applied, the other is a conflict', async () => {
  await world.organization.setConflictPolicy('on');
  const devices = [await synced(), await synced({ system: testSystem(906) })];
  const [id] = firstIds(devices[0] as Device, 'account', 1) as [string];
  devices.forEach((device, i) => {
    device.update('account', id, { telephone1: `by ${i}` });
  });
  await Promise.all(devices.map((one) => sync(one)));
  const conflicts = devices.flatMap((device) => device.sync.outbox.unsettled().length);
  expect(conflicts).toEqual([0, 0]);
  await Promise.all(devices.map((one) => sync(one)));
  const ids = new Set(
    devices.flatMap((device) => device.sync.errors.list().map((error) => error.id)),
  );
  expect(ids.size).toBe(1);
});

describe('H-18, S01, S02: races follow the table of conflicts', () => {
  const row = namedRows.skiLift;
  const table = 'opportunity';
  type Outcome = readonly [status: 'applied' | 'refused', code?: string, type?: string];
  const applied: Outcome = ['applied'];
  const conflict: Outcome = ['refused', '0x80060882', 'Conflict'];
  const missing: Outcome = ['refused', '0x80040217', 'Record not found'];
  const mine = { estimatedvalue: 1 };
  const cases: readonly (readonly [
    string,
    'update' | 'delete',
    RowValues | 'deleted' | null,
    readonly [off: Outcome, on: Outcome, merge: Outcome],
  ])[] = [
    ['unchanged', 'update', null, [applied, applied, applied]],
    ['other columns changed', 'update', { closeprobability: 2 }, [applied, conflict, applied]],
    ['same column, other value', 'update', { estimatedvalue: 2 }, [applied, conflict, conflict]],
    // On a plain Web API an edit whose answer was lost looks the same: the row holds what it wants.
    [
      'same column, same value',
      'update',
      { estimatedvalue: 1 },
      [applied, isPlainWebApi ? applied : conflict, applied],
    ],
    ['row deleted', 'update', 'deleted', [missing, missing, missing]],
    ['unchanged', 'delete', null, [applied, applied, applied]],
    ['changed', 'delete', { estimatedvalue: 2 }, [applied, conflict, conflict]],
    ['already deleted', 'delete', 'deleted', [applied, applied, applied]],
  ];
  const all = cases.flatMap(([about, op, theirs, outcomes]) =>
    (['off', 'on', 'merge'] as const).map(
      (policy, i) => [policy, op, about, theirs, outcomes[i] as Outcome] as const,
    ),
  );
  test.each(all)('%s: my %s, there: %s', async (policy, op, _, theirs, [status, code, type]) => {
    await world.organization.setConflictPolicy(policy);
    const device = await synced();
    world.online.next(false);
    if (op === 'update') device.update(table, row, mine);
    else device.delete(table, row);
    const after = idOf(device.create('account', { name: 'The queue goes on' }));
    if (theirs === 'deleted') await carla().delete(table, row);
    else if (theirs !== null) await ben().update({ table, id: row, values: theirs });
    world.online.next(true);
    await sync(device);
    expect(value(await carla().retrieve('account', after), 'name')).toBe('The queue goes on');
    if (status === 'refused') await expectRefused(device, code, type);
    else {
      await expectApplied(
        device,
        op === 'delete' ? null : { ...(theirs as RowValues | null), ...mine },
      );
    }
    // Refused or not: the device shows what is there.
    const there = await carla().retrieve(table, row);
    expect(device.get(table, row) === null).toBe(there === null);
    expect(await device.sync.compare()).toEqual([]);
  });

  /** The row in the organization is as the edit wants it; null: it is gone. */
  async function expectApplied(device: Device, wanted: RowValues | null): Promise<void> {
    expect(device.sync.errors.list()).toEqual([]);
    const stored = await carla().retrieve(table, row);
    expect(stored).toEqual(wanted === null ? null : expect.objectContaining(wanted));
  }

  /** One sync error of the row, in the organization too. */
  async function expectRefused(device: Device, code?: string, type?: string): Promise<void> {
    const errors = device.sync.errors.list();
    expect(errors).toMatchObject([{ code, type, rowId: row, table }]);
    const ana = world.organization.as(sampleUsers.ana.id);
    const stored = await ana.retrieve('syncerror', errors[0]?.id ?? '');
    expect(stored).toMatchObject({ statecode: 0, statuscode: 0, errorcode: code, name: table });
  }

  test('S02: a create of a row that exists is refused as a duplicate', async () => {
    const device = await synced();
    world.online.next(false);
    const id = idOf(device.create('account', { name: 'Mine' }));
    await carla().create({ table: 'account', id, values: { name: 'Theirs' } });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([
      { code: '0x80040237', type: 'Record already exists' },
    ]);
  });

  test('S01: detection is off unless somebody turns it on', async () => {
    const device = await synced();
    expect(device.sync.hello?.conflictPolicy).toBe('off');
  });
});

test('H-19, X09: a row that leaves the filter leaves the device, and the reason is told', async () => {
  const device = await synced();
  const id = firstIds(device, 'account', 1)[0] ?? '';
  const dev = { table: 'systemuser', id: sampleUsers.dev.id };
  await carla().update({ table: 'account', id, values: { ownerid: dev } });
  await sync(device);
  expect(device.get('account', id)).toBeNull();
  expect(device.sync.explain('account', id)).toMatchObject({
    isHere: false,
    left: { kind: 'rowLeft', table: 'account', id },
  });
  expect(await device.sync.compare()).toEqual([]);
});

test('H-20, X09: a row that enters without being modified arrives, with what is related to it', async () => {
  const device = await synced();
  const [[line, opportunity]] = device.store.all(
    'SELECT opportunityproductid, opportunityid FROM opportunityproduct ORDER BY 1 LIMIT 1',
  ) as [[string, string]];
  const assign = (user: { readonly id: string }) =>
    carla().update({
      table: 'opportunity',
      id: opportunity,
      values: { ownerid: { table: 'systemuser', id: user.id } },
    });
  const version = () =>
    device.store.all(
      'SELECT versionnumber FROM opportunityproduct WHERE opportunityproductid = ?',
      [line],
    );
  const before = version();
  await assign(sampleUsers.dev);
  await sync(device);
  expect(version()).toEqual([]);
  await assign(sampleUsers.ana);
  await sync(device);
  // The line itself was not touched.
  expect(version()).toEqual(before);
  expect(device.sync.explain('opportunityproduct', line).reasons).toMatchObject([
    { kind: 'related', via: { table: 'opportunity', id: opportunity } },
  ]);
  expect(await device.sync.compare()).toEqual([]);
});

test('H-20: rows of nobody come with the row they belong to, untouched themselves', async () => {
  const device = await synced();
  const lead = '7b000000-0000-4000-8000-000000000001';
  const instance = '7b000000-0000-4000-8000-000000000002';
  const table = 'leadtoopportunitysalesprocess';
  const owner = (user: { readonly id: string }) => ({
    ownerid: { table: 'systemuser', id: user.id },
  });
  await carla().create({
    table: 'lead',
    id: lead,
    values: { subject: 'Elsewhere', lastname: 'Berg', ...owner(sampleUsers.dev) },
  });
  await carla().create({
    table,
    id: instance,
    values: { name: 'Flow', leadid: { table: 'lead', id: lead } },
  });
  await sync(device);
  expect([device.get('lead', lead), device.get(table, instance)]).toEqual([null, null]);
  await carla().update({ table: 'lead', id: lead, values: owner(sampleUsers.ana) });
  await sync(device);
  expect(device.get(table, instance)).toMatchObject({ name: 'Flow' });
  await carla().update({ table: 'lead', id: lead, values: owner(sampleUsers.dev) });
  await sync(device);
  expect([device.get('lead', lead), device.get(table, instance)]).toEqual([null, null]);
  expect(await device.sync.compare()).toEqual([]);
});

test('H-21, X09: a row held by two reasons stays when one ends', async () => {
  const device = await synced();
  const [account] = firstIds(device, 'account', 1) as [string];
  const task = idOf(
    device.create('task', {
      subject: 'Mine, and of the account',
      regardingobjectid: { table: 'account', id: account },
    }),
  );
  await sync(device);
  const kinds = () => device.sync.explain('task', task).reasons.map((one) => one.kind);
  expect(kinds()).toEqual(['mine', 'related']);
  await ben().update({
    table: 'task',
    id: task,
    values: {
      regardingobjectid: { table: 'contact', id: firstIds(device, 'contact', 1)[0] ?? '' },
    },
  });
  await sync(device);
  expect(kinds()).toEqual(['mine']);
});

test('H-22, D09, D10: revoked rights: uploads are refused at once, rows go at the next cycle; edits stay visible', async () => {
  const device = await synced();
  const role = sampleApp.roles[0];
  if (role === undefined) throw new Error('no role');
  // A resolved case is not edited.
  const id = firstIds(device, 'incident', 50).find(
    (one) => device.get('incident', one)?.['statecode'] === 0,
  ) as string;
  const none = { create: 0, read: 0, write: 0, delete: 0 } as const;
  world.online.next(false);
  await world.organization.setRole({
    ...role,
    privileges: { ...role.privileges, incident: none },
  });
  // Until the cycle the old rights hold on the device.
  expect(device.get('incident', id)).not.toBeNull();
  expect(device.update('incident', id, { title: 'Too late' })).toMatchObject({ kind: 'saved' });
  world.online.next(true);
  await sync(device);
  expect(device.get('incident', id)).toBeNull();
  expect(device.sync.errors.list()).toMatchObject([
    { code: '0x80040220', type: 'Others', wanted: { title: 'Too late' } },
  ]);
  await world.organization.setRole(role);
  await sync(device);
  expect(device.get('incident', id)).not.toBeNull();
});

test('H-23, S07: expired tokens keep pending edits, which go first, and fetch only what differs', async () => {
  const inner = http();
  let rows = 0;
  const order: string[] = [];
  const device = await synced({
    transport: {
      ...inner,
      async page(request, signal) {
        const reply = await inner.page(request, signal);
        if (reply.kind === 'ok') rows += reply.value.rows.length;
        order.push('page');
        return reply;
      },
      push(request, signal) {
        order.push('push');
        return inner.push(request, signal);
      },
    },
  });
  const [mine, theirs] = firstIds(device, 'account', 2) as [string, string];
  world.online.next(false);
  device.update('account', mine, { telephone1: 'pending' });
  await carla().update({ table: 'account', id: theirs, values: { telephone1: 'changed' } });
  expect(await world.organization.pruneLog(Number.MAX_SAFE_INTEGER)).toBeGreaterThan(0);
  world.online.next(true);
  rows = 0;
  order.length = 0;
  await sync(device);
  expect(order[0]).toBe('push');
  expect(device.store.count('account')).toBeGreaterThan(0);
  expect(rows).toBeLessThanOrEqual(64);
  expect(value(device.get('account', theirs), 'telephone1')).toBe('changed');
  expect(value(await carla().retrieve('account', mine), 'telephone1')).toBe('pending');
  expect(await device.sync.compare()).toEqual([]);
});

test.each([-400, 400])('H-24: a clock that is %d days off orders nothing', async (days) => {
  const clock = new VirtualClock(Date.parse('2026-03-02T08:00:00Z') + days * 86_400_000);
  const device = await synced({ system: { ...testSystem(907), clock } });
  const [id] = firstIds(device, 'account', 1) as [string];
  device.update('account', id, { telephone1: 'first' });
  await sync(device);
  await carla().update({ table: 'account', id, values: { telephone1: 'second' } });
  await sync(device);
  expect(value(device.get('account', id), 'telephone1')).toBe('second');
  device.update('account', id, { telephone1: 'third' });
  await sync(device);
  expect(value(await carla().retrieve('account', id), 'telephone1')).toBe('third');
  expect(await device.sync.compare()).toEqual([]);
});

test('H-25: a bearer token that expires between pages is refreshed, and the same page is asked again', async () => {
  let valid = true;
  let refreshed = 0;
  const seen: string[] = [];
  const tokens = {
    async token({ refresh }: { readonly refresh: boolean }) {
      if (refresh) {
        refreshed += 1;
        valid = true;
      }
      return valid ? tokenOf('ana') : 'expired';
    },
  };
  const counting: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (String(url).endsWith('/page') && response.status === 200) {
      seen.push(String(init?.body));
      if (seen.length % 5 === 0) valid = false;
    }
    return response;
  };
  const device = await world.device('ana', {
    pageRows: 30,
    transport: httpTransport({ url: world.server.url, tokens, fetch: counting }),
  });
  expect(await run(device)).toMatchObject({ kind: 'done' });
  expect(refreshed).toBeGreaterThan(2);
  expect(new Set(seen).size).toBe(seen.length);
  expect(await device.sync.compare()).toEqual([]);
});

// Definitions come with the client there.
test.skipIf(isPlainWebApi)(
  'H-26: definitions that are published between two pages are taken in before data goes on',
  async () => {
    const inner = http();
    let pages = 0;
    const more: AppModel = {
      ...sampleApp,
      tables: sampleApp.tables.map((table) =>
        table.name === 'account'
          ? {
              ...table,
              columns: [
                ...table.columns,
                { name: 'new_grade', type: 'string', label: 'Grade', required: 'none' },
              ],
            }
          : table,
      ),
    };
    const device = await world.device('ana', {
      pageRows: 20,
      transport: {
        ...inner,
        async page(request, signal) {
          pages += 1;
          if (pages === 4) await world.organization.publish(more);
          return inner.page(request, signal);
        },
      },
    });
    expect(await run(device)).toMatchObject({ kind: 'done' });
    expect(device.store.schema.get('account')?.slotIndex.has('new_grade')).toBe(true);
    expect(await device.sync.compare()).toEqual([]);
  },
);

test('H-27, H-28: live results follow a big answer, whose tables become visible together', async () => {
  const device = await synced();
  const view = device
    .views('account')
    .find((one) => one.reasons.length === 0 && one.view.queryType === 0)?.view;
  if (view === undefined) throw new Error('no view');
  let live: readonly string[] = [];
  const subscription = device.queries
    .live({ view: view.id }, { limit: 500 })
    .snapshot.subscribe((snapshot) => {
      live = snapshot.rows.map((row) => row.id);
    });
  const ids = firstIds(device, 'account', 40);
  const contact = firstIds(device, 'contact', 1)[0] ?? '';
  for (const [i, id] of ids.entries()) {
    await carla().update({ table: 'account', id, values: { name: `Z ${i}` } });
  }
  await carla().update({ table: 'contact', id: contact, values: { jobtitle: 'Together' } });
  const together: string[][] = [];
  device.store.commits.subscribe((set) => {
    if (set.tables.size > 0) together.push([...set.tables.keys()].sort());
  });
  await sync(device);
  expect(together).toContainEqual(['account', 'contact']);
  const asked = device.queries.run({ view: view.id }, { limit: 500, offset: 0 });
  expect(live).toEqual(asked.kind === 'ok' ? asked.value.rows.map((row) => row.id) : []);
  subscription.unsubscribe();
});

// There nobody can tell a difference from a change that is on its way.
test.skipIf(isPlainWebApi)(
  'H-29: a row that silently differs is found by checksum, and only its surroundings are read',
  async () => {
    const inner = http();
    let rows = 0;
    const device = await synced({
      transport: {
        ...inner,
        async page(request, signal) {
          const reply = await inner.page(request, signal);
          if (reply.kind === 'ok') rows += reply.value.rows.length;
          return reply;
        },
      },
    });
    const total = device.store.count('contact');
    const [damaged, gone] = firstIds(device, 'contact', 2) as [string, string];
    device.store.write({ origin: 'sync' }, (tx) => {
      tx.update('contact', damaged, { [versionColumn.name]: 1, jobtitle: 'damaged' });
      tx.delete('contact', gone);
    });
    expect((await device.sync.compare()).length).toBe(2);
    rows = 0;
    const report = await device.sync.verify(['contact']);
    expect(report).toMatchObject({
      result: { kind: 'done', mode: 'FORCED_SYNC' },
      tables: [{ table: 'contact', different: 1, divergent: 1 }],
    });
    expect(total).toBeGreaterThan(40);
    expect(rows).toBeLessThanOrEqual(33);
    expect(await device.sync.compare()).toEqual([]);
    const again = await device.sync.verify();
    expect(again.tables.every((one) => one.different === 0)).toBe(true);
  },
);

test('H-30: an organization that never gets on does not hold a cycle for ever', async () => {
  const inner = http();
  let pulls = 0;
  let stuck = false;
  const device = await synced({
    transport: {
      ...inner,
      async pull(request, signal) {
        pulls += 1;
        const reply = await inner.pull(request, signal);
        return stuck && reply.kind === 'ok'
          ? { ...reply, value: { ...reply.value, more: true, tokens: [] } }
          : reply;
      },
    },
  });
  stuck = true;
  pulls = 0;
  expect(await run(device)).toMatchObject({ kind: 'failed', failure: { class: 'protocol' } });
  expect(pulls).toBe(1);
});

test('Y-13, A11: the refresh of a grid asks for its tables only', async () => {
  const inner = http();
  const asked: (readonly string[])[] = [];
  const device = await synced({
    transport: {
      ...inner,
      pull(request, signal) {
        asked.push(request.from.flatMap((one) => one.tables));
        return inner.pull(request, signal);
      },
    },
  });
  asked.length = 0;
  expect(await device.sync.run('GRID_SYNC', { tables: ['account', 'contact'] })).toMatchObject({
    kind: 'done',
  });
  expect(asked).toEqual([['account', 'contact']]);
});

test('one record can be fetched alone; nothing else is asked for', async () => {
  const device = await synced();
  const [id, other] = firstIds(device, 'account', 2) as [string, string];
  const before = device.get('account', other);
  for (const one of [id, other]) {
    await carla().update({ table: 'account', id: one, values: { telephone1: 'new' } });
  }
  expect(
    await device.sync.run('SINGLE_RECORD_SYNC', { row: { table: 'account', id } }),
  ).toMatchObject({ kind: 'done' });
  expect(value(device.get('account', id), 'telephone1')).toBe('new');
  expect(device.get('account', other)).toEqual(before);
  await sync(device);
  expect(value(device.get('account', other), 'telephone1')).toBe('new');
  expect(await device.sync.compare()).toEqual([]);
});

test('an edit that was not sent yet can be taken back, with what depends on it', async () => {
  const device = await synced();
  const [id] = firstIds(device, 'account', 1) as [string];
  const before = device.get('account', id);
  world.online.next(false);
  device.update('account', id, { telephone1: 'oops' });
  const account = idOf(device.create('account', { name: 'Parent' }));
  const contact = idOf(
    device.create('contact', {
      lastname: 'Child',
      parentcustomerid: { table: 'account', id: account },
    }),
  );
  const [edit, parent] = device.sync.outbox.pending();
  if (edit === undefined || parent === undefined) throw new Error('nothing queued');
  expect(device.sync.undo(edit.key)).toMatchObject({ kind: 'undone' });
  expect(device.get('account', id)).toEqual(before);
  expect(device.sync.undoFamily(parent.key)).toHaveLength(2);
  expect(device.sync.undo(parent.key)).toMatchObject({ kind: 'undone' });
  expect([device.get('account', account), device.get('contact', contact)]).toEqual([null, null]);
  expect(device.sync.outbox.pending()).toEqual([]);
  expect(device.sync.undo(parent.key)).toEqual({ kind: 'refused', reason: 'unknown' });
  world.online.next(true);
  await sync(device);
  expect(await device.sync.compare()).toEqual([]);
});
