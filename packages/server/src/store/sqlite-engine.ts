import type { Slot } from '@outpost/model';
import { concat, name, sql, sqlite } from '@outpost/query';
import type { WriteTx } from './server-store.ts';
import type { StoreEngine } from './store-engine.ts';

/** SQLite: a single writer, so numbers that it counts are in the order of commits. */
export const sqliteEngine: StoreEngine = {
  dialect: sqlite,
  clock: {
    kind: 'counter',
    position: (tx) => next(tx, 'position'),
    async watermark(tx) {
      const row = (await tx.all(`SELECT value FROM "$counter" WHERE name = 'position'`))[0];
      return Number(row?.[0] ?? 0);
    },
  },
  isShared: false,
  types: { TEXT: 'TEXT', INTEGER: 'INTEGER', REAL: 'REAL' },
  storesFolded: false,
  maxNameBytes: Number.POSITIVE_INFINITY,
  numberedKey: 'INTEGER PRIMARY KEY',
  keyOrdered: ' WITHOUT ROWID',
  logged({ table, by, from, to, limit }) {
    const index = by === null ? '$log_table' : `$log_${by.column}`;
    const scope =
      by === null
        ? sql('')
        : sql(` AND ${by.column} IN (${by.values.map(() => '?').join(', ')})`, ...by.values);
    return concat(
      sql(`SELECT position, pk FROM "$log" INDEXED BY ${name(index)} WHERE tbl = ?`, table),
      scope,
      sql(' AND position > ? AND position <= ? ORDER BY position', from, to),
      limit === null ? '' : sql(' LIMIT ?', limit),
    );
  },
  jsonHolds: (column) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE value = ?)`,
  async columnsOf(tx, table) {
    return new Set((await this.typesOf(tx, table)).keys());
  },
  async typesOf(tx, table) {
    const rows = await tx.all(`PRAGMA table_info(${name(table)})`);
    return new Map(rows.map((row) => [String(row[1]), String(row[2]) as Slot['sqlType']]));
  },
  // A column holds numbers of either kind.
  widen: async () => undefined,
  lockSchema: async () => undefined,
  systemSql: [
    'CREATE TABLE IF NOT EXISTS "$counter" (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  ],
  nextVersion: (tx) => next(tx, 'version'),
  async leapVersions(tx, by) {
    await tx.run(`UPDATE "$counter" SET value = value + ${by} WHERE name = 'version'`);
  },
};

async function next(tx: WriteTx, counter: 'position' | 'version'): Promise<number> {
  const row = await tx.all(
    `INSERT INTO "$counter" (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`,
    [counter],
  );
  return Number(row[0]?.[0]);
}
