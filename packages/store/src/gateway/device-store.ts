import { type AppModel, type Diagnostic, fold } from '@outpost/model';
import type { Observable } from 'rxjs';
import type { SyncFiles } from '../files/sync-files.ts';
import type { DriverStats, Durability, SqlDriver, SqlValue } from '../sql-driver.ts';
import { closedError, StoreError } from '../store-error.ts';
import type { ChangeSet, Origin, RowImage, TableChanges } from './change-set.ts';
import { CommitStream, type Maintainer } from './commit-stream.ts';
import { type IndexRequest, requireIndexes, restoreIndexes, suspendIndexes } from './indexes.ts';
import { readMeta, writeMeta } from './meta.ts';
import {
  type FoldedFault,
  type MigrationReport,
  migrateSchema,
  verifyFolded,
} from './migrate-schema.ts';
import { RowStatements } from './row-statements.ts';
import { buildSchema, type FoldedSlots, quoted, type StoreSchema } from './table-schema.ts';
import { Tripwire, type TripwireMode } from './tripwire.ts';
import { WriteTx } from './write-tx.ts';

/** Work that must commit with the row: outbox, search index. Writes only its own `$` tables. */
export interface Participant {
  readonly name: string;
  /** `derive` comes before `index`. */
  readonly phase: 'derive' | 'index';
  beforeCommit(tx: WriteTx): void;
  /** A load into a table has begun or ended. Told after the fact, so it may write. */
  loadChanged?(table: string): void;
}

export interface WriteOptions {
  readonly origin: Origin;
  /** Default: `full` for local edits, `normal` for downloaded pages. */
  readonly durability?: Durability;
  /** Shown in change sets, for people who look for where a change came from. */
  readonly label?: string;
}

export interface DeviceStoreOptions {
  readonly driver: SqlDriver;
  readonly epoch: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly foldedSlots: (model: AppModel) => FoldedSlots;
  readonly tripwire: TripwireMode;
  readonly freeze: boolean;
  readonly onFault: (error: unknown) => void;
}

export interface Committed<T> {
  /** Number of the commit; the newest one when nothing was written. */
  readonly commit: number;
  readonly value: T;
  /** See `ChangeSet`. Show "saved" for a user's edit only when this is true or has resolved. */
  readonly durable: boolean | Promise<void>;
}

/** A table is loaded without its indexes when at least this many rows are expected. */
const bigLoad = 5000;

/** Ends a transaction that changed nothing. */
class NothingWritten {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * The database on the device. Rows of model tables change only through `write`; each commit emits one `ChangeSet`,
 * a rollback none. A write made while a change set is being delivered is committed at once and delivered after it.
 */
export class DeviceStore {
  /** Number of this opening of the database. */
  readonly epoch: number;
  /** What opening the database found. */
  readonly diagnostics: readonly Diagnostic[];
  readonly #driver: SqlDriver;
  readonly #foldedSlots: (model: AppModel) => FoldedSlots;
  readonly #tripwireMode: TripwireMode;
  readonly #tripwire: Tripwire;
  readonly #freeze: boolean;
  readonly #onFault: (error: unknown) => void;
  readonly #participants: Participant[] = [];
  readonly #stream: CommitStream;
  readonly #loading: Set<string>;
  #rows: ReadonlyMap<string, RowStatements> = new Map();
  #schema: StoreSchema = new Map();
  #schemaVersion: number;
  /** See `rowsEpoch`; as committed. */
  #rowsEpoch: number;
  #commit = 0;
  #writing = false;
  #closed: Promise<void> | null = null;

  constructor(options: DeviceStoreOptions) {
    const { driver } = options;
    this.#driver = driver;
    this.epoch = options.epoch;
    this.diagnostics = options.diagnostics;
    this.#foldedSlots = options.foldedSlots;
    this.#tripwireMode = options.tripwire;
    this.#freeze = options.freeze;
    this.#onFault = options.onFault;
    this.#stream = new CommitStream(options.onFault);
    driver.defineFunction('outpost_fold', 1, (value) =>
      value === null || value === undefined ? null : fold(String(value)),
    );
    this.#tripwire = new Tripwire(driver);
    this.#schemaVersion = Number(readMeta(driver, 'schemaVersion') ?? 0);
    this.#rowsEpoch = Number(readMeta(driver, 'rowsEpoch') ?? 0);
    this.#loading = this.#readLoading();
  }

