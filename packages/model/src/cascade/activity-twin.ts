import type { ModelIndex } from '../app-model.ts';
import type { Table } from '../table.ts';
import type { ColumnValue, RowValues } from '../value/column-value.ts';

/** The table in which every activity appears too, under the same id. */
export const activityPointer = 'activitypointer';

/** The other tables that may show the same row: an activity and its `activitypointer` are one row in two views. */
export function twinTables({ model, table: find }: ModelIndex, table: Table): readonly Table[] {
  if (table.name === activityPointer) {
    return model.tables.filter((one) => one.isActivity === true && one.name !== activityPointer);
  }
  const pointer = table.isActivity === true ? find(activityPointer) : undefined;
  return pointer === undefined ? [] : [pointer];
}

/** What `activitypointer` shows of an activity: the columns that both have, and which table it is of. */
export function pointerValues(pointer: Table, activity: Table, values: RowValues): RowValues {
  const shared: Record<string, ColumnValue> = {};
  for (const { name } of pointer.columns) shared[name] = values[name] ?? null;
  shared['activitytypecode'] = activity.name;
  return shared;
}
