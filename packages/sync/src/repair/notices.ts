import type { DeviceStore } from '@outpost/store';
import type { NoticeKind } from '../apply/leave.ts';
import { readEffects } from '../effects/effect.ts';
import { currentEntry } from '../outbox/current-entry.ts';
import { readEntries } from '../outbox/entry.ts';

/** Something that happened to rows of this device and that its user may want to know. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly at: string;
  readonly table: string | null;
  readonly id: string | null;
  /** What the row was called; null for rows that may not be read any more. */
  readonly name: string | null;
  /** Why a row left: `deleted`, `access` or `filter`. */
  readonly reason: string | null;
}

/** Edits of a row that is not on this device any more. They are uploaded like others. */
export interface Draft {
  readonly table: string;
  readonly id: string;
  readonly name: string | null;
  readonly reason: string | null;
  /** What the user entered, by slot. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Newest first. */
export function readNotices(store: DeviceStore, limit = 100): readonly Notice[] {
  return store
    .all(
      'SELECT kind, at, table_name, row_id, name, reason FROM "$notice" ORDER BY no DESC LIMIT ?',
      [limit],
    )
    .map(toNotice);
}

/** Why a row left this device, when it did so lately; null: it is not known to have been here. */
export function noticeOf(store: DeviceStore, table: string, id: string): Notice | null {
  const row = store.all(
    `SELECT kind, at, table_name, row_id, name, reason FROM "$notice" WHERE table_name = ? AND row_id = ?
     ORDER BY no DESC LIMIT 1`,
    [table, id],
  )[0];
  return row === undefined ? null : toNotice(row);
}

export function readDrafts(store: DeviceStore): readonly Draft[] {
  const rows = store.all(
    'SELECT table_name, row_id FROM "$base" WHERE cells IS NULL ORDER BY 1, 2',
  );
  return rows.flatMap(([table, id]): readonly Draft[] => {
    const entries = readEntries(
      store,
      "table_name = ? AND row_id = ? AND state IN ('queued', 'sent', 'applied')",
      [String(table), String(id)],
    ).map((entry) => currentEntry(store.schema, entry));
    const isHere = entries.some((entry) => entry.op === 'create' || entry.op === 'delete');
    if (entries.length === 0 || isHere || isTakenAlong(store, String(table), String(id))) return [];
    const notice = noticeOf(store, String(table), String(id));
    return [
      {
        table: String(table),
        id: String(id),
        name: notice?.name ?? null,
        reason: notice?.reason ?? null,
        values: Object.assign({}, ...entries.map((entry) => entry.set)),
      },
    ];
  });
}

/** The user has deleted what it belongs to. */
function isTakenAlong(store: DeviceStore, table: string, id: string): boolean {
  const where = "f.table_name = ? AND f.row_id = ? AND f.op = 'delete' AND o.state <> 'refused'";
  return readEffects(store, where, [table, id]).length > 0;
}

function toNotice(row: readonly unknown[]): Notice {
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    kind: String(row[0]) as NoticeKind,
    at: String(row[1]),
    table: text(row[2]),
    id: text(row[3]),
    name: text(row[4]),
    reason: text(row[5]),
  };
}
