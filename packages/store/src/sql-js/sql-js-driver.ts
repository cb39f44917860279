/// <reference path="./sql-js.d.ts" />
import type { SqlJsDatabase, SqlJsStatement } from 'sql.js';
import type { OpenedStorage } from '../files/sync-files.ts';
import type { Durability, SqlDriver, SqlStatement, SqlValue } from '../sql-driver.ts';
import { StoreError, type StoreErrorCode } from '../store-error.ts';
import { loadEngine } from './load-engine.ts';
import type { Vfs } from './vfs.ts';

const cachedStatements = 256;

/** Opens a database of `storage` with sql.js, in WAL mode, directly on its files. */
export async function openSqlJs(storage: OpenedStorage, name: string): Promise<SqlDriver> {
  const { vfs } = await loadEngine(storage.wasm);
  const db = vfs.open(storage.files, name);
  const driver = new SqlJsDriver(db, vfs, storage);
  // Exclusive mode must precede the first read: only then is WAL legal without shared memory.
  driver.exec(
    'PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;' +
      'PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=OFF;',
  );
  const mode = driver.prepare('PRAGMA journal_mode').get()?.[0];
  if (mode !== 'wal') {
    driver.close();
    throw new StoreError(
      'store.selfCheck',
      `The database answers journal mode "${String(mode)}" instead of WAL.`,
      'Check that nothing else has the file open and that the folder is writable.',
    );
  }
  return driver;
}

class SqlJsDriver implements SqlDriver {
  readonly kind = 'sqljs';
  readonly #db: SqlJsDatabase;
  readonly #vfs: Vfs;
  readonly #storage: OpenedStorage;
  readonly #statements = new Map<string, CachedStatement>();
  #depth = 0;
  #durability: Durability = 'full';
  #closed = false;

  constructor(db: SqlJsDatabase, vfs: Vfs, storage: OpenedStorage) {
    this.#db = db;
    this.#vfs = vfs;
    this.#storage = storage;
  }

  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  exec(sql: string): void {
    this.#guard(() => this.#db.run(sql), sql);
  }

  prepare(sql: string): SqlStatement {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, cached);
      return cached;
    }
    const statement = this.#guard(() => this.#db.prepare(sql), sql);
    const prepared = new CachedStatement(
      statement,
      (fn) => this.#guard(fn, sql),
      () => this.#db.getRowsModified(),
    );
    this.#statements.set(sql, prepared);
    if (this.#statements.size > cachedStatements) {
      const [oldest] = this.#statements;
      if (oldest !== undefined) {
        this.#statements.delete(oldest[0]);
        oldest[1].free();
      }
    }
    return prepared;
  }

  transaction<T>(fn: () => T, durability: Durability = 'full'): T {
    if (this.#depth > 0) return this.#savepoint(fn);
    if (durability !== this.#durability) {
      // SQLite refuses to change the level inside a transaction.
      this.exec(`PRAGMA synchronous=${durability}`);
      this.#durability = durability;
    }
    this.exec('BEGIN IMMEDIATE');
    this.#depth = 1;
    try {
      const value = refusePromise(fn());
      this.exec('COMMIT');
      return value;
    } catch (error) {
      this.#rollback();
      throw error;
    } finally {
      this.#depth = 0;
    }
  }

  defineFunction(name: string, fn: (value: SqlValue) => SqlValue): void {
    this.#db.create_function(name, (value: unknown) => fn(value as SqlValue));
  }

  sizeBytes(): number {
    const pages = Number(this.prepare('PRAGMA page_count').get()?.[0] ?? 0);
    return pages * Number(this.prepare('PRAGMA page_size').get()?.[0] ?? 0);
  }

  integrity(): readonly string[] {
    const rows = this.prepare('PRAGMA quick_check').all();
    return rows.map((row) => String(row[0])).filter((finding) => finding !== 'ok');
  }

  checkpoint(): void {
    this.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const statement of this.#statements.values()) statement.free();
    this.#statements.clear();
    this.#db.close();
    this.#vfs.release(this.#storage.files);
    this.#storage.close();
  }

  #savepoint<T>(fn: () => T): T {
    const name = `"s${this.#depth}"`;
    this.exec(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const value = refusePromise(fn());
      this.exec(`RELEASE ${name}`);
      return value;
    } catch (error) {
      this.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  #rollback(): void {
    try {
      this.#db.run('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (disk full, I/O error): the first error is the one to report.
    }
  }

  #guard<T>(fn: () => T, sql: string): T {
    if (this.#closed) {
      throw new StoreError('store.closed', 'The database is closed.', 'Open it again.');
    }
    try {
      return fn();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw toStoreError(error, sql, this.#vfs.takeError());
    }
  }
}

