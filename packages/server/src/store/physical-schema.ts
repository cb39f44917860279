import { type AppModel, type PlannedTable, type Table, tableSlots } from '@outpost/model';
import { name } from '@outpost/query';
import type { WriteTx } from './server-store.ts';

/** Columns that access is computed from, kept beside the model's columns of every data table. */
export const ownerSlot = '$owner';
export const businessUnitSlot = '$bu';

/** Tables of the organization itself. */
const systemSql: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS "$state" (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS "$counter" (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS "$role" (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID',
  `CREATE TABLE IF NOT EXISTS "$share" (tbl TEXT NOT NULL, pk TEXT NOT NULL, principal TEXT NOT NULL, rights INTEGER NOT NULL,
    PRIMARY KEY (tbl, pk, principal)) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS "$share_principal" ON "$share" (principal, tbl)',
  `CREATE TABLE IF NOT EXISTS "$share_version" (principal TEXT NOT NULL, tbl TEXT NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (principal, tbl)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS "$log" (id INTEGER PRIMARY KEY, position INTEGER NOT NULL, tbl TEXT NOT NULL, pk TEXT NOT NULL,
    owner TEXT, bu TEXT, at INTEGER NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS "$log_position" ON "$log" (position)',
  'CREATE INDEX IF NOT EXISTS "$log_table" ON "$log" (tbl, position, pk)',
  // Scope first: a device reads its own changes only, however many others there are.
  'CREATE INDEX IF NOT EXISTS "$log_owner" ON "$log" (tbl, owner, position, pk) WHERE owner IS NOT NULL',
  'CREATE INDEX IF NOT EXISTS "$log_bu" ON "$log" (tbl, bu, position, pk) WHERE bu IS NOT NULL',
  `CREATE TABLE IF NOT EXISTS "$device" (user_id TEXT NOT NULL, device TEXT NOT NULL, epoch TEXT NOT NULL, seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS "$mark" (user_id TEXT NOT NULL, device TEXT NOT NULL, epoch TEXT NOT NULL, low INTEGER NOT NULL,
    PRIMARY KEY (user_id, device, epoch)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS "$result" (device TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, user_id TEXT NOT NULL,
    tbl TEXT NOT NULL, hash TEXT NOT NULL, status TEXT NOT NULL, version INTEGER, position INTEGER, json TEXT NOT NULL,
    PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID`,
  // Contents of files, in parts of Base64: those of rows, and those that users have uploaded for edits to come.
  `CREATE TABLE IF NOT EXISTS "$document" (tbl TEXT NOT NULL, pk TEXT NOT NULL, col TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (tbl, pk, col, at))`,
  `CREATE TABLE IF NOT EXISTS "$upload" (user_id TEXT NOT NULL, reference TEXT NOT NULL, have INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (user_id, reference)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS "$upload_part" (user_id TEXT NOT NULL, reference TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (user_id, reference, at))`,
  // What devices were sent, and how far each knows the feed.
  `CREATE TABLE IF NOT EXISTS "$sent" (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user_id TEXT NOT NULL, device TEXT NOT NULL,
    tbl TEXT NOT NULL, rows INTEGER NOT NULL, removed INTEGER NOT NULL, document TEXT, ids TEXT, after_key TEXT, up_to TEXT)`,
  'CREATE INDEX IF NOT EXISTS "$sent_device" ON "$sent" (device, tbl, id)',
  'CREATE INDEX IF NOT EXISTS "$sent_table" ON "$sent" (tbl, id)',
  `CREATE TABLE IF NOT EXISTS "$reached" (user_id TEXT NOT NULL, device TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device)) WITHOUT ROWID`,
];

/** Creates what is missing: system tables, data tables, columns, and an index per relationship of the profile. */
export async function createSchema(
  tx: WriteTx,
  model: AppModel,
  plan: readonly PlannedTable[],
): Promise<void> {
  for (const sql of systemSql) await tx.run(sql);
  for (const table of model.tables) await createTable(tx, table);
  const lookups = new Map<string, readonly [string, string]>();
  for (const one of model.relationships) {
    if (one.kind === 'manyToOne' && one.cascade.delete !== 'noCascade') {
      lookups.set(`${one.table}.${one.column}`, [one.table, one.column]);
    }
  }
  for (const { edges } of plan) {
    for (const edge of edges) {
      const held =
        edge.direction === 'pair'
          ? [edge.sourceColumn, edge.ownColumn].map(
              (column) => [edge.relationship.intersect, column] as const,
            )
          : [[edge.relationship.table, edge.relationship.column] as const];
      for (const one of held) lookups.set(one.join('.'), one);
    }
  }
  for (const [table, column] of lookups.values()) {
    const definition = model.tables.find((one) => one.name === table);
    if (definition?.columns.some((one) => one.name === column) !== true) continue;
    const index = name(`ix_${table}_${column}`);
    await tx.run(`CREATE INDEX IF NOT EXISTS ${index} ON ${name(table)} (${name(column)})`);
  }
}

async function createTable(tx: WriteTx, table: Table): Promise<void> {
  const existing = await tx.all(`PRAGMA table_info(${name(table.name)})`);
  const slots = [
    ...tableSlots(table).map((slot) => [slot.name, slot.sqlType] as const),
    [ownerSlot, 'TEXT'] as const,
    [businessUnitSlot, 'TEXT'] as const,
  ];
  if (existing.length === 0) {
    const columns = slots.map(([slot, type]) =>
      slot === table.primaryId
        ? `${name(slot)} TEXT PRIMARY KEY NOT NULL`
        : `${name(slot)} ${type}`,
    );
    await tx.run(`CREATE TABLE ${name(table.name)} (${columns.join(', ')})`);
    for (const slot of [ownerSlot, businessUnitSlot]) {
      await tx.run(
        `CREATE INDEX ${name(`ix_${table.name}_${slot}`)} ON ${name(table.name)} (${name(slot)})`,
      );
    }
    return;
  }
  const present = new Set(existing.map((row) => String(row[1])));
  for (const [slot, type] of slots) {
    if (present.has(slot)) continue;
    await tx.run(`ALTER TABLE ${name(table.name)} ADD COLUMN ${name(slot)} ${type}`);
  }
}
