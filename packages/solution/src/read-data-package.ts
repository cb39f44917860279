import {
  type AppModel,
  type Column,
  type ColumnType,
  type ColumnValue,
  type Diagnostic,
  isLogicalName,
  isLookup,
  type ManyToMany,
  parseGuid,
  parseValue,
  type RowValues,
  type Table,
  versionColumn,
} from '@outpost/model';
import { type Currency, readCurrencies } from './read-currencies.ts';
import { type RawField, type RawPair, type RawRow, readRaw } from './read-raw-rows.ts';
import { withKey } from './read-table.ts';
import { readZip, requireFile } from './xml/unzip.ts';
import { childNamed, childrenNamed, readXmlTree, type XmlNode } from './xml/xml-tree.ts';

export interface PackageRow {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

export interface DataPackage {
  /** The model completed by tables and columns that only the package describes. */
  readonly model: AppModel;
  /** Rows of tables, in file order. */
  readonly rows: readonly PackageRow[];
  /** Pairs of N:N relationships, as rows of their intersect tables. */
  readonly associations: readonly PackageRow[];
  readonly rowsByTable: Readonly<Record<string, number>>;
  /** Currencies among the rows (`transactioncurrency`). */
  readonly currencies: readonly Currency[];
  readonly diagnostics: readonly Diagnostic[];
}

const columnTypes: Readonly<Record<string, ColumnType>> = {
  string: 'string',
  number: 'integer',
  bigint: 'bigint',
  decimal: 'decimal',
  float: 'double',
  money: 'money',
  bool: 'boolean',
  datetime: 'dateTime',
  guid: 'guid',
  entityreference: 'lookup',
  owner: 'owner',
  optionsetvalue: 'choice',
  optionsetvaluecollection: 'choices',
  state: 'state',
  status: 'status',
  partylist: 'partyList',
  imagedata: 'image',
  filedata: 'file',
};

type Report = (
  severity: Diagnostic['severity'],
  code: string,
  message: string,
  location: string,
) => void;

/**
 * Reads a data package (Configuration Migration format) against a model. Values are typed by their columns; one that
 * does not fit is reported with table, row and column, and left out.
 */
export function readDataPackage(bytes: Uint8Array, model: AppModel): DataPackage {
  const files = readZip(bytes, ['data.xml', 'data_schema.xml']);
  const schema = readXmlTree(
    requireFile(files, 'data_schema.xml', 'data package'),
    'data_schema.xml',
  );
  const { rows: raw, pairs } = readRaw(requireFile(files, 'data.xml', 'data package'));
  const diagnostics: Diagnostic[] = [];
  const report: Report = (severity, code, message, location) =>
    diagnostics.push({ severity, code, message, location });
  const complete = completeModel(model, schema, raw, report);
  const tables = new Map(complete.tables.map((table) => [table.name, table]));
  const columns = new Map(
    complete.tables.map((table) => [
      table.name,
      new Map(table.columns.map((one) => [one.name, one])),
    ]),
  );
  const seen = new Set<string>();
  const rows: PackageRow[] = [];
  const rowsByTable: Record<string, number> = {};
  for (const row of raw) {
    const id = parseGuid(row.id);
    const location = `data.xml/${row.table}/${row.id}`;
    const own = columns.get(row.table);
    if (id === null || own === undefined) {
      const what = id === null ? 'has no valid id' : 'belongs to a table that is not known';
      report('warning', 'data.rowLeftOut', `The row ${what}.`, location);
      continue;
    }
    if (seen.has(`${row.table}/${id}`)) {
      report('warning', 'data.duplicateRow', 'The row occurs twice; the first is kept.', location);
      continue;
    }
    seen.add(`${row.table}/${id}`);
    rows.push({
      table: row.table,
      id,
      values: readValues(row, own, tables.get(row.table), report),
    });
    rowsByTable[row.table] = (rowsByTable[row.table] ?? 0) + 1;
  }
  return {
    model: complete,
    rows,
    associations: readAssociations(pairs, complete, report),
    rowsByTable,
    currencies: readCurrencies(rows),
    diagnostics,
  };
}

/** Adds the tables and columns that the schema describes and the solution does not. */
function completeModel(
  model: AppModel,
  schema: XmlNode,
  rows: readonly RawRow[],
  report: Report,
): AppModel {
  const targets = seenTargets(rows);
  const entities = new Map(
    childrenNamed(schema, 'entity').map((one) => [
      (one.attributes['name'] ?? '').toLowerCase(),
      one,
    ]),
  );
  const known = new Set(model.tables.map((table) => table.name));
  const added = [...entities].flatMap(([name, entity]): Table[] => {
    if (known.has(name)) return [];
    if (!isLogicalName(name)) {
      const message = `"${name}" cannot be the name of a table; the table is left out.`;
      report('warning', 'data.invalidName', message, `data_schema.xml/${name}`);
      return [];
    }
    report(
      'info',
      'data.tableFromPackage',
      `Table "${name}" is described by the data package only.`,
      `data_schema.xml/${name}`,
    );
    return [emptyTable(name, entity)];
  });
  const tables = [...model.tables, ...added].map((table): Table => {
    const entity = entities.get(table.name);
    if (entity === undefined) return table;
    const fields = childrenNamed(childNamed(entity, 'fields'), 'field');
    const names = new Set(table.columns.map((column) => column.name));
    const extra = fields.flatMap((field): Column[] => {
      const column = fieldColumn(table.name, field, report);
      return column === null || names.has(column.name) ? [] : [column];
    });
    const primaryId = entity.attributes['primaryidfield'] ?? table.primaryId;
    const primaryName = table.primaryName ?? entity.attributes['primarynamefield'] ?? null;
    const columns = withKey([...table.columns, ...extra], primaryId).map((column) =>
      withSeenTargets(column, targets.get(`${table.name}.${column.name}`)),
    );
    const named = columns.some((column) => column.name === primaryName);
    return { ...table, primaryId, primaryName: named ? primaryName : null, columns };
  });
  return { ...model, tables };
}

function emptyTable(name: string, entity: XmlNode): Table {
  const label = entity.attributes['displayname'] ?? name;
  const fields = childrenNamed(childNamed(entity, 'fields'), 'field');
  const owned = fields.some((field) => field.attributes['type'] === 'owner');
  return {
    name,
    label,
    pluralLabel: label,
    setName: `${name}s`,
    primaryId: entity.attributes['primaryidfield'] ?? `${name}id`,
    primaryName: entity.attributes['primarynamefield'] ?? null,
    ownership: owned ? 'user' : 'none',
    columns: [],
    availableOffline: false,
    changeTracking: true,
  };
}

/** Tables that the lookups of the package really point at, by `table.column`. */
function seenTargets(rows: readonly RawRow[]): ReadonlyMap<string, ReadonlySet<string>> {
  const targets = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const { name, lookupTable } of row.fields) {
      if (lookupTable === null) continue;
      const key = `${row.table}.${name}`;
      const set = targets.get(key) ?? new Set();
      targets.set(key, set.add(lookupTable));
    }
  }
  return targets;
}

