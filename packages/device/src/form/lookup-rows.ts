import { dataverseErrors, fold, type LookupValue, lookupUnavailable } from '@outpost/model';
import { beginsWith } from '@outpost/query';
import { quoted } from '@outpost/store';
import type { Session } from '../session.ts';

/** Rows a lookup may point at, by the beginning of their name. */
export type LookupRows =
  | { readonly kind: 'found'; readonly rows: readonly LookupValue[]; readonly truncated: boolean }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Active rows of every table the lookup may point at, in the order of their names. */
export function lookupRows(
  session: Session,
  tableName: string,
  columnName: string,
  term: string,
  limit: number,
): LookupRows {
  const column = session.index.column(tableName, columnName);
  if (column === undefined || column.targets === undefined) {
    const message = `Table "${tableName}" has no lookup "${columnName}".`;
    return { kind: 'refused', code: dataverseErrors.unknownColumn, message };
  }
  const unavailable = lookupUnavailable(session.index, column, session.tables);
  if (unavailable !== null) return { kind: 'refused', ...unavailable };
  const prefix = fold(term.trim());
  const found: { readonly row: LookupValue; readonly key: string }[] = [];
  for (const target of column.targets) {
    const table = session.index.table(target);
    if (table === undefined || table.primaryName === null) continue;
    const [id, name, folded] = [table.primaryId, table.primaryName, `${table.primaryName}$f`].map(
      quoted,
    );
    const active = table.columns.some((one) => one.name === 'statecode')
      ? ' AND (statecode = 0 OR statecode IS NULL)'
      : '';
    const begins = beginsWith(folded ?? '', prefix);
    const rows = session.store.all(
      `SELECT ${id}, ${name}, ${folded} FROM ${quoted(target)} WHERE ${begins.text}${active} ORDER BY ${folded}, ${id} LIMIT ?`,
      [...begins.params, limit + 1],
    );
    for (const [rowId, label, key] of rows) {
      const row = { table: target, id: String(rowId), name: String(label) };
      found.push({ row, key: String(key) });
    }
  }
  found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const rows = found.slice(0, limit).map((one) => one.row);
  return { kind: 'found', rows, truncated: found.length > limit };
}
