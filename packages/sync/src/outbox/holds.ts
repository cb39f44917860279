import { type Clock, steadyNow } from '@outpost/model';
import type { EntryKey } from '../protocol/index.ts';
import type { Entry } from './entry.ts';

/** An edit that the organization puts off waits so long, and twice as long each further time. */
const [firstHoldMs, longestHoldMs] = [5000, 300_000];

/** What is over is forgotten from here on. */
const mostNoted = 1000;

/** How long an edit waits that has been put off so often. */
export function holdMs(attempts: number): number {
  return Math.min(longestHoldMs, firstHoldMs * 2 ** attempts);
}

type Held = Pick<Entry, 'key' | 'heldUntil'>;

/** How long edits that were put off are still held: by a steady clock, for the time of day may be set meanwhile. */
export class Holds {
  readonly #clock: Clock;
  /** By edit, until when; of this opening. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: EntryKey, untilMs: number): void {
    const now = steadyNow(this.#clock);
    if (this.#until.size >= mostNoted) {
      for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name);
    }
    this.#until.set(key.join('/'), now + (untilMs - this.#clock.now()));
  }

  /** Milliseconds, 0: it may be sent. */
  leftMs({ key, heldUntil }: Held): number {
    if (heldUntil === 0) return 0;
    const until = this.#until.get(key.join('/'));
    if (until !== undefined) return Math.max(0, until - steadyNow(this.#clock));
    // Of an earlier opening only a time is known. One that is too far away was noted before the time was set back.
    const left = heldUntil - this.#clock.now();
    return left > longestHoldMs ? 0 : Math.max(0, left);
  }

  /** The time at which it may be sent. */
  endOf(entry: Held): number {
    const now = this.#clock.now();
    const left = this.leftMs(entry);
    return left > 0 ? now + left : Math.min(now, entry.heldUntil);
  }
}