  /** Change sets in commit order. Does not replay. */
  get commits(): Observable<ChangeSet> {
    return this.#stream.commits;
  }

  get schema(): StoreSchema {
    return this.#schema;
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  /** Number of commits since the store was opened. */
  get commit(): number {
    return this.#commit;
  }

  /**
   * The newest opening (`epoch`) in which rows or the schema changed: what a package keeps beside the rows is sound when
   * it took part in every commit since it last was, and this is not later than that.
   */
  get rowsEpoch(): number {
    return this.#rowsEpoch;
  }

  /** The connection, for reading. Rows of model tables changed through it are found by the tripwire. */
  get driver(): SqlDriver {
    return this.#driver;
  }

  /** Returns a function that ends the participation. */
  participate(participant: Participant): () => void {
    this.#participants.push(participant);
    this.#participants.sort((a, b) => (a.phase === b.phase ? 0 : a.phase === 'derive' ? -1 : 1));
    return () => remove(this.#participants, participant);
  }

  maintain(maintainer: Maintainer): () => void {
    return this.#stream.maintain(maintainer);
  }

  /**
   * Brings the tables to the model: exactly `tables` exist afterwards, with its columns. Wholly or, when it throws, not
   * at all. Rows of columns that stay are kept.
   */
  applySchema(model: AppModel, tables: readonly string[]): MigrationReport {
    this.#enter();
    const target = buildSchema(model, tables, this.#foldedSlots(model));
    try {
      return this.#migrate(target, 'migration');
    } finally {
      this.#writing = false;
    }
  }

  /** Runs `fn` in one transaction with its participants; the commit is durable as asked when this returns. */
  write<T>(options: WriteOptions, fn: (tx: WriteTx) => T): Committed<T> {
    this.#enter();
    const durability = options.durability ?? (options.origin === 'local' ? 'full' : 'normal');
    const tx = new WriteTx({
      driver: this.#driver,
      origin: options.origin,
      label: options.label ?? null,
      rows: (table) => this.#rows.get(table),
      isLoading: (table) => this.#loading.has(table),
    });
    let value: T;
    let tables: ReadonlyMap<string, TableChanges>;
    try {
      [value, tables] = this.#driver.transaction(() => {
        const before = this.#driver.runs;
        const result = fn(tx);
        refusePromise(result);
        tx.seal(this.#checkTripwire(tx));
        for (const participant of this.#participants) participant.beforeCommit(tx);
        const changes = tx.tables;
        // More was run than the gateway ran: own tables of packages have changed.
        if (changes.size === 0 && this.#driver.runs - before === tx.writes) {
          throw new NothingWritten(result);
        }
        if (changes.size > 0) this.#noteRowsEpoch();
        return [result, changes];
      }, durability);
      this.#tripwire.committed();
      if (tables.size > 0) this.#rowsEpoch = this.epoch;
    } catch (error) {
      if (!(error instanceof NothingWritten)) throw error;
      return { commit: this.#commit, value: error.value as T, durable: true };
    } finally {
      tx.end();
      this.#writing = false;
    }
    const durable = durability === 'full' ? this.#driver.durable : false;
    this.#deliver(tables, options, durable);
    return { commit: this.#commit, value, durable };
  }

  /** A row by its id, or null. */
  get(table: string, id: string): RowImage | null {
    this.#checkOpen();
    return this.#rows.get(table)?.read(this.#driver, id)?.image ?? null;
  }

  /** Reads with SQL. Never use it to change rows of model tables. */
  all(sql: string, params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    return this.#driver.prepare(sql).all(params);
  }

  count(table: string): number {
    return Number(this.#driver.prepare(`SELECT count(*) FROM ${quoted(table)}`).get()?.[0] ?? 0);
  }

  /**
   * Begins a bulk load into a table, or goes on with one that was interrupted: until `finishLoad`, `tx.load` is allowed
   * on it, its bigger indexes are gone, and the tripwire does not watch it. Reads and writes work as ever.
   */
  startLoad(table: string, expectedRows: number): void {
    this.#enter();
    try {
      if (!this.#rows.has(table)) throw unknownTable(table);
      if (this.#loading.has(table)) return;
      this.#driver.transaction(() => {
        this.#driver
          .prepare('INSERT INTO "$load" (table_name, expected) VALUES (?, ?)')
          .run([table, expectedRows]);
        if (expectedRows >= bigLoad && this.count(table) === 0) suspendIndexes(this.#driver, table);
      }, 'normal');
      this.#loading.add(table);
      this.#tripwire.disarm(table);
    } finally {
      this.#writing = false;
    }
    for (const participant of [...this.#participants]) participant.loadChanged?.(table);
  }

  isLoading(table: string): boolean {
    return this.#loading.has(table);
  }

  finishLoad(table: string): void {
    this.#enter();
    try {
      if (!this.#loading.has(table)) return;
      this.#driver.transaction(() => {
        restoreIndexes(this.#driver, table);
        this.#driver.prepare('DELETE FROM "$load" WHERE table_name = ?').run([table]);
        if (this.count(table) >= bigLoad) {
          this.#driver.exec(`PRAGMA analysis_limit=1000; ANALYZE ${quoted(table)}`);
        }
      }, 'normal');
      this.#loading.delete(table);
      this.#arm(table);
    } finally {
      this.#writing = false;
    }
    for (const participant of [...this.#participants]) participant.loadChanged?.(table);
  }

  /** Makes the indexes of `owner` exactly these. On a table that is being loaded they come when it is finished. */
  requestIndexes(owner: string, requests: readonly IndexRequest[]): void {
    this.#enter();
    try {
      this.#driver.transaction(
        () =>
          requireIndexes(this.#driver, this.#schema, owner, requests, (table) =>
            this.#loading.has(table),
          ),
        'normal',
      );
    } finally {
      this.#writing = false;
    }
  }

  /** Folded cells that do not agree with their source: always none, unless something wrote behind the gateway. */
  verifyFolded(): readonly FoldedFault[] {
    return [...this.#schema.values()].flatMap((schema) => verifyFolded(this.#driver, schema));
  }

  sizeBytes(): number {
    return this.#driver.stats().bytes;
  }

  stats(): DriverStats {
    return this.#driver.stats();
  }

  integrity(level: 'quick' | 'full' = 'quick'): readonly string[] {
    return this.#driver.integrity(level);
  }

  checkpoint(): void {
    this.#driver.checkpoint();
  }

  /** Resolves when everything committed so far is durable. */
  flush(): Promise<void> {
    return this.#driver.flush();
  }

  /** Everything as the bytes of one SQLite file. */
  snapshot(): Uint8Array<ArrayBuffer> {
    return this.#driver.snapshot();
  }

  snapshotTo(files: SyncFiles, name: string): void {
    this.#driver.snapshotTo(files, name);
  }

  /** Replaces everything by a snapshot and brings that to the current schema. */
  restore(bytes: Uint8Array): void {
    this.#enter();
    try {
      this.#tripwire.disarmAll();
      this.#driver.restore(bytes);
      this.#driver.transaction(() => writeMeta(this.#driver, 'epoch', this.epoch));
      this.#loading.clear();
      for (const table of this.#readLoading()) this.#loading.add(table);
      this.#rowsEpoch = Number(readMeta(this.#driver, 'rowsEpoch') ?? 0);
      this.#migrate(this.#schema, 'restore');
    } finally {
      this.#writing = false;
    }
  }

  /** Completes `commits` and releases the storage. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stream.complete();
    try {
      await this.#driver.flush();
      this.#driver.transaction(() => writeMeta(this.#driver, 'clean', 1));
    } catch (error) {
      this.#onFault(error);
    }
    await this.#driver.close();
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw closedError();
  }

  #enter(): void {
    this.#checkOpen();
    if (this.#writing) {
      throw new StoreError(
        'write.reentrant',
        'A write was begun inside another one.',
        'Use the transaction that was given to the outer function.',
      );
    }
    if (this.#stream.maintaining) {
      throw new StoreError(
        'write.reentrant',
        'A maintainer tried to write.',
        'Subscribe to `commits` instead: subscribers may write.',
      );
    }
    this.#writing = true;
  }

  #migrate(target: StoreSchema, reason: 'migration' | 'restore'): MigrationReport {
    const before = this.#schema;
    this.#tripwire.disarmAll();
    let report: MigrationReport;
    try {
      report = this.#driver.transaction(() => {
        const done = migrateSchema(this.#driver, target);
        if (done.changed) this.#noteRowsEpoch();
        return done;
      });
      if (report.changed) this.#rowsEpoch = this.epoch;
    } catch (error) {
      for (const table of before.keys()) this.#arm(table);
      throw error;
    }
    this.#schema = target;
    this.#schemaVersion = report.schemaVersion;
    this.#rows = new Map([...target].map(([name, schema]) => [name, new RowStatements(schema)]));
    for (const table of target.keys()) this.#arm(table);
    for (const table of report.droppedTables) this.#loading.delete(table);
    if (report.changed || reason === 'restore') {
      const tables = new Set([...before.keys(), ...target.keys(), ...report.droppedTables]);
      const changes = [...tables].map((table): [string, TableChanges] => [
        table,
        { kind: 'unknown', reason },
      ]);
      this.#writing = false;
      this.#deliver(new Map(changes), { origin: 'system', label: reason }, this.#driver.durable);
    }
    return report;
  }

  #noteRowsEpoch(): void {
    if (this.#rowsEpoch !== this.epoch) writeMeta(this.#driver, 'rowsEpoch', this.epoch);
  }

  #arm(table: string): void {
    if (this.#tripwireMode !== 'off' && !this.#loading.has(table)) this.#tripwire.arm(table);
  }

  #checkTripwire(tx: WriteTx): readonly string[] {
    if (this.#tripwireMode === 'off') return [];
    const bypassed = this.#tripwire.bypassed(tx.counts);
    if (bypassed.length === 0) return bypassed;
    const error = new StoreError(
      'write.bypassed',
      `Rows of ${bypassed.join(', ')} were changed with SQL instead of through the gateway.`,
      'Change rows of model tables with `write` only: views, search and upload depend on it.',
    );
    if (this.#tripwireMode === 'assert') throw error;
    this.#onFault(error);
    return bypassed;
  }

  #readLoading(): Set<string> {
    const rows = this.#driver.prepare('SELECT table_name FROM "$load"').all();
    return new Set(rows.map(([table]) => String(table)));
  }

  #deliver(
    tables: ReadonlyMap<string, TableChanges>,
    { origin, label }: WriteOptions,
    durable: boolean | Promise<void>,
  ): void {
    this.#commit += 1;
    this.#stream.deliver({
      epoch: this.epoch,
      commit: this.#commit,
      schemaVersion: this.#schemaVersion,
      origin,
      label: label ?? null,
      tables: this.#freeze ? frozen(tables) : tables,
      durable,
    });
  }
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

function frozen(tables: ReadonlyMap<string, TableChanges>): ReadonlyMap<string, TableChanges> {
  for (const changes of tables.values()) {
    if (changes.kind !== 'rows') continue;
    for (const change of changes.rows) {
      Object.freeze(change.before);
      Object.freeze(change.after);
      Object.freeze(change);
    }
  }
  return tables;
}

function refusePromise(value: unknown): void {
  if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new StoreError(
      'write.async',
      'A write cannot wait for a promise.',
      'Do the waiting before the write and keep its function synchronous.',
    );
  }
}

function unknownTable(table: string): StoreError {
  return new StoreError(
    'write.unknownTable',
    `Table "${table}" is not in this database.`,
    'Apply a schema that has it first.',
  );
}
