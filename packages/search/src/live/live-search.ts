import type { Clock } from '@outpost/model';
import type { ChangeSet, DeviceStore, RowImage, TableChanges } from '@outpost/store';
import { Observable, switchMap } from 'rxjs';
import type { SearchIndex } from '../index/search-index.ts';
import type { SearchRequest, SearchResult } from '../result/search-result.ts';

/** What a search depends on. */
export interface SearchInterest {
  readonly table: string;
  /** Columns by table. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a row of the table can be in the result; null: its own cells do not tell. */
  readonly mayMatch: ((image: RowImage) => boolean) | null;
}

export interface LiveSearchOptions {
  readonly store: DeviceStore;
  readonly index: SearchIndex;
  readonly clock: Clock | null;
  run(request: SearchRequest): SearchResult;
  /** Null: the request is refused, whatever changes. */
  dependsOn(request: SearchRequest): SearchInterest | null;
}

/** Pages of a download, and steps of the index, are shown at most this often. */
const pauseMs = 250;

/** Results of the newest request, now and after each commit that touches them. */
export function liveSearch(
  requests: Observable<SearchRequest>,
  options: LiveSearchOptions,
): Observable<SearchResult> {
  return requests.pipe(switchMap((request) => follow(request, options)));
}

function follow(request: SearchRequest, options: LiveSearchOptions): Observable<SearchResult> {
  return new Observable<SearchResult>((subscriber) => {
    const { store, index, clock, run } = options;
    let interest = options.dependsOn(request);
    let schemaVersion = store.schemaVersion;
    let shown: SearchResult | null = null;
    let cancel: (() => void) | null = null;
    const refresh = () => {
      cancel?.();
      cancel = null;
      if (schemaVersion !== store.schemaVersion) {
        schemaVersion = store.schemaVersion;
        interest = options.dependsOn(request);
      }
      const result = run(request);
      if (shown !== null && isSame(shown, result)) {
        shown = result;
        return;
      }
      shown = result;
      subscriber.next(result);
    };
    const later = () => {
      if (clock === null) return refresh();
      cancel ??= clock.schedule(clock.now() + pauseMs, () => {
        cancel = null;
        refresh();
      });
    };
    refresh();
    const commits = store.commits.subscribe((set) => {
      if (schemaVersion !== store.schemaVersion) return refresh();
      const touch =
        interest === null || shown === null ? null : touches(set, interest, shown, store);
      if (touch === 'rows') refresh();
      if (touch === 'bulk') later();
    });
    const built = index.status.subscribe(() => {
      if (shown?.kind === 'found' && shown.partial) later();
    });
    return () => {
      cancel?.();
      commits.unsubscribe();
      built.unsubscribe();
    };
  });
}

/** What a commit means to a result: nothing, changed rows, or that much has changed. */
function touches(
  set: ChangeSet,
  interest: SearchInterest,
  shown: SearchResult,
  store: DeviceStore,
): 'rows' | 'bulk' | null {
  let isBulk = false;
  const hits = new Set(shown.kind === 'found' ? shown.hits.map((one) => one.row.id) : []);
  for (const [table, columns] of interest.columns) {
    const changes = set.tables.get(table);
    if (changes === undefined) continue;
    if (changes.kind !== 'rows') isBulk = true;
    else if (concerns(changes, columns, table === interest.table ? interest : null, hits, store)) {
      return 'rows';
    }
  }
  return isBulk ? 'bulk' : null;
}

function concerns(
  { rows }: Extract<TableChanges, { kind: 'rows' }>,
  columns: ReadonlySet<string>,
  own: SearchInterest | null,
  hits: ReadonlySet<string>,
  store: DeviceStore,
): boolean {
  return rows.some(({ table, id, kind, isNew, changed, before, after }) => {
    const schema = store.schema.get(table);
    const isSeen =
      kind !== 'update' ||
      isNew ||
      changed.some((at) => columns.has(schema?.slots[at]?.column.name ?? ''));
    if (!isSeen) return false;
    const mayMatch = own?.mayMatch ?? null;
    if (mayMatch === null || hits.has(id)) return true;
    return [before, after].some((image) => image !== null && mayMatch(image));
  });
}

/** Whether two results show the same. */
function isSame(a: SearchResult, b: SearchResult): boolean {
  return JSON.stringify(comparable(a)) === JSON.stringify(comparable(b));
}

function comparable(result: SearchResult): unknown {
  if (result.kind === 'refused') return result;
  const { hits, total, partial, notes } = result;
  return [hits.map(({ row, rank }) => [row.id, row.values, rank]), total, partial, notes];
}
