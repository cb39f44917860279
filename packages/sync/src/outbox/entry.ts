import type { SqlDriver, SqlValue } from '@outpost/store';
import { dropEffects } from '../effects/effect.ts';
import type { EntryKey, PushEntry } from '../protocol/index.ts';

/** `queued` waits, `sent` is on its way, `applied` waits to be seen in the base, `refused` has a sync error. */
export type EntryState = 'queued' | 'sent' | 'applied' | 'refused';

/** One queued edit of one row. */
export interface Entry extends Omit<PushEntry, 'attempt'> {
  readonly state: EntryState;
  readonly syncErrorId: string | null;
  /** The refused entry this one depended on. */
  readonly blockedBy: EntryKey | null;
  /** The organization may know it. */
  readonly everSent: boolean;
  /** How often the organization has put it off. */
  readonly attempts: number;
  /** Not to be sent before this time, in milliseconds. */
  readonly heldUntil: number;
  /** Slots of `set` that do not travel: names of lookups, and what the platform wrote when the edit was made. */
  readonly local: readonly string[];
}

/** What a new entry does not have yet. */
export const freshEntry: Pick<
  Entry,
  'state' | 'syncErrorId' | 'blockedBy' | 'everSent' | 'attempts' | 'heldUntil' | 'local'
> = {
  state: 'queued',
  syncErrorId: null,
  blockedBy: null,
  everSent: false,
  attempts: 0,
  heldUntil: 0,
  local: [],
};

const columns =
  'epoch, seq, state, op, table_name, row_id, set_json, base_json, base_version, base_of, after_json, at, sync_error_id, blocked_by, change_set, ever_sent, attempts, held_until, local_json';

/** What reads with SQL: the store, or a transaction. */
export interface Reader {
  all(sql: string, params?: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}

/** Entries in the order they were made; `most`: the first ones. */
export function readEntries(
  reader: Reader,
  where = '1',
  params: readonly SqlValue[] = [],
  most: number | null = null,
): readonly Entry[] {
  const limit = most === null ? '' : ` LIMIT ${most}`;
  return reader
    .all(`SELECT ${columns} FROM "$outbox" WHERE ${where} ORDER BY seq${limit}`, params)
    .map(toEntry);
}

/** A reader over the connection of a running transaction. */
export function readerOf(sql: SqlDriver): Reader {
  return { all: (text, params) => sql.prepare(text).all(params) };
}

/** Entries that name one as what goes before them, or as what they stand on, in any state. */
export function dependantsOf(reader: Reader, key: EntryKey): readonly Entry[] {
  return readEntries(
    reader,
    '(epoch, seq) IN (SELECT by_epoch, by_seq FROM "$needed" WHERE epoch = ? AND seq = ?)',
    [...key],
  );
}

/** Entries with the id of a row in a new or an old cell, in any state. */
export function entriesNaming(reader: Reader, id: string): readonly Entry[] {
  return readEntries(
    reader,
    '(epoch, seq) IN (SELECT epoch, seq FROM "$mentioned" WHERE row_id = ?)',
    [id],
  );
}

function toEntry(row: readonly SqlValue[]): Entry {
  // The text of NULL is JSON for it.
  const json = <T>(cell: SqlValue | undefined): T => JSON.parse(String(cell)) as T;
  return {
    key: [String(row[0]), Number(row[1])],
    state: String(row[2]) as EntryState,
    op: String(row[3]) as Entry['op'],
    table: String(row[4]),
    id: String(row[5]),
    set: json(row[6]),
    base: json(row[7]),
    baseVersion: row[8] === null ? null : Number(row[8]),
    baseOf: json(row[9]),
    after: json(row[10]),
    at: String(row[11]),
    syncErrorId: row[12] === null ? null : String(row[12]),
    blockedBy: json(row[13]),
    changeSet: row[14] === null ? null : String(row[14]),
    everSent: row[15] === 1,
    attempts: Number(row[16]),
    heldUntil: Number(row[17]),
    local: json(row[18]),
  };
}

export function insertEntry(sql: SqlDriver, entry: Entry): void {
  sql
    .prepare(
      `INSERT INTO "$outbox" (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
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
      entry.changeSet,
      entry.everSent ? 1 : 0,
      entry.attempts,
      entry.heldUntil,
      JSON.stringify(entry.local),
    ]);
}

export function setEntryState(sql: SqlDriver, key: EntryKey, state: EntryState): void {
  sql
    .prepare('UPDATE "$outbox" SET state = ? WHERE epoch = ? AND seq = ?')
    .run([state, key[0], key[1]]);
}

/** The entry is on its way: its key now names this content for ever. */
export function markSent(sql: SqlDriver, key: EntryKey): void {
  sql
    .prepare(`UPDATE "$outbox" SET state = 'sent', ever_sent = 1 WHERE epoch = ? AND seq = ?`)
    .run([key[0], key[1]]);
}

/** The organization has put the entry off. */
export function holdEntry(sql: SqlDriver, key: EntryKey, untilMs: number): void {
  sql
    .prepare(
      `UPDATE "$outbox" SET state = 'queued', attempts = attempts + 1, held_until = ? WHERE epoch = ? AND seq = ?`,
    )
    .run([untilMs, key[0], key[1]]);
}

/** Other content under the same key, with the same effects: only for an entry that was never sent. */
export function rewriteEntry(sql: SqlDriver, entry: Entry): void {
  removeRow(sql, entry.key);
  insertEntry(sql, entry);
}

/** Removes an entry with its effects. */
export function deleteEntry(sql: SqlDriver, key: EntryKey): void {
  removeRow(sql, key);
  dropEffects(sql, key);
}

function removeRow(sql: SqlDriver, [epoch, seq]: EntryKey): void {
  sql.prepare('DELETE FROM "$outbox" WHERE epoch = ? AND seq = ?').run([epoch, seq]);
}
