import { type Clock, dataverseErrors, type ModelIndex, queryTypes } from '@outpost/model';
import type { FetchQuery, FilterNode, PreparedQuery, QueryEngine, QueryRow } from '@outpost/query';
import type { DeviceStore } from '@outpost/store';
import type { Observable } from 'rxjs';
import { pick, readRows } from './index/generation.ts';
import type { SearchIndex } from './index/search-index.ts';
import { inMemory, SourceReader } from './index/search-sources.ts';
import { liveSearch, type SearchInterest } from './live/live-search.ts';
import { beginsCandidates, type Candidates } from './match/begins-candidates.ts';
import { targetsOf, type WordContext } from './match/collect-word.ts';
import { HitsPool } from './match/hits.ts';
import { WordMatcher, type WordsOptions } from './match/match-words.ts';
import { rankOf, ranks } from './match/rank.ts';
import type { SearchSources } from './match/search-source.ts';
import { readTerm, type SearchTerm } from './match/search-term.ts';
import { MemoryTerms } from './postings/memory-terms.ts';
import { type Fetched, fetchHits, maxCounted } from './result/fetch-hits.ts';
import {
  type Comparison,
  highlightRow,
  type SearchHighlight,
  shownText,
} from './result/highlight.ts';
import type {
  SearchHit,
  SearchMode,
  SearchNote,
  SearchPlan,
  SearchRefusal,
  SearchRequest,
  SearchResult,
} from './result/search-result.ts';
import { visitTerms } from './terms/row-terms.ts';
import { baseQuery, type SearchedTable } from './terms/searched-table.ts';

export interface SearchOptions {
  readonly store: DeviceStore;
  readonly queries: QueryEngine;
  readonly model: ModelIndex;
  readonly index: SearchIndex;
  /** Tables on this device. */
  readonly offlineTables: ReadonlySet<string>;
  /** Lets live searches follow a download at a measured pace; without it, they follow every page. */
  readonly clock?: Clock;
  /** Allow searches of several tables at once, which Power Apps does not do offline. */
  readonly grouped?: boolean;
}

/** How users find rows of the device. */
export interface Search {
  /** Rows of one table; see `SearchMode`. Synchronous. */
  query(request: SearchRequest): SearchResult;
  /** Results of up to ten tables, in their order; refused unless `grouped` was asked for. */
  queryTables(requests: readonly SearchRequest[]): readonly SearchResult[];
  /** The newest request's result, again after each commit that touches it. */
  live(requests: Observable<SearchRequest>): Observable<SearchResult>;
  /** How a request is answered. */
  explain(request: SearchRequest): SearchPlan;
  /** The text of a hit's value that highlights count in; null: the column is not searched. */
  shownText(row: QueryRow, column: string): string | null;
  /** Searches done so far; for tests that count work. */
  readonly runs: number;
}

const defaultLimit = 50;
/** The organization's limit for one search of several tables. */
const maxTables = 10;

export function createSearch(options: SearchOptions): Search {
  return new Searcher(options);
}

/** A request that can be answered. */
interface Prepared {
  readonly searched: SearchedTable;
  readonly sources: SearchSources;
  readonly base: PreparedQuery;
  readonly term: SearchTerm;
  readonly mode: SearchMode;
  readonly limit: number;
}

