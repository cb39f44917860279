import { quoted, type WriteTx } from '@outpost/store';
import type { RemoveReason } from '../protocol/index.ts';
import { applyBase, unsettledEntries } from './overlay.ts';

/** Notices that are kept. */
const mostNotices = 1000;

/** Takes a row off the device. Edits of it stay queued; that it left is noted, with the reason. */
export function leave(
  tx: WriteTx,
  table: string,
  id: string,
  reason: RemoveReason,
  at: string,
): void {
  const image = tx.get(table, id);
  const edited = unsettledEntries(tx, table, id).length > 0;
  applyBase(tx, table, id, null);
  if (image === null) return;
  const { slotIndex, table: definition } = tx.schemaOf(table);
  const primary = definition.primaryName;
  const name = primary === null ? null : (image[slotIndex.get(primary) ?? -1] ?? null);
  // Who may not read the row any more is not told what it was called.
  const shown = reason === 'access' ? null : name;
  note(tx, edited ? 'editedRowLeft' : 'rowLeft', { table, id, name: shown, reason, at });
}

export type NoticeKind = 'rowLeft' | 'editedRowLeft' | 'restored' | 'divergence';

export function note(
  tx: WriteTx,
  kind: NoticeKind,
  notice: {
    readonly table: string | null;
    readonly id: string | null;
    readonly name: unknown;
    readonly reason: string | null;
    readonly at: string;
  },
): void {
  const { table, id, name, reason, at } = notice;
  tx.sql
    .prepare(
      `INSERT INTO ${quoted('$notice')} (at, kind, table_name, row_id, name, reason) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run([at, kind, table, id, typeof name === 'string' ? name : null, reason]);
  tx.sql
    .prepare('DELETE FROM "$notice" WHERE no <= (SELECT max(no) FROM "$notice") - ?')
    .run([mostNotices]);
}
