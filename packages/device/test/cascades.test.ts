import type { LookupValue } from '@outpost/model';
import { sampleApp, sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import { testSystem } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device, SaveResult } from '../src/index.ts';
import { isPlainWebApi, openWorld, sync, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const carla = () => world.organization.as(sampleUsers.carla.id);
const idOf = (result: SaveResult): string => {
  if (result.kind === 'refused') throw new Error(JSON.stringify(result));
  return result.id;
};
const lookup = (table: string, id: string): LookupValue => ({ table, id });

/** An account of Ana with a contact that has a task, a phone call, and an opportunity that only refers to it. */
function family(device: Device) {
  const account = idOf(device.create('account', { name: 'Fabrikam' }));
  const customer = lookup('account', account);
  const contact = idOf(device.create('contact', { lastname: 'Nowak', parentcustomerid: customer }));
  const task = idOf(
    device.create('task', { subject: 'Offer', regardingobjectid: lookup('contact', contact) }),
  );
  const call = idOf(device.create('phonecall', { subject: 'Call', regardingobjectid: customer }));
  const branch = idOf(device.create('account', { name: 'Branch', parentaccountid: customer }));
  return { account, contact, task, call, branch };
}

async function settled(device: Device) {
  const rows = family(device);
  await sync(device);
  expect(device.sync.outbox.unsettled()).toEqual([]);
  return rows;
}

describe('a deleted row', () => {
  test('N07a: takes along at once what cascades from it, and frees what only refers to it', async () => {
    const device = await world.synced('ana');
    const { account, contact, task, call, branch } = await settled(device);
    world.online.next(false);
    expect(device.delete('account', account).kind).toBe('saved');
    const here = [
      device.get('account', account),
      device.get('contact', contact),
      device.get('task', task),
      device.get('phonecall', call),
      device.get('activitypointer', task),
      device.get('activitypointer', call),
    ];
    expect(here).toEqual([null, null, null, null, null, null]);
    expect(device.get('account', branch)?.['parentaccountid']).toBeUndefined();
    // One edit, which says what was deleted.
    expect(device.sync.outbox.pending()).toMatchObject([
      { op: 'delete', table: 'account', id: account, base: { name: 'Fabrikam' } },
    ]);
    expect(device.update('contact', contact, { lastname: 'Late' })).toMatchObject({
      kind: 'refused',
      reasons: [{ kind: 'rowMissing' }],
    });
    const lost = device.create('contact', {
      lastname: 'New',
      parentcustomerid: lookup('account', account),
    });
    expect(lost).toMatchObject({
      kind: 'refused',
      reasons: [{ kind: 'invalidValue', column: 'parentcustomerid', code: '0x80040217' }],
    });
    world.online.next(true);
    await sync(device);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.notices()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07b: comes back with everything when it is undone, with the edits that waited on its children', async () => {
    const device = await world.synced('ana');
    const { account, contact, branch } = await settled(device);
    world.online.next(false);
    device.update('contact', contact, { lastname: 'Kowalska' });
    device.delete('account', account);
    const deletion = device.sync.outbox.pending().find((entry) => entry.op === 'delete');
    expect(device.sync.undo(deletion?.key ?? ['', 0])).toMatchObject({ kind: 'undone' });
    expect(device.get('contact', contact)).toMatchObject({ lastname: 'Kowalska' });
    expect(device.get('account', branch)).toMatchObject({ parentaccountid: { id: account } });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await carla().retrieve('contact', contact)).toMatchObject({ lastname: 'Kowalska' });
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07b: comes back with its own edit that waited when it is undone', async () => {
    const device = await world.synced('ana');
    const { contact } = await settled(device);
    world.online.next(false);
    device.update('contact', contact, { lastname: 'Kowalska' });
    device.delete('contact', contact);
    const deletion = device.sync.outbox.pending().find((entry) => entry.op === 'delete');
    expect(device.sync.undo(deletion?.key ?? ['', 0])).toMatchObject({ kind: 'undone' });
    expect(device.get('contact', contact)).toMatchObject({ lastname: 'Kowalska' });
  });

  test('N07b: comes back with everything when the organization refuses it, and goes again when it is sent again', async () => {
    const device = await world.synced('ana');
    const { account, contact, task, branch } = await settled(device);
    await world.organization.setConflictPolicy('on');
    await sync(device);
    device.delete('account', account);
    await carla().update({ table: 'account', id: account, values: { telephone1: '1' } });
    await sync(device);
    expect(device.get('account', account)).toMatchObject({ telephone1: '1' });
    expect(device.get('contact', contact)).toMatchObject({ lastname: 'Nowak' });
    expect(device.get('activitypointer', task)).toMatchObject({ subject: 'Offer' });
    expect(device.get('account', branch)).toMatchObject({ parentaccountid: { id: account } });
    const [error] = device.sync.errors.list();
    expect(error).toMatchObject({ action: 'Delete', name: 'Fabrikam' });
    device.sync.errors.resolve(error?.id ?? '', 'keepMine');
    expect([device.get('account', account), device.get('task', task)]).toEqual([null, null]);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07c: is refused at the call, in the words of the organization, when rows forbid it', async () => {
    const relationships = sampleApp.relationships.map((one) =>
      one.name === 'incident_customer_accounts' && one.kind === 'manyToOne'
        ? { ...one, cascade: { ...one.cascade, delete: 'restrict' as const } }
        : one,
    );
    const strict = await openWorld(100, { ...sampleApp, relationships });
    const device = await strict.synced('ana');
    const { account, contact } = family(device);
    const customerid = lookup('account', account);
    const cases = ['Boiler', 'Roof'].map((title) =>
      idOf(device.create('incident', { title, customerid })),
    );
    await sync(device);
    const message = 'Account cannot be deleted: 2 Cases refer to it.';
    const reason = { kind: 'restricted', code: '0x80040227', table: 'incident', count: 2, message };
    expect(device.delete('account', account)).toEqual({ kind: 'refused', reasons: [reason] });
    expect(device.deletion('account', account)).toMatchObject({ deleted: [], reasons: [reason] });
    expect(device.get('contact', contact)).not.toBeNull();
    const there = strict.organization.as(sampleUsers.ana.id);
    await expect(there.delete('account', account)).rejects.toMatchObject({ message });
    // Nobody can know on the device what the organization has besides.
    for (const id of cases) device.delete('incident', id);
    expect(device.delete('account', account).kind).toBe('saved');
    await strict.organization.as(sampleUsers.carla.id).create({
      table: 'incident',
      id: 'cc000000-0000-4000-8000-000000000001',
      values: { title: 'Hers', customerid },
    });
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([
      { message: 'Account cannot be deleted: 1 Case refers to it.', name: 'Fabrikam' },
    ]);
    expect(device.get('contact', contact)).not.toBeNull();
    await strict.close();
  });

  test('N07d: the edits of its children go up before it, those with files too', async () => {
    const device = await world.synced('ana');
    const { account } = await settled(device);
    world.online.next(false);
    const note = idOf(
      device.addNote('account', account, {
        text: 'Photo',
        attachment: { fileName: 'a.txt', mimeType: 'text/plain', body: 'aGVsbG8=' },
      }),
    );
    device.delete('account', account);
    expect(device.get('annotation', note)).toBeNull();
    world.online.next(true);
    await sync(device);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    await expect(carla().retrieve('account', account)).resolves.toBeNull();
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07d: what was moved away from it before does not go with it', async () => {
    const device = await world.synced('ana');
    const { account, contact, branch } = await settled(device);
    world.online.next(false);
    device.update('account', account, { telephone1: '1' });
    device.update('contact', contact, { parentcustomerid: lookup('account', branch) });
    device.delete('account', account);
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.get('contact', contact)).toMatchObject({ parentcustomerid: { id: branch } });
    expect(await carla().retrieve('contact', contact)).toMatchObject({
      parentcustomerid: { id: branch },
    });
  });

  test('N07d: a child that comes while it waits goes with it too, and comes back with it', async () => {
    const device = await world.synced('ana');
    const { account, contact, branch } = await settled(device);
    device.delete('account', account);
    const late = 'cc000000-0000-4000-8000-000000000001';
    const ownerid = { table: 'systemuser', id: sampleUsers.ana.id };
    const values = { lastname: 'Late', parentcustomerid: lookup('account', account), ownerid };
    await carla().create({ table: 'contact', id: late, values });
    await carla().update({ table: 'account', id: branch, values: { telephone1: '1' } });
    expect(await device.sync.run('DELTA_SYNC', { byItself: true })).toMatchObject({ kind: 'done' });
    expect(device.sync.outbox.pending()).toHaveLength(1);
    expect(device.get('contact', late)).toBeNull();
    expect(device.get('account', branch)).toMatchObject({ telephone1: '1' });
    expect(device.get('account', branch)?.['parentaccountid']).toBeUndefined();
    const [deletion] = device.sync.outbox.pending();
    device.sync.undo(deletion?.key ?? ['', 0]);
    expect(device.get('contact', late)).toMatchObject({ lastname: 'Late' });
    expect(device.get('contact', contact)).toMatchObject({ lastname: 'Nowak' });
    expect(device.get('account', branch)).toMatchObject({ parentaccountid: { id: account } });
    device.delete('account', account);
    await sync(device);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07d: a child that a colleague has moved away meanwhile comes back', async () => {
    const device = await world.synced('ana');
    const { account, contact, branch } = await settled(device);
    world.online.next(false);
    device.delete('account', account);
    const values = { parentcustomerid: lookup('account', branch) };
    await carla().update({ table: 'contact', id: contact, values });
    expect(device.get('contact', contact)).toBeNull();
    world.online.next(true);
    await sync(device);
    expect(device.get('contact', contact)).toMatchObject({ parentcustomerid: { id: branch } });
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07d: an edit of a row that lost its link to it is no conflict with oneself', async () => {
    const device = await world.synced('ana');
    const { account, branch } = await settled(device);
    await world.organization.setConflictPolicy('on');
    await sync(device);
    world.online.next(false);
    device.delete('account', account);
    device.update('account', branch, { telephone1: '044' });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    expect(await carla().retrieve('account', branch)).toMatchObject({ telephone1: '044' });
  });

  // A plain Web API does not say who changed what in between.
  test.skipIf(isPlainWebApi)('N07d: but with others it is one', async () => {
    const device = await world.synced('ana');
    const { account, branch } = await settled(device);
    await world.organization.setConflictPolicy('on');
    await sync(device);
    world.online.next(false);
    device.delete('account', account);
    device.update('account', branch, { telephone1: '044' });
    await carla().update({ table: 'account', id: branch, values: { address1_city: 'Chur' } });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict', rowId: branch }]);
    expect(device.get('account', branch)).toMatchObject({ address1_city: 'Chur' });
  });

  test('N07d: what it takes along is gone after a restart as well', async () => {
    const storage = memoryStorage();
    const device = await world.synced('ana', { storage });
    const { account, contact, branch } = await settled(device);
    world.online.next(false);
    device.delete('account', account);
    await device.close();
    const again = await world.device('ana', { storage });
    expect(again.get('contact', contact)).toBeNull();
    expect(again.get('account', branch)?.['parentaccountid']).toBeUndefined();
    const [deletion] = again.sync.outbox.pending();
    again.sync.undo(deletion?.key ?? ['', 0]);
    expect(again.get('contact', contact)).toMatchObject({ lastname: 'Nowak' });
    world.online.next(true);
    await sync(again);
    expect(await again.sync.compare()).toEqual([]);
  });
});

