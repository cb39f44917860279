import {
  type Cells,
  type Column,
  cellsToValue,
  equalValues,
  mayUseColumn,
  syncErrorTable,
  type Table,
  versionColumn,
} from '@outpost/model';
import { Refusal } from './refusal.ts';
import type { StoredRow } from './row-access.ts';
import type { RowWrite, Writer } from './write-env.ts';

/**
 * Columns that need no write because somebody else wrote the same value. Throws on a conflict. A column that the writer may
 * set and not read is written as it is: whether it conflicts would tell its value.
 */
export function checkConflict(
  writer: Writer,
  table: Table,
  write: RowWrite,
  row: StoredRow,
): readonly string[] {
  const { expected } = write;
  if (expected === undefined || expected.policy === 'off' || table.name === syncErrorTable.name) {
    return [];
  }
  if (row.cells[versionColumn.name] === expected.version) return [];
  const message = `${table.label} was changed by somebody else.`;
  if (expected.policy === 'on' || write.op === 'delete') {
    throw new Refusal('concurrencyVersionMismatch', message, 0, Object.keys(write.set));
  }
  const { conflicts, equal } = conflictingColumns(
    table.columns.filter(
      (one) =>
        writer.kind === 'system' || mayUseColumn(writer.context.columns, 'read', table.name, one),
    ),
    row.cells,
    expected.base,
    write.set,
  );
  if (conflicts.length === 0) return equal;
  const columns = conflicts.join(', ');
  throw new Refusal('concurrencyVersionMismatch', `${message} Columns: ${columns}.`, 0, conflicts);
}

interface ColumnComparison {
  /** Changed by both sides, to different values. */
  readonly conflicts: readonly string[];
  /** Changed by both sides to the same value. */
  readonly equal: readonly string[];
}

/** Compares per column what the user saw (base), what the user wants (mine) and what is stored now. */
function conflictingColumns(
  columns: readonly Column[],
  current: Cells,
  base: Cells,
  mine: Cells,
): ColumnComparison {
  const conflicts: string[] = [];
  const equal: string[] = [];
  for (const column of columns) {
    if (!Object.hasOwn(mine, column.name)) continue;
    const value = (cells: Cells) => cellsToValue(column, (slot) => cells[slot] ?? null);
    const now = value(current);
    if (equalValues(now, value(base))) continue;
    if (equalValues(now, value(mine))) equal.push(column.name);
    else conflicts.push(column.name);
  }
  return { conflicts, equal };
}
