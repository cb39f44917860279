import {
  type Cell,
  type Clock,
  dataverseErrors,
  type ModelIndex,
  type queryTypes,
  type Result,
  type SavedQuery,
} from '@outpost/model';
import type { DeviceStore } from '@outpost/store';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';
import { type LiveOptions, LiveView } from '../live/live-view.ts';
import { LiveViews } from '../live/live-views.ts';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import { compileQuery, type QueryPlan, type QueryRow } from '../sql/compile.ts';
import { sqlFunctions } from '../sql/sql-functions.ts';
import { availability, type UnavailableReason } from '../views/availability.ts';
import { formatRow } from '../views/format-row.ts';
import { quickFindQuery } from '../views/quick-find.ts';
import { associatedQuery, lookupQuery } from '../views/related-query.ts';
import { readView, type SavedView, viewOf } from '../views/saved-view.ts';
import { type Explanation, explainPlan } from './explain.ts';
import { IndexKeeper } from './index-keeper.ts';
import { withCurrentNames } from './lookup-names.ts';
import { PreparedQuery } from './prepared-query.ts';
import { checkGuard, countRows, runPlan } from './run-plan.ts';

/** What to run: text, a saved view by id, or a parsed query. */
export type QuerySource =
  | { readonly fetchXml: string }
  | { readonly view: string }
  | { readonly query: FetchQuery };

/** A window on the result; default the page that the query asks for. */
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
  /** Whether rows follow the page or window. */
  readonly moreRecords: boolean;
  /** Continues after this page; null with a window, and where an order cannot be continued. */
  readonly pagingCookie: string | null;
  readonly plan: QueryPlan;
}

export interface QueryEngineOptions {
  readonly store: DeviceStore;
  readonly model: ModelIndex;
  /** Tables on this device. */
  readonly offlineTables: ReadonlySet<string>;
  readonly context: () => QueryContext;
  /** Refuse what the Power Apps mobile app does not run offline. Default: everything runs. */
  readonly strictOfflineParity?: boolean;
  /** Wakes live views whose relative dates move on. */
  readonly clock?: Clock;
}

/** Runs FetchXML over the rows of the device, once or kept current. */
export interface QueryEngine {
  run(source: QuerySource, window?: Window): Result<QueryResult, QueryError>;
  /** The result as it is and as it becomes, from the row images of each commit. */
  live(source: QuerySource, options?: LiveOptions): LiveView;
  /** The query over rows that an index of somebody else finds, as of now: relative dates keep this moment. */
  prepare(source: QuerySource): Result<PreparedQuery, QueryError>;
  /** Who asks, and when. */
  context(): QueryContext;
  /** What watching costs: views that changes were offered to so far, views watched now, whether a timer waits. */
  readonly liveStats: LiveViews['stats'];
  /** Why a view cannot run offline; empty when it can. */
  availability(view: SavedQuery): readonly UnavailableReason[];
  /** A view with its grid; null when its query does not compile. */
  view(id: string): SavedView | null;
  /** The view of a kind of a table: public (the default one first), associated, quickFind, lookup. */
  viewOf(table: string, kind: keyof typeof queryTypes): SavedQuery | undefined;
  /** The quick find query of a table for a term. */
  quickFind(table: string, term: string): Result<FetchQuery, QueryError>;
  /** Rows of a table's associated view that point at a row through `column`. */
  associated(table: string, column: string, id: string): Result<FetchQuery, QueryError>;
  /** Rows of a table's lookup view whose names begin with a term. */
  lookup(table: string, term: string): Result<FetchQuery, QueryError>;
  /** Texts for people of a row's values, by key. */
  format(result: QueryResult, row: QueryRow, locale: string): Readonly<Record<string, string>>;
  /** How a query runs: SQL, indexes, what it depends on. */
  explain(source: QuerySource): Result<Explanation, QueryError>;
}

export function createQueryEngine(options: QueryEngineOptions): QueryEngine {
  defineFunctions(options.store.driver);
  return new Engine(options);
}

/** Connections that know the functions of queries; each is told once. */
const prepared = new WeakSet<object>();

function defineFunctions(driver: DeviceStore['driver']): void {
  if (prepared.has(driver)) return;
  prepared.add(driver);
  for (const { name, arity, run } of sqlFunctions) {
    if (name === 'outpost_fold') continue;
    driver.defineFunction(name, arity, (...cells) => run(...(cells as readonly Cell[])));
  }
}

