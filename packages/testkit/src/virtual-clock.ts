import type { Clock } from '@outpost/model';

interface Timer {
  readonly atMs: number;
  /** When it is due, however the time is set until then. */
  dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to. Timers due at the same instant run in the order they were set. */
export class VirtualClock implements Clock {
  /** Goes forward only. */
  #steady: number;
  /** How far the time is ahead of that. */
  #ahead = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(start: string | number = '2026-03-02T08:00:00Z') {
    this.#steady = typeof start === 'number' ? start : Date.parse(start);
  }

  now(): number {
    return this.#steady + this.#ahead;
  }

  steady(): number {
    return this.#steady;
  }

  /** Timers not yet run or cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, dueAt: atMs - this.#ahead, order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer is due; null: there is none. */
  get nextAt(): number | null {
    const next = this.#nextDue(Number.POSITIVE_INFINITY);
    return next === undefined ? null : next.dueAt + this.#ahead;
  }

  /** Moves time to the next timer and runs it alone. False: there is none. */
  runNext(): boolean {
    const due = this.#nextDue(Number.POSITIVE_INFINITY);
    if (due === undefined) return false;
    this.#run(due);
    return true;
  }

  /** Moves time forward and runs every timer that becomes due, in order. */
  advance(by: { readonly ms?: number; readonly minutes?: number; readonly hours?: number }): void {
    const target =
      this.#steady + (by.ms ?? 0) + (by.minutes ?? 0) * 60_000 + (by.hours ?? 0) * 3_600_000;
    for (let due = this.#nextDue(target); due !== undefined; due = this.#nextDue(target)) {
      this.#run(due);
    }
    this.#steady = target;
  }

  /** Somebody sets the time, forward or back; none passes. Timers that are due run when time goes on. */
  set(atMs: number): void {
    const isBack = atMs < this.now();
    this.#ahead = atMs - this.#steady;
    for (const timer of this.#timers) {
      timer.dueAt = isBack ? this.#steady : timer.atMs - this.#ahead;
    }
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#steady = Math.max(this.#steady, timer.dueAt);
    timer.callback();
  }

  #nextDue(target: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > target) continue;
      const earlier =
        first === undefined ||
        timer.dueAt < first.dueAt ||
        (timer.dueAt === first.dueAt && timer.order < first.order);
      if (earlier) first = timer;
    }
    return first;
  }
}
