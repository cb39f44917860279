import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function synced(user: 'ana' | 'ben' | 'carla' = 'ana'): Promise<Device> {
  return world.synced(user);
}
const differences = async (device: Device) => device.sync.compare();
const ben = () => world.organization.as(sampleUsers.ben.id);

test('A01: nothing is available before the first sync; everything is after it, without the network', async () => {
  world.online.next(false);
  const device = await world.device('ana');
  expect(device.sync.currentStatus.readiness).toBe('notAvailable');
  expect(() => device.get('account', namedRows.alpine)).toThrow(
    expect.objectContaining({ code: 'device.notReady' }),
  );
  world.online.next(true);
  await sync(device);
  expect(device.sync.currentStatus.readiness).toBe('available');
  world.online.next(false);
  const before = [...world.server.requests.values()].reduce((a, b) => a + b, 0);
  const available = sampleApp.savedQueries
    .flatMap((one) => device.views(one.table).filter((two) => two.view.id === one.id))
    .filter(({ reasons }) => reasons.length === 0);
  expect(available.length).toBeGreaterThan(10);
  const failing = available.filter(
    ({ view }) => device.queries.run({ view: view.id }).kind !== 'ok',
  );
  expect(failing).toEqual([]);
  expect(device.openForm('lead', null).current.sections.length).toBeGreaterThan(0);
  expect([...world.server.requests.values()].reduce((a, b) => a + b, 0)).toBe(before);
});

test('A03: the device holds exactly what its user may have', async () => {
  const device = await synced();
  expect(await differences(device)).toEqual([]);
  const owners = new Set(device.store.all('SELECT DISTINCT ownerid FROM account').flat());
  expect(owners).toEqual(new Set([sampleUsers.ana.id, sampleUsers.ben.id]));
});

test('A04, A05, Y-1: progress never goes back, is told after its rows are stored, and ends at what is stored', async () => {
  const device = await world.device('ana');
  const countRows = () =>
    [...device.store.schema.keys()].reduce((sum, table) => sum + device.store.count(table), 0);
  const seen: { rows: number; total: number; disk: number }[] = [];
  const early: unknown[] = [];
  device.sync.progress.subscribe((progress) => {
    if (progress === null) return;
    seen.push({ rows: progress.rows.done, total: progress.rows.total, disk: progress.diskBytes });
    if (progress.rows.done > countRows()) early.push(progress);
  });
  await sync(device);
  expect(early).toEqual([]);
  const rows = seen.map((step) => step.rows);
  const disk = seen.map((step) => step.disk);
  expect(rows).toEqual([...rows].sort((a, b) => a - b));
  expect(disk).toEqual([...disk].sort((a, b) => a - b));
  const stored = countRows();
  expect(seen.at(-1)).toMatchObject({
    rows: stored,
    total: stored,
    disk: device.store.sizeBytes(),
  });
  expect(seen.length).toBeGreaterThan(device.store.schema.size);
});

test('A07: an interrupted first sync resumes at every open and fetches no finished table again', async () => {
  const storage = memoryStorage();
  let finished: readonly string[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const device = await world.device('ana', { storage, pageRows: 20 });
    const requested: string[] = [];
    let pages = 0;
    const subscription = device.sync.progress.subscribe((progress) => {
      if (progress?.phase !== 'download') return;
      pages += 1;
      requested.push(
        ...progress.tables.filter((table) => table.state === 'load').map((table) => table.table),
      );
      if (pages === 5) void device.sync.cancel();
    });
    expect(await device.sync.run('DELTA_SYNC')).toEqual({ kind: 'cancelled' });
    subscription.unsubscribe();
    expect(finished.filter((table) => requested.includes(table))).toEqual([]);
    finished = device.store
      .all(`SELECT table_name FROM "$sync_table" WHERE state = 'ready'`)
      .map((row) => String(row[0]));
    await device.close();
  }
  const device = await world.device('ana', { storage });
  expect(device.sync.currentStatus.readiness).toBe('notAvailable');
  await sync(device);
  expect(await differences(device)).toEqual([]);
});

