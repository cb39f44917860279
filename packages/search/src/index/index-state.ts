import type { SchemaModule, SqlDriver } from '@outpost/store';

/** Built to the last row: rows that come later are indexed with their commit. */
export const complete: number = Number.MAX_SAFE_INTEGER;

/** One index of a table. A table has one that serves, and one that is built to take its place. */
export interface GenerationState {
  readonly generation: number;
  readonly table: string;
  readonly fingerprint: string;
  /** Rows with a `_rid` up to this are in it. */
  readonly builtTo: number;
  readonly role: 'serving' | 'building';
  /** Rows may have changed unseen: it gives hints, not answers. */
  readonly isStale: boolean;
}

/** The search index's own tables; list it in `modules` when opening a store that is searched. */
export const searchModule: SchemaModule = {
  name: 'search',
  version: 1,
  migrate(driver) {
    driver.exec(`
      CREATE TABLE "$sx_state" (generation INTEGER PRIMARY KEY, table_name TEXT NOT NULL, fingerprint TEXT NOT NULL, built_to INTEGER NOT NULL, role TEXT NOT NULL, stale INTEGER NOT NULL);
      CREATE TABLE "$sx_meta" (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    `);
  },
};

export function readStates(driver: SqlDriver): readonly GenerationState[] {
  return driver
    .prepare('SELECT generation, table_name, fingerprint, built_to, role, stale FROM "$sx_state"')
    .all()
    .map(([generation, table, fingerprint, builtTo, role, stale]) => ({
      generation: Number(generation),
      table: String(table),
      fingerprint: String(fingerprint),
      builtTo: Number(builtTo),
      role: role === 'serving' ? 'serving' : 'building',
      isStale: stale === 1,
    }));
}

export function writeState(driver: SqlDriver, state: GenerationState): void {
  const { generation, table, fingerprint, builtTo, role, isStale } = state;
  driver
    .prepare(
      `INSERT INTO "$sx_state" (generation, table_name, fingerprint, built_to, role, stale) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (generation) DO UPDATE SET built_to = excluded.built_to, role = excluded.role, stale = excluded.stale`,
    )
    .run([generation, table, fingerprint, builtTo, role, isStale ? 1 : 0]);
}

export function deleteState(driver: SqlDriver, generation: number): void {
  driver.prepare('DELETE FROM "$sx_state" WHERE generation = ?').run([generation]);
}

/** The newest opening of the store in which the index took part in every commit; 0: none. */
export function readEpoch(driver: SqlDriver): number {
  const row = driver.prepare(`SELECT value FROM "$sx_meta" WHERE key = 'epoch'`).get();
  return Number(row?.[0] ?? 0);
}

export function writeEpoch(driver: SqlDriver, epoch: number): void {
  driver
    .prepare(
      `INSERT INTO "$sx_meta" (key, value) VALUES ('epoch', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    )
    .run([epoch]);
}
