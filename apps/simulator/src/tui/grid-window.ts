import type { Device } from '@outpost/device';
import type { SavedQuery } from '@outpost/model';
import type {
  FetchQuery,
  LiveView,
  QueryEngine,
  QueryRow,
  ViewColumn,
  ViewSnapshot,
} from '@outpost/query';
import type { Subscription } from 'rxjs';

/** A column of the grid that orders its rows instead of the view. */
export interface SortOrder {
  readonly column: string;
  readonly descending: boolean;
}

export interface GridRequest {
  readonly table: string | null;
  readonly view: SavedQuery | null;
  /** Quick find instead of the view's own rows. */
  readonly term: string | null;
  readonly sort: SortOrder | null;
  readonly selected: number;
  readonly pageSize: number;
}

export interface GridRows {
  readonly view: SavedQuery | null;
  readonly columns: readonly ViewColumn[];
  readonly rows: readonly QueryRow[];
  readonly total: number;
  /** Position of the first row on screen. */
  readonly from: number;
  /** Rows are being loaded; what is shown will change. */
  readonly updating: boolean;
  readonly error: string;
}

const nothing: GridRows = {
  view: null,
  columns: [],
  rows: [],
  total: 0,
  from: 0,
  updating: false,
  error: '',
};

/** The page of a grid that holds the selected row, kept current while it is open. */
export class GridWindow {
  readonly #device: Device;
  readonly #onChange: () => void;
  #queries: QueryEngine | null = null;
  #key = '';
  #columns: readonly ViewColumn[] = [];
  #live: LiveView | null = null;
  #subscription: Subscription | null = null;
  #snapshot: ViewSnapshot | null = null;
  #opening = false;
  #error = '';

  constructor(device: Device, onChange: () => void) {
    this.#device = device;
    this.#onChange = onChange;
  }

  read({ table, view, term, sort, selected, pageSize }: GridRequest): GridRows {
    if (table === null || view === null) {
      this.close();
      return { ...nothing, error: 'This table has no views.' };
    }
    const { queries } = this.#device;
    const from = Math.floor(selected / pageSize) * pageSize;
    const key = JSON.stringify([table, view.id, term, sort]);
    const moved = this.#snapshot !== null && this.#snapshot.offset !== from;
    if (key !== this.#key || queries !== this.#queries) {
      this.#open(queries, { table, view, term, sort }, { limit: pageSize, offset: from });
      this.#key = key;
    } else if (this.#live !== null && this.#snapshot !== null) {
      this.#opening = true;
      this.#live.window({ limit: pageSize, offset: from });
      this.#opening = false;
      // Rows above have come or gone: the same positions show other rows now.
      const stuck = moved && this.#snapshot.offset !== from && this.#snapshot.total !== null;
      if (stuck && (this.#snapshot.total ?? 0) > from) {
        this.#open(queries, { table, view, term, sort }, { limit: pageSize, offset: from });
      }
    }
    const snapshot = this.#snapshot;
    if (snapshot === null || snapshot.status === 'error') {
      const error = snapshot?.errors.map((one) => one.message).join(' ') ?? this.#error;
      return { ...nothing, error };
    }
    return {
      view,
      columns: this.#columns,
      rows: snapshot.rows,
      total: snapshot.total ?? snapshot.rows.length,
      from: snapshot.offset,
      updating: snapshot.status === 'paused',
      error: '',
    };
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = null;
    this.#live = null;
    this.#snapshot = null;
    this.#key = '';
    this.#error = '';
  }

  #open(
    queries: QueryEngine,
    what: Pick<GridRequest, 'term' | 'sort'> & {
      readonly table: string;
      readonly view: SavedQuery;
    },
    window: { readonly limit: number; readonly offset: number },
  ): void {
    const { table, view, term, sort } = what;
    const key = this.#key;
    this.close();
    this.#key = key;
    this.#queries = queries;
    const found = term === null ? null : queries.quickFind(table, term);
    if (found?.kind === 'invalid') {
      this.#error = found.errors.map((one) => one.message).join(' ');
      return;
    }
    const shown = term === null ? view : (queries.viewOf(table, 'quickFind') ?? view);
    this.#columns = queries.view(shown.id)?.columns ?? [];
    const query = found?.value ?? queries.view(shown.id)?.query;
    const source =
      query === undefined || (found === null && sort === null)
        ? { view: view.id }
        : { query: sort === null ? query : sorted(query, sort) };
    this.#live = queries.live(source, window);
    this.#opening = true;
    this.#subscription = this.#live.snapshot.subscribe((snapshot) => {
      this.#snapshot = snapshot;
      if (!this.#opening) this.#onChange();
    });
    this.#opening = false;
  }
}

/** The query in another order: the chosen column first, then as before. */
function sorted(query: FetchQuery, { column, descending }: SortOrder): FetchQuery {
  const first = { column, descending, alias: null };
  const rest = query.root.orders.filter((one) => one.column !== column || one.alias !== null);
  return { ...query, root: { ...query.root, orders: [first, ...rest] } };
}