test('X07: create, update and delete offline arrive; the device equals the server afterwards', async () => {
  const device = await synced();
  world.online.next(false);
  const account = device.create('account', { name: 'Berg & Sons', industrycode: 'Accounting' });
  const id = account.kind === 'saved' ? account.id : '';
  const contact = device.create('contact', {
    firstname: 'Nina',
    lastname: 'Berg',
    parentcustomerid: { table: 'account', id },
  });
  expect(device.update('opportunity', namedRows.skiLift, { estimatedvalue: 52000 })).toMatchObject({
    kind: 'saved',
  });
  expect(device.update('opportunity', namedRows.skiLift, { closeprobability: 60 })).toMatchObject({
    kind: 'saved',
  });
  expect(device.delete('task', namedRows.callBack)).toMatchObject({ kind: 'saved' });
  expect(device.sync.currentStatus.pending).toEqual({ updates: 4, rows: 4 });
  expect(await device.sync.run('DELTA_SYNC')).toEqual({ kind: 'offline' });
  world.online.next(true);
  await sync(device);
  const contactId = contact.kind === 'saved' ? contact.id : '';
  expect(await ben().retrieve('contact', contactId)).toMatchObject({
    fullname: 'Nina Berg',
    parentcustomerid: { id, name: 'Berg & Sons' },
  });
  expect(await ben().retrieve('opportunity', namedRows.skiLift)).toMatchObject({
    estimatedvalue: 52000,
    closeprobability: 60,
  });
  expect(await ben().retrieve('task', namedRows.callBack)).toBeNull();
  expect(device.sync.currentStatus).toMatchObject({
    pending: { updates: 0 },
    errors: 0,
    icon: 'connected',
  });
  expect(await differences(device)).toEqual([]);
});

test('a delta brings what others changed, removes what left, and fetches no table again', async () => {
  const device = await synced();
  const pages = world.server.requests.get('/sync/v1/page');
  const carla = world.organization.as(sampleUsers.carla.id);
  const [elsewhere] = device.store.all(
    'SELECT contactid FROM contact WHERE parentcustomerid <> ? LIMIT 1',
    [namedRows.alpine],
  );
  const contact = String(elsewhere?.[0]);
  await carla.update({ table: 'contact', id: contact, values: { jobtitle: 'Owner' } });
  await carla.update({
    table: 'account',
    id: namedRows.alpine,
    values: { ownerid: { table: 'systemuser', id: sampleUsers.dev.id } },
  });
  await carla.delete('opportunity', namedRows.skiLift);
  await sync(device);
  expect(device.get('contact', contact)).toMatchObject({ jobtitle: 'Owner' });
  // Its contacts go to the new owner with the account.
  expect(device.get('account', namedRows.alpine)).toBeNull();
  expect(device.get('contact', namedRows.kai)).toBeNull();
  expect(device.get('opportunity', namedRows.skiLift)).toBeNull();
  expect(world.server.requests.get('/sync/v1/page')).toBe(pages);
  expect(await differences(device)).toEqual([]);
});

describe('conflicts', () => {
  async function bothChange(
    policy: 'off' | 'on' | 'merge',
    mine: object,
    theirs: Record<string, number>,
  ) {
    await world.organization.setConflictPolicy(policy);
    const device = await synced();
    world.online.next(false);
    device.update('opportunity', namedRows.skiLift, mine as Record<string, unknown>);
    await ben().update({ table: 'opportunity', id: namedRows.skiLift, values: theirs });
    world.online.next(true);
    await sync(device);
    return device;
  }
  test.each([
    ['off', { estimatedvalue: 1 }, { estimatedvalue: 2 }, 1, 0],
    ['merge', { estimatedvalue: 1 }, { closeprobability: 2 }, 1, 0],
    ['merge', { estimatedvalue: 2 }, { estimatedvalue: 2 }, 2, 0],
    ['merge', { estimatedvalue: 1 }, { estimatedvalue: 2 }, 2, 1],
    ['on', { estimatedvalue: 1 }, { closeprobability: 2 }, 50000, 1],
  ] as const)('policy %s, mine %j, theirs %j', async (policy, mine, theirs, value, errors) => {
    const device = await bothChange(policy, mine, theirs);
    expect(device.get('opportunity', namedRows.skiLift)).toMatchObject({ estimatedvalue: value });
    expect(device.sync.errors.list()).toHaveLength(errors);
    for (const error of device.sync.errors.list())
      expect(error).toMatchObject({ type: 'Conflict', code: '0x80060882', canRetry: true });
    expect(await differences(device)).toEqual([]);
  });

  test('keep mine sends the edit again over the new base; the error becomes Fixed everywhere', async () => {
    const device = await bothChange('merge', { estimatedvalue: 1 }, { estimatedvalue: 2 });
    const [error] = device.sync.errors.list();
    device.sync.errors.resolve(error?.id ?? '', 'keepMine');
    expect(device.get('opportunity', namedRows.skiLift)).toMatchObject({ estimatedvalue: 1 });
    await sync(device);
    expect(await ben().retrieve('opportunity', namedRows.skiLift)).toMatchObject({
      estimatedvalue: 1,
    });
    const ana = world.organization.as(sampleUsers.ana.id);
    expect(await ana.retrieve('syncerror', error?.id ?? '')).toMatchObject({
      statecode: 1,
      statuscode: 1,
    });
    expect(device.sync.currentStatus).toMatchObject({ errors: 0, pending: { updates: 0 } });
    expect(await differences(device)).toEqual([]);
  });

  test('retry with the old base stays a conflict; discard keeps the row of the server', async () => {
    const device = await bothChange('merge', { estimatedvalue: 1 }, { estimatedvalue: 2 });
    device.sync.errors.resolve(device.sync.errors.list()[0]?.id ?? '', 'retry');
    await sync(device);
    const [again] = device.sync.errors.list();
    expect(again).toMatchObject({ type: 'Conflict' });
    device.sync.errors.resolve(again?.id ?? '', 'discard');
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.get('opportunity', namedRows.skiLift)).toMatchObject({ estimatedvalue: 2 });
    expect(await differences(device)).toEqual([]);
  });
});

