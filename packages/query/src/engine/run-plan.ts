import type { Cell } from '@outpost/model';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { queryLimits } from '../fetch-xml/parse.ts';
import { QueryError } from '../query-error.ts';
import type { DecodedRow, QueryPlan } from '../sql/compile.ts';
import type { Sql } from '../sql/sql-text.ts';
import { writeCookie } from '../web-api/paging-cookie.ts';

/** One page of a query's result. */
export interface QueryPage {
  readonly rows: readonly DecodedRow[];
  readonly moreRecords: boolean;
  readonly pagingCookie: string | null;
  /** Rows of all pages, at most 5,000; -1: not asked for. */
  readonly totalRecordCount: number;
  readonly totalRecordCountLimitExceeded: boolean;
}

/** Reads cells of a statement. */
export type ReadAll = (sql: string, params: readonly Cell[]) => readonly (readonly Cell[])[];

const countLimit = 5000;

/** Reads cells of a statement, in time. */
export type ReadAllLater = (
  sql: string,
  params: readonly Cell[],
) => Promise<readonly (readonly Cell[])[]>;

/** Runs a plan for the page its query asks for. Throws `QueryError` for a limit that only data can break. */
export function runPlan(query: FetchQuery, plan: QueryPlan, all: ReadAll): QueryPage {
  checkGuard(plan, all);
  const statement = pageStatement(plan);
  const cells = all(statement.text, statement.params);
  return toPage(query, plan, cells, query.countTotal ? countRows(plan, all) : -1);
}

/** `runPlan` on a database that answers later. */
export async function readPlan(
  query: FetchQuery,
  plan: QueryPlan,
  all: ReadAllLater,
): Promise<QueryPage> {
  const { guard } = plan;
  if (guard !== null) {
    const counted = await all(guard.statement.text, guard.statement.params);
    checkAggregated(counted, guard.limit);
  }
  const statement = pageStatement(plan);
  const cells = await all(statement.text, statement.params);
  const total = query.countTotal ? await all(plan.count.text, plan.count.params) : null;
  return toPage(query, plan, cells, total === null ? -1 : Number(total[0]?.[0] ?? 0));
}

/** One row more than the page has tells whether there is another one. */
function pageStatement(plan: QueryPlan): Sql {
  return plan.rows(plan.size + (plan.last ? 0 : 1), plan.offset);
}

function toPage(
  query: FetchQuery,
  plan: QueryPlan,
  cells: readonly (readonly Cell[])[],
  total: number,
): QueryPage {
  const moreRecords = !plan.last && cells.length > plan.size;
  const rows = cells.slice(0, plan.size).map((row) => plan.decode(row));
  if (plan.reversed) rows.reverse();
  if (plan.offset >= queryLimits.simplePaging && rows.length > 0) {
    throw new QueryError(
      'limit',
      `Pages without a cookie end at ${queryLimits.simplePaging} rows.`,
      'Send the paging cookie of the page before.',
    );
  }
  return {
    rows,
    moreRecords: plan.reversed || moreRecords,
    pagingCookie: cookieOf(query, plan, rows),
    totalRecordCount: Math.min(total, countLimit),
    totalRecordCountLimitExceeded: total > countLimit,
  };
}

/** Rows of all pages. */
export function countRows(plan: QueryPlan, all: ReadAll): number {
  return Number(all(plan.count.text, plan.count.params)[0]?.[0] ?? 0);
}

export function checkGuard({ guard }: QueryPlan, all: ReadAll): void {
  if (guard === null) return;
  const { statement, limit } = guard;
  checkAggregated(all(statement.text, statement.params), limit);
}

function checkAggregated(counted: readonly (readonly Cell[])[], limit: number): void {
  if (Number(counted[0]?.[0] ?? 0) <= limit) return;
  throw new QueryError(
    'limit',
    `The query aggregates more than ${limit} rows.`,
    'Filter the rows.',
    '0x8004E023',
  );
}

function cookieOf(query: FetchQuery, plan: QueryPlan, rows: readonly DecodedRow[]): string | null {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!plan.keyset || plan.last || first === undefined || last === undefined) return null;
  const row = ({ order, id }: DecodedRow) => ({ cells: order, id });
  return writeCookie(
    { page: query.page, first: row(first), last: row(last) },
    plan.orderColumns,
    plan.resolved.root.table.primaryId,
  );
}
