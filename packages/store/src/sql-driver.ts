/** One connection to one SQLite database. Synchronous core; positional parameters only; rows are arrays. */
export interface SqlDriver {
  readonly kind: 'sqljs';
  /** Runs several statements without parameters. */
  exec(sql: string): void;
  /** A cached statement; the text is the key. */
  prepare(sql: string): SqlStatement;
  /** Runs `fn` in a transaction; a throw rolls back. `full` survives power loss when the call returns. */
  transaction<T>(fn: () => T, durability?: Durability): T;
  readonly inTransaction: boolean;
  defineFunction(name: string, fn: (value: SqlValue) => SqlValue): void;
  /** Bytes of the database file: pages times page size. */
  sizeBytes(): number;
  /** Problems found by SQLite's quick check; empty when sound. */
  integrity(): readonly string[];
  checkpoint(): void;
  close(): void;
}

export interface SqlStatement {
  readonly columns: readonly string[];
  run(params?: readonly SqlValue[]): { readonly changes: number };
  get(params?: readonly SqlValue[]): readonly SqlValue[] | undefined;
  all(params?: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}

export type SqlValue = null | number | string | bigint | Uint8Array;

/** `full`: one sync per commit, for user edits. `normal`: a crash may lose the newest commits, never a middle one. */
export type Durability = 'full' | 'normal';
