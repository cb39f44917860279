import { dataverseErrors, isLookup, parseGuid, type RowValues, type Table } from '@outpost/model';
import { compileQuery, type FetchQuery } from '@outpost/query';
import { HttpError } from '../server-error.ts';
import { queryContext } from '../view/readable-query.ts';
import { type AddressArguments, badAddress, parseAddress } from './address.ts';
import type { Scope } from './call.ts';
import { columnNamed, tableOfSet } from './names.ts';
import { having } from './row-query.ts';

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
  const isKey = table.alternateKeys?.some((key) => [...key.columns].sort().join() === names.join());
  if (isKey !== true) {
    throw badAddress(`${names.join(', ')} are not the columns of a key of "${table.name}".`);
  }
  const values = Object.fromEntries(
    columns.map(({ column, text }) => {
      const target = column.targets?.[0] ?? '';
      return [column.name, isLookup(column) ? { table: target, id: text } : text];
    }),
  );
  return { table, values, id: await findByColumns(scope, table, columns) };
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
async function findByColumns(
  { env, tx, caller }: Scope,
  table: Table,
  columns: readonly { readonly column: { readonly name: string }; readonly text: string }[],
): Promise<string | null> {
  const all: FetchQuery = {
    root: {
      table: table.name,
      alias: 'root',
      select: [{ column: table.primaryId, alias: null }],
      orders: [],
      filter: null,
      links: [],
    },
    top: 1,
    count: null,
    page: 1,
    pagingCookie: null,
    distinct: false,
    aggregate: false,
    aggregateLimit: null,
    countTotal: false,
    rawChoiceOrder: true,
    retained: false,
    ignored: [],
  };
  const query = columns.reduce((one, { column, text }) => having(one, column.name, [text]), all);
  const compiled = compileQuery(query, {
    model: env.index,
    context: queryContext(caller.context, env.now()),
    dialect: tx.engine.dialect,
    isFolded: () => tx.engine.storesFolded,
  });
  if (compiled.kind === 'invalid') throw compiled.errors[0];
  const { text, params } = compiled.value.rows(1, 0);
  const id = (await tx.all(text, params))[0]?.[0];
  return typeof id === 'string' ? id : null;
}