test('N07f: a row that is assigned takes its children to the new owner, and back', async () => {
  const device = await world.synced('ana');
  const { account, contact, task } = await settled(device);
  const ben = { table: 'systemuser', id: sampleUsers.ben.id };
  world.online.next(false);
  device.update('account', account, { ownerid: ben });
  for (const [table, id] of [
    ['account', account],
    ['contact', contact],
    ['task', task],
    ['activitypointer', task],
  ] as const) {
    expect(device.get(table, id)).toMatchObject({ ownerid: ben });
  }
  const [entry] = device.sync.outbox.pending();
  device.sync.undo(entry?.key ?? ['', 0]);
  expect(device.get('task', task)).toMatchObject({ ownerid: { id: sampleUsers.ana.id } });
  device.update('account', account, { ownerid: ben });
  world.online.next(true);
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve('task', task)).toMatchObject({ ownerid: ben });
  expect(await device.sync.compare()).toEqual([]);
});

describe('an activity and its pointer', () => {
  test('N07e: are one row in two views: made, changed and deleted together, from either side', async () => {
    const device = await world.synced('ana');
    world.online.next(false);
    const call = idOf(device.create('phonecall', { subject: 'Boiler' }));
    expect(device.get('activitypointer', call)).toMatchObject({
      subject: 'Boiler',
      activitytypecode: 'phonecall',
    });
    device.update('phonecall', call, { subject: 'Heating' });
    expect(device.get('activitypointer', call)).toMatchObject({ subject: 'Heating' });
    expect(device.sync.outbox.pending()).toHaveLength(1);
    device.update('phonecall', call, { statecode: 1 });
    expect(device.get('activitypointer', call)).toMatchObject({ statecode: 1 });
    world.online.next(true);
    await sync(device);
    expect(device.get('activitypointer', call)).toMatchObject({ statecode: 1 });
    world.online.next(false);
    expect(device.delete('activitypointer', call).kind).toBe('saved');
    expect(device.get('phonecall', call)).toBeNull();
    const [deletion] = device.sync.outbox.pending();
    device.sync.undo(deletion?.key ?? ['', 0]);
    expect(device.get('phonecall', call)).toMatchObject({ subject: 'Heating' });
    device.delete('phonecall', call);
    expect(device.get('activitypointer', call)).toBeNull();
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07e: one that is made and deleted before anybody knew of it leaves nothing', async () => {
    const device = await world.synced('ana');
    world.online.next(false);
    const call = idOf(device.create('phonecall', { subject: 'Boiler' }));
    device.delete('phonecall', call);
    expect(device.get('activitypointer', call)).toBeNull();
    expect(device.store.all('SELECT count(*) FROM "$base"')).toEqual([[0]]);
    expect(device.store.all('SELECT count(*) FROM "$effect"')).toEqual([[0]]);
    const kept = idOf(device.create('phonecall', { subject: 'Boiler' }));
    device.delete('activitypointer', kept);
    expect(device.get('phonecall', kept)).toBeNull();
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07e: when its upload is refused, it is gone from both', async () => {
    const device = await world.synced('ana');
    world.online.next(false);
    const account = idOf(device.create('account', { name: 'Fabrikam' }));
    const call = idOf(
      device.create('phonecall', {
        subject: 'Boiler',
        regardingobjectid: lookup('account', account),
      }),
    );
    await carla().create({ table: 'phonecall', id: call, values: { subject: 'Hers' } });
    world.online.next(true);
    await sync(device);
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Record already exists' }]);
    expect(device.get('activitypointer', call)).toEqual(device.get('phonecall', call));
    expect(await device.sync.compare()).toEqual([]);
  });

  test('N07e: come together where only one of their tables is asked for', async () => {
    const device = await world.synced('ana');
    const call = idOf(device.create('phonecall', { subject: 'Boiler' }));
    await sync(device);
    await carla().update({ table: 'phonecall', id: call, values: { subject: 'Heating' } });
    expect(await device.sync.run('GRID_SYNC', { tables: ['activitypointer'] })).toMatchObject({
      kind: 'done',
    });
    expect(device.get('phonecall', call)).toMatchObject({ subject: 'Heating' });
    await carla().update({ table: 'phonecall', id: call, values: { subject: 'Roof' } });
    expect(
      await device.sync.run('SINGLE_RECORD_SYNC', { row: { table: 'phonecall', id: call } }),
    ).toMatchObject({ kind: 'done' });
    expect(device.get('activitypointer', call)).toMatchObject({ subject: 'Roof' });
  });
});

