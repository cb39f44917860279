import type { Diagnostic } from '@outpost/model';
import type { SqlJsDatabase, SqlJsModule, SqlJsStatement } from 'sql.js';
import { integrityFindings } from '../driver/integrity.ts';

import { bindError, integerDigits } from '../driver/parameters.ts';
import { checkCount, parametersOf } from '../driver/parameters-of.ts';
import { connectionPragmas, type DatabaseOptions, pageSizePragma } from '../driver/pragmas.ts';
import { attachable, snapshotError } from '../driver/snapshots.ts';
import { sqliteError } from '../driver/sqlite-error.ts';
import { type PooledStatement, StatementPool } from '../driver/statement-pool.ts';
import { Transactions } from '../driver/transactions.ts';
import type { OpenedStorage } from '../files/storage-location.ts';
import type { SyncFiles } from '../files/sync-files.ts';
import type {
  DriverCaps,
  DriverStats,
  Durability,
  SqlDriver,
  SqlFunction,
  SqlStatement,
  SqlValue,
} from '../sql-driver.ts';
import { closedError, StoreError } from '../store-error.ts';
import { readSnapshot, writeSnapshot } from './snapshot-file.ts';

/**
 * The announced fallback: sql.js in memory through its public API only, the whole database written to the storage at
 * every full commit. Slow, but it needs nothing of the engine's insides.
 */
export function openSnapshotDriver(
  module: SqlJsModule,
  storage: OpenedStorage,
  name: string,
  options: DatabaseOptions,
  diagnostics: readonly Diagnostic[],
): SqlDriver {
  return new SnapshotDriver(module, storage, name, options, diagnostics);
}

class SnapshotDriver implements SqlDriver {
  readonly kind = 'sqljs';
  readonly caps: DriverCaps;
  readonly diagnostics: readonly Diagnostic[];
  readonly #module: SqlJsModule;
  readonly #storage: OpenedStorage;
  readonly #name: string;
  readonly #options: DatabaseOptions;
  readonly #functions = new Map<string, SqlFunction>();
  readonly #transactions: Transactions;
  readonly #statements: StatementPool<PublicStatement>;
  #db: SqlJsDatabase;
  #unsaved = false;
  #runs = 0;
  #closed = false;