function withSeenTargets(column: Column, seen: ReadonlySet<string> | undefined): Column {
  if (!isLookup(column) || seen === undefined || column.targets?.length === 0) return column;
  const targets = [...new Set([...(column.targets ?? []), ...seen])];
  return targets.length === column.targets?.length ? column : { ...column, targets };
}

function fieldColumn(table: string, field: XmlNode, report: Report): Column | null {
  const name = field.attributes['name'] ?? '';
  if (name === versionColumn.name) return null;
  if (!isLogicalName(name)) {
    const message = `"${name}" cannot be the name of a column; the column is left out.`;
    report('warning', 'data.invalidName', message, `data_schema.xml/${table}/${name}`);
    return null;
  }
  const typeName = field.attributes['type'] ?? '';
  const type = columnTypes[typeName];
  if (type === undefined) {
    report(
      'warning',
      'data.unknownColumnType',
      `Column type "${typeName}" is not known; the column is left out.`,
      `data_schema.xml/${table}/${name}`,
    );
    return null;
  }
  const lookupTypes = (field.attributes['lookupType'] ?? '')
    .split(/[|,;]/)
    .filter((one) => one !== '');
  const targets =
    type === 'owner' ? ['systemuser', 'team'] : type === 'lookup' ? lookupTypes : null;
  return {
    name,
    label: field.attributes['displayname'] ?? name,
    type,
    required: 'none',
    ...(targets === null ? {} : { targets }),
  };
}

