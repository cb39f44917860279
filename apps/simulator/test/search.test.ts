import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, onTestFinished, test } from 'vitest';
import { compareQuickFind } from './compare-quick-find.ts';
import { openSyncedPhone } from './synced-phone.ts';

/** Terms per quick find view. */
const terms = lengthOf('OUTPOST_ROUNDS', { short: 20, long: 60 });

test('F-2: begins gives what each quick find view of the sample app gives, and the index is right', async () => {
  const { world, phone, system } = await openSyncedPhone({ rows: 600 });
  onTestFinished(() => world.close());
  const { device } = phone;
  // The index is built in time of its own.
  system.clock.advance({ ms: 1 });
  const { views, searches, byIndex, hits } = compareQuickFind(device, seededRandom(5), terms);
  expect(views).toBeGreaterThanOrEqual(12);
  expect(byIndex).toBeGreaterThan(searches / 3);
  expect(hits).toBeGreaterThan(searches);
  expect(device.searchIndex.currentStatus.filter((one) => one.state !== 'ready')).toEqual([]);
  expect(device.searchIndex.verify()).toEqual([]);
});
