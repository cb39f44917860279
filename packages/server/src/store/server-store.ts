import type { Cell } from '@outpost/model';

/** Where the organization keeps its rows. One snapshot per read, one transaction per write. */
export interface ServerStore {
  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T>;
  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface ReadTx {
  all(sql: string, params?: readonly Cell[]): Promise<readonly (readonly Cell[])[]>;
}

export interface WriteTx extends ReadTx {
  /** Answers how many rows changed. */
  run(sql: string, params?: readonly Cell[]): Promise<number>;
  /** Rolls back to here when `fn` throws, and throws on. */
  savepoint<T>(fn: () => Promise<T>): Promise<T>;
}
