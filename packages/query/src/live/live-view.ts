import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  map,
  type Observable,
  switchMap,
  tap,
} from 'rxjs';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import type { QueryError } from '../query-error.ts';
import type { QueryRow } from '../sql/compile.ts';
import type { LiveViews } from './live-views.ts';
import type { ViewCounters } from './view-node.ts';
import type { ViewSnapshot } from './view-snapshot.ts';

export interface LiveOptions {
  /** Default 50 rows from the first. */
  readonly limit?: number;
  readonly offset?: number;
  /** Whether the rows of the whole view are counted. Default true. */
  readonly total?: boolean;
}

/** How a view that is watched is kept current. */
export interface LiveExplanation {
  readonly class: 'A' | 'B' | 'C';
  readonly why: readonly string[];
  readonly counters: Readonly<ViewCounters>;
}

/** A query that stays current while somebody is subscribed. All observables give the current state first. */
export class LiveView {
  readonly #views: LiveViews;
  readonly #query: FetchQuery | null;
  readonly #errors: readonly QueryError[];
  readonly #window: BehaviorSubject<{ readonly limit: number; readonly offset: number }>;
  readonly #total: boolean;
  #current: ViewSnapshot | null = null;

  constructor(
    views: LiveViews,
    query: FetchQuery | null,
    errors: readonly QueryError[],
    { limit = 50, offset = 0, total = true }: LiveOptions,
  ) {
    this.#views = views;
    this.#query = query;
    this.#errors = errors;
    this.#total = total;
    this.#window = new BehaviorSubject({ limit, offset });
  }

  get snapshot(): Observable<ViewSnapshot> {
    return defer(() => {
      const query = this.#query;
      if (query === null) return [failed(this.#errors)];
      return this.#window.pipe(
        distinctUntilChanged((a, b) => a.limit === b.limit && a.offset === b.offset),
        switchMap((window) => this.#views.watch(query, { ...window, total: this.#total })),
        tap((snapshot) => {
          this.#current = snapshot;
        }),
      );
    });
  }

  get rows(): Observable<readonly QueryRow[]> {
    return this.snapshot.pipe(
      map((snapshot) => snapshot.rows),
      distinctUntilChanged(),
    );
  }

  get total(): Observable<number | null> {
    return this.snapshot.pipe(
      map((snapshot) => snapshot.total),
      distinctUntilChanged(),
    );
  }

  /** The newest snapshot; null before the first subscription. */
  get current(): ViewSnapshot | null {
    const { limit, offset } = this.#window.value;
    const node =
      this.#query === null
        ? null
        : this.#views.node(this.#query, { limit, offset, total: this.#total });
    return node?.state ?? this.#current;
  }

  /** Shows another part of the view. */
  window(window: { readonly limit?: number; readonly offset?: number }): void {
    this.#window.next({ ...this.#window.value, ...window });
  }

  explain(): LiveExplanation | null {
    if (this.#query === null) return null;
    const node = this.#views.node(this.#query, { ...this.#window.value, total: this.#total });
    const kind = node?.viewClass ?? null;
    if (node === null || kind === null) return null;
    return { class: kind.name, why: kind.why, counters: { ...node.counters } };
  }
}

/** Snapshots of several views as of one commit. Views nobody watches give their newest one. */
export function snapshotOf(views: readonly LiveView[]): readonly (ViewSnapshot | null)[] {
  return views.map((view) => view.current);
}

function failed(errors: readonly QueryError[]): ViewSnapshot {
  return {
    commit: 0,
    asOf: 0,
    rows: [],
    offset: 0,
    total: null,
    patch: [{ op: 'reset' }],
    status: 'error',
    errors,
  };
}
