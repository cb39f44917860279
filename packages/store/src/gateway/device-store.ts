import { type AppModel, fold } from '@outpost/model';
import { type Observable, Subject } from 'rxjs';
import type { StorageLocation } from '../files/sync-files.ts';
import type { Durability, SqlDriver, SqlValue } from '../sql-driver.ts';
import { openSqlJs } from '../sql-js/sql-js-driver.ts';
import { StoreError } from '../store-error.ts';
import type { ChangeSet, Origin, RowChange, RowImage } from './change-set.ts';
import { buildSchema, createTableSql, quoted, type StoreSchema } from './table-schema.ts';
import { WriteTx } from './write-tx.ts';

/** Work that must commit with the row: outbox, search index. Writes only its own `$` tables. */
export interface Participant {
  readonly name: string;
  readonly phase: 'derive' | 'index';
  beforeCommit(changes: readonly RowChange[], tx: WriteTx): void;
}

export interface WriteOptions {
  readonly origin: Origin;
  /** Default: `full` for local edits, `normal` for downloaded pages. */
  readonly durability?: Durability;
}

export interface OpenStoreOptions {
  readonly storage: StorageLocation;
  /** Own tables of the packages above, created once: SQL with `IF NOT EXISTS`. Names begin with `$`. */
  readonly ownTables?: readonly string[];
}

export interface Committed<T> {
  readonly commit: number;
  readonly value: T;
}

/**
 * The database on the device. Rows of model tables change only through `write`; each commit emits one `ChangeSet`,
 * a rollback none. A write made while a change set is being delivered is committed at once and delivered after it.
 */
export class DeviceStore {
  readonly #driver: SqlDriver;
  readonly #participants: Participant[] = [];
  readonly #commits = new Subject<ChangeSet>();
  readonly #queue: ChangeSet[] = [];
  #schema: StoreSchema = new Map();
  #commit = 0;
  #delivering = false;
  #closed = false;

  constructor(driver: SqlDriver) {
    this.#driver = driver;
  }

  /** Change sets in commit order. Does not replay. */
  get commits(): Observable<ChangeSet> {
    return this.#commits.asObservable();
  }

  get schema(): StoreSchema {
    return this.#schema;
  }

  /** Number of commits since the store was opened. */
  get commit(): number {
    return this.#commit;
  }

  participate(participant: Participant): void {
    this.#participants.push(participant);
    this.#participants.sort((a, b) => (a.phase === b.phase ? 0 : a.phase === 'derive' ? -1 : 1));
  }

  /**
   * Creates the data tables of `tables`; adds missing columns to existing ones. Returns the tables that did not exist.
   */
  applySchema(model: AppModel, tables: readonly string[]): readonly string[] {
    const schema = buildSchema(model, tables);
    const created: string[] = [];
    this.#driver.transaction(() => {
      for (const table of schema.values()) {
        const name = table.table.name;
        const existing = this.#driver.prepare(`PRAGMA table_info(${quoted(name)})`).all();
        if (existing.length === 0) {
          for (const sql of createTableSql(table)) this.#driver.exec(sql);
          created.push(name);
          continue;
        }
        const columns = new Set(existing.map((row) => String(row[1])));
        for (const slot of table.slots) {
          if (columns.has(slot.name)) continue;
          this.#driver.exec(
            `ALTER TABLE ${quoted(name)} ADD COLUMN ${quoted(slot.name)} ${slot.sqlType}`,
          );
        }
      }
    });
    this.#schema = schema;
    return created;
  }

  /** Runs `fn` in one transaction with its participants; the commit is durable as asked when this returns. */
  write<T>(options: WriteOptions, fn: (tx: WriteTx) => T): Committed<T> {
    if (this.#closed)
      throw new StoreError('store.closed', 'The store is closed.', 'Open it again.');
    const durability = options.durability ?? (options.origin === 'local' ? 'full' : 'normal');
    const tx = new WriteTx(this.#driver, this.#schema, options.origin);
    const value = this.#driver.transaction(() => {
      const result = fn(tx);
      for (const participant of this.#participants) participant.beforeCommit(tx.changes, tx);
      return result;
    }, durability);
    const changes = tx.changes;
    this.#commit += 1;
    const commit = this.#commit;
    if (changes.length > 0) this.#deliver({ commit, origin: options.origin, changes });
    return { commit, value };
  }

  /** A row by its id, or null. */
  get(table: string, id: string): RowImage | null {
    return new WriteTx(this.#driver, this.#schema, 'local').get(table, id);
  }

  /** Reads with SQL. Never use it to change rows of model tables. */
  all(sql: string, params: readonly SqlValue[] = []): readonly (readonly SqlValue[])[] {
    return this.#driver.prepare(sql).all(params);
  }

  count(table: string): number {
    return Number(this.#driver.prepare(`SELECT count(*) FROM ${quoted(table)}`).get()?.[0] ?? 0);
  }

  sizeBytes(): number {
    return this.#driver.sizeBytes();
  }

  integrity(): readonly string[] {
    return this.#driver.integrity();
  }

  checkpoint(): void {
    this.#driver.checkpoint();
  }

  /** Completes `commits` and releases the storage. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.complete();
    this.#driver.close();
  }

  #deliver(changeSet: ChangeSet): void {
    this.#queue.push(changeSet);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#commits.next(next);
      }
    } finally {
      this.#delivering = false;
    }
  }
}

export async function openStore(options: OpenStoreOptions): Promise<DeviceStore> {
  const opened = await options.storage.open();
  try {
    const driver = await openSqlJs(opened, options.storage.name);
    driver.defineFunction('outpost_fold', (value) => (value === null ? null : fold(String(value))));
    driver.transaction(() => {
      for (const sql of options.ownTables ?? []) driver.exec(sql);
    });
    return new DeviceStore(driver);
  } catch (error) {
    opened.close();
    throw error;
  }
}
