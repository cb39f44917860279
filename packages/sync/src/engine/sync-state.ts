import type { DeviceStore, SqlDriver } from '@outpost/store';
import type { HelloResponse } from '../protocol/index.ts';

/**
 * `load`: rows are still to be read from `cursor` on. `check`: what is here is to be compared with V(T). `ready`: kept
 * current by deltas.
 */
export type TableState = 'load' | 'check' | 'ready';

/** Keys after the first, up to and with the second; null: to the end. */
export type KeyRange = readonly [after: string | null, upTo: string | null];

export interface SyncTable {
  readonly table: string;
  readonly state: TableState;
  readonly cursor: string | null;
  readonly token: string | null;
  /** View hash at the start of the newest walk. */
  readonly view: string | null;
  /** The view changed during the walk or check: check after it. */
  readonly again: boolean;
  /** What a check has still to read; null: it has not begun. */
  readonly ranges: readonly KeyRange[] | null;
  /** Columns that its rows were read with; empty: not known. */
  readonly columns: readonly string[];
  readonly rowsExpected: number;
  readonly rowsDone: number;
  readonly bytesDone: number;
  readonly lastSyncAt: string | null;
  readonly intervalMinutes: number;
}

const columns =
  'table_name, state, cursor, token, view, again, rows_expected, rows_done, bytes_done, last_sync_at, interval_minutes, ranges, columns';

/** Tables of the device in plan order. */
export function readSyncTables(store: DeviceStore): readonly SyncTable[] {
  return store.all(`SELECT ${columns} FROM "$sync_table" ORDER BY order_no`).map((row) => ({
    table: String(row[0]),
    state: String(row[1]) as TableState,
    cursor: row[2] === null ? null : String(row[2]),
    token: row[3] === null ? null : String(row[3]),
    view: row[4] === null ? null : String(row[4]),
    again: row[5] === 1,
    rowsExpected: Number(row[6]),
    rowsDone: Number(row[7]),
    bytesDone: Number(row[8]),
    lastSyncAt: row[9] === null ? null : String(row[9]),
    intervalMinutes: Number(row[10]),
    ranges: row[11] === null ? null : (JSON.parse(String(row[11])) as readonly KeyRange[]),
    columns: row[12] === null ? [] : (JSON.parse(String(row[12])) as readonly string[]),
  }));
}

/** Facts that survive restarts. */
export interface SyncFacts {
  /** Random id of this device. */
  device: string;
  /** Random id of this opening of the database. */
  epoch: string;
  /** Openings since the one that the organization confirmed last, and that one, as JSON. */
  previousEpochs: string;
  /** Number of the next outbox entry; never reset. */
  nextSeq: string;
  /** Hash and JSON of the app's definitions. */
  app: string;
  appModel: string;
  /** The newest answer to `hello`, as JSON. */
  hello: string;
  /** When the first sync was complete. */
  firstSyncDoneAt: string;
  lastSyncAt: string;
  /** When the last cycle was complete, by the clock of this device: orders nothing, tells only a long silence. */
  lastDoneAt: string;
  /** Bytes received in deltas; pages are counted by table. */
  pullBytes: string;
  /** `yes`: rows may name documents that are not here. */
  documentsWanted: string;
  /** Whom the database belongs to, as JSON. */
  owner: string;
  /** The account that the owner was let in with last, hashed. */
  account: string;
  /** `yes`: the owner has signed out, and comes back for what is kept. */
  signedOut: string;
  /** Signing out has begun: what becomes of the edits. */
  signOut: 'keep' | 'discard';
}

export function readFact(store: DeviceStore, key: keyof SyncFacts): string | null {
  const row = store.all('SELECT value FROM "$sync" WHERE key = ?', [key])[0];
  return row === undefined ? null : String(row[0]);
}

export function forgetFact(sql: SqlDriver, key: keyof SyncFacts): void {
  sql.prepare('DELETE FROM "$sync" WHERE key = ?').run([key]);
}

export function writeFact<K extends keyof SyncFacts>(
  sql: SqlDriver,
  key: K,
  value: SyncFacts[K],
): void {
  sql
    .prepare(
      'INSERT INTO "$sync" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    .run([key, value]);
}

/** The last answer that was read, by its text: it is asked for with every edit and seldom changes. */
const parsed = new WeakMap<DeviceStore, { readonly json: string; readonly hello: HelloResponse }>();

export function readHello(store: DeviceStore): HelloResponse | null {
  const json = readFact(store, 'hello');
  if (json === null) return null;
  const known = parsed.get(store);
  if (known?.json === json) return known.hello;
  const hello = JSON.parse(json) as HelloResponse;
  parsed.set(store, { json, hello });
  return hello;
}