describe('refused uploads', () => {
  test('D11: a lost privilege ends as a visible sync error that can be retried once the right is back', async () => {
    const device = await synced();
    world.online.next(false);
    device.delete('task', namedRows.callBack);
    const role = sampleApp.roles[0];
    if (role === undefined) throw new Error('no role');
    await world.organization.setRole({
      ...role,
      privileges: { ...role.privileges, task: { ...role.privileges['task'], delete: 0 } },
    });
    world.online.next(true);
    await sync(device);
    expect(device.get('task', namedRows.callBack)).not.toBeNull();
    const [error] = device.sync.errors.list();
    expect(error).toMatchObject({
      table: 'task',
      type: 'Others',
      code: '0x80040220',
      action: 'Delete',
    });
    expect(device.sync.currentStatus.icon).toBe('error');
    expect(device.delete('task', namedRows.callBack)).toMatchObject({
      kind: 'refused',
      reasons: [{ kind: 'privilege' }],
    });
    await world.organization.setRole(role);
    device.sync.errors.resolve(error?.id ?? '', 'retry');
    await sync(device);
    expect(await ben().retrieve('task', namedRows.callBack)).toBeNull();
    expect(await differences(device)).toEqual([]);
  });

  test('an edit of a row deleted meanwhile is "Record not found"', async () => {
    const device = await synced();
    world.online.next(false);
    device.update('contact', namedRows.kai, { telephone1: '1' });
    device.update('contact', namedRows.kai, { jobtitle: 'x' });
    await world.organization.as(sampleUsers.carla.id).delete('contact', namedRows.kai);
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list().map((error) => [error.type, error.code])).toEqual([
      ['Record not found', '0x80040217'],
    ]);
    const root = device.sync.errors.list().find((error) => error.type === 'Record not found');
    device.sync.errors.resolve(root?.id ?? '', 'discard');
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await differences(device)).toEqual([]);
  });

  test('R05: a table-scope rule refuses on the device and, for a device that does not ask it, in the organization', async () => {
    const device = await synced();
    expect(
      device.create('lead', { subject: 'Roof', lastname: 'Berg', leadqualitycode: 'Hot' }),
    ).toMatchObject({ kind: 'refused', reasons: [{ kind: 'ruleError', column: 'budgetamount' }] });
    device.store.write({ origin: 'local' }, (tx) =>
      tx.insert('lead', 'aaaaaaaa-0000-4000-8000-000000000001', {
        subject: 'Roof',
        lastname: 'Berg',
        leadqualitycode: 1,
      }),
    );
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([{ code: '0x80040265', type: 'Others' }]);
  });
});

test('S05: an answer lost after the server acted makes no second row and no false conflict', async () => {
  let lose = true;
  const device = await world.device('ana');
  await sync(device);
  await device.close();
  const flaky: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (lose && String(url).endsWith('/push')) {
      lose = false;
      throw new TypeError('cut');
    }
    return response;
  };
  const { httpTransport, staticToken } = await import('@outpost/sync/http');
  const other = await world.device('ana', {
    transport: httpTransport({
      url: world.server.url,
      tokens: staticToken('token-ana'),
      fetch: flaky,
    }),
  });
  await sync(other);
  const created = other.create('account', { name: 'Once' });
  other.update('account', created.kind === 'saved' ? created.id : '', { name: 'Once only' });
  expect(await other.sync.run('DELTA_SYNC')).toMatchObject({
    kind: 'failed',
    failure: { class: 'network' },
  });
  await sync(other);
  expect(other.store.all(`SELECT count(*) FROM account WHERE name LIKE 'Once%'`)).toEqual([[1]]);
  expect(other.sync.errors.list()).toEqual([]);
  expect(await differences(other)).toEqual([]);
});

test('an organization that keeps failing on one entry is asked once a cycle, and the entry stays', async () => {
  const { httpTransport, staticToken } = await import('@outpost/sync/http');
  const real = httpTransport({ url: world.server.url, tokens: staticToken('token-ana') });
  let pushes = 0;
  const transport: typeof real = {
    ...real,
    async push(request) {
      pushes += 1;
      const results = request.entries.map(({ key }) => ({ key, status: 'retryLater' as const }));
      return { kind: 'ok', value: { now: '', results }, bytes: 0 };
    },
  };
  const device = await world.device('ana', { transport });
  await sync(device);
  device.create('account', { name: 'Patience' });
  await sync(device);
  expect(pushes).toBe(1);
  expect(device.sync.currentStatus.pending).toEqual({ updates: 1, rows: 1 });
});

