import type { Clock } from '@outpost/model';

/** What a clock is made of. */
export interface ClockParts {
  /** The time of day, in milliseconds since 1970; may be set forward and back. */
  now(): number;
  /** Milliseconds that go forward only. They may stand still while the device sleeps. */
  steady(): number;
  /** Calls back after a while; returns what cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** The time is looked at so often while somebody waits: that it was set forward is noticed then. */
export const lookMs = 60_000;
/** Clocks differ by themselves, too; by more than this between two looks, the time was set back. */
const driftMs = 1000;

/** A clock whose waits end in time although the time may be set. */
export function settableClock({ now, steady, after }: ClockParts): Clock {
  return {
    now,
    steady,
    schedule(atMs, callback) {
      let seen = { now: now(), steady: steady() };
      let cancel: () => void;
      const wait = (): (() => void) =>
        after(Math.min(lookMs, Math.max(0, atMs - seen.now)), () => {
          const last = seen;
          seen = { now: now(), steady: steady() };
          const isSetBack = seen.now - last.now < seen.steady - last.steady - driftMs;
          if (seen.now >= atMs || isSetBack) callback();
          else cancel = wait();
        });
      cancel = wait();
      return () => cancel();
    },
  };
}
