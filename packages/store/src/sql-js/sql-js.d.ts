/** The part of sql.js that the driver uses, the exported C functions included. */
declare module 'sql.js' {
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
  export interface SqlJsDatabase {
    /** Address of the `sqlite3*`. */
    readonly db: number;
    exec(sql: string): unknown;
    run(sql: string): SqlJsDatabase;
    prepare(sql: string): SqlJsStatement;
    getRowsModified(): number;
    create_function(name: string, fn: (...args: unknown[]) => unknown): SqlJsDatabase;
    export(): Uint8Array;
    close(): void;
  }
  export interface SqlJsModule {
    readonly Database: new (bytes?: Uint8Array) => SqlJsDatabase;
    addFunction(fn: (...args: never[]) => number, signature: string): number;
    _malloc(size: number): number;
    UTF8ToString(address: number): string;
  }
  export default function initSqlJs(config: {
    useOldExtensionFunctions: boolean;
    instantiateWasm(
      imports: unknown,
      receive: (instance: { readonly exports: Record<string, unknown> }) => void,
    ): Record<string, unknown>;
  }): Promise<SqlJsModule>;
}