test('observing a row gives it now and after each change', async () => {
  const device = await synced();
  const seen: unknown[] = [];
  const subscription = device
    .observe('contact', namedRows.kai)
    .subscribe((row) => seen.push(row?.['jobtitle'] ?? null));
  device.update('contact', namedRows.kai, { jobtitle: 'Owner' });
  device.update('account', namedRows.alpine, { description: 'other row' });
  device.delete('contact', namedRows.kai);
  subscription.unsubscribe();
  expect(seen).toEqual([null, 'Owner', null]);
});

test('D08: revoked rows leave at the next cycle, granted ones arrive', async () => {
  const device = await synced();
  const role = sampleApp.roles[0];
  if (role === undefined) throw new Error('no role');
  await world.organization.setRole({
    ...role,
    privileges: { ...role.privileges, incident: { read: 1 } },
  });
  const before = device.store.count('incident');
  await sync(device);
  expect(device.store.count('incident')).toBeLessThan(before);
  expect(await differences(device)).toEqual([]);
  await world.organization.setRole(role);
  await sync(device);
  expect(device.store.count('incident')).toBe(before);
});

test('C21, C22: qualifying offline leaves the stage until the user moves it', async () => {
  const device = await synced();
  world.online.next(false);
  const made = device.create('lead', {
    subject: 'Roof',
    lastname: 'Berg',
    leadqualitycode: 'Hot',
    budgetamount: 18000,
  });
  const id = made.kind === 'saved' ? made.id : '';
  expect(device.qualify(id)).toMatchObject({ kind: 'saved' });
  expect(device.qualify(id)).toMatchObject({ kind: 'refused', reasons: [{ code: '0x80040519' }] });
  expect(device.flow('lead', id)?.stage.name).toBe('Qualify');
  world.online.next(true);
  for (let n = 0; n < 3; n++) await sync(device);
  expect(device.flow('lead', id)?.stage.name).toBe('Qualify');
  expect(device.moveFlow('lead', id, { kind: 'nextStage' })).toMatchObject({ kind: 'saved' });
  expect(device.moveFlow('lead', id, { kind: 'nextStage' })).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'stageGate', columns: ['estimatedvalue'] }],
  });
  await sync(device);
  expect(device.flow('lead', id)?.stage.name).toBe('Develop');
  expect(await differences(device)).toEqual([]);
});

describe('a form', () => {
  test('R04, R06: shows what the rules say and refuses to save until it is right', async () => {
    const device = await synced();
    const form = device.openForm('lead', null);
    form.set('subject', 'Roof');
    form.set('lastname', 'Berg');
    form.set('leadqualitycode', 'Hot');
    const field = (name: string) =>
      form.current.sections.flatMap((section) => section.fields).find((one) => one.column === name);
    expect(field('budgetamount')).toMatchObject({ required: true });
    expect(form.save()).toMatchObject({
      kind: 'refused',
      reasons: [{ kind: 'requiredColumn', column: 'budgetamount' }],
    });
    form.set('budgetamount', 'many');
    expect(field('budgetamount')?.error).toContain('number');
    form.accept(form.current.recommendations[0]?.id ?? '');
    expect(field('leadqualitycode')?.value).toBe(2);
    form.set('budgetamount', '');
    expect(form.save()).toMatchObject({ kind: 'saved' });
    expect(form.current).toMatchObject({ dirty: false, title: 'Berg' });
  });
});

test('commands outside the matrix are refused even when called', async () => {
  const device = await synced('carla');
  const [product] = device.store.all('SELECT productid FROM product LIMIT 1');
  expect(device.update('product', String(product?.[0]), { name: 'x' })).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'notAvailableOffline', code: '0x8005f214' }],
  });
});

describe('failures are clear', () => {
  test.each([
    ['a wrong token', (url: string) => ({ url, token: 'nope' }), 'auth'],
    ['a server that is down', () => ({ url: 'http://127.0.0.1:9', token: 'token-ana' }), 'network'],
  ])('%s', async (_, where, failure) => {
    const { httpTransport, staticToken } = await import('@outpost/sync/http');
    const { url, token } = where(world.server.url);
    const device = await world.device('ana', {
      transport: httpTransport({ url, tokens: staticToken(token) }),
    });
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject({
      kind: 'failed',
      failure: { class: failure },
    });
    expect(device.sync.currentStatus.lastResult).toMatchObject({ kind: 'failed' });
  });
});
