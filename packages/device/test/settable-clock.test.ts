import { expect, test } from 'vitest';
import { lookMs, settableClock } from '../src/system/settable-clock.ts';

const start = Date.parse('2026-03-02T08:00:00Z');
const year = 365 * 86_400_000;

/** A platform whose time is set by the test. */
function platform() {
  let [now, steady] = [start, 0];
  let timer: { readonly at: number; readonly callback: () => void } | null = null;
  const clock = settableClock({
    now: () => now,
    steady: () => steady,
    after(ms, callback) {
      const own = { at: steady + ms, callback };
      timer = own;
      return () => {
        if (timer === own) timer = null;
      };
    },
  });
  return {
    clock,
    set: (by: number) => {
      now += by;
    },
    /** Time passes; steady clocks may sleep meanwhile. */
    pass(ms: number, isAsleep = false) {
      now += ms;
      if (!isAsleep) steady += ms;
      for (let due = timer; due !== null && due.at <= steady; due = timer) {
        timer = null;
        due.callback();
      }
    },
    get isWaiting() {
      return timer !== null;
    },
  };
}

/** After how many minutes a wait for `minutes` ends, if it ends within a day. */
function waited(minutes: number, happens: (at: ReturnType<typeof platform>) => void): number {
  const at = platform();
  let called = 0;
  at.clock.schedule(start + minutes * 60_000, () => {
    called += 1;
  });
  happens(at);
  for (let passed = 0; passed <= 1440; passed++) {
    if (called > 0) return called === 1 && !at.isWaiting ? passed : Number.NaN;
    at.pass(lookMs);
  }
  return Number.POSITIVE_INFINITY;
}

test('O15a: a wait ends when it is time, and never later for the clock having been set', () => {
  expect(waited(0, () => {})).toBe(1);
  expect(waited(90, () => {})).toBe(90);
  expect(waited(90, (at) => at.set(10 * year))).toBe(1);
  expect(waited(90, (at) => at.set(-10 * year))).toBe(1);
  // What clocks differ by themselves does not count.
  expect(waited(90, (at) => at.set(-500))).toBe(91);
  // A night's sleep counts as time.
  expect(waited(90, (at) => at.pass(480 * 60_000, true))).toBe(1);
  expect(waited(60 * 24 * 365, () => {})).toBe(Number.POSITIVE_INFINITY);
});

test('a wait that was cancelled does not end, also after it has been looked at', () => {
  const at = platform();
  let called = false;
  const cancel = at.clock.schedule(start + 5 * lookMs, () => {
    called = true;
  });
  at.pass(lookMs);
  cancel();
  at.pass(10 * lookMs);
  expect([called, at.isWaiting]).toEqual([false, false]);
});
