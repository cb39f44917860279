import { type AppModel, type Cells, indexModel } from '@outpost/model';
import type { SchemaModule, SqlDriver } from '@outpost/store';
import { openQueueIndex } from './outbox/queue-index.ts';

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

const fourth: readonly string[] = [
  // Slots of an edit that stay on the device, as JSON: names of lookups, and what the platform wrote when it was made.
  `ALTER TABLE "$outbox" ADD COLUMN local_json TEXT NOT NULL DEFAULT '[]'`,
];

const fifth: readonly string[] = [
  // What edits do to other rows; see effects/effect.ts.
  `CREATE TABLE "$effect" (epoch TEXT NOT NULL, seq INTEGER NOT NULL, no INTEGER NOT NULL, op TEXT NOT NULL,
    table_name TEXT NOT NULL, row_id TEXT NOT NULL, set_json TEXT NOT NULL, is_twin INTEGER NOT NULL,
    PRIMARY KEY (epoch, seq, no)) WITHOUT ROWID`,
  'CREATE INDEX "$effect_row" ON "$effect" (table_name, row_id)',
];

/** What is asked of the queue is found without reading all of it. */
const sixth: readonly string[] = [
  'CREATE INDEX "$outbox_state" ON "$outbox" (state, seq)',
  'CREATE INDEX "$outbox_table" ON "$outbox" (table_name, state)',
  'CREATE INDEX "$outbox_id" ON "$outbox" (row_id)',
  'CREATE INDEX "$outbox_error" ON "$outbox" (sync_error_id) WHERE sync_error_id IS NOT NULL',
  'CREATE INDEX "$outbox_set" ON "$outbox" (change_set, seq) WHERE change_set IS NOT NULL',
  'CREATE INDEX "$outbox_held" ON "$outbox" (held_until) WHERE held_until > 0',
  `CREATE INDEX "$outbox_delete" ON "$outbox" (at) WHERE op = 'delete'`,
];

/** Tables of this package inside the device database. */
export const syncModule: SchemaModule = {
  name: 'sync',
  version: 6,
  migrate(driver, from) {
    if (from < 1) for (const sql of tables) driver.exec(sql);
    if (from < 2) for (const sql of second) driver.exec(sql);
    if (from < 3) for (const sql of third) driver.exec(sql);
    if (from < 4) {
      for (const sql of fourth) driver.exec(sql);
      noteLocalSlots(driver);
    }
    if (from < 5) for (const sql of fifth) driver.exec(sql);
    if (from < 6) for (const sql of sixth) driver.exec(sql);
  },
  opened: openQueueIndex,
};

/** Edits that wait were made under the definitions that are here. */
function noteLocalSlots(driver: SqlDriver): void {
  const [json] = driver.prepare(`SELECT value FROM "$sync" WHERE key = 'appModel'`).get() ?? [];
  if (json === undefined) return;
  const index = indexModel(JSON.parse(String(json)) as AppModel);
  const update = driver.prepare('UPDATE "$outbox" SET local_json = ? WHERE epoch = ? AND seq = ?');
  const entries = driver.prepare('SELECT epoch, seq, table_name, set_json FROM "$outbox"').all();
  for (const [epoch, seq, table, set] of entries) {
    const slots = Object.keys(JSON.parse(String(set)) as Cells);
    const travels = (slot: string) => {
      const column = index.column(String(table), slot.replace(/\$t$/, ''));
      return column !== undefined && column.readOnly !== true;
    };
    const local = slots.filter((slot) => !travels(slot));
    update.run([JSON.stringify(local), epoch ?? null, seq ?? null]);
  }
}