test('N07e: where the table of one activity is asked for, those of others come with their pointers too', async () => {
  const device = await world.synced('ana');
  const call = idOf(device.create('phonecall', { subject: 'Boiler' }));
  await sync(device);
  await carla().update({ table: 'phonecall', id: call, values: { subject: 'Heating' } });
  expect(await device.sync.run('GRID_SYNC', { tables: ['task'] })).toMatchObject({ kind: 'done' });
  expect(device.get('activitypointer', call)).toMatchObject({ subject: 'Heating' });
  expect(device.get('phonecall', call)).toMatchObject({ subject: 'Heating' });
});

test('N07d: where only the table of a deleted row is asked for, what went with it stays gone', async () => {
  const device = await world.synced('ana');
  const { account, contact } = await settled(device);
  device.delete('account', account);
  expect(await device.sync.run('GRID_SYNC', { tables: ['account'] })).toMatchObject({
    kind: 'done',
  });
  expect(device.get('contact', contact)).toBeNull();
  expect(device.sync.outbox.unsettled()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
});

test('N07g: a lookup that goes from one row to another of the same table arrives', async () => {
  const device = await world.synced('ana');
  const { contact, branch } = await settled(device);
  device.update('contact', contact, { parentcustomerid: lookup('account', branch) });
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await carla().retrieve('contact', contact)).toMatchObject({
    parentcustomerid: { id: branch },
  });
});

