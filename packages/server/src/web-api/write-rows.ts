import {
  type ColumnValue,
  dataverseErrors,
  isLookup,
  type ManyToMany,
  type Table,
  valuesToCells,
  versionColumn,
} from '@outpost/model';
import type { ServerResponse } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import type { WriteTx } from '../store/server-store.ts';
import { readRow } from '../write/row-access.ts';
import { RowWriter } from '../write/row-writer.ts';
import type { RowWrite } from '../write/write-env.ts';
import { type AddressArguments, badAddress } from './address.ts';
import { context, json, written } from './answers.ts';
import { rowAddress, type Scope } from './call.ts';
import { keyNotFound, resolveKey, resolveReference } from './keys.ts';
import { columnNamed, findNavigation } from './names.ts';
import { readById } from './read-rows.ts';
import { type RowBody, readRowBody, readValue, unknownProperty } from './row-body.ts';

type WriteScope = Scope<WriteTx>;
type Options = Readonly<Record<string, string>>;

export function writerOf({ env, tx, caller }: WriteScope): RowWriter {
  return new RowWriter(env, tx, { kind: 'user', context: caller.context, name: caller.name });
}

/** `POST accounts`. */
export async function createRow(
  scope: WriteScope,
  table: Table,
  options: Options,
): Promise<ServerResponse> {
  const body = await readRowBody(scope, table, scope.request.body);
  const id = await create(scope, writerOf(scope), table, body);
  return answerWritten(scope, table, id, options, 201);
}

/** `PATCH accounts(...)`: an update, or an upsert, as the conditions say. */
export async function updateRow(
  scope: WriteScope,
  table: Table,
  args: AddressArguments,
  options: Options,
): Promise<ServerResponse> {
  const body = await readRowBody(scope, table, scope.request.body);
  const { id, created } = await upsert(scope, writerOf(scope), table, args, body, {
    mayCreate: scope.request.headers['if-match'] === undefined,
    mayUpdate: scope.request.headers['if-none-match'] !== '*',
  });
  return answerWritten(scope, table, id, options, created ? 201 : 200);
}

/** Which of the two an upsert may be. */
export interface UpsertRules {
  readonly mayCreate: boolean;
  readonly mayUpdate: boolean;
}

export async function upsert(
  scope: WriteScope,
  writer: RowWriter,
  table: Table,
  args: AddressArguments,
  body: RowBody,
  { mayCreate, mayUpdate }: UpsertRules,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const key = await resolveKey(scope, table, args);
  const exists = key.id !== null && (await readRow(scope.tx, table, key.id)) !== null;
  if (exists && key.id !== null) {
    if (!mayUpdate) {
      throw new HttpError(
        412,
        dataverseErrors.duplicateRecord,
        `${table.label} ${key.id} exists already.`,
      );
    }
    await update(scope, writer, table, key.id, body);
    return { id: key.id, created: false };
  }
  if (!mayCreate) throw missing(table, key.id);
  const values = { ...key.values, ...body.values };
  const id = await create(scope, writer, table, { ...body, id: key.id ?? body.id, values });
  return { id, created: true };
}

/** Makes a row, those it points at before, and those that point at it afterwards; answers its id. */
export async function create(
  scope: WriteScope,
  writer: RowWriter,
  table: Table,
  body: RowBody,
): Promise<string> {
  const id = body.id ?? scope.env.ids.next();
  const values = await withTargets(scope, writer, body);
  await writer.write({ op: 'create', table: table.name, id, set: valuesToCells(table, values) });
  await connect(scope, writer, table, id, body);
  return id;
}

export async function update(
  scope: WriteScope,
  writer: RowWriter,
  table: Table,
  id: string,
  body: RowBody,
): Promise<void> {
  const values = await withTargets(scope, writer, body);
  await writer.write({
    op: 'update',
    table: table.name,
    id,
    set: valuesToCells(table, values),
    ...(await precondition(scope, table, id)),
  });
  await connect(scope, writer, table, id, body);
}

/** `DELETE accounts(...)`. */
export async function deleteRow(
  scope: WriteScope,
  table: Table,
  args: AddressArguments,
): Promise<ServerResponse> {
  const id = await existing(scope, table, args);
  const expected = await precondition(scope, table, id);
  await writerOf(scope).write({ op: 'delete', table: table.name, id, set: {}, ...expected });
  return written(rowAddress(scope, table, id));
}

/** `PUT accounts(...)/name` and `DELETE accounts(...)/name`. */
export async function writeProperty(
  scope: WriteScope,
  table: Table,
  args: AddressArguments,
  property: string,
): Promise<ServerResponse> {
  const { body, method } = scope.request;
  const column = columnNamed(table, property);
  if (column === undefined || isLookup(column)) throw unknownProperty(table, property);
  const given = method === 'DELETE' ? null : (body as { readonly value?: unknown } | null)?.value;
  if (given === undefined) throw badAddress('A value comes as { "value": ... }.');
  const id = await existing(scope, table, args);
  const values = { [column.name]: readValue(column, given) };
  await writerOf(scope).write({
    op: 'update',
    table: table.name,
    id,
    set: valuesToCells(table, values),
    ...(await precondition(scope, table, id)),
  });
  return written(rowAddress(scope, table, id));
}

