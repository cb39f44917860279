import type { Clock } from '@outpost/model';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to. Timers due at the same instant run in the order they were set. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start: string | number = '2026-03-02T08:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  /** Timers not yet run or cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer is due; null: there is none. */
  get nextAt(): number | null {
    return this.#nextDue(Number.POSITIVE_INFINITY)?.atMs ?? null;
  }

  /** Moves time to the next timer and runs it alone. False: there is none. */
  runNext(): boolean {
    const due = this.#nextDue(Number.POSITIVE_INFINITY);
    if (due === undefined) return false;
    this.#timers.delete(due);
    this.#now = Math.max(this.#now, due.atMs);
    due.callback();
    return true;
  }

  /** Moves time forward and runs every timer that becomes due, in order. */
  advance(by: { readonly ms?: number; readonly minutes?: number; readonly hours?: number }): void {
    const target =
      this.#now + (by.ms ?? 0) + (by.minutes ?? 0) * 60_000 + (by.hours ?? 0) * 3_600_000;
    for (let due = this.#nextDue(target); due !== undefined; due = this.#nextDue(target)) {
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.atMs);
      due.callback();
    }
    this.#now = target;
  }

  #nextDue(target: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > target) continue;
      const earlier =
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order);
      if (earlier) first = timer;
    }
    return first;
  }
}
