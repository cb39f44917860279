import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../src/engine/pace.ts';
import { CycleTally, telemetryFailure } from '../src/engine/telemetry.ts';

describe('A06, Y-3: how far a cycle is', () => {
  test('the fraction never goes back and is never 1 before the end, whatever the counts', () => {
    const times: number[] = [];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(50))), (steps) => {
        const pace = new Pace();
        let [last, at] = [0, 0];
        for (const [done, more, wait] of steps) {
          at += wait;
          const { fraction, etaMs } = pace.take({ done, total: done + more }, at);
          expect(fraction).toBeGreaterThanOrEqual(last);
          expect(fraction).toBeLessThan(1);
          if (etaMs !== null) times.push(etaMs);
          last = fraction;
        }
      }),
    );
    expect(times.length).toBeGreaterThan(0);
    expect(times.filter((one) => one < 0)).toEqual([]);
  });

  test('the time left is told after three pages, and follows the pace', () => {
    const pace = new Pace();
    const left: (number | null)[] = [];
    for (let page = 0; page <= 8; page++) {
      left.push(pace.take({ done: page * 100, total: 1000 }, page * 1000).etaMs);
    }
    expect(left.slice(0, 3)).toEqual([null, null, null]);
    expect(left.slice(3)).toEqual([7000, 6000, 5000, 4000, 3000, 2000]);
  });
});

test('X08: telemetry has an event of the cycle and one of each table that brought rows', () => {
  const tally = new CycleTally();
  tally.add(
    [
      { table: 'account', rows: 30 },
      { table: 'task', rows: 10 },
      { table: 'lead', rows: 0 },
    ],
    4000,
  );
  tally.add([{ table: 'account', rows: 5 }], 500);
  expect(tally.events('id', 'DELTA_SYNC', 12, telemetryFailure('network', null))).toEqual([
    {
      name: 'Offline.GetRecords',
      CurrentSyncId: 'id',
      DataSyncMode: 'DELTA_SYNC',
      EntityName: 'account',
      RecordCount: 35,
      ResponseSize: 3500,
    },
    {
      name: 'Offline.GetRecords',
      CurrentSyncId: 'id',
      DataSyncMode: 'DELTA_SYNC',
      EntityName: 'task',
      RecordCount: 10,
      ResponseSize: 1000,
    },
    {
      name: 'Offline.SyncDatabase',
      CurrentSyncId: 'id',
      DataSyncMode: 'DELTA_SYNC',
      RecordCount: 45,
      ResponseSize: 4500,
      Duration: 12,
      FailureType: 'NETWORK_ERROR',
    },
  ]);
});
