import { sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import { testSystem } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe('X05: a device takes so many rows at most', () => {
  test('a profile that brings more fails the first sync before it begins, and says what to do', async () => {
    const device = await world.device('ana', { maxRows: 200 });
    const result = await device.sync.run('DELTA_SYNC');
    expect(result).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'outpost:tooManyRows',
        message: expect.stringContaining('narrow the filters'),
      },
    });
    expect(rowCount(device)).toBe(0);
  });

  test('what the organization adds later fails a sync too; edits go up all the same', async () => {
    const first = await world.synced('ana');
    const storage = memoryStorage();
    const rows = rowCount(first);
    const device = await world.device('ana', { storage, maxRows: rows + 5 });
    await sync(device);
    const ana = world.organization.as(sampleUsers.ana.id);
    const { ids } = testSystem(7);
    for (let n = 0; n < 6; n++)
      await ana.create({ table: 'account', id: ids.next(), values: { name: `New ${n}` } });
    const made = device.create('contact', { lastname: 'Edited' });
    const failed = { kind: 'failed', failure: { code: 'outpost:tooManyRows' } };
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject(failed);
    expect(await device.sync.run('DELTA_SYNC')).toMatchObject(failed);
    const id = made.kind === 'saved' ? made.id : '';
    expect(await ana.retrieve('contact', id)).toMatchObject({ lastname: 'Edited' });
    await device.close();
    // A device that takes more goes on where it stopped.
    const larger = await world.device('ana', { storage });
    await sync(larger);
    expect(await larger.sync.compare()).toEqual([]);
  });
});

/** Rows of all tables of the organization that are on a device. */
function rowCount(device: Device): number {
  return [...device.store.schema.keys()].reduce((sum, table) => sum + device.store.count(table), 0);
}
