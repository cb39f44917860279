import type { SchemaModule } from '@outpost/store';

const tables: readonly string[] = [
  'CREATE TABLE "$sync" (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
  `CREATE TABLE "$sync_table" (table_name TEXT PRIMARY KEY, state TEXT NOT NULL, order_no INTEGER NOT NULL,
    cursor TEXT, token TEXT, view TEXT, again INTEGER NOT NULL DEFAULT 0, rows_expected INTEGER NOT NULL DEFAULT 0,
    rows_done INTEGER NOT NULL DEFAULT 0, walk_rows INTEGER NOT NULL DEFAULT 0, bytes_done INTEGER NOT NULL DEFAULT 0, last_sync_at TEXT,
    interval_minutes INTEGER NOT NULL DEFAULT 10) WITHOUT ROWID`,
  `CREATE TABLE "$base" (table_name TEXT, row_id TEXT, cells TEXT,
    PRIMARY KEY (table_name, row_id)) WITHOUT ROWID`,
  `CREATE TABLE "$outbox" (epoch TEXT NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, op TEXT NOT NULL,
    table_name TEXT NOT NULL, row_id TEXT NOT NULL, set_json TEXT NOT NULL, base_json TEXT NOT NULL, base_version INTEGER,
    base_of TEXT, after_json TEXT NOT NULL, at TEXT NOT NULL, sync_error_id TEXT, blocked_by TEXT,
    PRIMARY KEY (epoch, seq))`,
  'CREATE INDEX "$outbox_row" ON "$outbox" (table_name, row_id, seq)',
];

const second: readonly string[] = [
  // Key ranges that a check has still to read, as JSON; null: the check has not begun.
  'ALTER TABLE "$sync_table" ADD COLUMN ranges TEXT',
  // Columns that its rows were read with, as JSON.
  'ALTER TABLE "$sync_table" ADD COLUMN columns TEXT',
  'ALTER TABLE "$outbox" ADD COLUMN change_set TEXT',
  'ALTER TABLE "$outbox" ADD COLUMN ever_sent INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE "$outbox" ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE "$outbox" ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0',
  // Openings of the database whose edits may not all be finished.
  'CREATE TABLE "$epoch" (epoch TEXT PRIMARY KEY, next_seq INTEGER NOT NULL) WITHOUT ROWID',
  `CREATE TABLE "$notice" (no INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, table_name TEXT,
    row_id TEXT, name TEXT, reason TEXT)`,
  'CREATE INDEX "$notice_row" ON "$notice" (table_name, row_id)',
];

const third: readonly string[] = [
  // Contents of files, in parts; complete when all bytes are there.
  'CREATE TABLE "$document" (reference TEXT PRIMARY KEY, size INTEGER NOT NULL, have INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE "$document_part" (no INTEGER PRIMARY KEY, reference TEXT NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL)',
  'CREATE UNIQUE INDEX "$document_part_at" ON "$document_part" (reference, at)',
];

/** Tables of this package inside the device database. */
export const syncModule: SchemaModule = {
  name: 'sync',
  version: 3,
  migrate(driver, from) {
    if (from < 1) for (const sql of tables) driver.exec(sql);
    if (from < 2) for (const sql of second) driver.exec(sql);
    if (from < 3) for (const sql of third) driver.exec(sql);
  },
};
