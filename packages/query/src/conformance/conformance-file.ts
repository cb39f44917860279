import {
  type AppModel,
  type Column,
  type ColumnType,
  type ColumnValue,
  defineApp,
  parentalCascade,
  type Relationship,
  type RowValues,
  type Table,
} from '@outpost/model';
import type { FiscalSettings, QueryContext } from '../query-context.ts';

/** A file of FetchXML cases, format `fetchxml-conformance/1`. */
export interface ConformanceFile {
  readonly format: string;
  readonly cases: readonly ConformanceCase[];
}

export interface ConformanceCase {
  readonly id: string;
  readonly family: string;
  readonly profile?: string;
  readonly metadata: Readonly<Record<string, CaseTable>>;
  readonly tables: Readonly<Record<string, readonly CaseRow[]>>;
  readonly env: CaseEnvironment;
  readonly fetchxml: string;
  readonly expect: CaseExpectation;
}

export interface CaseTable {
  readonly primaryid: string;
  readonly primaryname: string;
  /** Lookup of the table to itself. */
  readonly hierarchy?: string;
  readonly columns: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly targets?: readonly string[];
        readonly options?: Readonly<Record<string, string>>;
      }
    >
  >;
}

/** Cells as plain JSON: lookups as ids, multi-select choices as numbers; absent is null. */
export type CaseRow = Readonly<Record<string, unknown>>;

export interface CaseEnvironment {
  readonly now: string;
  readonly timezone: string;
  readonly userid?: string;
  readonly businessunitid?: string;
  readonly languagecode?: number;
  readonly hierarchydepth?: number;
  readonly fiscal?: { readonly start: string; readonly period: string };
}

export interface CaseExpectation {
  readonly rows?: readonly CaseRow[];
  readonly ordered?: boolean;
  /** Other readings of a contested case. */
  readonly alternatives?: readonly (readonly CaseRow[])[];
  readonly ignore?: readonly string[];
  readonly morerecords?: boolean;
  readonly totalrecordcount?: number;
  readonly error?: { readonly kind: string; readonly code?: string };
}

const types: Readonly<Record<string, ColumnType>> = {
  guid: 'guid',
  string: 'string',
  memo: 'memo',
  integer: 'integer',
  decimal: 'decimal',
  money: 'money',
  boolean: 'boolean',
  choice: 'choice',
  multichoice: 'choices',
  lookup: 'lookup',
  datetime: 'dateTime',
  dateonly: 'dateOnly',
};

/** The tables of a case as an app model. */
export function caseModel({ metadata }: ConformanceCase): AppModel {
  const tables = Object.entries(metadata).map(
    ([name, table]): Table => ({
      name,
      label: name,
      pluralLabel: `${name}s`,
      setName: `${name}s`,
      primaryId: table.primaryid,
      primaryName: table.primaryname,
      ownership: 'none',
      columns: Object.entries(table.columns).map(([columnName, column]) =>
        caseColumn(columnName, column),
      ),
      availableOffline: true,
      changeTracking: true,
    }),
  );
  const relationships = Object.entries(metadata).flatMap(([name, table]): Relationship[] =>
    Object.entries(table.columns).flatMap(([column, { targets = [] }]) =>
      targets.map((target) => ({
        kind: 'manyToOne' as const,
        name: `${name}_${column}_${target}`,
        table: name,
        column,
        target,
        cascade: parentalCascade,
        ...(table.hierarchy === column && target === name ? { hierarchical: true } : {}),
      })),
    ),
  );
  return defineApp({
    name: 'Conformance',
    uniqueName: 'conformance',
    tables,
    relationships,
  });
}

function caseColumn(
  name: string,
  { type, targets, options }: CaseTable['columns'][string],
): Column {
  const known = types[type];
  if (known === undefined) throw new RangeError(`Unknown column type "${type}" of "${name}".`);
  return {
    name,
    label: name,
    type: known,
    required: 'none',
    ...(targets === undefined ? {} : { targets }),
    ...(options === undefined
      ? {}
      : {
          options: Object.entries(options).map(([value, label]) => ({
            value: Number(value),
            label,
          })),
        }),
  };
}

/** A row of a case as typed values, without the primary key. */
export function caseValues(table: Table, row: CaseRow, cases: ConformanceCase): RowValues {
  const values: Record<string, ColumnValue> = {};
  for (const column of table.columns) {
    const value = row[column.name];
    if (value === undefined || value === null || column.name === table.primaryId) continue;
    values[column.name] =
      column.type === 'lookup' ? caseLookup(column, String(value), cases) : (value as ColumnValue);
  }
  return values;
}

/** Ids are unique over all tables of a case: the target is where the id is found. */
function caseLookup(
  column: Column,
  id: string,
  { metadata, tables }: ConformanceCase,
): ColumnValue {
  const targets = column.targets ?? [];
  const holds = (target: string) =>
    tables[target]?.some((row) => row[metadata[target]?.primaryid ?? ''] === id) === true;
  return { table: targets.find(holds) ?? targets[0] ?? '', id };
}

/** The moment and user of a case; teams are read from its `teammembership`. */
export function caseContext({ env }: ConformanceCase): QueryContext {
  return {
    now: Date.parse(env.now),
    timeZone: env.timezone,
    userId: env.userid ?? null,
    businessUnitId: env.businessunitid ?? null,
    ...(env.languagecode === undefined ? {} : { language: env.languagecode }),
    ...(env.hierarchydepth === undefined ? {} : { hierarchyDepth: env.hierarchydepth }),
    ...(env.fiscal === undefined ? {} : { fiscal: env.fiscal as FiscalSettings }),
  };
}

const format = 'fetchxml-conformance/1';

/** Reads a file of cases; throws a `SyntaxError` or `RangeError` that says what is wrong with it. */
export function parseConformanceFile(text: string): ConformanceFile {
  const file: unknown = JSON.parse(text);
  const found = (file as { format?: unknown } | null)?.format;
  if (found !== format) {
    throw new RangeError(`The file has format "${String(found)}", not "${format}".`);
  }
  const { cases } = file as { cases?: unknown };
  if (!Array.isArray(cases)) throw new RangeError('The file has no list "cases".');
  for (const [i, one] of cases.entries()) {
    const { id, fetchxml, metadata, tables, env, expect } = (one ?? {}) as Record<string, unknown>;
    const complete =
      typeof id === 'string' &&
      typeof fetchxml === 'string' &&
      [metadata, tables, env, expect].every((part) => typeof part === 'object' && part !== null);
    if (!complete) throw new RangeError(`Case ${i + 1} is not complete.`);
  }
  return file as ConformanceFile;
}
