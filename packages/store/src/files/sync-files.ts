import type { Durability } from '../sql-driver.ts';

/** Synchronous random-access files: what SQLite needs from a platform. */
export interface SyncFiles {
  /** The file, or null when it is absent and `create` is false. */
  open(name: string, create: boolean): SyncFile | null;
  exists(name: string): boolean;
  /** Removes the file, durably: a journal that comes back after a power loss would undo what followed it. */
  delete(name: string): void;
  /** Present when a sync of the database file appends to a log of its own, so that SQLite keeps no journal file. */
  readonly commitLog?: CommitLog;
}

export interface SyncFile {
  /** Reads up to `into.length` bytes at `at`; returns how many there were. */
  read(into: Uint8Array, at: number): number;
  write(from: Uint8Array, at: number): void;
  truncate(size: number): void;
  /** Returns when everything written is on stable storage. */
  sync(): void;
  size(): number;
  close(): void;
}

export type CommitPhase = 'outside' | 'open' | 'committing';

/** The log behind files that keep their own. */
export interface CommitLog {
  /** Syncs return before they are durable; `flush` waits. */
  readonly grouped: boolean;
  /** Level of the transactions to come. */
  setDurability(level: Durability): void;
  /**
   * Where the connection is. A sync is a commit outside transactions and the first time while `committing`; any other
   * sync belongs to a rollback and must not be stored.
   */
  setPhase(phase: CommitPhase): void;
  /** Resolves when every commit so far is on stable storage; rejects when storing one failed. */
  flush(): Promise<void>;
  checkpoint(): void;
  /** Bytes in the log. */
  readonly size: number;
  close(): Promise<void>;
}
