import {
  type Column,
  type ColumnValue,
  isLookup,
  isLookupValue,
  type LookupValue,
  type RowValues,
  syncErrorTable,
  type Table,
} from '@outpost/model';
import { demand } from './demand.ts';
import { Refusal } from './refusal.ts';
import { readRow } from './row-access.ts';
import type { WriteScope } from './write-env.ts';

/** New lookup values must point at rows that exist; their names are stored with them. True: the user set one. */
export async function resolveLookups(
  { env, tx, writer }: WriteScope,
  table: Table,
  values: Record<string, ColumnValue>,
  before: RowValues | null,
): Promise<boolean> {
  let linked = false;
  for (const column of table.columns) {
    const value = values[column.name] ?? null;
    if (!isLookup(column) || !isLookupValue(value)) continue;
    const old = before?.[column.name] ?? null;
    const same = isLookupValue(old) && old.id === value.id && old.table === value.table;
    const named = value.name !== undefined && writer.kind === 'system';
    if (same || named) {
      if (same) values[column.name] = old;
      continue;
    }
    values[column.name] = await resolve({ env, tx, writer }, table, column, value);
    linked ||= links(table, column);
  }
  return linked;
}

async function resolve(
  { env, tx, writer }: WriteScope,
  table: Table,
  column: Column,
  { table: target, id }: LookupValue,
): Promise<ColumnValue> {
  const definition = env.index.table(target);
  const row = definition === undefined ? null : await readRow(tx, definition, id);
  if (definition === undefined || row === null) {
    // A sync error may regard a row that is gone: that can be what it says.
    const free = writer.kind === 'system' || column.readOnly === true;
    if (free || table.name === syncErrorTable.name) return { table: target, id };
    const message = `${column.label}: ${target} With Id = ${id} Does Not Exist`;
    throw new Refusal('objectDoesNotExist', message, 3, [column.name]);
  }
  if (links(table, column)) {
    await demand({ env, tx, writer }, 'appendTo', definition, row, id);
  }
  const shown = definition.primaryName === null ? null : row.cells[definition.primaryName];
  return shown === null || shown === undefined
    ? { table: target, id }
    : { table: target, id, name: String(shown) };
}

/** True for lookups that need append and append-to: those a user sets, ownership aside. */
function links(table: Table, column: Column): boolean {
  return column.readOnly !== true && column.type !== 'owner' && table.name !== syncErrorTable.name;
}
