import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Diagnostic } from '@outpost/model';
import { integrityFindings } from '../driver/integrity.ts';

import { bindError, integerDigits, mayWrite } from '../driver/parameters.ts';
import { checkCount, parametersOf } from '../driver/parameters-of.ts';
import { connectionPragmas, type DatabaseOptions, pageSizePragma } from '../driver/pragmas.ts';
import { attachable, literal, restoreFrom } from '../driver/snapshots.ts';
import { sqliteError } from '../driver/sqlite-error.ts';
import { StatementHost } from '../driver/statement-host.ts';
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

/** Opens the file at `path` with the SQLite of Node, with the settings and the contract of the sql.js driver. */
export function openNodeSqlite(
  path: string,
  options: DatabaseOptions,
  storage: OpenedStorage,
  diagnostics: readonly Diagnostic[],
): SqlDriver {
  const db = new DatabaseSync(path, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  });
  try {
    return new NodeSqliteDriver(db, options, storage, diagnostics);
  } catch (error) {
    db.close();
    throw error;
  }
}

class NodeSqliteDriver implements SqlDriver {
  readonly kind = 'node:sqlite';
  readonly caps: DriverCaps;
  readonly diagnostics: readonly Diagnostic[];
  readonly durable = true;
  readonly #db: DatabaseSync;
  readonly #storage: OpenedStorage;
  readonly #host = new StatementHost();
  readonly #statements: StatementPool<NodeStatement>;
  readonly #transactions: Transactions;
  #unsynced = false;
  #closed = false;

