/**
 * What the organization will do besides an edit, done on the device at once: children that go with their parent, lookups
 * that lose their target, the other view of an activity. Effects belong to the entry of the edit and follow its state.
 * They are never sent: the organization does the same by itself.
 */
import type { Cells } from '@outpost/model';
import type { SqlDriver, SqlValue } from '@outpost/store';
import type { EntryState, Reader } from '../outbox/entry.ts';
import type { EntryKey } from '../protocol/index.ts';

/** What an edit does to one other row. */
export interface RowEffect {
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  /** New cells of the changed columns. */
  readonly set: Cells;
  /** The row of the edit itself, in its other view. */
  readonly isTwin: boolean;
}

export interface Effect extends RowEffect {
  /** Of the edit. */
  readonly key: EntryKey;
  readonly state: EntryState;
}

/** Effects in the order they came about. */
export function readEffects(
  reader: Reader,
  where = '1',
  params: readonly SqlValue[] = [],
): readonly Effect[] {
  return reader
    .all(
      `SELECT f.epoch, f.seq, f.op, f.table_name, f.row_id, f.set_json, f.is_twin, o.state FROM "$effect" f
       JOIN "$outbox" o ON o.epoch = f.epoch AND o.seq = f.seq WHERE ${where} ORDER BY f.seq, f.no`,
      params,
    )
    .map((row) => ({
      key: [String(row[0]), Number(row[1])],
      op: String(row[2]) as Effect['op'],
      table: String(row[3]),
      id: String(row[4]),
      set: JSON.parse(String(row[5])) as Cells,
      isTwin: row[6] === 1,
      state: String(row[7]) as EntryState,
    }));
}

/** Effects of an edit. */
export function effectsOf(reader: Reader, [epoch, seq]: EntryKey): readonly Effect[] {
  return readEffects(reader, 'f.epoch = ? AND f.seq = ?', [epoch, seq]);
}

/** Adds effects to those that the edit has. */
export function addEffects(
  sql: SqlDriver,
  [epoch, seq]: EntryKey,
  effects: readonly RowEffect[],
): void {
  const last = sql
    .prepare('SELECT coalesce(max(no), 0) FROM "$effect" WHERE epoch = ? AND seq = ?')
    .get([epoch, seq]);
  for (const [i, { op, table, id, set, isTwin }] of effects.entries()) {
    sql
      .prepare(
        `INSERT INTO "$effect" (epoch, seq, no, op, table_name, row_id, set_json, is_twin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run([
        epoch,
        seq,
        Number(last?.[0] ?? 0) + i + 1,
        op,
        table,
        id,
        JSON.stringify(set),
        isTwin ? 1 : 0,
      ]);
  }
}

export function dropEffects(sql: SqlDriver, [epoch, seq]: EntryKey): void {
  sql.prepare('DELETE FROM "$effect" WHERE epoch = ? AND seq = ?').run([epoch, seq]);
}
