import type { Diagnostic } from '@outpost/model';
import type { SyncFiles } from './files/sync-files.ts';

/**
 * One connection to one SQLite database, the same contract whatever runs it. The core is synchronous; opening, flushing
 * and closing are not. Parameters are positional, rows are arrays.
 */
export interface SqlDriver {
  readonly kind: 'sqljs' | 'node:sqlite';
  readonly caps: DriverCaps;
  /** What the self-check found, when the database does not run the way it was asked to. */
  readonly diagnostics: readonly Diagnostic[];
  /** Runs several statements without parameters. */
  exec(sql: string): void;
  /**
   * A statement from the cache; the text is the key. While a statement of the same text is being stepped, another one
   * is given.
   */
  prepare(sql: string): SqlStatement;
  /** Runs `fn` in a transaction, or in a savepoint when one is open; a throw rolls back just that. */
  transaction<T>(fn: () => T, durability?: Durability): T;
  readonly inTransaction: boolean;
  /** Calls of `exec` and of `run` since the database was opened. */
  readonly runs: number;
  /** A function for queries; equal arguments must give equal results. Never use it in a schema: other programs lack it. */
  defineFunction(name: string, arity: number, fn: SqlFunction): void;
  /** True: what was committed `full` is durable. A promise: it will be when the promise resolves (group commit). */
  readonly durable: true | Promise<void>;
  /** Resolves when everything committed so far is durable. */
  flush(): Promise<void>;
  /** Writes what the log holds into the database file. */
  checkpoint(): void;
  /** The database as the bytes of one ordinary SQLite file. */
  snapshot(): Uint8Array<ArrayBuffer>;
  /** Writes the database as one ordinary SQLite file `name` of `files`. */
  snapshotTo(files: SyncFiles, name: string): void;
  /** Replaces all tables and indexes by those of a snapshot, in one transaction. */
  restore(bytes: Uint8Array): void;
  /** Problems found by SQLite; empty when sound. */
  integrity(level: 'quick' | 'full'): readonly string[];
  stats(): DriverStats;
  close(): Promise<void>;
}

export type SqlFunction = (...args: SqlValue[]) => SqlValue;

export interface SqlStatement {
  readonly columns: readonly string[];
  /** One value for each parameter, in the order of SQLite's numbers; another count is an error. */
  run(params?: readonly SqlValue[]): { readonly changes: number };
  get(params?: readonly SqlValue[]): readonly SqlValue[] | undefined;
  all(params?: readonly SqlValue[]): readonly (readonly SqlValue[])[];
  /** Rows one by one; leaving the loop ends the statement. */
  iterate(params?: readonly SqlValue[]): IterableIterator<readonly SqlValue[]>;
}

/**
 * Integers come as numbers up to 2^53 - 1 and as bigint beyond. A number that is an integer of 32 bits is bound as an
 * integer, any other as a double (a column declared INTEGER stores it as an integer), a bigint as its digits.
 */
export type SqlValue = null | number | string | bigint | Uint8Array;

/** `full`: one sync per commit, for user edits. `normal`: a crash may lose the newest commits, never a middle one. */
export type Durability = 'full' | 'normal';

export interface DriverCaps {
  /**
   * `wal`: one sync per full commit. `journal`: a rollback journal, about four. `pageLog`: one, of an append-only log.
   * `snapshot`: the whole database per full commit. `none`: memory.
   */
  readonly durability: 'wal' | 'journal' | 'pageLog' | 'snapshot' | 'none';
  /** Full commits return before they are durable; see `durable`. */
  readonly groupCommit: boolean;
  /** Version of SQLite. */
  readonly sqlite: string;
}

export interface DriverStats {
  /** Size of the database: pages times page size. */
  readonly bytes: number;
  readonly pageSize: number;
  /** Upper limit of SQLite's page cache. */
  readonly cacheBytes: number;
  /** Bytes in the log that are not in the database file yet. */
  readonly logBytes: number;
  /** WebAssembly memory, shared by all databases of the process; 0 where there is none. */
  readonly heapBytes: number;
}
