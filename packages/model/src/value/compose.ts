import type { Table } from '../table.ts';
import type { ColumnValue, RowValues } from './column-value.ts';

/** Values of the columns that are composed of others, such as full names. Same on device and server. */
export function composedValues(table: Table, values: RowValues): Record<string, ColumnValue> {
  const composed: Record<string, ColumnValue> = {};
  for (const column of table.columns) {
    if (column.composedOf === undefined) continue;
    const parts = column.composedOf
      .map((part) => values[part])
      .filter((part) => typeof part === 'string' && part !== '');
    composed[column.name] = parts.length === 0 ? null : parts.join(' ').slice(0, column.maxLength);
  }
  return composed;
}
