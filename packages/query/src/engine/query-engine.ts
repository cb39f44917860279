import {
  type Cell,
  dataverseErrors,
  type ModelIndex,
  queryTypes,
  type Result,
  type SavedQuery,
} from '@outpost/model';
import type { DeviceStore } from '@outpost/store';
import { defer, filter, map, type Observable, startWith } from 'rxjs';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import { compileQuery, type QueryPlan, type QueryRow } from '../sql/compile.ts';
import { availability, type UnavailableReason } from '../views/availability.ts';
import { quickFindQuery } from '../views/quick-find.ts';

/** What to run: text, a saved view by id, or a parsed query. */
export type QuerySource =
  | { readonly fetchXml: string }
  | { readonly view: string }
  | { readonly query: FetchQuery };

/** A window on the result; default the first 5,000 rows. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
}

export interface QueryResult {
  /** Commit of the store that the rows show. */
  readonly commit: number;
  readonly rows: readonly QueryRow[];
  /** Rows without the window. */
  readonly total: number;
  readonly plan: QueryPlan;
}

export interface QueryEngineOptions {
  readonly store: DeviceStore;
  readonly model: ModelIndex;
  /** Tables on this device. */
  readonly offlineTables: ReadonlySet<string>;
  readonly context: () => QueryContext;
}

/** Runs FetchXML over the rows of the device, once or kept current. */
export interface QueryEngine {
  run(source: QuerySource, window?: Window): Result<QueryResult, QueryError>;
  /** The result now and again after each commit that touches one of its tables. */
  live(source: QuerySource, window?: Window): Observable<Result<QueryResult, QueryError>>;
  /** Why a view cannot run offline; empty when it can. */
  availability(view: SavedQuery): readonly UnavailableReason[];
  /** The quick find query of a table for a term. */
  quickFind(table: string, term: string): Result<FetchQuery, QueryError>;
}

export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  const { store, model, offlineTables, context } = options;
  const isFolded = (table: string, slot: string): boolean =>
    store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true;
  const plan = (source: QuerySource): Result<QueryPlan, QueryError> => {
    const parsed = parseSource(source, model);
    if (parsed.kind === 'invalid') return parsed;
    const compiled = compileQuery(parsed.value, { model, context: context(), isFolded });
    if (compiled.kind === 'invalid') return compiled;
    const missing = [...compiled.value.tables].filter((table) => !offlineTables.has(table));
    return missing.length === 0 ? compiled : { kind: 'invalid', errors: missing.map(notOffline) };
  };
  const run = (source: QuerySource, window?: Window): Result<QueryResult, QueryError> => {
    const planned = plan(source);
    if (planned.kind === 'invalid') return planned;
    const { rows, count } = planned.value;
    const statement =
      window === undefined
        ? rows
        : { text: rows.text, params: [...rows.params.slice(0, -2), window.limit, window.offset] };
    const cells = store.all(statement.text, statement.params);
    const total =
      window === undefined && cells.length < 5000
        ? cells.length
        : Number(store.all(count.text, count.params)[0]?.[0] ?? 0);
    const decoded = cells.map((row) => planned.value.decode(row as readonly Cell[]));
    return {
      kind: 'ok',
      value: { commit: store.commit, rows: decoded, total, plan: planned.value },
    };
  };
  return {
    run,
    live(source, window) {
      return defer(() => {
        const planned = plan(source);
        const tables = planned.kind === 'ok' ? planned.value.tables : new Set<string>();
        return store.commits.pipe(
          filter((set) => [...set.tables.keys()].some((table) => tables.has(table))),
          startWith(null),
          map(() => run(source, window)),
        );
      });
    },
    availability(view) {
      const reasons = availability(view, model, offlineTables);
      if (reasons.length > 0 || view.queryType === queryTypes.quickFind) return reasons;
      const compiled = plan({ view: view.id });
      return compiled.kind === 'ok' ? [] : compiled.errors.map(invalidQuery);
    },
    quickFind(table, term) {
      const view = model.savedQueries(table).find((one) => one.queryType === queryTypes.quickFind);
      if (view === undefined) {
        const message = `Table "${table}" has no quick find view.`;
        const fix = 'Add a quick find view to the table.';
        return { kind: 'invalid', errors: [new QueryError('metadata', message, fix)] };
      }
      const parsed = parseFetch(view.fetchXml);
      return parsed.kind === 'invalid'
        ? parsed
        : { kind: 'ok', value: quickFindQuery(parsed.value, term) };
    },
  };
}

function invalidQuery(error: QueryError): UnavailableReason {
  const code = error.dataverseCode ?? dataverseErrors.viewNotAvailableOffline;
  return { reason: 'invalidQuery', code, message: error.message };
}

function parseSource(source: QuerySource, model: ModelIndex): Result<FetchQuery, QueryError> {
  if ('query' in source) return { kind: 'ok', value: source.query };
  if ('fetchXml' in source) return parseFetch(source.fetchXml);
  const view = model.savedQuery(source.view);
  if (view !== undefined) return parseFetch(view.fetchXml);
  const error = new QueryError(
    'metadata',
    `There is no system view "${source.view}".`,
    'List the views of the table; personal views are not available offline.',
    '0x8005f21b',
  );
  return { kind: 'invalid', errors: [error] };
}

function notOffline(table: string): QueryError {
  return new QueryError(
    'offline',
    `Table "${table}" is not on this device.`,
    'Add the table to the offline profile, or choose another view.',
    '0x80071125',
  );
}
