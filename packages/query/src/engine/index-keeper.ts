import type { DeviceStore } from '@outpost/store';
import { adviseIndex, type IndexAdvice } from '../plan/index-advice.ts';
import type { QueryPlan } from '../sql/compile.ts';

const owner = 'query';
/** Indexes cost writes: the most wanted ones of a table are kept. */
const maxPerTable = 6;
/** Smaller results are sorted faster than an index is kept. */
const minRows = 200;
const minUses = 3;

interface Wanted extends IndexAdvice {
  uses: number;
}

/** Makes the indexes that opened views want, the most used first. */
export class IndexKeeper {
  readonly #store: DeviceStore;
  readonly #wanted = new Map<string, Wanted>();
  #requested = '';

  constructor(store: DeviceStore) {
    this.#store = store;
  }

  /** A view was opened and has that many rows. */
  used(
    { resolved }: QueryPlan,
    total: number,
    isFolded: (table: string, slot: string) => boolean,
  ): void {
    // Indexes are made between transactions.
    if (total < minRows || this.#store.driver.inTransaction) return;
    const advice = adviseIndex(resolved, isFolded);
    if (advice === null) return;
    const known = this.#store.schema.get(advice.table)?.slotIndex;
    if (!advice.columns.every((column) => known?.has(column) === true)) return;
    const key = `${advice.table} ${advice.columns.join(' ')}`;
    const wanted = this.#wanted.get(key) ?? { ...advice, uses: 0 };
    wanted.uses += 1;
    this.#wanted.set(key, wanted);
    if (wanted.uses >= minUses) this.#request();
  }

  #request(): void {
    const used = [...this.#wanted.values()]
      .filter((one) => one.uses >= minUses)
      .sort((a, b) => b.uses - a.uses);
    const counts = new Map<string, number>();
    const requests = used.filter(({ table }) => {
      const count = (counts.get(table) ?? 0) + 1;
      counts.set(table, count);
      return count <= maxPerTable;
    });
    const key = requests
      .map(({ table, columns }) => `${table} ${columns.join(' ')}`)
      .sort()
      .join('\n');
    if (key === this.#requested) return;
    this.#requested = key;
    this.#store.requestIndexes(owner, requests);
  }
}
