import type { ModelIndex } from '../app-model.ts';
import { twinTables } from '../cascade/activity-twin.ts';
import { type ColumnRight, type ColumnRights, columnRights } from './column-security.ts';

/**
 * Rights on columns as they hold, from those that profiles grant. An activity and its `activitypointer` are one row in two
 * views: a column that is secured in one of them needs the same right in the other. The pointer, which shows activities of
 * all kinds, needs those of each kind that secures the column.
 */
export function columnRightsOf(index: ModelIndex, granted: ColumnRights): ColumnRights {
  const held = (table: string, column: string): readonly ColumnRight[] =>
    granted[table]?.[column] ?? [];
  const found: Record<string, Record<string, readonly ColumnRight[]>> = {};
  for (const table of index.model.tables) {
    const twins = twinTables(index, table);
    for (const column of table.columns) {
      const securing = [table, ...twins].filter(
        (one) => index.column(one.name, column.name)?.secured === true,
      );
      if (securing.length === 0) continue;
      const rights = columnRights.filter((right) =>
        securing.every((one) => held(one.name, column.name).includes(right)),
      );
      // A secured column grants nothing to whom nothing is granted.
      if (rights.length === 0 && column.secured === true) continue;
      found[table.name] = { ...found[table.name], [column.name]: rights };
    }
  }
  return found;
}
