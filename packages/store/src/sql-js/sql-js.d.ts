/** The part of sql.js this package uses: the public API and the exported C functions of SQLite. */
declare module 'sql.js' {
  /** Addresses and sizes in the engine's memory are numbers; `db`, `stmt`, `context` and `value` are addresses. */
  export interface SqlJsModule {
    readonly Database: new (bytes?: Uint8Array) => SqlJsDatabase;
    addFunction(fn: (...args: never[]) => unknown, signature: string): number;
    removeFunction(index: number): void;
    UTF8ToString(address: number): string;
    _malloc(size: number): number;
    _free(address: number): void;
    _sqlite3_prepare_v2(
      db: number,
      sql: number,
      bytes: number,
      statement: number,
      tail: number,
    ): number;
    _sqlite3_step(stmt: number): number;
    _sqlite3_reset(stmt: number): number;
    _sqlite3_finalize(stmt: number): number;
    _sqlite3_column_count(stmt: number): number;
    _sqlite3_data_count(stmt: number): number;
    _sqlite3_column_name(stmt: number, column: number): number;
    _sqlite3_column_type(stmt: number, column: number): number;
    _sqlite3_column_double(stmt: number, column: number): number;
    _sqlite3_column_text(stmt: number, column: number): number;
    _sqlite3_column_blob(stmt: number, column: number): number;
    _sqlite3_column_bytes(stmt: number, column: number): number;
    _sqlite3_bind_int(stmt: number, index: number, value: number): number;
    _sqlite3_bind_double(stmt: number, index: number, value: number): number;
    _sqlite3_bind_text(
      stmt: number,
      index: number,
      text: number,
      bytes: number,
      free: number,
    ): number;
    _sqlite3_bind_blob(
      stmt: number,
      index: number,
      blob: number,
      bytes: number,
      free: number,
    ): number;
    _sqlite3_changes(db: number): number;
    _sqlite3_errmsg(db: number): number;
    _sqlite3_exec(
      db: number,
      sql: number,
      callback: number,
      argument: number,
      error: number,
    ): number;
    _sqlite3_create_function_v2(
      db: number,
      name: number,
      arity: number,
      flags: number,
      app: number,
      fn: number,
      step: number,
      final: number,
      destroy: number,
    ): number;
    _sqlite3_value_type(value: number): number;
    _sqlite3_value_double(value: number): number;
    _sqlite3_value_text(value: number): number;
    _sqlite3_value_blob(value: number): number;
    _sqlite3_value_bytes(value: number): number;
    _sqlite3_result_null(context: number): void;
    _sqlite3_result_double(context: number, value: number): void;
    _sqlite3_result_int64(context: number, value: bigint): void;
    _sqlite3_result_text(context: number, text: number, bytes: number, free: number): void;
    _sqlite3_result_blob(context: number, blob: number, bytes: number, free: number): void;
    _sqlite3_result_error(context: number, message: number, bytes: number): void;
  }
  export interface SqlJsDatabase {
    /** Address of the `sqlite3*`. */
    readonly db: number;
    run(sql: string): SqlJsDatabase;
    prepare(sql: string): SqlJsStatement;
    getRowsModified(): number;
    create_function(name: string, fn: (...args: unknown[]) => unknown): SqlJsDatabase;
    export(): Uint8Array<ArrayBuffer>;
    close(): void;
  }
  export interface SqlJsStatement {
    bind(values: readonly unknown[]): boolean;
    step(): boolean;
    get(
      params: null,
      config: { useBigInt: boolean },
    ): (number | string | bigint | Uint8Array | null)[];
    getColumnNames(): string[];
    reset(): void;
    free(): boolean;
  }
  export default function initSqlJs(config: {
    useOldExtensionFunctions: boolean;
    instantiateWasm(
      imports: unknown,
      receive: (instance: { readonly exports: Record<string, unknown> }) => void,
    ): Record<string, unknown>;
  }): Promise<SqlJsModule>;
}
