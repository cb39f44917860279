import type { DeviceStore } from '@outpost/store';
import { QueryError } from '../query-error.ts';
import { type AmongRows, type QueryPlan, type QueryRow, rankUnit } from '../sql/compile.ts';

/** A row that was found elsewhere, with the rank it was given. */
export interface RankedRow {
  readonly row: QueryRow;
  readonly rid: number;
  readonly rank: number;
}

/** A query that is run again and again over rows that an index of somebody else has found. */
export class PreparedQuery {
  readonly plan: QueryPlan;
  readonly #store: DeviceStore;
  readonly #among: AmongRows;
  readonly #named: (rows: readonly QueryRow[]) => readonly QueryRow[];
  readonly #used: (total: number) => void;
  #sorts: { readonly schemaVersion: number; readonly value: boolean } | null = null;

  /** Throws a `QueryError` for distinct and aggregate queries, whose rows are no rows of a table. */
  constructor(
    store: DeviceStore,
    plan: QueryPlan,
    named: (rows: readonly QueryRow[]) => readonly QueryRow[],
    used: (total: number) => void,
  ) {
    if (plan.among === null) {
      throw new QueryError(
        'schema',
        'A distinct or aggregate query gives no rows of a table.',
        'Leave out `distinct` and `aggregate`.',
      );
    }
    this.plan = plan;
    this.#store = store;
    this.#among = plan.among;
    this.#named = named;
    this.#used = used;
  }

  /** Not every row of the table is in the result. */
  get isFiltered(): boolean {
    const { where, joins } = this.plan.resolved;
    return where !== null || joins.some((one) => one.type !== 'outer' || !one.unique);
  }

  /** Those of the rows (`_rid` by rank, in groups of ascending rank) that pass, by rank and then in the query's order. */
  rows(
    groups: readonly { readonly rank: number; readonly rids: Iterable<number> }[],
    limit: number,
  ): readonly RankedRow[] {
    const places: number[] = [];
    for (const { rank, rids } of groups) for (const rid of rids) places.push(rank * rankUnit + rid);
    const { text, params } = this.#among.rows(places, limit);
    const cells = this.#store.all(text, params) as readonly Parameters<QueryPlan['decode']>[0][];
    const rows = this.#named(cells.map((one) => this.plan.decode(one)));
    return rows.map((row, i) => {
      const place = Number(cells[i]?.at(-1));
      return { row, rid: place % rankUnit, rank: Math.floor(place / rankUnit) };
    });
  }

  /** How many of the rows pass, counted up to `most`. */
  count(rids: readonly number[], most: number): number {
    const { text, params } = this.#among.count(rids, most);
    return Number(this.#store.all(text, params)[0]?.[0] ?? 0);
  }

  /** `_rid`s of all rows that pass, in order, read as far as the loop goes. */
  *walk(): IterableIterator<number> {
    const { text, params } = this.#among.walk;
    for (const [rid] of this.#store.driver.prepare(text).iterate(params)) yield Number(rid);
  }

  /** Whether a walk begins at once: an index gives the order, so nothing is sorted first. */
  get walksIndex(): boolean {
    const { schemaVersion } = this.#store;
    if (this.#sorts?.schemaVersion !== schemaVersion) {
      const { text, params } = this.#among.walk;
      const steps = this.#store.all(`EXPLAIN QUERY PLAN ${text}`, params);
      const value = steps.some((step) => String(step.at(-1)).includes('TEMP B-TREE'));
      this.#sorts = { schemaVersion, value };
    }
    return !this.#sorts.value;
  }

  /** Says that a large result was wanted in this order; an index for it is made when that happens often. */
  used(total: number): void {
    this.#used(total);
    if (this.#sorts?.value === true) this.#sorts = null;
  }
}
