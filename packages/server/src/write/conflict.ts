import { type Cells, cellsToValue, equalValues, type Table } from '@outpost/model';

export interface ColumnComparison {
  /** Changed by both sides, to different values. */
  readonly conflicts: readonly string[];
  /** Changed by both sides to the same value. */
  readonly equal: readonly string[];
}

/** Compares per column what the user saw (base), what the user wants (mine) and what is stored now. */
export function conflictingColumns(
  table: Table,
  current: Cells,
  base: Cells,
  mine: Cells,
): ColumnComparison {
  const conflicts: string[] = [];
  const equal: string[] = [];
  for (const column of table.columns) {
    if (!Object.hasOwn(mine, column.name)) continue;
    const value = (cells: Cells) => cellsToValue(column, (slot) => cells[slot] ?? null);
    const now = value(current);
    if (equalValues(now, value(base))) continue;
    if (equalValues(now, value(mine))) equal.push(column.name);
    else conflicts.push(column.name);
  }
  return { conflicts, equal };
}
