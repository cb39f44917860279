import type { Device } from '@outpost/device';
import type { SavedQuery } from '@outpost/model';
import type { QueryResult } from '@outpost/query';

export interface GridRequest {
  readonly table: string | null;
  readonly view: SavedQuery | null;
  /** Quick find instead of the view's own rows. */
  readonly term: string | null;
  readonly selected: number;
  readonly pageSize: number;
}

export interface GridRows {
  readonly view: SavedQuery | null;
  readonly result: QueryResult | null;
  readonly error: string;
  /** Position of the first row on screen. */
  readonly from: number;
}

/** The page of a grid that holds the selected row. A frame is drawn often; the query runs once per page and commit. */
export class GridWindow {
  readonly #device: Device;
  #key = '';
  #rows: GridRows = { view: null, result: null, error: '', from: 0 };

  constructor(device: Device) {
    this.#device = device;
  }

  read({ table, view, term, selected, pageSize }: GridRequest): GridRows {
    if (table === null || view === null) {
      return { view: null, result: null, error: 'This table has no views.', from: 0 };
    }
    const { queries, store } = this.#device;
    const from = Math.floor(selected / pageSize) * pageSize;
    const key = JSON.stringify([table, view.id, term, from, pageSize, store.commit]);
    if (key === this.#key) return this.#rows;
    const found = term === null ? null : queries.quickFind(table, term);
    const window = { limit: pageSize, offset: from };
    const result =
      found === null
        ? queries.run({ view: view.id }, window)
        : found.kind === 'ok'
          ? queries.run({ query: found.value }, window)
          : found;
    this.#key = key;
    this.#rows =
      result.kind === 'ok'
        ? { view, result: result.value, error: '', from }
        : { view, result: null, error: result.errors.map((one) => one.message).join(' '), from };
    return this.#rows;
  }
}
