import {
  type Column,
  type ColumnValue,
  dataverseErrors,
  isLookup,
  type LookupValue,
  parseGuid,
  parseValue,
  type Table,
  versionColumn,
} from '@outpost/model';
import { HttpError } from '../server-error.ts';
import { badAddress } from './address.ts';
import type { Scope } from './call.ts';
import { resolveReference } from './keys.ts';
import { type CollectionNavigation, columnNamed, findNavigation } from './names.ts';

/** A row as a request writes it. */
export interface RowBody {
  /** Key that the request gives, if it does. */
  readonly id: string | null;
  readonly values: Readonly<Record<string, ColumnValue>>;
  /** Rows to be made first, which a lookup then points at. */
  readonly targets: readonly {
    readonly column: Column;
    readonly table: Table;
    readonly body: RowBody;
  }[];
  /** Rows to be made, or connected, afterwards. */
  readonly collections: readonly {
    readonly navigation: CollectionNavigation;
    readonly bodies: readonly RowBody[];
    readonly references: readonly { readonly table: string; readonly id: string }[];
  }[];
}

const maxDepth = 4;
const bind = '@odata.bind';

/** Columns of activities that hold the parties of a kind. (Dataverse: participation type.) */
const partyColumns: Readonly<Record<number, string>> = {
  1: 'from',
  2: 'to',
  3: 'cc',
  4: 'bcc',
  5: 'requiredattendees',
  6: 'optionalattendees',
  7: 'organizer',
  10: 'resources',
  11: 'customers',
};

/** Reads the JSON of a row: columns, `@odata.bind`, rows inside. Throws `HttpError`. */
export async function readRowBody(
  scope: Scope,
  table: Table,
  json: unknown,
  depth = 0,
): Promise<RowBody> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw badAddress(`A ${table.label} is a JSON object.`);
  }
  if (depth > maxDepth) throw badAddress(`Rows are nested deeper than ${maxDepth}.`);
  const values: Record<string, ColumnValue> = {};
  const targets: RowBody['targets'][number][] = [];
  const collections: RowBody['collections'][number][] = [];
  let id: string | null = null;
  for (const [property, value] of Object.entries(json as Record<string, unknown>)) {
    if (property.endsWith(bind)) {
      const name = property.slice(0, -bind.length);
      const navigation = findNavigation(scope.env.index, table, name);
      if (navigation === null) throw unknownProperty(table, name);
      if (navigation.kind === 'single') {
        const given = value === null ? null : await lookup(scope, value);
        values[navigation.column.name] = readValue(navigation.column, given);
      } else {
        const references = await lookups(scope, value);
        collections.push({ navigation, bodies: [], references });
      }
      continue;
    }
    // Rows that were read are sent back as they came.
    if (property.includes('@') || property === versionColumn.name) continue;
    if (property === table.primaryId) {
      id = typeof value === 'string' ? parseGuid(value) : null;
      if (id === null) throw badAddress(`${property} is no GUID.`);
      continue;
    }
    if (property === `${table.name}_activity_parties`) {
      Object.assign(values, await readParties(scope, table, value));
      continue;
    }
    const column = columnNamed(table, property);
    if (column !== undefined && !isLookup(column)) {
      values[column.name] = readValue(column, value);
      continue;
    }
    if (column !== undefined && property !== column.name) {
      throw badAddress(`Set "${column.name}${bind}" instead of "${property}".`);
    }
    const navigation = findNavigation(scope.env.index, table, property);
    if (navigation === null) throw unknownProperty(table, property);
    if (navigation.kind === 'collection') {
      collections.push(await readCollection(scope, navigation, value, depth));
    } else if (value === null) values[navigation.column.name] = null;
    else {
      const target = scope.env.index.table(targetName(navigation.targets, property, value));
      if (target === undefined) throw unknownProperty(table, property);
      const body = await readRowBody(scope, target, value, depth + 1);
      targets.push({ column: navigation.column, table: target, body });
    }
  }
  return { id, values, targets, collections };
}

/** One value, as the column takes it. */
export function readValue(column: Column, json: unknown): ColumnValue {
  const parsed = parseValue(column, json);
  if (parsed.kind === 'value') return parsed.value;
  throw new HttpError(400, parsed.code, parsed.message);
}

export function unknownProperty(table: Table, property: string): HttpError {
  return new HttpError(
    400,
    dataverseErrors.badRequest,
    `Invalid property '${property}' was found in entity '${table.name}'.`,
  );
}

async function readCollection(
  scope: Scope,
  navigation: CollectionNavigation,
  value: unknown,
  depth: number,
): Promise<RowBody['collections'][number]> {
  const table = scope.env.index.table(navigation.table);
  if (table === undefined || !Array.isArray(value)) {
    throw badAddress(`"${navigation.relationship.name}" takes an array of rows.`);
  }
  const bodies: RowBody[] = [];
  for (const one of value) bodies.push(await readRowBody(scope, table, one, depth + 1));
  return { navigation, bodies, references: [] };
}

/** The only table a lookup leads to, or the one that the row says it is of. */
function targetName(targets: readonly string[], property: string, value: unknown): string {
  const [only] = targets;
  if (only !== undefined && targets.length === 1) return only;
  const type = (value as Readonly<Record<string, unknown>>)['@odata.type'];
  const named = typeof type === 'string' ? type.replace(/^#?Microsoft\.Dynamics\.CRM\./, '') : '';
  if (targets.includes(named)) return named;
  throw badAddress(
    `"${property}" may lead to ${targets.join(', ')}: give the row its @odata.type.`,
  );
}

async function lookup(scope: Scope, reference: unknown): Promise<LookupValue> {
  if (typeof reference !== 'string') throw badAddress(`"${bind}" takes the address of a row.`);
  const { table, id } = await resolveReference(scope, reference);
  return { table: table.name, id };
}

async function lookups(scope: Scope, references: unknown): Promise<readonly LookupValue[]> {
  if (!Array.isArray(references)) throw badAddress(`"${bind}" takes an array of addresses here.`);
  const found: LookupValue[] = [];
  for (const one of references) found.push(await lookup(scope, one));
  return found;
}

/** Parties of an activity by their kind: `{ "partyid_contact@odata.bind": "...", "participationtypemask": 2 }`. */
async function readParties(
  scope: Scope,
  table: Table,
  json: unknown,
): Promise<Readonly<Record<string, ColumnValue>>> {
  if (!Array.isArray(json)) throw badAddress('Parties come as an array.');
  const byColumn = new Map<string, LookupValue[]>();
  for (const one of json as readonly unknown[]) {
    const party = (typeof one === 'object' && one !== null ? one : {}) as Record<string, unknown>;
    const mask = Number(party['participationtypemask']);
    const column = table.columns.find(
      (each) => each.name === partyColumns[mask] && each.type === 'partyList',
    );
    if (column === undefined) {
      throw badAddress(
        `${table.label} has no parties of kind ${String(party['participationtypemask'])}.`,
      );
    }
    const reference = Object.entries(party).find(
      ([name]) => name.startsWith('partyid') && name.endsWith(bind),
    );
    const parties = byColumn.get(column.name) ?? [];
    parties.push(await lookup(scope, reference?.[1]));
    byColumn.set(column.name, parties);
  }
  return Object.fromEntries(byColumn);
}
