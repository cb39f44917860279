import { partBytes } from '@outpost/sync/protocol';
import type { ReadTx, WriteTx } from '../store/server-store.ts';

/** Where a document belongs; its content goes with the row. */
export interface DocumentPlace {
  readonly table: string;
  readonly id: string;
  readonly column: string;
}

/** Replaces what a row's column holds. */
export async function writeContent(
  tx: WriteTx,
  place: DocumentPlace,
  content: Buffer,
): Promise<void> {
  await dropContent(tx, place);
  for (let at = 0; at < content.length; at += partBytes) {
    const data = content.subarray(at, at + partBytes).toString('base64');
    await tx.run('INSERT INTO "$document" (tbl, pk, col, at, data) VALUES (?, ?, ?, ?, ?)', [
      place.table,
      place.id,
      place.column,
      at,
      data,
    ]);
  }
}

/** All of it; empty when there is none. */
export async function readContent(
  tx: ReadTx,
  { table, id, column }: DocumentPlace,
): Promise<Buffer> {
  const rows = await tx.all(
    'SELECT data FROM "$document" WHERE tbl = ? AND pk = ? AND col = ? ORDER BY at',
    [table, id, column],
  );
  return Buffer.concat(rows.map((row) => Buffer.from(String(row[0]), 'base64')));
}

/** Bytes from an offset on, at most a part; empty behind the end. */
export async function readContentPart(
  tx: ReadTx,
  { table, id, column }: DocumentPlace,
  at: number,
): Promise<Buffer> {
  const row = (
    await tx.all(
      'SELECT at, data FROM "$document" WHERE tbl = ? AND pk = ? AND col = ? AND at <= ? ORDER BY at DESC LIMIT 1',
      [table, id, column, at],
    )
  )[0];
  if (row === undefined) return Buffer.alloc(0);
  return Buffer.from(String(row[1]), 'base64').subarray(at - Number(row[0]));
}

/** Of one column, or of all columns of a row. */
export async function dropContent(
  tx: WriteTx,
  { table, id, column }: Omit<DocumentPlace, 'column'> & { readonly column: string | null },
): Promise<void> {
  const ofColumn = column === null ? '' : ' AND col = ?';
  await tx.run(`DELETE FROM "$document" WHERE tbl = ? AND pk = ?${ofColumn}`, [
    table,
    id,
    ...(column === null ? [] : [column]),
  ]);
}
