import { type Cell, type Cells, type Column, cellsToValue } from '@outpost/model';
import type { SyncErrorRow } from '@outpost/sync';
import type { DeviceStore } from '../device-store.ts';
import { fit, type Line, line } from '../line.ts';

/** A column of a refused edit: what was seen, wanted, and is there now. A lookup is several cells. */
export interface ColumnSides {
  readonly name: string;
  readonly column: Column | undefined;
  readonly base: Cells;
  readonly mine: Cells;
  readonly theirs: Cells;
}

export function sidesOf(store: DeviceStore, error: SyncErrorRow): readonly ColumnSides[] {
  const slots = store.device.sync.errors.sides(error.id);
  return slots
    .filter(({ column }) => !column.includes('$'))
    .map(({ column: name }) => {
      const own = slots.filter(({ column }) => column === name || column.startsWith(`${name}$`));
      const side = (which: 'base' | 'mine' | 'theirs'): Cells =>
        Object.fromEntries(own.map((one) => [one.column, one[which]]));
      const column = store.column(error.table, name);
      return { name, column, base: side('base'), mine: side('mine'), theirs: side('theirs') };
    });
}

/** What of a column is to be sent: mine, unless something else was chosen. */
export function chosenCells(side: ColumnSides, chosen: Cells): Cells {
  return Object.hasOwn(chosen, side.name)
    ? Object.fromEntries(Object.keys(side.mine).map((slot) => [slot, chosen[slot] ?? null]))
    : side.mine;
}

/** Cells of a column as a person reads them. */
export function sideText(
  store: DeviceStore,
  table: string,
  { name, column }: ColumnSides,
  cells: Cells,
): string {
  const cell: Cell = cells[name] ?? null;
  if (column === undefined) return String(cell ?? '');
  return store.format(
    table,
    name,
    cellsToValue(column, (slot) => cells[slot] ?? null),
  );
}

const isSame = (a: Cells, b: Cells): boolean => Object.keys(a).every((slot) => a[slot] === b[slot]);

/** The three sides as lines of a table; what would be sent stands in brackets. */
export function sideLines(
  store: DeviceStore,
  error: SyncErrorRow,
  /** `selected` null: no line can be chosen. */
  { selected, chosen }: { readonly selected: number | null; readonly chosen: Cells },
  columns: number,
): readonly Line[] {
  const sides = sidesOf(store, error);
  if (sides.length === 0) return [];
  const width = Math.max(8, Math.floor((columns - 24) / 3));
  const row = (mark: string, [label = '', ...cells]: readonly string[]) =>
    fit(` ${mark} ${fit(label, 18)} ${cells.map((one) => fit(one, width)).join(' ')}`, columns);
  const lines = sides.map((side, i) => {
    const text = (cells: Cells) => sideText(store, error.table, side, cells);
    const sent = chosenCells(side, chosen);
    const isTheirs = !isSame(sent, side.mine) && isSame(sent, side.theirs);
    const mine = isTheirs ? text(side.mine) : `[${text(sent)}]`;
    const theirs = isTheirs ? `[${text(side.theirs)}]` : text(side.theirs);
    const here = i === selected;
    const label = side.column?.label ?? side.name;
    const cells = row(here ? '>' : ' ', [label, text(side.base), mine, theirs]);
    return line(cells, here ? 'selected' : undefined);
  });
  const head = row(' ', ['', 'base: I saw', 'mine: I want', 'theirs: there now']);
  return [line(head, 'muted'), ...lines];
}
