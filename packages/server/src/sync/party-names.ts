import { type Cell, cellsToValue, valueToCells } from '@outpost/model';
import { readCurrentNames } from '@outpost/query';
import type { ReadTx } from '../store/server-store.ts';
import type { DeviceView } from '../view/device-view.ts';
import { readPredicate } from '../view/read-predicate.ts';
import { mayReadColumn } from '../view/readable-values.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

type Rows = readonly (readonly Cell[])[];

/** Rows whose parties have the names of rows that the caller may read, and no others. */
export async function withReadableParties(
  { index }: Pick<SyncEnv, 'index'>,
  tx: ReadTx,
  { context }: Caller,
  { table, columns }: DeviceView,
  rows: Rows,
): Promise<Rows> {
  const parties = columns.flatMap((slot, at) => {
    const column = index.column(table, slot);
    return column?.type === 'partyList' ? [{ column, at }] : [];
  });
  if (parties.length === 0) return rows;
  const values = rows.map((row) => ({
    ...{ table, id: '' },
    values: Object.fromEntries(
      parties.map(({ column, at }) => [column.name, cellsToValue(column, () => row[at] ?? null)]),
    ),
  }));
  const named = await readCurrentNames(values, {
    model: index,
    dialect: tx.engine.dialect,
    all: (sql, params) => tx.all(sql, params),
    has: mayReadColumn({ index, context }),
    restrict: (target, source) => readPredicate(index, context, target, source),
  });
  return rows.map((row, i) => {
    const cells = [...row];
    for (const { column, at } of parties) {
      const value = named[i]?.values[column.name] ?? null;
      cells[at] = valueToCells(column, value)[column.name] ?? null;
    }
    return cells;
  });
}
