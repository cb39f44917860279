import {
  type AlternateKey,
  type Column,
  type ColumnType,
  type ColumnValue,
  dataverseErrors,
  isLookup,
  parseGuid,
  parseValue,
  type RowValues,
  type Table,
  valuesToCells,
} from '@outpost/model';
import { HttpError } from '../server-error.ts';
import { keyValue, readFailedKeys, rowOfKey } from '../store/row-keys.ts';
import { type AddressArguments, badAddress, parseAddress } from './address.ts';
import type { Scope } from './call.ts';
import { columnNamed, tableOfSet } from './names.ts';

/** The row that an address names. */
export interface RowKey {
  readonly table: Table;
  /** Null: no row has the alternate key. */
  readonly id: string | null;
  /** Values of the alternate key, which a row that is created by it gets. */
  readonly values: RowValues;
}

/** Finds the row of `accounts(guid)`, `accounts(accountnumber='A1')`. Throws `HttpError` for what is no key. */
export async function resolveKey(
  scope: Scope,
  table: Table,
  args: AddressArguments,
): Promise<RowKey> {
  if (args.kind === 'id') return { table, id: args.id, values: {} };
  if (args.kind === 'none') throw badAddress(`"${table.setName}" needs a key here.`);
  const columns = [...args.values].map(([name, value]) => {
    const column = columnNamed(table, name);
    if (column === undefined) throw badAddress(`"${table.name}" has no column "${name}".`);
    return { column, text: value.text };
  });
  const names = columns.map(({ column }) => column.name).sort();
  const [only] = columns;
  if (only !== undefined && columns.length === 1 && only.column.name === table.primaryId) {
    const id = parseGuid(only.text);
    if (id === null) throw badAddress(`"${only.text}" is no GUID.`);
    return { table, id, values: {} };
  }
  const key = table.alternateKeys?.find((one) => [...one.columns].sort().join() === names.join());
  if (key === undefined) {
    throw badAddress(`${names.join(', ')} are not the columns of a key of "${table.name}".`);
  }
  const values = keyValues(columns);
  return { table, values, id: await findByKey(scope, table, key, values) };
}

/** The row that `@odata.bind`, `@odata.id` and `$id` name. Throws the error of a row that is not there. */
export async function resolveReference(
  scope: Scope,
  reference: string,
): Promise<RowKey & { readonly id: string }> {
  const relative = relativeAddress(reference);
  const { segments } = parseAddress(relative);
  const [segment] = segments;
  if (segment === undefined || segments.length > 1)
    throw badAddress(`"${reference}" names no row.`);
  const key = await resolveKey(scope, tableOfSet(scope.env.index, segment.name), segment.args);
  if (key.id === null) throw keyNotFound(key.table);
  return { ...key, id: key.id };
}

export function keyNotFound(table: Table): HttpError {
  return new HttpError(
    404,
    dataverseErrors.entityKeyNotFound,
    `No ${table.label} has the given key.`,
  );
}

/** Absolute, from the root of the host, or from the root of the service. */
function relativeAddress(reference: string): string {
  const path = reference.replace(/^https?:\/+[^/]+/i, '');
  return path.replace(/^\/+api\/data\/v9\.\d{1,2}\//, '').replace(/^\/+/, '');
}

/** All rows are looked at, not only those that the caller may read: keys are unique for everybody. */
async function findByKey(
  { tx }: Scope,
  table: Table,
  key: AlternateKey,
  values: RowValues,
): Promise<string | null> {
  const failed = await readFailedKeys(tx);
  if (failed.some((one) => one.table === table.name && one.key === key.name)) {
    throw new HttpError(
      400,
      dataverseErrors.invalidArgument,
      `The key ${key.name} of ${table.label} is not active: several rows have the same values. Who administers the organization gives them others and publishes again.`,
    );
  }
  const value = keyValue(table, key, valuesToCells(table, values));
  return value === null ? null : rowOfKey(tx, table.name, key.name, value);
}

/** Values as they stand in an address. Throws `HttpError` for those that no row can have. */
function keyValues(
  columns: readonly { readonly column: Column; readonly text: string }[],
): RowValues {
  const values: Record<string, ColumnValue> = {};
  for (const { column, text } of columns) {
    const target = column.targets?.[0] ?? '';
    const given = isLookup(column) ? { table: target, id: text } : readText(column, text);
    const parsed = parseValue(column, given);
    if (parsed.kind === 'invalid') throw new HttpError(400, parsed.code, parsed.message);
    values[column.name] = parsed.value;
  }
  return values;
}

const written: ReadonlySet<ColumnType> = new Set([
  ...(['integer', 'bigint', 'decimal', 'double', 'money', 'choice', 'state', 'status'] as const),
]);

/** Numbers are written as they are, everything else as a text. */
function readText({ type }: Column, text: string): string | number {
  return written.has(type) ? Number(text) : text;
}