class Searcher implements Search {
  readonly #options: SearchOptions;
  readonly #sources: SourceReader;
  readonly #matcher: WordMatcher;
  readonly #words: WordContext;
  /** Prepared queries of views without their find filter. */
  readonly #bases = new Map<string, PreparedQuery>();
  #basesFor = '';
  #runs = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#sources = new SourceReader(options.store, options.index);
    this.#words = {
      store: options.store,
      pool: new HitsPool(),
      sourcesOf: (table) => this.#sources.read(table),
    };
    this.#matcher = new WordMatcher(this.#words);
  }

  get runs(): number {
    return this.#runs;
  }

  query(request: SearchRequest): SearchResult {
    this.#runs += 1;
    const prepared = this.#prepare(request);
    if ('reason' in prepared) return prepared;
    if (prepared.term.text === '') return this.#everything(prepared);
    const { table } = request;
    const typed = prepared.term.text;
    if (request.strictServerLimit === true && this.#exceedsServerLimit(table, typed)) {
      const message = `More than ${maxCounted} rows match the term. Type more of it.`;
      return refused(table, 'recordLimit', dataverseErrors.quickFindLimit, message);
    }
    return prepared.mode === 'begins'
      ? this.#begins(prepared, typed)
      : this.#byWords(prepared, request);
  }

  queryTables(requests: readonly SearchRequest[]): readonly SearchResult[] {
    if (this.#options.grouped !== true || requests.length > maxTables) {
      const message =
        this.#options.grouped === true
          ? `A search covers at most ${maxTables} tables.`
          : 'Offline, one table is searched at a time. Create the search with `grouped` to lift that.';
      const code = dataverseErrors.notAvailableOffline;
      return requests.map(({ table }) => refused(table, 'severalTables', code, message));
    }
    return requests.map((request) => this.query(request));
  }

  live(requests: Observable<SearchRequest>): Observable<SearchResult> {
    const { store, clock, index } = this.#options;
    return liveSearch(requests, {
      store,
      index,
      clock: clock ?? null,
      run: (request) => this.query(request),
      dependsOn: (request) => this.#dependsOn(request),
    });
  }

  shownText(row: QueryRow, column: string): string | null {
    const searched = this.#options.index.searched(row.table);
    const found = searched?.columns.find((one) => one.column.name === column);
    return found === undefined ? null : shownText(found, row);
  }

  explain(request: SearchRequest): SearchPlan {
    const { table, mode = 'begins' } = request;
    const searched = this.#options.index.searched(table);
    const sources = this.#sources.read(table);
    const term = readTerm(request.term);
    const columns = (searched?.columns ?? [])
      .filter((one) => one.isFindColumn)
      .map(({ column, as }) => ({ column: column.name, how: as, reason: null }));
    const others = (searched?.unsearchable ?? []).map(({ column, reason }) => {
      return { column, how: 'unsearchable' as const, reason };
    });
    const prepared = this.#prepare(request);
    const { candidates, reason } = this.#candidates(prepared, request);
    return {
      table,
      mode,
      words: term.words.map((one) => one.text),
      columns: [...columns, ...others],
      answeredBy: candidates === null ? 'query' : 'index',
      reason,
      candidates,
      index: {
        isComplete: this.#options.index.serving(table)?.generation.isComplete ?? false,
        isSound: sources?.isSound ?? false,
      },
    };
  }

  #candidates(
    prepared: Prepared | Refused,
    request: SearchRequest,
  ): { readonly candidates: number | null; readonly reason: string | null } {
    if ('reason' in prepared) return { candidates: null, reason: prepared.message };
    const { term, mode, sources } = prepared;
    if (term.text === '') return { candidates: null, reason: 'There is no term.' };
    if (mode !== 'begins') {
      const options: WordsOptions = wordsOptions(request);
      return {
        candidates: this.#matcher.match(sources, term, options).flat().length,
        reason: null,
      };
    }
    const found = this.#beginsCandidates(prepared, term.text);
    if (found !== null) return { candidates: found.rids.length, reason: null };
    const why = this.#whyByQuery(prepared) ?? 'The term begins with what no index has.';
    return { candidates: null, reason: why };
  }

  // Preparing

  #prepare(request: SearchRequest): Prepared | Refused {
    const { table, term, mode = 'begins', limit = defaultLimit } = request;
    const { model, offlineTables, queries, index } = this.#options;
    if (request.kind === 'relevance') {
      const message =
        'Relevance search is done by the organization. Offline, search is categorized.';
      return refused(table, 'relevance', dataverseErrors.notAvailableOffline, message);
    }
    if (model.table(table) === undefined || !offlineTables.has(table)) {
      const message = `Table "${table}" is not on this device, so it cannot be searched offline.`;
      return refused(table, 'tableNotOffline', dataverseErrors.tableInViewNotOffline, message);
    }
    const code = dataverseErrors.viewNotAvailableOffline;
    if (!model.savedQueries(table).some((one) => one.queryType === queryTypes.quickFind)) {
      return refused(table, 'noQuickFindView', code, `Table "${table}" has no quick find view.`);
    }
    const searched = index.searched(table);
    const query = searched === undefined ? null : baseQuery(searched, model);
    const base = query === null ? queries.quickFind(table, '') : this.#base(table, query);
    const sources = this.#sources.read(table);
    if (base.kind === 'invalid') {
      const message = base.errors.map((error) => error.message).join(' ');
      return refused(table, 'invalidView', code, message);
    }
    if (searched === undefined || sources === null || !('plan' in base.value)) {
      return refused(table, 'invalidView', code, `Table "${table}" has no index here.`);
    }
    return {
      searched,
      sources,
      base: base.value,
      term: readTerm(term),
      mode,
      limit: Number.isFinite(limit) ? Math.max(0, Math.floor(limit)) : defaultLimit,
    };
  }

  /** The view without its find filter, compiled; relative dates are compiled each time. */
  #base(table: string, query: FetchQuery): ReturnType<QueryEngine['prepare']> {
    const { store, queries } = this.#options;
    const { now: _, ...who } = queries.context();
    const key = JSON.stringify([store.schemaVersion, who]);
    if (key !== this.#basesFor) this.#bases.clear();
    this.#basesFor = key;
    const known = this.#bases.get(table);
    if (known !== undefined) return { kind: 'ok', value: known };
    const prepared = queries.prepare({ query });
    if (prepared.kind === 'ok' && prepared.value.plan.times.length === 0) {
      this.#bases.set(table, prepared.value);
    }
    return prepared;
  }

  // Answering

  #everything(prepared: Prepared): SearchResult {
    const { searched, limit } = prepared;
    const query = baseQuery(searched, this.#options.model);
    return query === null
      ? this.#byQuery(prepared, '')
      : this.#found(prepared, this.#run(query, limit), null);
  }

  #begins(prepared: Prepared, typed: string): SearchResult {
    const { base, limit } = prepared;
    const candidates = this.#beginsCandidates(prepared, typed);
    if (candidates === null) return this.#byQuery(prepared, typed);
    const query = candidates.areExact ? base : this.#quickFind(prepared.searched.table, typed);
    if (query === null) return this.#byQuery(prepared, typed);
    return this.#found(
      prepared,
      fetchHits(query, [[], candidates.rids], limit, this.#countOf(prepared)),
      beginsComparison,
    );
  }

  #beginsCandidates(prepared: Prepared, typed: string): Candidates | null {
    if (this.#whyByQuery(prepared) !== null) return null;
    return beginsCandidates(this.#words, prepared.sources, typed);
  }

  /** Why the index cannot answer like the query; null: it can. */
  #whyByQuery({ searched, sources }: Prepared): string | null {
    if (!searched.isPlain) return 'The find filter of the view is not a plain list of columns.';
    if (searched.view?.top !== null) return 'The view shows the first rows only.';
    const used = [sources, ...this.#targets(searched)];
    return used.every((one) => one.isSound) ? null : 'The index is being built.';
  }

  #targets(searched: SearchedTable): readonly SearchSources[] {
    return searched.columns.flatMap((one) =>
      one.as === 'lookup' && one.isFindColumn ? targetsOf(this.#words, one) : [],
    );
  }

  #quickFind(table: string, typed: string): PreparedQuery | null {
    const { queries } = this.#options;
    const query = queries.quickFind(table, typed);
    const prepared = query.kind === 'ok' ? queries.prepare({ query: query.value }) : query;
    return prepared.kind === 'ok' ? prepared.value : null;
  }

  /** As the organization answers: the view's query with the term in it. */
  #byQuery(prepared: Prepared, typed: string): SearchResult {
    const { searched, limit } = prepared;
    const query = this.#options.queries.quickFind(searched.table, typed);
    const fetched = query.kind === 'ok' ? this.#run(query.value, limit) : { rows: [], total: 0 };
    return this.#found(prepared, fetched, beginsComparison);
  }

  #run(query: FetchQuery, limit: number): Fetched & { readonly total: number } {
    const result = this.#options.queries.run({ query }, { limit, offset: 0 });
    if (result.kind === 'invalid') return { rows: [], total: 0 };
    const rank = rankOf.value;
    return {
      rows: result.value.rows.map((row) => ({ row, rid: 0, rank })),
      total: result.value.total,
    };
  }

  #byWords(prepared: Prepared, request: SearchRequest): SearchResult {
    const { sources, base, term, limit, mode } = prepared;
    const options: WordsOptions = wordsOptions(request);
    const rows = this.#countOf(prepared);
    const search = (one: WordsOptions) => {
      const groups = this.#matcher.match(sources, term, one);
      const fetched = fetchHits(base, groups, limit, rows);
      return { fetched: this.#verified(prepared, fetched, one), options: one };
    };
    let best = search(options);
    const wanted = limit === 0 ? defaultLimit : limit;
    if (mode === 'smart' && countOf(best.fetched.total) < wanted) {
      best = search({ ...options, withTypos: true });
    }
    return this.#found(prepared, best.fetched, { mode: 'words', ...best.options });
  }

  /** An index that may be wrong gives hints: rows that do not match as they are now are left out. */
  #verified(prepared: Prepared, { rows, total }: Fetched, options: WordsOptions): Fetched {
    const { sources, searched, term } = prepared;
    if (sources.isSound) return { rows, total };
    const terms = new MemoryTerms();
    for (const rid of rows.map((one) => one.rid).sort((a, b) => a - b)) {
      const [row] = readRows(this.#options.store, searched, rid - 1, 1);
      if (row?.rid === rid) visitTerms(searched.columns, row.cells, terms.visitor(rid));
    }
    const now: SearchSources = { ...sources, sources: [inMemory(terms)] };
    const right = new Set(this.#matcher.match(now, term, options).flat());
    const kept = rows.filter((one) => right.has(one.rid));
    const isAll = rows.length < prepared.limit;
    return { rows: kept, total: isAll ? kept.length : total };
  }

  #found(
    { searched, sources, term, limit }: Prepared,
    { rows, total }: Fetched,
    comparison: Comparison | null,
  ): SearchResult {
    const notes: SearchNote[] = searched.unsearchable.map(({ column, reason }) => {
      return { code: 'unsearchable', message: reason, column };
    });
    if (sources.isPartial) {
      notes.push({ code: 'building', message: 'Not every row is here yet: there may be more.' });
    }
    if (comparison?.mode === 'words' && term.words.length === 0) {
      const message =
        'The term has no letters and no digits; mode "begins" compares every character.';
      notes.push({ code: 'noWords', message });
    }
    const count = countOf(total);
    return {
      kind: 'found',
      table: searched.table,
      hits: rows.map(({ row, rank }) =>
        hitOf(searched, row, ranks[rank] ?? 'value', term, comparison),
      ),
      total,
      truncated: count > rows.length || rows.length > limit,
      partial: sources.isPartial,
      withTypos: rows.some(({ rank }) => rank >= rankOf.typo1),
      commit: this.#options.store.commit,
      notes,
    };
  }

  #countOf({ searched }: Prepared): () => number {
    return () => this.#options.store.count(searched.table);
  }

  /** Counts what the find filter alone lets through, as the organization does. */
  #exceedsServerLimit(table: string, typed: string): boolean {
    const { queries } = this.#options;
    const query = queries.quickFind(table, typed);
    if (query.kind === 'invalid') return false;
    return this.#run(findFilterOnly(query.value), 1).total > maxCounted;
  }

  #dependsOn(request: SearchRequest): SearchInterest | null {
    const prepared = this.#prepare(request);
    if ('reason' in prepared) return null;
    const { searched, base } = prepared;
    const columns = new Map<string, Set<string>>();
    const add = (table: string, name: string) => {
      columns.set(table, (columns.get(table) ?? new Set()).add(name));
    };
    for (const [table, names] of base.plan.resolved.columns) {
      for (const name of names) add(table, name);
    }
    for (const one of searched.columns) {
      add(searched.table, one.column.name);
      if (one.as !== 'lookup') continue;
      for (const target of one.column.targets ?? []) {
        const name = this.#options.model.table(target)?.primaryName ?? null;
        if (name !== null) add(target, name);
      }
    }
    return { table: searched.table, columns, mayMatch: this.#mayMatch(prepared, request) };
  }

  /** Whether a row's own cells can match; null: other rows have a say, too. */
  #mayMatch(prepared: Prepared, request: SearchRequest): SearchInterest['mayMatch'] {
    const { searched, sources, base, term, mode } = prepared;
    const { joins, where } = base.plan.resolved;
    const hasNames = searched.columns.some((one) => one.as === 'lookup' && one.isFindColumn);
    if (hasNames || joins.length > 0 || !searched.isPlain || term.text === '') return null;
    if (where !== null && base.plan.tables.size > 1) return null;
    const slots = this.#options.store.schema.get(searched.table)?.slotIndex;
    const positions = searched.columns.map(({ slot }) => slots?.get(slot) ?? -1);
    const options: WordsOptions = { ...wordsOptions(request), withTypos: mode === 'smart' };
    return (image) => {
      const terms = new MemoryTerms();
      visitTerms(searched.columns, pick(image, positions), terms.visitor(1));
      const row: SearchSources = { ...sources, sources: [inMemory(terms)] };
      if (mode !== 'begins') return this.#matcher.match(row, term, options).flat().length > 0;
      const candidates = beginsCandidates(this.#words, row, term.text);
      return candidates === null || candidates.rids.length > 0;
    };
  }
}

