import { compareCodePoints, fold } from '@outpost/model';
import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';

/** Layout of the database. A later one cannot be read by this package. */
const format = 1;

const ownTables = `
  CREATE TABLE IF NOT EXISTS "$meta" (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "$schema" (table_name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "$index" (name TEXT PRIMARY KEY, owner TEXT NOT NULL, table_name TEXT NOT NULL, columns TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS "$load" (table_name TEXT PRIMARY KEY, expected INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Facts about the database that survive closing it. */
export interface MetaFacts {
  format: number;
  /** Counts openings. */
  epoch: number;
  /** The newest opening in which rows of model tables were changed. */
  rowsEpoch: number;
  /** 1 after a regular close. */
  clean: number;
  /** Counts changes of the schema. */
  schemaVersion: number;
  /** What `fold` gave when the folded columns were written. */
  foldFingerprint: string;
}

export function readMeta<K extends keyof MetaFacts>(driver: SqlDriver, key: K): string | null {
  const row = driver.prepare('SELECT value FROM "$meta" WHERE key = ?').get([key]);
  return row === undefined ? null : String(row[0]);
}

export function writeMeta<K extends keyof MetaFacts>(
  driver: SqlDriver,
  key: K,
  value: MetaFacts[K],
): void {
  driver
    .prepare(
      'INSERT INTO "$meta" (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    .run([key, String(value)]);
}

/** Whether the database was written by this package in a layout it knows; throws `store.format` otherwise. */
export function checkFormat(driver: SqlDriver): 'new' | 'known' {
  const tables = driver.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  const found = tables.some(([name]) => name === '$meta') ? readMeta(driver, 'format') : null;
  if (found === null && tables.length === 0) return 'new';
  if (found !== null && Number(found) === format) return 'known';
  throw new StoreError(
    'store.format',
    found === null
      ? 'The file is a SQLite database, but not one of this package.'
      : `The database has format ${found}, this version knows ${format}.`,
    found === null
      ? 'Choose another location.'
      : 'Update the app; the data stays as it is until then.',
  );
}

export function createMeta(driver: SqlDriver): void {
  driver.exec(ownTables);
  writeMeta(driver, 'format', format);
}

let probe: string | null = null;

/** Identifies what `fold` does here: it depends on this code and on the Unicode version of the JavaScript engine. */
export function foldFingerprint(): string {
  if (probe !== null) return probe;
  let hash = 0x811c9dc5;
  let last = '';
  for (let code = 0x21; code < 0x2fa20; code += code < 0x600 ? 1 : 97) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const folded = fold(String.fromCodePoint(code));
    for (const unit of `${folded}${compareCodePoints(last, folded)}`) {
      hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    }
    last = folded;
  }
  probe = hash.toString(16);
  return probe;
}
