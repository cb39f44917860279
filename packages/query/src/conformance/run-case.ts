import { type Cell, type ColumnValue, indexModel, isLookupValue } from '@outpost/model';
import { readCurrentNames } from '../engine/lookup-names.ts';
import { type QueryPage, type ReadAllLater, readPlan } from '../engine/run-plan.ts';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import { QueryError } from '../query-error.ts';
import { compileQuery, type QueryPlan } from '../sql/compile.ts';
import { type Dialect, sqlite } from '../sql/dialect.ts';
import { webApiRow } from '../web-api/web-api-row.ts';
import { type CaseRow, type ConformanceCase, caseContext, caseModel } from './conformance-file.ts';

/** A database with the tables and rows of one case. */
export interface CaseDatabase {
  readonly all: ReadAllLater;
  readonly isFolded: (table: string, slot: string) => boolean;
  /** Default: SQLite. */
  readonly dialect?: Dialect;
}

export type CaseOutcome =
  | { readonly kind: 'passed'; readonly alternative: boolean }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly sql: string | null;
      readonly params: readonly Cell[];
      readonly expected: unknown;
      readonly actual: unknown;
    };

/** Runs one case against a database that holds its rows. */
export async function runCase(
  one: ConformanceCase,
  database: CaseDatabase,
  strict: boolean,
): Promise<CaseOutcome> {
  const { expect } = one;
  const run = await execute(one, database);
  const failed = (message: string, expected: unknown, actual: unknown): CaseOutcome => ({
    kind: 'failed',
    message,
    sql: run.plan?.rows(run.plan.size, run.plan.offset).text ?? null,
    params: run.plan?.rows(run.plan.size, run.plan.offset).params ?? [],
    expected,
    actual,
  });
  if (expect.error !== undefined) {
    const { kind, code } = expect.error;
    const { error } = run;
    if (error === null) return failed('An error was expected.', expect.error, run.rows);
    const actual = { kind: error.code, code: error.dataverseCode, message: error.message };
    const sameCode =
      code === undefined || code.toLowerCase() === (error.dataverseCode ?? '').toLowerCase();
    return error.code === kind && sameCode
      ? { kind: 'passed', alternative: false }
      : failed('Another error was expected.', expect.error, actual);
  }
  const { page, rows, error } = run;
  if (error !== null || page === null) {
    return failed(`The query failed: ${error?.code} ${error?.message}`, expect.rows, null);
  }
  const same = (expected: readonly CaseRow[]) => sameRows(expected, rows, expect.ordered === true);
  const readings = strict ? [] : (expect.alternatives ?? []);
  const expected = expect.rows ?? [];
  const isSame = same(expected);
  if (!isSame && !readings.some(same)) return failed('The rows differ.', expected, rows);
  if (expect.morerecords !== undefined && expect.morerecords !== page.moreRecords) {
    return failed('moreRecords differs.', expect.morerecords, page.moreRecords);
  }
  if (expect.totalrecordcount !== undefined && expect.totalrecordcount !== page.totalRecordCount) {
    return failed('totalRecordCount differs.', expect.totalrecordcount, page.totalRecordCount);
  }
  return { kind: 'passed', alternative: !isSame };
}

interface Execution {
  readonly plan: QueryPlan | null;
  readonly page: QueryPage | null;
  readonly rows: readonly CaseRow[];
  readonly error: QueryError | null;
}

async function execute(
  one: ConformanceCase,
  { all, isFolded, dialect = sqlite }: CaseDatabase,
): Promise<Execution> {
  const failure = (error: QueryError | undefined, plan: QueryPlan | null): Execution => ({
    plan,
    page: null,
    rows: [],
    error: error ?? null,
  });
  const parsed = parseFetch(one.fetchxml);
  if (parsed.kind === 'invalid') return failure(parsed.errors[0], null);
  const context = caseContext(one);
  const model = indexModel(caseModel(one));
  const compiled = compileQuery(parsed.value, { model, context, isFolded, dialect });
  if (compiled.kind === 'invalid') return failure(compiled.errors[0], null);
  const plan = compiled.value;
  try {
    const page = await readPlan(parsed.value, plan, all);
    const has = (table: string, column: string) => model.column(table, column) !== undefined;
    const named = await readCurrentNames(page.rows, { model, all, has, dialect });
    const rows = named.map((row) => caseRow(one, parsed.value, plan, row));
    return { plan, page, rows, error: null };
  } catch (error) {
    if (error instanceof QueryError) return failure(error, plan);
    throw error;
  }
}

/** A row in the spelling of cases, without what the case ignores. */
function caseRow(
  one: ConformanceCase,
  { root }: FetchQuery,
  plan: QueryPlan,
  row: QueryPage['rows'][number],
): CaseRow {
  const plain: CaseRow =
    one.profile === 'webapi'
      ? webApiRow(plan, row, {
          locale: 'en-US',
          timeZone: one.env.timezone,
          include: (annotation) => annotation !== 'odata.etag',
        })
      : Object.fromEntries(
          Object.entries(row.values).map(([key, value]) => [key, plainValue(value)]),
        );
  const ignored = new Set(one.expect.ignore ?? []);
  const all = root.select === 'all' || root.select.length === 0;
  const { primaryId } = plan.resolved.root.table;
  const selected = root.select !== 'all' && root.select.some((item) => item.column === primaryId);
  if (!all && !selected) ignored.add(primaryId);
  return Object.fromEntries(Object.entries(plain).filter(([key]) => !ignored.has(key)));
}

function plainValue(value: ColumnValue): unknown {
  return isLookupValue(value) ? value.id : value;
}

function sameRows(
  expected: readonly CaseRow[],
  actual: readonly CaseRow[],
  ordered: boolean,
): boolean {
  if (expected.length !== actual.length) return false;
  if (ordered) return expected.every((row, i) => sameRow(row, actual[i] ?? {}));
  const left = [...actual];
  return expected.every((row) => {
    const at = left.findIndex((other) => sameRow(row, other));
    if (at < 0) return false;
    left.splice(at, 1);
    return true;
  });
}

function sameRow(a: CaseRow, b: CaseRow): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameValue(a[key] ?? null, b[key] ?? null));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-9;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, i) => sameValue(one, b[i]));
  }
  return a === b;
}
