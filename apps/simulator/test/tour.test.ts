import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import type { Desk } from '../src/tui/desk.ts';
import { Tour } from '../src/tui/tour.ts';

/** A tour that has come to the place where the phone is in range again. */
function tourBackInRange() {
  const changes = new Subject<void>();
  const status = { errors: 0, running: null as string | null, pending: { updates: 1 } };
  const device = { status, screen: 'home' };
  const tour = new Tour({ changes, devices: [device] } as unknown as Desk);
  for (let step = 1; step < 6; step++) tour.intercept('ctrl+n');
  const stepWhen = (now: Partial<typeof status>, screen = device.screen) => {
    Object.assign(status, now);
    device.screen = screen;
    changes.next();
    return tour.step;
  };
  return { tour, stepWhen };
}

test('the tour leads to a conflict when the cycle that found it is over: only then the device knows the row of the server', () => {
  const { stepWhen } = tourBackInRange();
  expect(stepWhen({ running: 'DELTA_SYNC', errors: 1, pending: { updates: 0 } })).toBe(6);
  expect(stepWhen({ running: null })).toBe(7);
  expect(stepWhen({}, 'conflict')).toBe(8);
});

test('the tour is not done as long as a sync error is left', () => {
  const { tour, stepWhen } = tourBackInRange();
  for (let step = 6; step < 9; step++) tour.intercept('ctrl+n');
  expect(stepWhen({ running: 'DELTA_SYNC', pending: { updates: 0 } })).toBe(9);
  expect(stepWhen({ running: null, errors: 1 })).toBe(9);
  expect(stepWhen({ errors: 0, pending: { updates: 1 } })).toBe(9);
  expect(stepWhen({ pending: { updates: 0 } })).toBe(10);
});
