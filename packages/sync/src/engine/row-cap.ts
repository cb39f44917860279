import type { DeviceStore } from '@outpost/store';
import { CycleStop } from './cycle-stop.ts';
import type { SyncTable } from './sync-state.ts';

/** Code of a cycle that ended because the device takes no more rows. */
export const tooManyRowsCode = 'outpost:tooManyRows';

/**
 * How many rows a device takes, those of tables that no one sees included; more fail the sync. Edits go up before, so
 * none is held up by it.
 *
 * Source: https://learn.microsoft.com/en-us/power-apps/mobile/offline-limitations ("Number of records synced").
 */
export class RowCap {
  readonly #store: DeviceStore;
  readonly #most: number;
  /** Rows on the device and to come, at the last count, and what came since; null: not counted. */
  #known: number | null = null;

  constructor(store: DeviceStore, most: number) {
    this.#store = store;
    this.#most = most;
  }

  /** Rows have to be counted: they never were, or were too many. */
  get isOpen(): boolean {
    return this.#known === null || this.#known > this.#most;
  }

  /** Rows came. Counts them anew only where they could be too many. */
  add(rows: number, tables: () => readonly SyncTable[]): void {
    if (rows === 0) return;
    if (this.#known !== null) this.#known += rows;
    if (this.isOpen) this.check(tables());
  }

  /** Throws `CycleStop` when the rows that are here, and those that are announced, are too many. */
  check(tables: readonly SyncTable[]): void {
    const known = tables.reduce((sum, one) => sum + this.#rowsOf(one), 0);
    this.#known = known;
    if (known <= this.#most) return;
    throw new CycleStop({
      class: 'server',
      code: tooManyRowsCode,
      message: `The profile brings ${known} rows to this device, which takes ${this.#most}: narrow the filters of its largest tables, or leave tables out of it.`,
      retryAfterMs: null,
    });
  }

  #rowsOf({ table, state, rowsExpected }: SyncTable): number {
    const here = this.#store.schema.has(table) ? this.#store.count(table) : 0;
    return state === 'load' ? Math.max(here, rowsExpected) : here;
  }
}
