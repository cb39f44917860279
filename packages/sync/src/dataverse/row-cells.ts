import {
  type Cell,
  type Cells,
  type Column,
  isDocumentColumn,
  isLookup,
  type ModelIndex,
  type Slot,
  type Table,
  tableSlots,
} from '@outpost/model';
import type { Json } from './web-api-client.ts';

/** Slots of a table that the Web API can give; contents of files and parties of activities are not among them. */
export function readableSlots(table: Table, chosen: ReadonlySet<string> | null): readonly Slot[] {
  return tableSlots(table).filter(
    ({ column }) =>
      (chosen === null || chosen.has(column.name)) &&
      !isDocumentColumn(column) &&
      column.type !== 'partyList',
  );
}

/** The cells of a row as FetchXML gives it, in the order of the slots. */
export function cellsOf(row: Json, slots: readonly Slot[]): readonly Cell[] {
  return slots.map((slot) => cellOf(row, slot));
}

function cellOf(row: Json, { column, part }: Slot): Cell {
  const name = isLookup(column) ? `_${column.name}_value` : column.name;
  const value = row[name];
  if (value === null || value === undefined) return null;
  if (part === 'table') return textOf(row[`${name}@Microsoft.Dynamics.CRM.lookuplogicalname`]);
  if (part === 'name') return textOf(row[`${name}@OData.Community.Display.V1.FormattedValue`]);
  switch (column.type) {
    case 'boolean':
      return value === true ? 1 : 0;
    case 'choices':
      return `,${String(value)},`;
    case 'lookup':
    case 'customer':
    case 'owner':
    case 'guid':
      return String(value).toLowerCase();
    case 'dateTime':
      // Without the fractions that some services send.
      return String(value).replace(/\.\d+(?=Z$)/, '');
    default:
      return typeof value === 'number' ? value : String(value);
  }
}

function textOf(value: unknown): Cell {
  return typeof value === 'string' ? value : null;
}

/** The body of a write: what the Web API calls the columns of some cells. */
export function bodyOf(
  index: ModelIndex,
  table: Table,
  cells: Cells,
  contentOf: (reference: string) => string | null,
): Json {
  const body: Record<string, unknown> = {};
  const parties: Json[] = [];
  for (const column of table.columns) {
    if (!Object.hasOwn(cells, column.name) || column.readOnly === true) continue;
    const cell = cells[column.name] ?? null;
    if (column.name === table.primaryId) continue;
    if (column.type === 'partyList') parties.push(...partiesOf(index, column, cell));
    else if (isLookup(column)) Object.assign(body, lookupOf(index, table, column, cell, cells));
    else body[column.name] = jsonOf(column, cell, contentOf);
  }
  if (parties.length > 0) body[`${table.name}_activity_parties`] = parties;
  return body;
}

function jsonOf(
  column: Column,
  cell: Cell,
  contentOf: (reference: string) => string | null,
): unknown {
  if (cell === null) return null;
  if (column.type === 'boolean') return cell === 1;
  if (column.type === 'choices')
    return String(cell)
      .split(',')
      .filter((one) => one !== '')
      .join(',');
  return isDocumentColumn(column) ? (contentOf(String(cell)) ?? cell) : cell;
}

function lookupOf(index: ModelIndex, table: Table, column: Column, cell: Cell, cells: Cells): Json {
  const target = String(cells[`${column.name}$t`] ?? column.targets?.[0] ?? '');
  const known = index.referencing(table.name).filter((one) => one.column === column.name);
  const isMany = column.type !== 'owner' && known.length > 1;
  const name = isMany && cell !== null ? `${column.name}_${target}` : column.name;
  if (cell === null) return { [`${name}@odata.bind`]: null };
  return { [`${name}@odata.bind`]: `/${index.table(target)?.setName ?? target}(${String(cell)})` };
}

/** By participation type, as the Web API writes parties. */
const partyTypes: Readonly<Record<string, number>> = {
  from: 1,
  to: 2,
  cc: 3,
  bcc: 4,
  requiredattendees: 5,
  optionalattendees: 6,
  organizer: 7,
  resources: 10,
  customers: 11,
};

/** Parties of one kind. */
function partiesOf(index: ModelIndex, column: Column, cell: Cell): readonly Json[] {
  const type = partyTypes[column.name];
  if (type === undefined || cell === null) return [];
  const parties = JSON.parse(String(cell)) as readonly {
    readonly table: string;
    readonly id: string;
  }[];
  return parties.map(({ table, id }) => ({
    [`partyid_${table}@odata.bind`]: `/${index.table(table)?.setName ?? table}(${id})`,
    participationtypemask: type,
  }));
}
