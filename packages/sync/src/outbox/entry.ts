import type { Cells } from '@outpost/model';
import type { SqlDriver, SqlValue } from '@outpost/store';
import type { EntryKey } from '../protocol/index.ts';

/** `queued` waits, `sent` is on its way, `applied` waits to be seen in the base, `refused` has a sync error. */
export type EntryState = 'queued' | 'sent' | 'applied' | 'refused';

/** One queued edit of one row. */
export interface Entry {
  readonly key: EntryKey;
  readonly state: EntryState;
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  readonly set: Cells;
  readonly base: Cells;
  readonly baseVersion: number | null;
  readonly baseOf: EntryKey | null;
  readonly after: readonly EntryKey[];
  readonly at: string;
  readonly syncErrorId: string | null;
  /** The refused entry this one depended on. */
  readonly blockedBy: EntryKey | null;
}

const columns =
  'epoch, seq, state, op, table_name, row_id, set_json, base_json, base_version, base_of, after_json, at, sync_error_id, blocked_by';

interface Reader {
  all(sql: string, params?: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}

/** Entries in the order they were made. */
export function readEntries(
  reader: Reader,
  where = '1',
  params: readonly SqlValue[] = [],
): readonly Entry[] {
  return reader
    .all(`SELECT ${columns} FROM "$outbox" WHERE ${where} ORDER BY seq`, params)
    .map(toEntry);
}

/** A reader over the connection of a running transaction. */
export function readerOf(sql: SqlDriver): Reader {
  return { all: (text, params) => sql.prepare(text).all(params) };
}

function toEntry(row: readonly SqlValue[]): Entry {
  const json = <T>(cell: SqlValue | undefined): T => JSON.parse(String(cell)) as T;
  const nullableJson = <T>(cell: SqlValue | undefined): T | null =>
    cell === null || cell === undefined ? null : json<T>(cell);
  return {
    key: [String(row[0]), Number(row[1])],
    state: String(row[2]) as EntryState,
    op: String(row[3]) as Entry['op'],
    table: String(row[4]),
    id: String(row[5]),
    set: json(row[6]),
    base: json(row[7]),
    baseVersion: row[8] === null ? null : Number(row[8]),
    baseOf: nullableJson(row[9]),
    after: json(row[10]),
    at: String(row[11]),
    syncErrorId: row[12] === null ? null : String(row[12]),
    blockedBy: nullableJson(row[13]),
  };
}

export function insertEntry(sql: SqlDriver, entry: Entry): void {
  sql
    .prepare(`INSERT INTO "$outbox" (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    .run([
      ...entry.key,
      entry.state,
      entry.op,
      entry.table,
      entry.id,
      JSON.stringify(entry.set),
      JSON.stringify(entry.base),
      entry.baseVersion,
      entry.baseOf === null ? null : JSON.stringify(entry.baseOf),
      JSON.stringify(entry.after),
      entry.at,
      entry.syncErrorId,
      entry.blockedBy === null ? null : JSON.stringify(entry.blockedBy),
    ]);
}

export function setEntryState(sql: SqlDriver, key: EntryKey, state: EntryState): void {
  sql
    .prepare('UPDATE "$outbox" SET state = ? WHERE epoch = ? AND seq = ?')
    .run([state, key[0], key[1]]);
}

export function deleteEntry(sql: SqlDriver, key: EntryKey): void {
  sql.prepare('DELETE FROM "$outbox" WHERE epoch = ? AND seq = ?').run([key[0], key[1]]);
}
