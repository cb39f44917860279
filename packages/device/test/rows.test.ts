import { defineColumn, type Privilege } from '@outpost/model';
import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import type { SyncProgress, SyncTransport } from '@outpost/sync';
import { testSystem, VirtualClock } from '@outpost/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Device, DeviceOptions, SaveResult } from '../src/index.ts';
import { isPlainWebApi, openWorld, sync, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const carla = () => world.organization.as(sampleUsers.carla.id);
const http = () => world.transport('ana');
const synced = (options: Partial<DeviceOptions> = {}) => world.synced('ana', options);
const first = (device: Device, table: string) => {
  const key = device.model.tables.find((one) => one.name === table)?.primaryId;
  return String(device.store.all(`SELECT "${key}" FROM "${table}" ORDER BY 1 LIMIT 1`)[0]?.[0]);
};

test('A02, A10: after the first sync everything the app needs is here: no request is made any more', async () => {
  const device = await synced();
  const { model } = device;
  const tables = model.tables.map((one) => one.name);
  expect(tables).toEqual(expect.arrayContaining(sampleApp.profile.items.map((one) => one.table)));
  for (const part of ['savedQueries', 'forms', 'rules', 'flows'] as const) {
    expect(model[part].length, part).toBe(sampleApp[part].length);
  }
  expect(model.siteMap).toEqual(sampleApp.siteMap);
  const requests = () => [...world.server.requests.values()].reduce((sum, one) => sum + one, 0);
  const before = requests();
  world.online.next(false);
  for (const { view } of device.views('account').filter((one) => one.reasons.length === 0)) {
    expect(device.queries.run({ view: view.id }).kind).toBe('ok');
  }
  const form = device.openForm('lead', first(device, 'lead'));
  form.set('leadqualitycode', 'Hot');
  expect(form.current.sections.length).toBeGreaterThan(0);
  expect(form.current.flow).not.toBeNull();
  form.close();
  expect(device.search.query({ table: 'account', term: 'a' }).kind).toBe('found');
  expect(device.capabilities('account').commands.length).toBeGreaterThan(0);
  expect(requests()).toBe(before);
});

test('D02: latency and lost answers make a sync longer, not wrong; the time left is told', async () => {
  const clock = new VirtualClock();
  const inner = http();
  let requests = 0;
  let lose = 5;
  const slow = <T>(call: () => Promise<T>): Promise<T> => {
    requests += 1;
    clock.advance({ ms: 800 });
    return call();
  };
  const transport: SyncTransport = {
    ...inner,
    hello: (message, signal) => slow(() => inner.hello(message, signal)),
    pull: (message, signal) => slow(() => inner.pull(message, signal)),
    async page(message, signal) {
      const reply = await slow(() => inner.page(message, signal));
      if (lose-- !== 0) return reply;
      const failure = {
        class: 'network',
        status: null,
        code: null,
        message: 'cut',
        retryAfterMs: null,
      } as const;
      return { kind: 'failed', failure };
    },
  };
  const device = await world.device('ana', {
    transport,
    pageRows: 20,
    system: { ...testSystem(61), clock },
  });
  const seen: SyncProgress[] = [];
  device.sync.progress.subscribe((one) => {
    if (one !== null) seen.push(one);
  });
  const start = clock.now();
  expect(await device.sync.run('DELTA_SYNC')).toMatchObject({
    kind: 'failed',
    failure: { class: 'network' },
  });
  await sync(device);
  expect(clock.now() - start).toBe(requests * 800);
  const times = seen.flatMap(({ etaMs, phase }) =>
    etaMs !== null && phase === 'download' ? [etaMs] : [],
  );
  expect(times.length).toBeGreaterThan(5);
  expect(times[0]).toBeGreaterThan(times.at(-1) as number);
  expect(seen.at(-1)).toMatchObject({ phase: 'done', fraction: 1, etaMs: 0 });
  expect(await device.sync.compare()).toEqual([]);
});

test('D03: an edit made while rows are downloaded is not overwritten by them', async () => {
  const inner = http();
  let edited: string | null = null;
  let edit: SaveResult | null = null;
  const device = await world.device('ana', {
    pageRows: 15,
    transport: {
      ...inner,
      async page(message, signal) {
        const reply = await inner.page(message, signal);
        if (edited === null && message.table === 'contact') {
          edited = first(device, 'account');
          edit = device.update('account', edited, { telephone1: 'while loading' });
        }
        return reply;
      },
    },
  });
  await sync(device);
  expect(edit).toMatchObject({ kind: 'saved', id: edited });
  await sync(device);
  expect(device.get('account', String(edited))).toMatchObject({ telephone1: 'while loading' });
  expect(await carla().retrieve('account', String(edited))).toMatchObject({
    telephone1: 'while loading',
  });
});

test('S03: with detection off two devices that edit different columns of a row both keep their edit', async () => {
  const [phone, tablet] = [await synced(), await synced({ system: testSystem(62) })];
  const id = first(phone, 'account');
  world.online.next(false);
  phone.update('account', id, { telephone1: 'phone' });
  tablet.update('account', id, { address1_city: 'Tablet' });
  world.online.next(true);
  for (const device of [phone, tablet, phone]) await sync(device);
  for (const row of [
    phone.get('account', id),
    tablet.get('account', id),
    await carla().retrieve('account', id),
  ]) {
    expect(row).toMatchObject({ telephone1: 'phone', address1_city: 'Tablet' });
  }
});

test('S04: retry succeeds once its cause is gone and the error is Fixed; with an old base it stays a conflict', async () => {
  await world.organization.setConflictPolicy('on');
  const device = await synced();
  const row = { table: 'opportunity', id: namedRows.skiLift };
  world.online.next(false);
  device.update(row.table, row.id, { estimatedvalue: 1 });
  await carla().update({ ...row, values: { estimatedvalue: 2 } });
  world.online.next(true);
  await sync(device);
  const [conflict] = device.sync.errors.list();
  device.sync.errors.resolve(conflict?.id ?? '', 'retry');
  await sync(device);
  const [again] = device.sync.errors.list();
  expect(again).toMatchObject({ type: 'Conflict' });
  await world.organization.setConflictPolicy('off');
  device.sync.errors.resolve(again?.id ?? '', 'retry');
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve(row.table, row.id)).toMatchObject({ estimatedvalue: 1 });
  const ana = world.organization.as(sampleUsers.ana.id);
  expect(await ana.retrieve('syncerror', again?.id ?? '')).toMatchObject({
    statecode: 1,
    statuscode: 1,
  });
});