function readValues(
  row: RawRow,
  columns: ReadonlyMap<string, Column>,
  table: Table | undefined,
  report: Report,
): RowValues {
  const values: Record<string, ColumnValue> = {};
  for (const field of row.fields) {
    const location = `data.xml/${row.table}/${row.id}/${field.name}`;
    const column = columns.get(field.name);
    if (column === undefined) {
      if (field.name === versionColumn.name) continue;
      report(
        'warning',
        'data.unknownColumn',
        `Table "${row.table}" has no column "${field.name}".`,
        location,
      );
      continue;
    }
    if (column.name === table?.primaryId) continue;
    const parsed = parseValue(column, toInput(column, field));
    if (parsed.kind === 'invalid') report('warning', 'data.invalidValue', parsed.message, location);
    else if (parsed.value !== null) values[column.name] = parsed.value;
  }
  return values;
}

/** The value of a field in the spelling that columns are parsed from. */
function toInput(column: Column, field: RawField): unknown {
  if (isLookup(column)) {
    if (field.value === '') return null;
    const lookup = { table: field.lookupTable ?? column.targets?.[0] ?? '', id: field.value };
    return field.lookupName === null || field.lookupName === ''
      ? lookup
      : { ...lookup, name: field.lookupName };
  }
  switch (column.type) {
    case 'partyList':
      return field.parties.map(({ table, id, name }) => ({
        table,
        id,
        ...(name === null || name === '' ? {} : { name }),
      }));
    case 'dateTime':
    case 'dateOnly':
      return toIsoDate(field.value, column.type === 'dateOnly');
    case 'choices':
      return field.value
        .replace(/[[\]]/g, '')
        .split(',')
        .filter((part) => part !== '' && part !== '-1');
    case 'choice':
    case 'state':
    case 'status':
      return field.value === '' ? null : Number(field.value);
    default:
      return field.value;
  }
}

/** `10/2/2018 5:48:12 PM` as ISO text; anything else is passed on and judged by the column. */
function toIsoDate(text: string, dateOnly: boolean): string {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2}):(\d{2}) (AM|PM))?$/.exec(
    text.trim(),
  );
  if (match === null) return text;
  const [
    ,
    month = '',
    day = '',
    year = '',
    hour = '12',
    minute = '00',
    second = '00',
    half = 'AM',
  ] = match;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (dateOnly) return date;
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
  return `${date}T${String(hours).padStart(2, '0')}:${minute}:${second}Z`;
}

function readAssociations(
  pairs: readonly RawPair[],
  model: AppModel,
  report: Report,
): readonly PackageRow[] {
  const byName = new Map<string, ManyToMany>();
  for (const one of model.relationships) {
    if (one.kind !== 'manyToMany') continue;
    byName.set(one.intersect.toLowerCase(), one);
    byName.set(one.name.toLowerCase(), one);
  }
  const tables = new Set(model.tables.map((table) => table.name));
  return pairs.flatMap(({ relationship, table, source, targets }): PackageRow[] => {
    const found = byName.get(relationship.toLowerCase());
    const location = `data.xml/m2mrelationships/${relationship}/${source}`;
    if (found === undefined || !tables.has(found.intersect)) {
      report(
        'warning',
        'data.unknownRelationship',
        `Relationship "${relationship}" is not part of the solution.`,
        location,
      );
      return [];
    }
    return targets.flatMap((target): PackageRow[] => {
      const [from, to] = [parseGuid(source), parseGuid(target)];
      if (from === null || to === null) {
        const wrong = from === null ? source : target;
        report('warning', 'data.invalidValue', `"${wrong}" is not a row id.`, location);
        return [];
      }
      const [one, two] = table === found.table2 && table !== found.table1 ? [to, from] : [from, to];
      const values = {
        [found.column1]: { table: found.table1, id: one },
        [found.column2]: { table: found.table2, id: two },
      };
      return [{ table: found.intersect, id: pairId(one, two), values }];
    });
  });
}

/** A stable id of a pair, from the varying parts of both ids. */
function pairId(one: string, two: string): string {
  return `${one.slice(0, 18)}-${two.slice(9, 13)}-${two.slice(0, 8)}${two.slice(14, 18)}`;
}