const beginsComparison: Comparison = {
  mode: 'begins',
  anyColumn: false,
  isInfix: false,
  withTypos: false,
};

type Refused = Extract<SearchResult, { kind: 'refused' }>;

function refused(table: string, reason: SearchRefusal, code: string, message: string): Refused {
  return { kind: 'refused', table, reason, code, message };
}

function hitOf(
  searched: SearchedTable,
  row: QueryRow,
  rank: SearchHit['rank'],
  term: SearchTerm,
  comparison: Comparison | null,
): SearchHit {
  let highlights: readonly SearchHighlight[] | null = comparison === null ? [] : null;
  return {
    row,
    rank,
    get highlights() {
      highlights ??= comparison === null ? [] : highlightRow(searched, row, term, comparison);
      return highlights;
    },
  };
}

/** How words are compared before typos are tried. */
function wordsOptions({ mode, anyColumn }: SearchRequest): WordsOptions {
  const isSmart = mode === 'smart';
  return { anyColumn: isSmart || anyColumn === true, isInfix: isSmart, withTypos: false };
}

function countOf(total: Fetched['total']): number {
  return typeof total === 'number' ? total : total.atLeast;
}

/** The query with nothing but its find filter. */
function findFilterOnly(query: FetchQuery): FetchQuery {
  const find = (node: FilterNode): FilterNode | null => {
    if (node.quickFind) return node;
    for (const item of node.items) {
      const found = item.kind === 'filter' ? find(item.filter) : null;
      if (found !== null) return found;
    }
    return null;
  };
  const { root } = query;
  return {
    ...query,
    top: null,
    root: {
      ...root,
      links: [],
      orders: [],
      filter: root.filter === null ? null : find(root.filter),
    },
  };
}