test('a refused edit shows what was seen, wanted and is there; it can be sent again with other values', async () => {
  await world.organization.setConflictPolicy('merge');
  const device = await synced();
  const row = { table: 'opportunity', id: namedRows.skiLift };
  const base = Number(device.get(row.table, row.id)?.['estimatedvalue']);
  world.online.next(false);
  device.update(row.table, row.id, { estimatedvalue: 1, description: 'mine' });
  await carla().update({ ...row, values: { estimatedvalue: 2 } });
  world.online.next(true);
  await sync(device);
  const [error] = device.sync.errors.list();
  expect(device.sync.errors.sides(error?.id ?? '')).toContainEqual({
    column: 'estimatedvalue',
    base,
    mine: 1,
    theirs: 2,
  });
  device.sync.errors.editAndRetry(error?.id ?? '', { estimatedvalue: 3 });
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve(row.table, row.id)).toMatchObject({
    estimatedvalue: 3,
    description: 'mine',
  });
  expect(await device.sync.compare()).toEqual([]);
});

test("take the server's: the edit is given up and the row is theirs", async () => {
  await world.organization.setConflictPolicy('on');
  const device = await synced();
  const row = { table: 'opportunity', id: namedRows.skiLift };
  world.online.next(false);
  device.update(row.table, row.id, { estimatedvalue: 1 });
  await carla().update({ ...row, values: { estimatedvalue: 2 } });
  world.online.next(true);
  await sync(device);
  device.sync.errors.resolve(device.sync.errors.list()[0]?.id ?? '', 'takeServer');
  await sync(device);
  expect(device.get(row.table, row.id)).toMatchObject({ estimatedvalue: 2 });
  expect(device.sync.errors.list()).toEqual([]);
});

