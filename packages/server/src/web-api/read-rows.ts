import { type Column, dataverseErrors, isLookup, type Table } from '@outpost/model';
import { type FetchQuery, type ODataOptions, parseFetch, queryLimits } from '@outpost/query';
import type { ServerResponse } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import { readRow } from '../write/row-access.ts';
import type { AddressArguments } from './address.ts';
import { badAddress } from './address.ts';
import { context, empty, json, text } from './answers.ts';
import { rowAddress, type Scope } from './call.ts';
import { forbidden } from './errors.ts';
import { keyNotFound, resolveKey } from './keys.ts';
import { columnNamed, findNavigation } from './names.ts';
import { atSkipToken, fetchAnnotations, skipToken, totals } from './paging.ts';
import {
  countRows,
  having,
  odataRowQuery,
  type RowQuery,
  readRows,
  relatedTo,
  type Shown,
  withKey,
} from './row-query.ts';

type Options = Readonly<Record<string, string>>;

const notQueried: ReadonlySet<string> = new Set(['fetchXml', 'savedQuery', '$skiptoken']);

/** `GET accounts?...`: OData options, `fetchXml`, or `savedQuery`. */
export async function readSet(
  scope: Scope,
  table: Table,
  options: Options,
): Promise<ServerResponse> {
  const fetchXml = options['fetchXml'];
  if (fetchXml !== undefined) return readFetch(scope, table, fetchXml);
  const saved = options['savedQuery'];
  if (saved !== undefined) return readSavedQuery(scope, table, saved, options);
  if (options['userQuery'] !== undefined) {
    throw badAddress('Personal views are not kept here: use savedQuery or fetchXml.');
  }
  return answerSet(
    scope,
    odataRowQuery(scope, table, odataOptions(options)),
    table.setName,
    options,
  );
}

/** `GET accounts/$count`. */
export async function countSet(
  scope: Scope,
  table: Table,
  options: Options,
): Promise<ServerResponse> {
  const wanted = odataRowQuery(scope, table, odataOptions(options));
  const count = await countRows(scope, { ...wanted, query: { ...wanted.query, countTotal: true } });
  return text(String(Math.min(count, queryLimits.page)));
}

/** `GET accounts(...)`. */
export async function readSingle(
  scope: Scope,
  table: Table,
  args: AddressArguments,
  options: Options,
): Promise<ServerResponse> {
  const key = await resolveKey(scope, table, args);
  if (key.id === null) throw keyNotFound(table);
  const shown = await readById(scope, table, key.id, options);
  const etag = shown['@odata.etag'];
  const known = scope.request.headers['if-none-match'];
  if (known === etag && etag !== undefined && options['$expand'] === undefined) {
    return empty({ etag: String(etag) }, 304);
  }
  return json(
    { '@odata.context': context(scope.request.root, `${table.setName}/$entity`), ...shown },
    200,
    etag === undefined ? {} : { etag: String(etag) },
  );
}

/** A row as its options show it. Throws the 404 or 403 of one that the caller cannot have. */
export async function readById(
  scope: Scope,
  table: Table,
  id: string,
  options: Options,
): Promise<Shown> {
  const { $select, $expand, ...others } = odataOptions(options);
  if (Object.keys(others).length > 0) {
    throw badAddress(`${Object.keys(others).join(', ')} cannot be asked of a single row.`);
  }
  const wanted = odataRowQuery(scope, table, {
    ...($select === undefined ? {} : { $select }),
    ...($expand === undefined ? {} : { $expand }),
  });
  const { rows } = await readRows(scope, {
    ...wanted,
    query: having(wanted.query, table.primaryId, [id]),
  });
  const [row] = rows;
  if (row !== undefined) return row;
  return absent(scope, table, id);
}

/** Says why a row is not answered. */
async function absent({ tx }: Scope, table: Table, id: string): Promise<never> {
  if ((await readRow(tx, table, id)) === null) {
    throw new HttpError(
      404,
      dataverseErrors.objectDoesNotExist,
      `${table.label} With Id = ${id} Does Not Exist`,
    );
  }
  throw forbidden(`The ${table.label} row is outside the reach of your read privilege.`);
}

/** `GET accounts(...)/name`, `/name/$value`, `/primarycontactid`, `/contact_customer_accounts`, and their `/$ref`. */
export async function readProperty(
  scope: Scope,
  table: Table,
  args: AddressArguments,
  property: string,
  more: string | null,
  options: Options,
): Promise<ServerResponse> {
  const key = await resolveKey(scope, table, args);
  if (key.id === null) throw keyNotFound(table);
  const { root } = scope.request;
  const column = columnNamed(table, property);
  const isValue = column !== undefined && (!isLookup(column) || property !== column.name);
  if (isValue) return readValue(scope, table, key.id, column, property, more);
  const navigation = findNavigation(scope.env.index, table, property);
  if (navigation === null) throw badAddress(`"${table.name}" has no property "${property}".`);
  // The row itself must be readable, whatever is asked about it.
  const from = await readById(scope, table, key.id, {
    $select: navigation.kind === 'single' ? navigation.column.name : table.primaryId,
  });
  if (navigation.kind === 'single') {
    const target = await targetOf(scope, table, key.id, navigation.column);
    if (target === null || from[`_${navigation.column.name}_value`] === null) return empty();
    if (more === '$ref') {
      return json({
        '@odata.context': context(root, '$ref'),
        '@odata.id': rowAddress(scope, target.table, target.id),
      });
    }
    const shown = await readById(scope, target.table, target.id, options);
    return json({ '@odata.context': context(root, `${target.table.setName}/$entity`), ...shown });
  }
  const other = scope.env.index.table(navigation.table);
  if (other === undefined) throw badAddress(`"${navigation.table}" is no table.`);
  const asked = more === '$ref' ? { $select: other.primaryId } : odataOptions(options);
  const wanted = odataRowQuery(scope, other, asked);
  const query = relatedTo(scope, wanted.query, table, key.id, navigation.relationship);
  if (more === '$count') {
    return text(String(Math.min(await countRows(scope, { ...wanted, query }), queryLimits.page)));
  }
  if (more === '$ref') {
    const { rows } = await readRows(scope, { ...wanted, query });
    return json({
      '@odata.context': context(root, 'Collection($ref)'),
      value: rows.map((row) => ({
        '@odata.id': rowAddress(scope, other, String(row[other.primaryId])),
      })),
    });
  }
  const address = `${table.setName}(${key.id})/${property}`;
  return answerSet(scope, { ...wanted, query }, address, options);
}

