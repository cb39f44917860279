import {
  type ColumnValue,
  dataverseErrors,
  fold,
  isChoice,
  isLookupValue,
  type ModelIndex,
  queryTypes,
} from '@outpost/model';
import {
  type EntityNode,
  type FilterNode,
  parseFetch,
  type QueryEngine,
  type QueryRow,
} from '@outpost/query';
import type { DeviceStore } from '@outpost/store';
import { filter, map, type Observable, startWith, switchMap } from 'rxjs';
import { matchLength } from './match.ts';

export interface SearchRequest {
  readonly table: string;
  readonly term: string;
  /** Default 50. */
  readonly limit?: number;
}

export interface SearchHighlight {
  readonly column: string;
  /** Offsets in the shown text. */
  readonly start: number;
  readonly length: number;
}

export interface SearchHit {
  readonly row: QueryRow;
  readonly highlights: readonly SearchHighlight[];
}

export type SearchResult =
  | {
      readonly kind: 'found';
      readonly hits: readonly SearchHit[];
      readonly total: number;
      /** More rows matched than `limit`. */
      readonly truncated: boolean;
      readonly commit: number;
      /** Find columns that were not searched, with the reason. */
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'tableNotOffline' | 'noQuickFindView' | 'invalidView';
      readonly code: string;
      readonly message: string;
    };

export interface Search {
  /** Rows that the table's quick find view finds for the term, in the view's order. */
  query(request: SearchRequest): SearchResult;
  /** The newest request's result, again after each commit that touches its table. */
  live(requests: Observable<SearchRequest>): Observable<SearchResult>;
}

export interface SearchOptions {
  readonly store: DeviceStore;
  readonly queries: QueryEngine;
  readonly model: ModelIndex;
  readonly offlineTables: ReadonlySet<string>;
}

const defaultLimit = 50;
const neverSearched: ReadonlySet<string> = new Set([
  'dateTime',
  'dateOnly',
  'image',
  'file',
  'guid',
]);

export function createSearch(options: SearchOptions): Search {
  const query = (request: SearchRequest) => runSearch(options, request);
  return {
    query,
    live: (requests) =>
      requests.pipe(
        switchMap((request) =>
          options.store.commits.pipe(
            filter((set) => set.tables.has(request.table)),
            startWith(null),
            map(() => query(request)),
          ),
        ),
      ),
  };
}

function runSearch(
  { queries, model, offlineTables }: SearchOptions,
  request: SearchRequest,
): SearchResult {
  const { table, term, limit = defaultLimit } = request;
  if (model.table(table) === undefined || !offlineTables.has(table)) {
    const message = `Table "${table}" is not on this device, so it cannot be searched offline.`;
    return {
      kind: 'refused',
      reason: 'tableNotOffline',
      code: dataverseErrors.tableInViewNotOffline,
      message,
    };
  }
  const view = model.savedQueries(table).find((one) => one.queryType === queryTypes.quickFind);
  const code = dataverseErrors.viewNotAvailableOffline;
  if (view === undefined) {
    return {
      kind: 'refused',
      reason: 'noQuickFindView',
      code,
      message: `Table "${table}" has no quick find view.`,
    };
  }
  const quickFind = queries.quickFind(table, term);
  const result =
    quickFind.kind === 'ok'
      ? queries.run({ query: quickFind.value }, { limit: Math.max(1, limit), offset: 0 })
      : quickFind;
  if (result.kind === 'invalid') {
    const message = result.errors.map((error) => error.message).join(' ');
    return { kind: 'refused', reason: 'invalidView', code, message };
  }
  const columns = findColumns(view.fetchXml);
  const searchable = columns.filter((name) => {
    const type = model.column(table, name)?.type;
    return type !== undefined && !neverSearched.has(type);
  });
  const { rows, total, commit } = result.value;
  return {
    kind: 'found',
    hits: rows.map((row) => ({ row, highlights: highlight(model, row, searchable, term) })),
    total,
    truncated: total > rows.length,
    commit,
    notes: columns
      .filter((name) => !searchable.includes(name))
      .map((name) => `Column "${name}" is not searched offline.`),
  };
}

/** Columns of the quick find filter. */
function findColumns(fetchXml: string): readonly string[] {
  const parsed = parseFetch(fetchXml);
  if (parsed.kind === 'invalid') return [];
  const found = new Set<string>();
  const visit = (node: FilterNode): void => {
    for (const item of node.items) {
      if (item.kind === 'filter') visit(item.filter);
      if (item.kind === 'condition' && node.quickFind) found.add(item.condition.column);
    }
  };
  const root: EntityNode = parsed.value.root;
  if (root.filter !== null) visit(root.filter);
  return [...found];
}

function highlight(
  model: ModelIndex,
  row: QueryRow,
  columns: readonly string[],
  term: string,
): readonly SearchHighlight[] {
  const pieces = term
    .trim()
    .split('*')
    .map(fold)
    .filter((piece) => piece !== '');
  const anchored = !term.trim().startsWith('*');
  return columns.flatMap((name) => {
    const text = shownText(model, row, name);
    const spans = findPieces(text, pieces, anchored);
    return spans.map((span) => ({ column: name, ...span }));
  });
}

function shownText(model: ModelIndex, row: QueryRow, name: string): string {
  const value: ColumnValue = row.values[name] ?? null;
  const column = model.column(row.table, name);
  if (value === null || column === undefined) return '';
  if (isLookupValue(value)) return value.name ?? '';
  if (isChoice(column)) return column.options?.find((one) => one.value === value)?.label ?? '';
  return String(value);
}

/** Where the pieces of a term stand in a text, in order; empty when one is missing. */
function findPieces(
  text: string,
  pieces: readonly string[],
  anchored: boolean,
): readonly { readonly start: number; readonly length: number }[] {
  const spans: { start: number; length: number }[] = [];
  let from = 0;
  for (const [i, piece] of pieces.entries()) {
    let span: { start: number; length: number } | null = null;
    const last = anchored && i === 0 ? from : text.length;
    for (let start = from; start <= last && span === null; start++) {
      const length = matchLength(text, start, piece);
      if (length !== null) span = { start, length };
    }
    if (span === null) return [];
    spans.push(span);
    from = span.start + span.length;
  }
  return spans;
}