class Engine implements QueryEngine {
  readonly #store: DeviceStore;
  readonly #model: ModelIndex;
  readonly #options: QueryEngineOptions;
  readonly #indexes: IndexKeeper;
  readonly #views: LiveViews;

  constructor(options: QueryEngineOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#model = options.model;
    this.#indexes = new IndexKeeper(options.store);
    this.#views = new LiveViews({
      store: options.store,
      model: options.model,
      context: options.context,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      compile: (query) => {
        const planned = this.#plan({ query });
        return planned.kind === 'ok' ? planned.value.plan : planned.errors;
      },
    });
  }

  run(source: QuerySource, window?: Window): Result<QueryResult, QueryError> {
    const planned = this.#plan(source);
    if (planned.kind === 'invalid') return planned;
    const { query, plan } = planned.value;
    try {
      const value = window === undefined ? this.#page(query, plan) : this.#window(plan, window);
      if ('view' in source) this.#indexes.used(plan, value.total, this.#isFolded);
      return { kind: 'ok', value };
    } catch (error) {
      if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
      throw error;
    }
  }

  live(source: QuerySource, options: LiveOptions = {}): LiveView {
    const parsed = this.#parse(source);
    return parsed.kind === 'ok'
      ? new LiveView(this.#views, parsed.value, [], options)
      : new LiveView(this.#views, null, parsed.errors, options);
  }

  context(): QueryContext {
    return this.#options.context();
  }

  prepare(source: QuerySource): Result<PreparedQuery, QueryError> {
    const planned = this.#plan(source);
    if (planned.kind === 'invalid') return planned;
    const { plan } = planned.value;
    try {
      const named = (rows: readonly QueryRow[]) => this.#withNames(rows);
      const used = (total: number) => this.#indexes.used(plan, total, this.#isFolded);
      return { kind: 'ok', value: new PreparedQuery(this.#store, plan, named, used) };
    } catch (error) {
      if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
      throw error;
    }
  }

  get liveStats(): LiveViews['stats'] {
    return this.#views.stats;
  }

  availability(view: SavedQuery): readonly UnavailableReason[] {
    const { offlineTables, context, strictOfflineParity = false } = this.#options;
    return availability(view, {
      model: this.#model,
      offlineTables,
      context: context(),
      strictOfflineParity,
    });
  }

  view(id: string): SavedView | null {
    const view = this.#model.savedQuery(id);
    return view === undefined ? null : readView(view, this.#model, this.#options.context());
  }

  viewOf(table: string, kind: keyof typeof queryTypes): SavedQuery | undefined {
    return viewOf(this.#model, table, kind);
  }

  quickFind(table: string, term: string): Result<FetchQuery, QueryError> {
    const parsed = this.#viewQuery(table, 'quickFind', '0x80060203');
    if (parsed.kind === 'invalid') return parsed;
    return { kind: 'ok', value: quickFindQuery(parsed.value, term, this.#model).query };
  }

  associated(table: string, column: string, id: string): Result<FetchQuery, QueryError> {
    const parsed = this.#viewQuery(table, 'associated');
    if (parsed.kind === 'invalid') return parsed;
    return { kind: 'ok', value: associatedQuery(parsed.value, column, id) };
  }

  lookup(table: string, term: string): Result<FetchQuery, QueryError> {
    const parsed = this.#viewQuery(table, 'lookup');
    if (parsed.kind === 'invalid') return parsed;
    const primaryName = this.#model.table(table)?.primaryName ?? null;
    if (primaryName === null) return parsed;
    return { kind: 'ok', value: lookupQuery(parsed.value, primaryName, term) };
  }

  #viewQuery(
    table: string,
    kind: keyof typeof queryTypes,
    code?: string,
  ): Result<FetchQuery, QueryError> {
    const view = this.viewOf(table, kind);
    if (view !== undefined) return parseFetch(view.fetchXml);
    const message = `Table "${table}" has no ${kind} view.`;
    const error = new QueryError('metadata', message, 'Add one to the table.', code);
    return { kind: 'invalid', errors: [error] };
  }

  format({ plan }: QueryResult, row: QueryRow, locale: string): Readonly<Record<string, string>> {
    const { timeZone } = this.#options.context();
    const currencyOf = (table: string, id: string) => this.#currencyOf(table, id);
    return formatRow(plan, row, { locale, timeZone, currencyOf });
  }

  explain(source: QuerySource): Result<Explanation, QueryError> {
    const planned = this.#plan(source);
    if (planned.kind === 'invalid') return planned;
    return {
      kind: 'ok',
      value: explainPlan(this.#store, planned.value.plan, this.#isFolded),
    };
  }

  readonly #isFolded = (table: string, slot: string): boolean =>
    this.#store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true;

  #plan(
    source: QuerySource,
  ): Result<{ readonly query: FetchQuery; readonly plan: QueryPlan }, QueryError> {
    const parsed = this.#parse(source);
    if (parsed.kind === 'invalid') return parsed;
    const { offlineTables, context } = this.#options;
    const compiled = compileQuery(parsed.value, {
      model: this.#model,
      context: context(),
      isFolded: this.#isFolded,
      hasTable: (table) => this.#store.schema.has(table),
    });
    if (compiled.kind === 'invalid') return compiled;
    const missing = [...compiled.value.tables].filter((table) => !offlineTables.has(table));
    if (missing.length > 0) return { kind: 'invalid', errors: missing.map(notOffline) };
    return { kind: 'ok', value: { query: parsed.value, plan: compiled.value } };
  }

  #parse(source: QuerySource): Result<FetchQuery, QueryError> {
    if ('query' in source) return { kind: 'ok', value: source.query };
    if ('fetchXml' in source) return parseFetch(source.fetchXml);
    const view = this.#model.savedQuery(source.view);
    if (view !== undefined) {
      const parsed = parseFetch(view.fetchXml);
      if (parsed.kind === 'invalid') return parsed;
      // A quick find view that is opened without a term shows its rows without the find filter.
      return { kind: 'ok', value: quickFindQuery(parsed.value, '', this.#model).query };
    }
    const error = new QueryError(
      'metadata',
      `There is no system view "${source.view}".`,
      'List the views of the table; personal views are not available offline.',
      dataverseErrors.viewNotAvailableOffline,
    );
    return { kind: 'invalid', errors: [error] };
  }

  readonly #all = (sql: string, params: readonly Cell[]) =>
    this.#store.all(sql, params) as readonly (readonly Cell[])[];

  #page(query: FetchQuery, plan: QueryPlan): QueryResult {
    const page = runPlan(query, plan, this.#all);
    const whole = plan.offset === 0 && !page.moreRecords && query.pagingCookie === null;
    return {
      commit: this.#store.commit,
      rows: this.#withNames(page.rows),
      total: whole ? page.rows.length : countRows(plan, this.#all),
      moreRecords: page.moreRecords,
      pagingCookie: page.pagingCookie,
      plan,
    };
  }

  #window(plan: QueryPlan, { limit, offset }: Window): QueryResult {
    checkGuard(plan, this.#all);
    // `top` bounds the whole result, whatever part of it is shown.
    const most = plan.last ? Math.max(0, Math.min(limit, plan.size - offset)) : limit;
    const { text, params } = plan.rows(most, offset);
    const rows = this.#all(text, params).map((cells) => plan.decode(cells));
    const counted = countRows(plan, this.#all);
    const total = plan.last ? Math.min(counted, plan.size) : counted;
    return {
      commit: this.#store.commit,
      rows: this.#withNames(rows),
      total,
      moreRecords: offset + rows.length < total,
      pagingCookie: null,
      plan,
    };
  }

  #withNames(rows: readonly QueryRow[]): readonly QueryRow[] {
    return withCurrentNames(rows, {
      model: this.#model,
      all: this.#all,
      has: (table, column) => this.#store.schema.get(table)?.slotIndex.has(column) === true,
    });
  }

  #currencyOf(table: string, id: string) {
    const lookup = this.#store.schema.get(table)?.slotIndex.has('transactioncurrencyid') === true;
    const primaryId = this.#model.table(table)?.primaryId;
    const currencies = this.#store.schema.get('transactioncurrency')?.slotIndex;
    const known = currencies?.has('isocurrencycode') && currencies.has('currencyprecision');
    if (!lookup || !known || primaryId === undefined) return null;
    const [row] = this.#all(
      `SELECT c."isocurrencycode", c."currencyprecision" FROM "${table}" r JOIN "transactioncurrency" c ON c."transactioncurrencyid" = r."transactioncurrencyid" WHERE r."${primaryId}" = ?`,
      [id],
    );
    if (typeof row?.[0] !== 'string') return null;
    return { code: row[0], precision: Number(row[1] ?? 2) };
  }
}

function notOffline(table: string): QueryError {
  return new QueryError(
    'offline',
    `Table "${table}" is not on this device.`,
    'Add the table to the offline profile, or choose another view.',
    dataverseErrors.tableInViewNotOffline,
  );
}
