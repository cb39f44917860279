import { namedRows, sampleUsers } from '@outpost/sample';
import type { PushResponse } from '@outpost/sync/protocol';
import { testSystem, VirtualClock } from '@outpost/testkit';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, type World } from './world.ts';

let world: World;
const row = { table: 'opportunity', id: namedRows.skiLift };
const carla = () => world.organization.as(sampleUsers.carla.id);

beforeEach(async () => {
  world = await openWorld();
  await world.organization.setConflictPolicy('on');
});
afterEach(() => world.close());

/** A device that synchronizes by itself, on a clock that stands still. */
async function automatic(putOff: () => boolean = () => false) {
  const clock = new VirtualClock();
  // Hints would hide that something waits.
  const { hints: _, ...inner } = world.transport('ana');
  const device = await world.synced('ana', {
    system: { ...testSystem(81), clock },
    start: 'auto',
    transport: {
      ...inner,
      async push(message, signal) {
        if (!putOff()) return inner.push(message, signal);
        const value: PushResponse = {
          now: '2026-03-02T08:00:00Z',
          results: message.entries.map(({ key }) => ({ key, status: 'retryLater' })),
        };
        return { kind: 'ok', value, bytes: 0 };
      },
    },
  });
  const waitMs = () => (scheduleOf(device).current.nextAt ?? Number.NaN) - clock.now();
  /** Runs the next cycle, and waits for its end. */
  const nextCycle = async () => {
    const atRest = device.sync.status.pipe(filter((status) => status.running === null));
    clock.advance({ ms: waitMs() });
    await firstValueFrom(device.sync.status.pipe(filter((status) => status.running !== null)));
    await firstValueFrom(atRest);
    // The scheduler plans the next one.
    await firstValueFrom(scheduleOf(device).state.pipe(filter((state) => state.nextAt !== null)));
  };
  await nextCycle();
  return { device, clock, nextCycle, waitMs };
}

function scheduleOf(device: Device) {
  const { schedule } = device;
  if (schedule === null) throw new Error('The device does not synchronize by itself.');
  return schedule;
}

/** The user and a colleague change the same column; the cycle that the edit asks for meets the conflict. */
async function conflicting() {
  const opened = await automatic();
  const { device, nextCycle } = opened;
  device.update(row.table, row.id, { estimatedvalue: 1 });
  await carla().update({ ...row, values: { estimatedvalue: 2 } });
  await nextCycle();
  const [error] = device.sync.errors.list();
  expect(error).toMatchObject({ type: 'Conflict' });
  // At rest the next cycle is that of an interval.
  expect(opened.waitMs()).toBeGreaterThan(60_000);
  return { ...opened, error: error?.id ?? '' };
}

describe('N03b: what was repaired goes up by itself', () => {
  test.each<[string, (device: Device, error: string) => void, number]>([
    ['keep mine', (device, error) => device.sync.errors.resolve(error, 'keepMine'), 1],
    [
      'edit and retry',
      (device, error) => device.sync.errors.editAndRetry(error, { estimatedvalue: 3 }),
      3,
    ],
    ['discard', (device, error) => device.sync.errors.resolve(error, 'discard'), 2],
    ["take the server's", (device, error) => device.sync.errors.resolve(error, 'takeServer'), 2],
    [
      'marked as fixed by hand',
      (device, error) => device.update('syncerror', error, { statecode: 1, statuscode: 1 }),
      2,
    ],
  ])('%s', async (_, repair, value) => {
    const { device, error, nextCycle, waitMs } = await conflicting();
    repair(device, error);
    expect(device.sync.currentStatus.pending.updates).toBeGreaterThan(0);
    expect(waitMs()).toBeLessThanOrEqual(1000);
    await nextCycle();
    expect(device.sync.currentStatus).toMatchObject({ errors: 0, pending: { updates: 0 } });
    expect(await carla().retrieve(row.table, row.id)).toMatchObject({ estimatedvalue: value });
    expect(waitMs()).toBeGreaterThan(60_000);
  });

  test('retry: again a conflict, of which the user hears at once', async () => {
    const { device, error, nextCycle, waitMs } = await conflicting();
    device.sync.errors.resolve(error, 'retry');
    expect(waitMs()).toBeLessThanOrEqual(1000);
    await nextCycle();
    expect(device.sync.errors.list()).toMatchObject([{ type: 'Conflict' }]);
    expect(device.sync.currentStatus.pending.updates).toBe(0);
  });

  test('taking a repair back before it was sent leaves nothing that waits', async () => {
    const { device, error, waitMs, nextCycle } = await conflicting();
    device.sync.errors.resolve(error, 'discard');
    const [fixed] = device.sync.outbox.pending();
    if (fixed === undefined) throw new Error('Nothing waits.');
    expect(device.sync.undo(fixed.key)).toMatchObject({ kind: 'undone' });
    expect(device.sync.errors.list()).toHaveLength(1);
    expect(device.sync.outbox.pending()).toEqual([]);
    await nextCycle();
    expect(waitMs()).toBeGreaterThan(60_000);
  });
});

