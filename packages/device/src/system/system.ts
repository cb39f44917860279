import type { System } from '@outpost/model';
import { settableClock } from './settable-clock.ts';

declare const crypto: { randomUUID(): string };
declare const performance: { now(): number };
declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** The platform's clock, randomness and ids: the only file of the packages that reads them. */
export const platformSystem: System = {
  clock: settableClock({
    now: () => Date.now(),
    steady: () => Math.floor(performance.now()),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      // A waiting timer must not keep a process alive.
      (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer);
    },
  }),
  random: { next: () => Math.random() },
  ids: { next: () => crypto.randomUUID() },
};