  constructor(
    module: SqlJsModule,
    storage: OpenedStorage,
    name: string,
    options: DatabaseOptions,
    diagnostics: readonly Diagnostic[],
  ) {
    this.#module = module;
    this.#storage = storage;
    this.#name = name;
    this.#options = options;
    this.diagnostics = diagnostics;
    this.#db = this.#open(readSnapshot(storage.files, name));
    this.#statements = new StatementPool(
      (sql) =>
        new PublicStatement(
          sql,
          () => this.#database(),
          () => this.#afterRun(),
        ),
    );
    this.#transactions = new Transactions({
      demandOwner: () => storage.demandOwner?.(),
      control: (sql) => this.#run(sql),
      setDurability: () => {},
    });
    this.caps = {
      durability: storage.volatile === true ? 'none' : 'snapshot',
      groupCommit: storage.files.commitLog?.grouped ?? false,
      sqlite: String(this.prepare('SELECT sqlite_version()').get()?.[0]),
    };
  }

  get durable(): true | Promise<void> {
    if (!this.caps.groupCommit) return true;
    const stored = this.flush();
    // Whoever waits hears of a failure; so does the next write.
    stored.catch(() => {});
    return stored;
  }

  get runs(): number {
    return this.#runs;
  }

  get inTransaction(): boolean {
    return this.#transactions.open;
  }

  exec(sql: string): void {
    this.#run(sql);
    this.#afterRun();
  }

  prepare(sql: string): SqlStatement {
    this.#database();
    return this.#statements.take(sql);
  }

  transaction<T>(fn: () => T, durability: Durability = 'full'): T {
    this.#database();
    const outermost = !this.#transactions.open;
    const value = this.#transactions.run(fn, durability);
    this.#unsaved = true;
    if (outermost && durability === 'full') this.#save();
    return value;
  }

  defineFunction(name: string, arity: number, fn: SqlFunction): void {
    // sql.js takes the arity from the function.
    const adapted = (...args: SqlValue[]) => fn(...args);
    const shaped = Object.defineProperty(adapted, 'length', { value: arity });
    this.#functions.set(name, shaped);
    this.#database().create_function(name, shaped as (...args: unknown[]) => unknown);
  }

  async flush(): Promise<void> {
    this.#database();
    if (this.#unsaved) this.#save();
    await this.#storage.files.commitLog?.flush();
  }

  checkpoint(): void {
    if (this.#unsaved) this.#save();
    this.#storage.files.commitLog?.checkpoint();
  }

  snapshot(): Uint8Array<ArrayBuffer> {
    if (this.#transactions.open) throw snapshotError('a transaction is open');
    this.#statements.clear();
    return this.#database().export();
  }

  snapshotTo(files: SyncFiles, name: string): void {
    const bytes = this.snapshot();
    const file = files.open(name, true);
    if (file === null) throw snapshotError(`the file ${name} cannot be created`);
    file.write(bytes, 0);
    file.truncate(bytes.length);
    file.sync();
    file.close();
  }

  restore(bytes: Uint8Array): void {
    if (this.#transactions.open) throw snapshotError('a transaction is open');
    const next = this.#openSnapshot(attachable(bytes));
    this.#statements.clear();
    this.#db.close();
    this.#db = next;
    this.#save();
  }

  integrity(level: 'quick' | 'full'): readonly string[] {
    return integrityFindings(this, level);
  }

  stats(): DriverStats {
    const number = (pragma: string) => Number(this.prepare(`PRAGMA ${pragma}`).get()?.[0] ?? 0);
    const pageSize = number('page_size');
    const bytes = number('page_count') * pageSize;
    return {
      bytes,
      pageSize,
      cacheBytes: -1024 * number('cache_size'),
      logBytes: 0,
      heapBytes: bytes,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#unsaved) this.#save();
    } finally {
      this.#statements.clear();
      this.#closed = true;
      this.#db.close();
      await this.#storage.files.commitLog?.close();
      await this.#storage.close();
    }
  }

  #open(bytes: Uint8Array | null): SqlJsDatabase {
    const db = bytes === null ? new this.#module.Database() : new this.#module.Database(bytes);
    db.run(
      `PRAGMA locking_mode=EXCLUSIVE;${pageSizePragma(this.#options)}PRAGMA journal_mode=MEMORY;${connectionPragmas(this.#options)}`,
    );
    for (const [name, fn] of this.#functions) {
      db.create_function(name, fn as (...args: unknown[]) => unknown);
    }
    return db;
  }

  #openSnapshot(bytes: Uint8Array<ArrayBuffer>): SqlJsDatabase {
    const next = new this.#module.Database(bytes);
    try {
      const check = new PublicStatement(
        'PRAGMA quick_check',
        () => next,
        () => {},
      );
      const finding = check.get()?.[0];
      check.free();
      if (finding !== 'ok') throw snapshotError(String(finding));
      next.close();
      return this.#open(bytes);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'store.snapshot') throw error;
      throw snapshotError(error instanceof Error ? error.message : String(error));
    }
  }

  #database(): SqlJsDatabase {
    if (this.#closed) throw closedError();
    return this.#db;
  }

  #run(sql: string): void {
    const db = this.#database();
    guarded(sql, () => db.run(sql));
  }

  /** A statement outside a transaction commits by itself. */
  #afterRun(): void {
    this.#runs += 1;
    if (this.#transactions.open) return;
    this.#unsaved = true;
  }

  #save(): void {
    this.#storage.demandOwner?.();
    this.#statements.clear();
    const db = this.#database();
    writeSnapshot(this.#storage.files, this.#name, db.export());
    // `export` opens the database anew: settings of the connection are gone.
    db.run(connectionPragmas(this.#options));
    this.#unsaved = false;
  }
}

class PublicStatement implements PooledStatement {
  readonly #sql: string;
  readonly #parameters: number;
  readonly #database: () => SqlJsDatabase;
  readonly #afterRun: () => void;
  #statement: SqlJsStatement | null = null;
  #busy = false;

  constructor(sql: string, database: () => SqlJsDatabase, afterRun: () => void) {
    this.#sql = sql;
    this.#parameters = parametersOf(sql).length;
    this.#database = database;
    this.#afterRun = afterRun;
    this.#ready();
  }

  get busy(): boolean {
    return this.#busy;
  }

  get columns(): readonly string[] {
    return this.#ready().getColumnNames();
  }

  run(params: readonly SqlValue[] = []): { readonly changes: number } {
    const statement = this.#start(params);
    try {
      while (guarded(this.#sql, () => statement.step()));
      return { changes: this.#database().getRowsModified() };
    } finally {
      this.#end();
      this.#afterRun();
    }
  }

  get(params: readonly SqlValue[] = []): readonly SqlValue[] | undefined {
    for (const row of this.iterate(params)) return row;
    return undefined;
  }

  all(params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    return [...this.iterate(params)];
  }

  *iterate(params: readonly SqlValue[] = []): IterableIterator<readonly SqlValue[]> {
    const statement = this.#start(params);
    try {
      while (guarded(this.#sql, () => statement.step())) {
        yield statement.get(null, { useBigInt: true }).map(fromPublic);
      }
    } finally {
      this.#end();
    }
  }

  free(): void {
    this.#statement?.free();
    this.#statement = null;
    this.#busy = false;
  }

  #ready(): SqlJsStatement {
    const db = this.#database();
    this.#statement ??= guarded(this.#sql, () => db.prepare(this.#sql));
    return this.#statement;
  }

  #start(params: readonly SqlValue[]): SqlJsStatement {
    if (this.#busy) {
      throw new StoreError(
        'sql.busy',
        `The statement is being stepped: ${this.#sql.slice(0, 200)}`,
        'Finish the loop over its rows first, or prepare the text again for another statement.',
      );
    }
    const statement = this.#ready();
    checkCount(params.length, this.#parameters, this.#sql);
    const values = params.map(toPublic);
    try {
      statement.bind(values);
    } catch (error) {
      throw sqliteError(String(error), this.#sql);
    }
    this.#busy = true;
    return statement;
  }

  #end(): void {
    this.#busy = false;
    this.#statement?.reset();
  }
}

function toPublic(value: SqlValue, index: number): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'bigint') {
    const digits = integerDigits(value);
    if (digits === null) throw bindError(index, value);
    return digits;
  }
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw bindError(index, value);
}

function fromPublic(value: SqlValue): SqlValue {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** sql.js throws errors and, for some mistakes, plain texts. */
function guarded<T>(sql: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw sqliteError(error instanceof Error ? error.message : String(error), sql);
  }
}