test('N03c: what the organization puts off is sent when it may be, later each time', async () => {
  let times = 3;
  const { device, nextCycle, waitMs } = await automatic(() => times-- > 0);
  const saved = device.addNote(row.table, row.id, { subject: 'Called', text: 'Back on Monday.' });
  expect(saved.kind).toBe('saved');
  const waits = [waitMs()];
  for (let cycle = 1; cycle <= 3; cycle++) {
    await nextCycle();
    expect(device.sync.outbox.pending()).toMatchObject([{ attempts: cycle }]);
    waits.push(waitMs());
  }
  expect(waits).toEqual([1000, 5000, 10_000, 20_000]);
  await nextCycle();
  expect(device.sync.outbox.pending()).toEqual([]);
  expect(
    await carla().retrieve('annotation', saved.kind === 'saved' ? saved.id : ''),
  ).not.toBeNull();
});

describe('N05b: by itself', () => {
  test('a deletion waits five seconds, what is edited meanwhile does not wait with it', async () => {
    const { device, nextCycle, waitMs } = await automatic();
    const { table, id } = await deletable(device, nextCycle);
    device.delete(table, id);
    expect(waitMs()).toBe(5000);
    device.update(row.table, row.id, { estimatedvalue: 7 });
    expect(waitMs()).toBe(1000);
    await nextCycle();
    expect(await carla().retrieve(row.table, row.id)).toMatchObject({ estimatedvalue: 7 });
    expect(device.sync.outbox.pending()).toMatchObject([{ op: 'delete', id }]);
    expect(await carla().retrieve(table, id)).not.toBeNull();
    await nextCycle();
    expect(device.sync.outbox.pending()).toEqual([]);
    expect(await carla().retrieve(table, id)).toBeNull();
  });

  test('a deletion that is undone in time is never sent', async () => {
    const { device, nextCycle, waitMs } = await automatic();
    const { table, id } = await deletable(device, nextCycle);
    device.delete(table, id);
    const [deletion] = device.sync.outbox.pending();
    if (deletion === undefined) throw new Error('Nothing waits.');
    expect(device.sync.undo(deletion.key)).toMatchObject({ kind: 'undone' });
    await nextCycle();
    expect(waitMs()).toBeGreaterThan(60_000);
    expect(device.get(table, id)).not.toBeNull();
    expect(await carla().retrieve(table, id)).not.toBeNull();
  });
});

/** A row of the user's that nothing hangs on, in the organization too. */
async function deletable(device: Device, nextCycle: () => Promise<void>) {
  const made = device.create('contact', { lastname: 'Nobody' });
  if (made.kind !== 'saved') throw new Error('It was refused.');
  await nextCycle();
  expect(device.sync.outbox.unsettled()).toEqual([]);
  return { table: 'contact', id: made.id };
}
