import type { Diagnostic } from '@outpost/model';
import { integrityFindings } from '../driver/integrity.ts';
import { connectionPragmas, type DatabaseOptions, pageSizePragma } from '../driver/pragmas.ts';
import { attachable, literal, restoreFrom } from '../driver/snapshots.ts';
import { StatementPool } from '../driver/statement-pool.ts';
import { Transactions } from '../driver/transactions.ts';
import { MemoryFiles } from '../files/memory-files.ts';
import type { OpenedStorage } from '../files/storage-location.ts';
import type { SyncFiles } from '../files/sync-files.ts';
import type {
  DriverCaps,
  DriverStats,
  Durability,
  SqlDriver,
  SqlFunction,
  SqlStatement,
} from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { Engine } from './load-engine.ts';
import { RawConnection } from './raw-connection.ts';
import { defineRawFunction } from './raw-function.ts';
import { RawStatement } from './raw-statement.ts';
import { portableCodec } from './text-codec.ts';

type Journal = 'wal' | 'truncate' | 'memory';

/** Opens database `name` of `storage` with sql.js, directly on its files. Closing it closes the storage. */
export function openSqlJs(
  engine: Engine,
  storage: OpenedStorage,
  name: string,
  options: DatabaseOptions,
): SqlDriver {
  const { module, heap, vfs } = engine;
  const codec = storage.codec ?? portableCodec();
  const opened = vfs.open(storage.files, name);
  const connection = new RawConnection(module, heap, codec, opened, vfs);
  try {
    // Exclusive mode must precede the first read: only then is WAL legal without shared memory.
    connection.exec(`PRAGMA locking_mode=EXCLUSIVE;${pageSizePragma(options)}`);
    const [journal, failed] = chooseJournal(connection, storage.files, name, options);
    connection.exec(connectionPragmas(options));
    return new SqlJsDriver(connection, vfs.withPath, storage, journal, failed);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** WAL where the storage can; a rollback journal otherwise; none where the files keep a log of their own. */
function chooseJournal(
  connection: RawConnection,
  files: SyncFiles,
  name: string,
  options: DatabaseOptions,
): readonly [Journal, string | null] {
  const set = (mode: Journal): string => {
    const statement = new RawStatement(connection, `PRAGMA journal_mode=${mode}`);
    try {
      return String(statement.get()?.[0]);
    } finally {
      statement.free();
    }
  };
  if (files.commitLog !== undefined) {
    set('memory');
    return ['memory', null];
  }
  let failed = 'there can be no file for the log';
  if (canKeepLog(files, `${name}-wal`)) {
    const mode = set('wal');
    if (mode === 'wal') return ['wal', null];
    failed = `the journal mode stays "${mode}"`;
  }
  if (options.require === 'wal') {
    throw new StoreError(
      'store.selfCheck',
      `The storage cannot run in WAL mode: ${failed}.`,
      'Use other storage, or open without `require`.',
    );
  }
  set('truncate');
  return ['truncate', failed];
}

/** Asked before the mode is set: SQLite notes the mode in the database and looks for the log later. */
function canKeepLog(files: SyncFiles, log: string): boolean {
  if (files.exists(log)) return true;
  const probe = files.open(log, true);
  if (probe === null) return false;
  probe.close();
  files.delete(log);
  return true;
}

const durabilityOf = { wal: 'wal', truncate: 'journal', memory: 'pageLog' } as const;

class SqlJsDriver implements SqlDriver {
  readonly kind = 'sqljs';
  readonly caps: DriverCaps;
  readonly diagnostics: readonly Diagnostic[];
  readonly #connection: RawConnection;
  readonly #withPath: Engine['vfs']['withPath'];
  readonly #storage: OpenedStorage;
  readonly #journal: Journal;
  readonly #statements: StatementPool<RawStatement>;
  readonly #transactions: Transactions;
  /** Commits may be in the log that no sync has covered. */
  #unsynced = false;
  #closed: Promise<void> | null = null;

  constructor(
    connection: RawConnection,
    withPath: Engine['vfs']['withPath'],
    storage: OpenedStorage,
    journal: Journal,
    failed: string | null,
  ) {
    this.#connection = connection;
    this.#withPath = withPath;
    this.#storage = storage;
    this.#journal = journal;
    this.#statements = new StatementPool((sql) => new RawStatement(connection, sql));
    this.#transactions = new Transactions({
      demandOwner: () => storage.demandOwner?.(),
      control: (sql) => this.#statements.take(sql).step(),
      setDurability: (level) => this.#setDurability(level),
      setPhase: (phase) => storage.files.commitLog?.setPhase(phase),
    });
    connection.host.onWrite = () => this.#transactions.beforeWrite();
    this.caps = {
      durability: storage.volatile === true ? 'none' : durabilityOf[journal],
      groupCommit: storage.files.commitLog?.grouped ?? false,
      sqlite: String(this.prepare('SELECT sqlite_version()').get()?.[0]),
    };
    this.diagnostics =
      failed === null
        ? []
        : [
            {
              severity: 'warning',
              code: 'store.noWal',
              message: `The storage cannot run in WAL mode, a rollback journal is used: ${failed}.`,
              location: 'storage',
            },
          ];
  }

  get runs(): number {
    return this.#connection.host.runs;
  }

  get inTransaction(): boolean {
    return this.#transactions.open;
  }

  get durable(): true | Promise<void> {
    if (!this.caps.groupCommit) return true;
    const stored = this.flush();
    // Whoever waits hears of a failure; so does the next write.
    stored.catch(() => {});
    return stored;
  }

  exec(sql: string): void {
    this.#connection.host.runs += 1;
    this.#transactions.beforeWrite();
    this.#connection.exec(sql);
  }

  prepare(sql: string): SqlStatement {
    this.#connection.check(sql);
    return this.#statements.take(sql);
  }

  transaction<T>(fn: () => T, durability: Durability = 'full'): T {
    this.#connection.check('BEGIN');
    if (durability === 'normal') this.#unsynced = true;
    return this.#transactions.run(fn, durability);
  }

  defineFunction(name: string, arity: number, fn: SqlFunction): void {
    this.#connection.check(name);
    defineRawFunction(this.#connection, name, arity, fn);
  }

  async flush(): Promise<void> {
    this.#connection.check('flush');
    if (this.#storage.files.commitLog !== undefined) {
      await this.#storage.files.commitLog.flush();
    } else if (this.#unsynced && this.#journal === 'wal') {
      this.#connection.syncLog();
      this.#unsynced = false;
    }
  }

  checkpoint(): void {
    this.#storage.demandOwner?.();
    if (this.#journal === 'wal') this.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    this.#storage.files.commitLog?.checkpoint();
  }

  snapshot(): Uint8Array<ArrayBuffer> {
    const files = new MemoryFiles();
    this.snapshotTo(files, 'snapshot.db');
    return files.bytes('snapshot.db');
  }

  snapshotTo(files: SyncFiles, name: string): void {
    this.#withPath(files, name, (path) => this.exec(`VACUUM INTO ${literal(path)}`));
  }

  restore(bytes: Uint8Array): void {
    const files = new MemoryFiles();
    files.put('restore.db', attachable(bytes));
    this.#withPath(files, 'restore.db', (path) => restoreFrom(this, path));
  }

  integrity(level: 'quick' | 'full'): readonly string[] {
    return integrityFindings(this, level);
  }

  stats(): DriverStats {
    const number = (pragma: string) => Number(this.prepare(`PRAGMA ${pragma}`).get()?.[0] ?? 0);
    const pageSize = number('page_size');
    return {
      bytes: number('page_count') * pageSize,
      pageSize,
      cacheBytes: -1024 * number('cache_size'),
      logBytes: this.#storage.files.commitLog?.size ?? this.#connection.logSize(),
      heapBytes: this.#connection.heap.size,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      this.#statements.clear();
      this.#noticeLoss();
      this.#connection.close();
      await this.#storage.files.commitLog?.close();
    } finally {
      await this.#storage.close();
    }
  }

  /** Closing brings the log into the database: files of somebody else refuse that once they know. */
  #noticeLoss(): void {
    try {
      this.#storage.demandOwner?.();
    } catch {
      // Whoever writes hears of it; closing goes on.
    }
  }

  #setDurability(level: Durability): void {
    const log = this.#storage.files.commitLog;
    // With a log of its own SQLite must always sync: that is how the files learn of a commit.
    if (log !== undefined) log.setDurability(level);
    // A rollback journal that is not synced can damage the database, not only lose its newest commits.
    else if (this.#journal === 'wal') this.#statements.take(`PRAGMA synchronous=${level}`).step();
  }
}
