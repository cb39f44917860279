import { type Clock, steadyNow } from '@outpost/model';

/**
 * Time for intervals: goes forward only, by what has passed by the steady clock or by the time of day, whichever is more. So
 * it counts while the device sleeps, too, where steady clocks may stand still; time that is set forward lets intervals end
 * early, and time that is set back lets nothing wait.
 */
export class ElapsedClock {
  readonly #clock: Clock;
  #last: { readonly now: number; readonly steady: number };
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = { now: clock.now(), steady: steadyNow(clock) };
    this.#at = this.#last.now;
  }

  now(): number {
    const last = this.#last;
    this.#last = { now: this.#clock.now(), steady: steadyNow(this.#clock) };
    this.#at += Math.max(0, this.#last.now - last.now, this.#last.steady - last.steady);
    return this.#at;
  }

  /** The time of day at a moment of this clock. */
  timeOf(at: number): number {
    return this.#clock.now() + (at - this.now());
  }

  /** The moment of this clock at a time of day. */
  momentOf(timeMs: number): number {
    return this.now() + (timeMs - this.#clock.now());
  }
}