  constructor(
    db: DatabaseSync,
    options: DatabaseOptions,
    storage: OpenedStorage,
    diagnostics: readonly Diagnostic[],
  ) {
    this.#db = db;
    this.#storage = storage;
    this.diagnostics = diagnostics;
    this.#statements = new StatementPool((sql) => new NodeStatement(db, sql, this.#host));
    this.#transactions = new Transactions({
      demandOwner: () => storage.demandOwner?.(),
      control: (sql) => this.#statements.take(sql).step(),
      setDurability: (level) => this.#statements.take(`PRAGMA synchronous=${level}`).step(),
    });
    this.#host.onWrite = () => this.#transactions.beforeWrite();
    this.exec(`PRAGMA locking_mode=EXCLUSIVE;${pageSizePragma(options)}`);
    const mode = this.prepare('PRAGMA journal_mode=WAL').get()?.[0];
    if (mode !== 'wal' && options.require === 'wal') {
      throw new StoreError(
        'store.selfCheck',
        `The storage cannot run in WAL mode: the journal mode stays "${String(mode)}".`,
        'Use other storage, or open without `require`.',
      );
    }
    this.exec(connectionPragmas(options));
    this.caps = {
      durability: mode === 'wal' ? 'wal' : 'journal',
      groupCommit: false,
      sqlite: String(this.prepare('SELECT sqlite_version()').get()?.[0]),
    };
  }

  get runs(): number {
    return this.#host.runs;
  }

  get inTransaction(): boolean {
    return this.#transactions.open;
  }

  exec(sql: string): void {
    this.#host.runs += 1;
    this.#transactions.beforeWrite();
    guarded(this.#db, sql, () => this.#db.exec(sql));
  }

  prepare(sql: string): SqlStatement {
    if (!this.#db.isOpen || this.#closed) throw closedError();
    return this.#statements.take(sql);
  }

  transaction<T>(fn: () => T, durability: Durability = 'full'): T {
    if (!this.#db.isOpen || this.#closed) throw closedError();
    if (durability === 'normal') this.#unsynced = true;
    return this.#transactions.run(fn, durability);
  }

  defineFunction(name: string, arity: number, fn: SqlFunction): void {
    const options = { deterministic: true, varargs: arity < 0, useBigIntArguments: true };
    const adapted = (...args: SqlValue[]) => toResult(fn(...args.map(fromNode)));
    const shaped = Object.defineProperty(adapted, 'length', { value: Math.max(0, arity) });
    guarded(this.#db, name, () => this.#db.function(name, options, shaped));
  }

  async flush(): Promise<void> {
    if (!this.#db.isOpen || this.#closed) throw closedError();
    // There is no way to sync the log alone; a checkpoint syncs log and database.
    if (this.#unsynced) this.prepare('PRAGMA wal_checkpoint(PASSIVE)').all();
    this.#unsynced = false;
  }

  checkpoint(): void {
    this.#storage.demandOwner?.();
    this.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
  }

  snapshot(): Uint8Array<ArrayBuffer> {
    return withTemporaryFile((path) => {
      this.exec(`VACUUM INTO ${literal(path)}`);
      return new Uint8Array(readFileSync(path));
    });
  }

  snapshotTo(files: SyncFiles, name: string): void {
    const bytes = this.snapshot();
    const file = files.open(name, true);
    if (file === null) throw sqliteError('unable to open database file', name);
    file.write(bytes, 0);
    file.truncate(bytes.length);
    file.sync();
    file.close();
  }

  restore(bytes: Uint8Array): void {
    withTemporaryFile((path) => {
      writeFileSync(path, attachable(bytes));
      restoreFrom(this, path);
    });
  }

  integrity(level: 'quick' | 'full'): readonly string[] {
    return integrityFindings(this, level);
  }

  stats(): DriverStats {
    const number = (pragma: string) => Number(this.prepare(`PRAGMA ${pragma}`).get()?.[0] ?? 0);
    const pageSize = number('page_size');
    const log = `${this.#db.location() ?? ''}-wal`;
    return {
      bytes: number('page_count') * pageSize,
      pageSize,
      cacheBytes: -1024 * number('cache_size'),
      logBytes: statSync(log, { throwIfNoEntry: false })?.size ?? 0,
      heapBytes: 0,
    };
  }

  #isOwner(): boolean {
    try {
      this.#storage.demandOwner?.();
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    if (!this.#db.isOpen || this.#closed) return;
    this.#closed = true;
    try {
      this.#statements.clear();
      // Closing brings the log into the database, which may be somebody else's now: then the system closes it at the end.
      if (this.#isOwner()) this.#db.close();
    } finally {
      await this.#storage.close();
    }
  }
}

class NodeStatement implements PooledStatement {
  readonly #db: DatabaseSync;
  readonly #sql: string;
  readonly #host: StatementHost;
  readonly #mayWrite: boolean;
  readonly #parameters: readonly (string | null)[];
  #statement: StatementSync | null = null;
  #bigInts = false;
  #busy = false;

  constructor(db: DatabaseSync, sql: string, host: StatementHost) {
    this.#db = db;
    this.#sql = sql;
    this.#host = host;
    this.#mayWrite = mayWrite(sql);
    this.#parameters = parametersOf(sql);
    this.#ready();
  }

  get busy(): boolean {
    return this.#busy;
  }

  get columns(): readonly string[] {
    return this.#ready()
      .columns()
      .map((column) => column.name);
  }

  /** Runs a statement that controls the connection. */
  step(): void {
    guarded(this.#db, this.#sql, () => this.#ready().run());
  }

  run(params: readonly SqlValue[] = []): { readonly changes: number } {
    this.#host.runs += 1;
    return this.#use((statement) => {
      // `run` of Node stops at the first row, which would leave RETURNING half done.
      const { changes } = statement.run(...this.#bound(params));
      return { changes: Number(changes) };
    }, params);
  }

  get(params: readonly SqlValue[] = []): readonly SqlValue[] | undefined {
    return this.#use((statement) => {
      const row = statement.get(...this.#bound(params)) as unknown as SqlValue[] | undefined;
      return row === undefined ? undefined : this.#decoded(row);
    }, params);
  }

  all(params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    return this.#use((statement) => {
      const rows = statement.all(...this.#bound(params)) as unknown as SqlValue[][];
      return this.#bigInts ? rows.map((row) => this.#decoded(row)) : rows;
    }, params);
  }

  *iterate(params: readonly SqlValue[] = []): IterableIterator<readonly SqlValue[]> {
    // Once begun, rows cannot be asked for again, so every integer comes as a bigint and is converted here.
    this.#setBigInts(this.#ready());
    this.#begin(params);
    try {
      const rows = guarded(this.#db, this.#sql, () =>
        this.#ready().iterate(...this.#bound(params)),
      ) as unknown as Iterator<SqlValue[]>;
      try {
        for (;;) {
          const next = guarded(this.#db, this.#sql, () => rows.next());
          if (next.done === true) return;
          yield this.#decoded(next.value);
        }
      } finally {
        rows.return?.();
      }
    } finally {
      this.#busy = false;
    }
  }

  free(): void {
    this.#statement = null;
    this.#busy = false;
  }

  #ready(): StatementSync {
    if (!this.#db.isOpen) throw closedError();
    if (this.#statement === null) {
      if (this.#sql.trim() === '') throw sqliteError('syntax error: the text is empty', this.#sql);
      this.#statement = guarded(this.#db, this.#sql, () => this.#db.prepare(this.#sql));
      this.#statement.setReturnArrays(true);
      this.#bigInts = false;
      // Only a statement that changes nothing may run again when a number turns out to be too big.
      if (this.#mayWrite) this.#setBigInts(this.#statement);
    }
    return this.#statement;
  }

  #begin(params: readonly SqlValue[]): void {
    if (this.#busy) {
      throw new StoreError(
        'sql.busy',
        `The statement is being stepped: ${this.#sql.slice(0, 200)}`,
        'Finish the loop over its rows first, or prepare the text again for another statement.',
      );
    }
    checkCount(params.length, this.#parameters.length, this.#sql);
    if (this.#mayWrite) this.#host.onWrite();
    this.#busy = true;
  }

  #setBigInts(statement: StatementSync): void {
    statement.setReadBigInts(true);
    this.#bigInts = true;
  }

  /** Numbers first; a statement that meets an integer beyond 2^53 once reads bigints from then on. */
  #use<T>(fn: (statement: StatementSync) => T, params: readonly SqlValue[]): T {
    const statement = this.#ready();
    this.#begin(params);
    try {
      return guarded(this.#db, this.#sql, () => fn(statement));
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : error;
      if ((cause as { code?: unknown } | undefined)?.code !== 'ERR_OUT_OF_RANGE') throw error;
      this.#setBigInts(statement);
      return guarded(this.#db, this.#sql, () => fn(statement));
    } finally {
      this.#busy = false;
    }
  }

  /** Node takes values of named parameters by their names, and the others by position. */
  #bound(params: readonly SqlValue[]): NodeValue[] {
    const values = params.map(toNode);
    const names = this.#parameters;
    if (names.every((name) => name === null)) return values;
    const named = Object.fromEntries(
      names.flatMap((name, i) => (name === null ? [] : [[name, values[i] ?? null]])),
    );
    const others = values.filter((_, i) => names[i] === null);
    // An object of names is no value, but Node declares one signature for each.
    return [named as unknown as NodeValue, ...others];
  }

  #decoded(row: SqlValue[]): SqlValue[] {
    return this.#bigInts ? row.map(fromNode) : row;
  }
}

type NodeValue = null | number | bigint | string | Uint8Array;

/** Integers of 32 bits as integers, other numbers as doubles, bigints as digits: as sql.js binds them. */
function toNode(value: SqlValue, index: number): NodeValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') {
    if (value === (value | 0)) return BigInt(value);
    if (Number.isFinite(value)) return value;
  } else if (typeof value === 'bigint') {
    const digits = integerDigits(value);
    if (digits !== null) return digits;
  } else if (value === null || value instanceof Uint8Array) {
    return value;
  }
  throw bindError(index, value);
}

function fromNode(value: SqlValue): SqlValue {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toResult(value: SqlValue): SqlValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return value;
}

function guarded<T>(db: DatabaseSync, sql: string, fn: () => T): T {
  if (!db.isOpen) throw closedError();
  try {
    return fn();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw sqliteError(error instanceof Error ? error.message : String(error), sql, error);
  }
}

function withTemporaryFile<T>(fn: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-snapshot-'));
  try {
    return fn(join(folder, 'snapshot.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
