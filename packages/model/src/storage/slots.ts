import { type Column, isLookup, isPolymorphic } from '../column.ts';
import type { Table } from '../table.ts';
import {
  type ColumnValue,
  isLookupValue,
  isPartyList,
  type RowValues,
} from '../value/column-value.ts';

/**
 * How a table's columns are stored, on the device, on the server and on the wire. A column has a value slot named like
 * itself; a lookup also has `column$n` (display name of the target) and, if it may point at several tables, `column$t`.
 * A stored cell equals its JSON form, so a page is bound without conversion. Parties are stored as a JSON text.
 */
export interface Slot {
  readonly name: string;
  readonly column: Column;
  readonly part: 'value' | 'table' | 'name';
  readonly sqlType: 'TEXT' | 'INTEGER' | 'REAL';
}

/** Text; number; boolean as 0 or 1; choices as `,1,7,`; date-time `YYYY-MM-DDTHH:MM:SSZ`; lookup GUID; absent null. */
export type Cell = string | number | null;

/** Cells by slot name. */
export type Cells = Readonly<Record<string, Cell>>;

function sqlType(column: Column): Slot['sqlType'] {
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'boolean':
    case 'choice':
    case 'state':
    case 'status':
      return 'INTEGER';
    case 'decimal':
    case 'double':
    case 'money':
      return 'REAL';
    default:
      return 'TEXT';
  }
}

/** Slots of a column: one, or up to three for a lookup. */
export function columnSlots(column: Column): readonly Slot[] {
  const slots: Slot[] = [{ name: column.name, column, part: 'value', sqlType: sqlType(column) }];
  if (isPolymorphic(column)) {
    slots.push({ name: `${column.name}$t`, column, part: 'table', sqlType: 'TEXT' });
  }
  if (isLookup(column)) {
    slots.push({ name: `${column.name}$n`, column, part: 'name', sqlType: 'TEXT' });
  }
  return slots;
}

/** Slots of a table: primary key first, then columns in model order, then `versionnumber`. */
export function tableSlots(table: Table): readonly Slot[] {
  const primary = table.columns.filter((column) => column.name === table.primaryId);
  const others = table.columns.filter(
    (column) => column.name !== table.primaryId && column.name !== versionColumn.name,
  );
  return [...primary, ...others, versionColumn].flatMap(columnSlots);
}

/** Whether a cell can lie in a slot. */
export function fitsSlot({ sqlType }: Slot, cell: Cell): boolean {
  if (cell === null) return true;
  if (typeof cell === 'string') return sqlType === 'TEXT';
  return (
    Number.isFinite(cell) &&
    (sqlType === 'REAL' || (sqlType === 'INTEGER' && Number.isInteger(cell)))
  );
}

/** Row version, assigned by the organization, strictly increasing per row. */
export const versionColumn: Column = {
  name: 'versionnumber',
  label: 'Version Number',
  type: 'bigint',
  required: 'system',
  readOnly: true,
};

export function valueToCells(column: Column, value: ColumnValue): Cells {
  const cells: Record<string, Cell> = {};
  if (isLookup(column)) {
    const lookup = isLookupValue(value) ? value : null;
    cells[column.name] = lookup?.id ?? null;
    if (isPolymorphic(column)) cells[`${column.name}$t`] = lookup?.table ?? null;
    cells[`${column.name}$n`] = lookup?.name ?? null;
    return cells;
  }
  if (column.type === 'partyList') {
    cells[column.name] = isPartyList(value) && value.length > 0 ? JSON.stringify(value) : null;
  } else if (Array.isArray(value)) cells[column.name] = `,${value.join(',')},`;
  else if (typeof value === 'boolean') cells[column.name] = value ? 1 : 0;
  else cells[column.name] = typeof value === 'object' ? null : (value as Cell);
  return cells;
}

/** The value of a column from its cells; `read` answers a slot's cell. */
export function cellsToValue(column: Column, read: (slot: string) => Cell): ColumnValue {
  const cell = read(column.name);
  if (cell === null) return null;
  if (isLookup(column)) {
    const table = isPolymorphic(column) ? read(`${column.name}$t`) : column.targets?.[0];
    const name = read(`${column.name}$n`);
    const lookup = { table: String(table ?? ''), id: String(cell) };
    return name === null ? lookup : { ...lookup, name: String(name) };
  }
  if (column.type === 'boolean') return cell === 1;
  if (column.type === 'partyList') return readParties(String(cell));
  if (column.type === 'choices') {
    return String(cell)
      .split(',')
      .filter((part) => part !== '')
      .map(Number);
  }
  return cell;
}

/** Parties as they were stored; a text that is none of ours is nobody. */
function readParties(json: string): ColumnValue {
  try {
    const parties: unknown = JSON.parse(json);
    return isPartyList(parties as ColumnValue) ? (parties as ColumnValue) : null;
  } catch {
    return null;
  }
}

/** Cells of the given columns of a row; names that are not columns are left out. */
export function valuesToCells(table: Table, values: RowValues): Record<string, Cell> {
  const cells: Record<string, Cell> = {};
  for (const column of table.columns) {
    if (!Object.hasOwn(values, column.name)) continue;
    Object.assign(cells, valueToCells(column, values[column.name] ?? null));
  }
  return cells;
}

/** Values of a row from its cells; empty columns are left out. */
export function cellsToValues(table: Table, read: (slot: string) => Cell): RowValues {
  const values: Record<string, ColumnValue> = {};
  for (const column of table.columns) {
    const value = cellsToValue(column, read);
    if (value !== null) values[column.name] = value;
  }
  return values;
}