describe('deleting', () => {
  test('N05a: can be asked about first: the row by name, what goes with it, and what loses a link', async () => {
    const device = await world.synced('ana');
    const { account, branch } = await settled(device);
    expect(device.deletion('account', account)).toEqual({
      table: 'account',
      id: account,
      name: 'Fabrikam',
      deleted: [
        { table: 'task', count: 1, names: ['Offer'] },
        { table: 'contact', count: 1, names: ['Nowak'] },
        { table: 'phonecall', count: 1, names: ['Call'] },
      ],
      unlinked: [{ table: 'account', count: 1, names: ['Branch'], column: 'parentaccountid' }],
      reasons: [],
    });
    expect(device.deletion('account', branch)).toMatchObject({ deleted: [], unlinked: [] });
    expect(device.deletion('account', 'b0000000-0000-4000-8000-00000000dead')).toBeNull();
    expect(device.get('account', account)).not.toBeNull();
  });

  test('N02e, N05b: waits for its user across a sign-out, with all that it took along, and can be undone then', async () => {
    const storage = memoryStorage();
    const device = await world.synced('ana', { storage });
    const { account, contact, task } = await settled(device);
    device.delete('account', account);
    expect(device.get('task', task)).toBeNull();
    expect(await device.signOut({ pending: 'keep' })).toMatchObject({ keeps: true });
    const again = await world.device('ana', { storage });
    expect(await again.sync.run('DELTA_SYNC', { byItself: true })).toMatchObject({ kind: 'done' });
    expect([again.get('contact', contact), again.get('task', task)]).toEqual([null, null]);
    const [deletion] = again.sync.outbox.pending();
    expect(again.sync.undo(deletion?.key ?? ['', 0])).toMatchObject({ kind: 'undone' });
    expect(again.get('contact', contact)).toMatchObject({ lastname: 'Nowak' });
    expect(again.get('task', task)).toMatchObject({ subject: 'Offer' });
    await sync(again);
    expect(await again.sync.compare()).toEqual([]);
  });

  test('N05b: goes up by itself only after five seconds, and at once when the user syncs by hand', async () => {
    const system = testSystem(77);
    const device = await world.synced('ana', { system });
    const byItself = () => device.sync.run('DELTA_SYNC', { byItself: true });
    const pending = () => device.sync.outbox.pending().map(({ op, table }) => `${op} ${table}`);
    const { account, contact } = await settled(device);
    device.delete('account', account);
    device.create('account', { name: 'Next' });
    system.clock.advance({ ms: 4999 });
    expect(await byItself()).toMatchObject({ kind: 'done' });
    expect(pending()).toEqual(['delete account']);
    expect(device.sync.outbox.nextHeldAt()).toBe(system.clock.now() + 1);
    const [deletion] = device.sync.outbox.pending();
    device.sync.undo(deletion?.key ?? ['', 0]);
    expect(device.get('contact', contact)).not.toBeNull();
    device.delete('contact', contact);
    system.clock.advance({ ms: 5000 });
    expect(await byItself()).toMatchObject({ kind: 'done' });
    expect(pending()).toEqual([]);
    device.delete('account', account);
    await sync(device);
    expect(pending()).toEqual([]);
    expect(await carla().retrieve('account', account)).toBeNull();
  });
});
