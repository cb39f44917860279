import { mayUseColumn, type RowValues, type SecurityContext, type Table } from '@outpost/model';
import { readCurrentNames } from '@outpost/query';
import type { ReadTx } from '../store/server-store.ts';
import { readPredicate } from './read-predicate.ts';
import type { NameReader } from './readable-name.ts';

/** Without the secured columns that the user may not read. */
export function readableValues(
  { columns }: SecurityContext,
  table: Table,
  values: RowValues,
): RowValues {
  const readable = table.columns.filter((one) => mayUseColumn(columns, 'read', table.name, one));
  const names = new Set(readable.map((one) => one.name));
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

/** Values whose lookups have the names that their rows have now, of rows that the user may read. */
export async function withReadableNames(
  tx: ReadTx,
  { index, context }: NameReader,
  table: Table,
  values: RowValues,
): Promise<RowValues> {
  const [named] = await readCurrentNames([{ table: table.name, id: '', values }], {
    model: index,
    dialect: tx.engine.dialect,
    all: (sql, params) => tx.all(sql, params),
    has: mayReadColumn({ index, context }),
    restrict: (target, source) => readPredicate(index, context, target, source),
  });
  return named?.values ?? values;
}

/** Whether there is a column of a name that the reader may read. */
export function mayReadColumn({
  index,
  context,
}: NameReader): (table: string, name: string) => boolean {
  return (table, name) => {
    const column = index.column(table, name);
    return column !== undefined && mayUseColumn(context.columns, 'read', table, column);
  };
}
