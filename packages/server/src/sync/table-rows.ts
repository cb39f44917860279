import type { Cell } from '@outpost/model';
import type { TableRows } from '@outpost/sync/protocol';

/** Rows as they travel: columns that are null in all of them are named once instead of sent with each row. */
export function tableRows(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): TableRows {
  const filled: number[] = [];
  const empty: string[] = [];
  for (const [i, column] of columns.entries()) {
    // The key is first, and is needed even of no row.
    if (i === 0 || rows.some((row) => row[i] !== null)) filled.push(i);
    else empty.push(column);
  }
  if (empty.length === 0) return { table, columns, empty, rows };
  return {
    table,
    columns: filled.map((i) => columns[i] ?? ''),
    empty,
    rows: rows.map((row) => filled.map((i) => row[i] ?? null)),
  };
}