async function readValue(
  scope: Scope,
  table: Table,
  id: string,
  column: Column,
  property: string,
  more: string | null,
): Promise<ServerResponse> {
  const shown = await readById(scope, table, id, { $select: column.name });
  const value = shown[property];
  if (value === null || value === undefined) return empty();
  if (more === '$value') return text(String(value));
  return json({
    '@odata.context': context(scope.request.root, `${table.setName}(${id})/${property}`),
    value,
  });
}

async function targetOf(
  { env, tx }: Scope,
  table: Table,
  id: string,
  column: Column,
): Promise<{ readonly table: Table; readonly id: string } | null> {
  const cells = (await readRow(tx, table, id))?.cells;
  const target = cells?.[column.name];
  const name = cells?.[`${column.name}$t`] ?? column.targets?.[0];
  const definition = env.index.table(String(name));
  return typeof target === 'string' && definition !== undefined
    ? { table: definition, id: target }
    : null;
}

async function readFetch(scope: Scope, table: Table, fetchXml: string): Promise<ServerResponse> {
  const parsed = parseFetch(fetchXml);
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  return answerFetch(scope, table, parsed.value, {});
}

async function readSavedQuery(
  scope: Scope,
  table: Table,
  id: string,
  options: Options,
): Promise<ServerResponse> {
  const view = scope.env.index.savedQuery(id.replace(/[{}']/g, '').toLowerCase());
  if (view === undefined || view.table !== table.name) {
    throw new HttpError(
      404,
      dataverseErrors.objectDoesNotExist,
      `savedquery With Id = ${id} Does Not Exist`,
    );
  }
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const token = options['$skiptoken'];
  const query = token === undefined ? parsed.value : atSkipToken(parsed.value, token);
  return answerFetch(scope, table, query, options);
}

async function answerFetch(
  scope: Scope,
  table: Table,
  asked: FetchQuery,
  options: Options,
): Promise<ServerResponse> {
  if (asked.root.table !== table.name) {
    throw badAddress(
      `The query is about "${asked.root.table}", the address about "${table.name}".`,
    );
  }
  const { pageSize } = scope.request.prefer;
  const query = { ...asked, count: asked.count ?? pageSize };
  const isPlain = !query.aggregate && !query.distinct;
  const wanted: RowQuery = {
    table,
    expand: [],
    nulls: false,
    ...(isPlain ? withKey(scope, table, query) : { query, hidden: new Set<string>() }),
  };
  const { rows, page } = await readRows(scope, wanted);
  const next =
    options['savedQuery'] !== undefined && page.moreRecords
      ? nextLink(scope, table.setName, options, skipToken(query, page))
      : {};
  return json({
    '@odata.context': context(scope.request.root, table.setName),
    ...totals(query, page, scope.request.prefer.annotations),
    value: rows,
    ...fetchAnnotations(query, page),
    ...next,
  });
}

async function answerSet(
  scope: Scope,
  wanted: RowQuery,
  address: string,
  options: Options,
): Promise<ServerResponse> {
  const token = options['$skiptoken'];
  const sized = { ...wanted.query, count: pageSizeOf(scope, wanted) };
  const query = token === undefined ? sized : atSkipToken(sized, token);
  const { rows, page } = await readRows(scope, { ...wanted, query });
  return json({
    '@odata.context': context(scope.request.root, address),
    ...totals(query, page, scope.request.prefer.annotations),
    value: rows,
    ...(page.moreRecords ? nextLink(scope, address, options, skipToken(query, page)) : {}),
  });
}

/** Each row with collections inside takes a query for each of them: such pages are short. */
const rowsWithCollections = 250;

function pageSizeOf({ request }: Scope, { expand }: RowQuery): number | null {
  const { pageSize } = request.prefer;
  if (!expand.some((one) => one.kind === 'collection')) return pageSize;
  return Math.min(pageSize ?? rowsWithCollections, rowsWithCollections);
}

function nextLink(
  { request }: Scope,
  address: string,
  options: Options,
  token: string,
): Readonly<Record<string, string>> {
  const kept = Object.entries({ ...options, $skiptoken: token });
  const query = kept.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return { '@odata.nextLink': `${request.root}/${address}?${query}` };
}

/** Those that say what to read; parameters of other kinds are left out. */
function odataOptions(options: Options): ODataOptions {
  const entries = Object.entries(options).filter(
    ([name]) => name.startsWith('$') && !notQueried.has(name),
  );
  return Object.fromEntries(entries);
}