class CachedStatement implements SqlStatement {
  readonly columns: readonly string[];
  readonly #statement: SqlJsStatement;
  readonly #guard: <T>(fn: () => T) => T;
  readonly #changes: () => number;

  constructor(statement: SqlJsStatement, guard: <T>(fn: () => T) => T, changes: () => number) {
    this.#statement = statement;
    this.#guard = guard;
    this.#changes = changes;
    this.columns = statement.getColumnNames();
  }

  run(params: readonly SqlValue[] = []): { readonly changes: number } {
    return this.#guard(() => {
      this.#bind(params);
      try {
        this.#statement.step();
        return { changes: this.#changes() };
      } finally {
        this.#statement.reset();
      }
    });
  }

  get(params: readonly SqlValue[] = []): readonly SqlValue[] | undefined {
    return this.#guard(() => {
      this.#bind(params);
      try {
        return this.#statement.step() ? this.#row() : undefined;
      } finally {
        this.#statement.reset();
      }
    });
  }

  all(params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    return this.#guard(() => {
      this.#bind(params);
      try {
        const rows: SqlValue[][] = [];
        while (this.#statement.step()) rows.push(this.#row());
        return rows;
      } finally {
        this.#statement.reset();
      }
    });
  }

  free(): void {
    this.#statement.free();
  }

  #row(): SqlValue[] {
    return this.#statement.get(null, { useBigInt: false });
  }

  #bind(params: readonly SqlValue[]): void {
    params.forEach((value, i) => {
      if (!isBindable(value)) {
        throw new StoreError(
          'sql.bind',
          `Parameter ${i + 1} cannot be bound: ${typeof value}.`,
          'Bind null, finite numbers, text, bigint or bytes.',
        );
      }
    });
    this.#statement.bind(
      params.map((value) => (typeof value === 'string' ? value.toWellFormed() : value)),
    );
  }
}

function isBindable(value: unknown): value is SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return value instanceof Uint8Array;
}

function refusePromise<T>(value: T): T {
  if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new StoreError(
      'write.async',
      'A transaction cannot wait for a promise.',
      'Do the waiting before the transaction and keep its function synchronous.',
    );
  }
  return value;
}

const causes: readonly (readonly [RegExp, StoreErrorCode, string])[] = [
  [/constraint failed/i, 'sql.constraint', 'Change the row so that it satisfies the constraint.'],
  [/database or disk is full/i, 'sql.full', 'Free space on the device; nothing was written.'],
  [
    /malformed|not a database/i,
    'sql.corrupt',
    'Restore or delete the database file and sync again.',
  ],
  [
    /disk I\/O error|unable to open/i,
    'sql.io',
    'Check the storage; close and open the database again.',
  ],
  [/syntax error|no such (table|column|function)/i, 'sql.syntax', 'Correct the SQL text.'],
];

function toStoreError(error: unknown, sql: string, cause: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  const [, code, fix] = causes.find(([pattern]) => pattern.test(message)) ?? [
    null,
    'sql.other' as const,
    'Read the message of SQLite.',
  ];
  return new StoreError(code, `${message} in: ${sql.slice(0, 200)}`, fix, cause ?? error);
}
