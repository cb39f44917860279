import type { Clock } from '@outpost/model';

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
  cancel: () => void;
}

/** The clock of a device, on the timers of its world: it may be wrong, and somebody may set it. */
export class DeviceClock implements Clock {
  readonly #world: Clock;
  #aheadMs: number;
  readonly #timers = new Set<Timer>();

  constructor(world: Clock, aheadMs: number) {
    this.#world = world;
    this.#aheadMs = aheadMs;
  }

  now(): number {
    return this.#world.now() + this.#aheadMs;
  }

  steady(): number {
    return this.#world.now();
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs, callback, cancel: () => {} };
    this.#timers.add(timer);
    this.#wait(timer, atMs - this.#aheadMs);
    return () => {
      this.#timers.delete(timer);
      timer.cancel();
    };
  }

  /** Sets the time forward, or back; then all that wait look again. */
  set(byMs: number): void {
    this.#aheadMs += byMs;
    for (const timer of this.#timers) {
      timer.cancel();
      this.#wait(timer, byMs < 0 ? this.#world.now() : timer.atMs - this.#aheadMs);
    }
  }

  #wait(timer: Timer, worldMs: number): void {
    timer.cancel = this.#world.schedule(worldMs, () => {
      this.#timers.delete(timer);
      timer.callback();
    });
  }
}
