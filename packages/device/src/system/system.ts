import type { System } from '@outpost/model';

declare const crypto: { randomUUID(): string };
declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** Longest delay a platform timer takes, in milliseconds. */
const longestTimer = 2_147_483_647;

/** The platform's clock, randomness and ids: the only file of the packages that reads them. */
export const platformSystem: System = {
  clock: {
    now: () => Date.now(),
    schedule(atMs, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(0, atMs - Date.now()), longestTimer));
      // A waiting timer must not keep a process alive.
      (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer);
    },
  },
  random: { next: () => Math.random() },
  ids: { next: () => crypto.randomUUID() },
};
