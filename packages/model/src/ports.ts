/** Everything impure enters through one of these ports; adapters live at the edge. */

export interface Clock {
  /** Milliseconds since the epoch. Never used to order changes, and set forward and back at any time. */
  now(): number;
  /** Milliseconds since some moment, which go forward only, whatever the time is set to. Absent: `now` is never set. */
  steady?(): number;
  /**
   * Calls back once, when it is `atMs`, or earlier when the time is set back: nobody waits for a moment that is far again.
   * Returns a function that cancels.
   */
  schedule(atMs: number, callback: () => void): () => void;
}

/** Milliseconds that measure how long something takes. */
export function steadyNow(clock: Clock): number {
  return clock.steady?.() ?? clock.now();
}

export interface Random {
  /** A float in [0, 1). */
  next(): number;
}

export interface IdGenerator {
  /** A new lower-case GUID. */
  next(): string;
}

export interface System {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdGenerator;
}