// Comparing ids shows that a row is gone, not why.
test.skipIf(isPlainWebApi)(
  'S06: what is deleted with a row in the organization leaves the device in the same cycle, as deleted',
  async () => {
    const device = await synced();
    const [[account]] = device.store.all(
      `SELECT a.accountid FROM account a WHERE EXISTS (SELECT 1 FROM task t WHERE t.regardingobjectid = a.accountid)
     ORDER BY 1 LIMIT 1`,
    ) as [[string]];
    const tasks = device.store
      .all('SELECT activityid FROM task WHERE regardingobjectid = ?', [account])
      .map((row) => String(row[0]));
    expect(tasks.length).toBeGreaterThan(0);
    await carla().delete('account', account);
    await sync(device);
    expect(device.get('account', account)).toBeNull();
    for (const id of tasks) {
      expect(device.get('task', id)).toBeNull();
      expect(device.sync.explain('task', id).left).toMatchObject({ reason: 'deleted' });
    }
    expect(await device.sync.compare()).toEqual([]);
  },
);

test('rows with long texts come a few at a time, in the first sync and later', async () => {
  await world.close();
  const long = defineColumn('new_log', { type: 'memo', label: 'Log', maxLength: 1_048_576 });
  const tables = sampleApp.tables.map((table) =>
    table.name === 'annotation' ? { ...table, columns: [...table.columns, long] } : table,
  );
  world = await openWorld(400, { ...sampleApp, tables });
  const ana = world.organization.as(sampleUsers.ana.id);
  const note = (n: number) => `de000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const add = async (from: number, count: number) => {
    for (let n = from; n < from + count; n++) {
      const values = {
        subject: `Note ${n}`,
        new_log: 'long'.repeat(260_000),
      };
      await ana.create({ table: 'annotation', id: note(n), values });
    }
  };
  await add(0, 6);
  const inner = http();
  let largest = 0;
  const measured = <T>(reply: T): T => {
    largest = Math.max(largest, JSON.stringify(reply).length);
    return reply;
  };
  const device = await synced({
    transport: {
      ...inner,
      page: async (message, signal) => measured(await inner.page(message, signal)),
      pull: async (message, signal) => measured(await inner.pull(message, signal)),
    },
  });
  await add(6, 6);
  await sync(device);
  expect(
    device.store.all('SELECT count(*) FROM annotation WHERE length(new_log) = 1040000'),
  ).toEqual([[12]]);
  expect(largest).toBeGreaterThan(1_040_000);
  expect(largest).toBeLessThan(4 * 1024 * 1024 + 1_000_000);
  expect(await device.sync.compare()).toEqual([]);
});

test('a cycle tells what it brought, by table and in all', async () => {
  const device = await world.device('ana');
  const events: unknown[] = [];
  device.sync.telemetry.subscribe((event) => events.push(event));
  await sync(device);
  const rows = device.store.count('account');
  expect(events).toContainEqual(
    expect.objectContaining({
      name: 'Offline.GetRecords',
      EntityName: 'account',
      RecordCount: rows,
      DataSyncMode: 'FIRST_SYNC',
    }),
  );
  expect(events.at(-1)).toMatchObject({ name: 'Offline.SyncDatabase', FailureType: null });
});

test('A08: after a long silence a cycle is announced like the first one; with expired tokens pending edits are kept', async () => {
  const clock = new VirtualClock();
  const shown = async (device: Device, mode: 'DELTA_SYNC' | 'GRID_SYNC' = 'DELTA_SYNC') => {
    const seen = new Set<string | null>();
    const following = device.sync.status.subscribe((one) => seen.add(one.notification));
    expect(await device.sync.run(mode, { tables: ['account'] })).toMatchObject({ kind: 'done' });
    following.unsubscribe();
    expect(device.sync.currentStatus.notification).toBeNull();
    seen.delete(null);
    return [...seen];
  };
  const device = await world.device('ana', { system: { ...testSystem(77), clock } });
  expect(await shown(device)).toEqual(['download']);
  expect(await shown(device, 'GRID_SYNC')).toEqual(['grid']);
  const day = 24 * 3_600_000;
  clock.advance({ ms: 7 * day - 1 });
  expect(await shown(device)).toEqual([]);
  clock.advance({ ms: 7 * day });
  const id = first(device, 'account');
  device.update('account', id, { telephone1: 'kept' });
  await carla().update({ table: 'account', id, values: { description: 'Meanwhile' } });
  await world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
  const rows = device.store.count('account');
  expect(await shown(device)).toEqual(['download']);
  expect(device.sync.currentProgress?.rows.done).toBeGreaterThanOrEqual(rows);
  expect(device.sync.currentProgress?.diskBytes).toBeGreaterThan(0);
  expect(await carla().retrieve('account', id)).toMatchObject({ telephone1: 'kept' });
  await sync(device);
  expect(await device.sync.compare()).toEqual([]);
});

test.skipIf(isPlainWebApi)(
  'D12: a share brings the row and its children at the next cycle, and its end takes them; a forced sync too',
  async () => {
    await world.close();
    const { profile } = sampleApp;
    const items = profile.items.map((item) =>
      item.table === 'account'
        ? {
            table: 'account',
            intervalMinutes: 10,
            criteria: 'all' as const,
            relationships: item.relationships,
          }
        : item,
    );
    world = await openWorld(400, { ...sampleApp, profile: { ...profile, items } });
    const device = await synced();
    const account = '7c000000-0000-4000-8000-000000000001';
    const task = '7c000000-0000-4000-8000-000000000002';
    const ofDev = { ownerid: { table: 'systemuser', id: sampleUsers.dev.id } };
    await carla().create({ table: 'account', id: account, values: { name: 'Of Dev', ...ofDev } });
    await carla().create({
      table: 'task',
      id: task,
      values: {
        subject: 'Below it',
        regardingobjectid: { table: 'account', id: account },
        ...ofDev,
      },
    });
    const sync = async (mode: 'DELTA_SYNC' | 'FORCED_SYNC') =>
      expect(await device.sync.run(mode)).toMatchObject({ kind: 'done' });
    const here = () =>
      [device.get('account', account), device.get('task', task)].map((row) => row !== null);
    const share = (rights: readonly Privilege[]) =>
      world.organization
        .as(sampleUsers.dev.id)
        .share('account', account, sampleUsers.ana.id, rights);
    await sync('DELTA_SYNC');
    expect(here()).toEqual([false, false]);
    for (const mode of ['DELTA_SYNC', 'FORCED_SYNC'] as const) {
      await share(['read', 'write']);
      expect(here()).toEqual([false, false]);
      await sync(mode);
      expect(here()).toEqual([true, true]);
      await share([]);
      expect(here()).toEqual([true, true]);
      await sync(mode);
      expect(here()).toEqual([false, false]);
      expect(device.sync.explain('account', account).left).toMatchObject({ reason: 'access' });
      expect(await device.sync.compare()).toEqual([]);
    }
  },
);

// A plain Web API does not say why a row has left.
test.skipIf(isPlainWebApi)(
  'X12: a row made offline that does not belong on the device is uploaded, then leaves, and that is told',
  async () => {
    const device = await synced();
    world.online.next(false);
    // Tasks come to their owner only.
    const ownerid = { table: 'systemuser', id: sampleUsers.ben.id };
    const made = device.create('task', { subject: 'For Ben', ownerid });
    if (made.kind !== 'saved') throw new Error(JSON.stringify(made));
    expect(device.get('task', made.id)).toMatchObject({ subject: 'For Ben' });
    world.online.next(true);
    await sync(device);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await carla().retrieve('task', made.id)).toMatchObject({ subject: 'For Ben' });
    expect(device.get('task', made.id)).toBeNull();
    expect(device.sync.notices()).toContainEqual(
      expect.objectContaining({ table: 'task', id: made.id, name: 'For Ben' }),
    );
    expect(await device.sync.compare()).toEqual([]);
  },
);

test('C12: the views of a table are those of the app, and nobody’s own', async () => {
  const device = await synced();
  const listed = device.views('account').map(({ view }) => view.id);
  expect(listed.length).toBeGreaterThan(2);
  expect(listed).toEqual(
    sampleApp.savedQueries.filter((one) => one.table === 'account').map((one) => one.id),
  );
});
