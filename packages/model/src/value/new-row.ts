import type { Table } from '../table.ts';
import type { ColumnValue } from './column-value.ts';

/** Values of a new row that sets nothing. */
export function defaultValues(table: Table): Record<string, ColumnValue> {
  const values: Record<string, ColumnValue> = {};
  for (const column of table.columns) {
    if (column.default !== undefined) values[column.name] = column.default;
  }
  return values;
}

/** The stored form of an instant: UTC, whole seconds. */
export function dateTimeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