/** `POST`, `PUT` and `DELETE` of `accounts(...)/primarycontactid/$ref`, and of collections. */
export async function writeReference(
  scope: WriteScope,
  table: Table,
  args: AddressArguments,
  property: string,
  item: AddressArguments,
  options: Options,
): Promise<ServerResponse> {
  const { index } = scope.env;
  const { method, body } = scope.request;
  const navigation = findNavigation(index, table, property);
  if (navigation === null) throw unknownProperty(table, property);
  const id = await existing(scope, table, args);
  const writer = writerOf(scope);
  const target = async () => {
    if (item.kind !== 'none') return { table: collectionTable(), args: item };
    const given =
      method === 'DELETE'
        ? options['$id']
        : (body as { readonly '@odata.id'?: unknown } | null)?.['@odata.id'];
    if (typeof given !== 'string') throw badAddress('The other row comes as { "@odata.id": ... }.');
    const found = await resolveReference(scope, given);
    return { table: found.table, args: { kind: 'id', id: found.id } as const };
  };
  function collectionTable(): Table {
    const other = navigation?.kind === 'collection' ? index.table(navigation.table) : undefined;
    if (other === undefined) throw badAddress(`"${property}" is not a collection.`);
    return other;
  }
  const link = async (holder: Table, row: string, column: string, value: ColumnValue) => {
    const set = valuesToCells(holder, { [column]: value });
    await writer.write({ op: 'update', table: holder.name, id: row, set });
  };
  if (navigation.kind === 'single') {
    const value =
      method === 'DELETE'
        ? null
        : await target().then(async (one) => ({
            table: one.table.name,
            id: await existing(scope, one.table, one.args),
          }));
    await link(table, id, navigation.column.name, value);
    return written(rowAddress(scope, table, id));
  }
  const other = await target();
  const otherId = await existing(scope, other.table, other.args);
  if (other.table.name !== navigation.table) {
    throw badAddress(`"${property}" holds rows of "${navigation.table}".`);
  }
  const { relationship } = navigation;
  if (relationship.kind === 'manyToOne') {
    const value = method === 'DELETE' ? null : { table: table.name, id };
    await link(other.table, otherId, relationship.column, value);
  } else {
    const pair = pairOf(relationship, table, id, otherId);
    await writer.associate(relationship, pair, method !== 'DELETE', scope.env.ids.next());
  }
  return written(rowAddress(scope, table, id));
}

/** The ids of the two rows that a pair connects, in the order of the relationship. */
function pairOf(
  relationship: ManyToMany,
  table: Table,
  id: string,
  otherId: string,
): readonly [string, string] {
  return relationship.table1 === table.name ? [id, otherId] : [otherId, id];
}

async function withTargets(
  scope: WriteScope,
  writer: RowWriter,
  body: RowBody,
): Promise<Readonly<Record<string, ColumnValue>>> {
  const values: Record<string, ColumnValue> = { ...body.values };
  for (const { column, table, body: target } of body.targets) {
    values[column.name] = { table: table.name, id: await create(scope, writer, table, target) };
  }
  return values;
}

async function connect(
  scope: WriteScope,
  writer: RowWriter,
  table: Table,
  id: string,
  body: RowBody,
): Promise<void> {
  for (const { navigation, bodies, references } of body.collections) {
    const { relationship } = navigation;
    const other = scope.env.index.table(navigation.table);
    if (other === undefined) continue;
    if (relationship.kind === 'manyToOne') {
      const own = { [relationship.column]: { table: table.name, id } };
      for (const one of bodies) {
        await create(scope, writer, other, { ...one, values: { ...one.values, ...own } });
      }
      for (const one of references) {
        const set = valuesToCells(other, own);
        await writer.write({ op: 'update', table: other.name, id: one.id, set });
      }
      continue;
    }
    const ids = references.map((one) => one.id);
    for (const one of bodies) ids.push(await create(scope, writer, other, one));
    for (const otherId of ids) {
      const pair = pairOf(relationship, table, id, otherId);
      await writer.associate(relationship, pair, true, scope.env.ids.next());
    }
  }
}

/** The row of a key, which must be there. */
export async function existing(
  scope: WriteScope,
  table: Table,
  args: AddressArguments,
): Promise<string> {
  const key = await resolveKey(scope, table, args);
  if (key.id === null) throw keyNotFound(table);
  if ((await readRow(scope.tx, table, key.id)) === null) throw missing(table, key.id);
  return key.id;
}

function missing(table: Table, id: string | null): HttpError {
  if (id === null) return keyNotFound(table);
  const message = `${table.label} With Id = ${id} Does Not Exist`;
  return new HttpError(404, dataverseErrors.objectDoesNotExist, message);
}

/** `If-Match` with a version: nobody else may have written the row since. */
async function precondition(
  { tx, request }: WriteScope,
  table: Table,
  id: string,
): Promise<Pick<RowWrite, 'expected'>> {
  const given = request.headers['if-match'];
  if (given === undefined || given === '*') return {};
  const version = /^W\/"(\d{1,16})"$/.exec(given)?.[1];
  const stored = (await readRow(tx, table, id))?.cells[versionColumn.name];
  if (version !== undefined && Number(version) === stored) return {};
  throw new HttpError(
    412,
    dataverseErrors.concurrencyVersionMismatch,
    `The version of the ${table.label} is not the given one.`,
  );
}

async function answerWritten(
  scope: WriteScope,
  table: Table,
  id: string,
  options: Options,
  status: 200 | 201,
): Promise<ServerResponse> {
  const address = rowAddress(scope, table, id);
  if (!scope.request.prefer.representation) return written(address);
  const shown = await readById(scope, table, id, options);
  return json(
    { '@odata.context': context(scope.request.root, `${table.setName}/$entity`), ...shown },
    status,
    {
      'odata-entityid': address,
      location: address,
      'preference-applied': 'return=representation',
    },
  );
}
