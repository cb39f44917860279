/** Everything impure enters through one of these ports; adapters live at the edge. */

export interface Clock {
  /** Milliseconds since the epoch. Never used to order changes. */
  now(): number;
  /** Calls back once, never earlier than `atMs`; returns a function that cancels. */
  schedule(atMs: number, callback: () => void): () => void;
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
