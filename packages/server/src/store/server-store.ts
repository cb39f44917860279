import type { Cell } from '@outpost/model';
import type { StoreEngine } from './store-engine.ts';

/**
 * Where the organization keeps its rows. One snapshot per read, one transaction per write; writes end as if they had run
 * one after another. `fn` may run again when another transaction was in its way.
 */
export interface ServerStore {
  readonly engine: StoreEngine;
  /** Transactions that can run at the same time; absent: one after another. */
  readonly connections?: number;
  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T>;
  /**
   * A read with statements that callers have thought of, such as a query of the Web API: it may be stopped when it takes
   * long, and holds up no other transaction. Absent: `read` is used.
   */
  query?<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T>;
  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface ReadTx {
  readonly engine: StoreEngine;
  all(sql: string, params?: readonly Cell[]): Promise<readonly (readonly Cell[])[]>;
}

export interface WriteTx extends ReadTx {
  /** Answers how many rows changed. */
  run(sql: string, params?: readonly Cell[]): Promise<number>;
  /** Rolls back to here when `fn` throws, and throws on. */
  savepoint<T>(fn: () => Promise<T>): Promise<T>;
}
