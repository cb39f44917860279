import type { Cell } from '@outpost/model';
import type { DeviceStore } from '@outpost/store';

/** The id of row `n` of a table, named by one digit. */
export function rowId(table: number, n: number): string {
  return `0000000${table}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** Fills a table by the bulk path of the initial sync. */
export function loadRows(
  store: DeviceStore,
  table: string,
  count: number,
  columns: readonly string[],
  row: (n: number) => readonly Cell[],
): void {
  store.startLoad(table, count);
  store.write({ origin: 'sync', durability: 'normal' }, (tx) =>
    tx.load(
      table,
      columns,
      Array.from({ length: count }, (_, n) => row(n)),
    ),
  );
  store.finishLoad(table);
}
