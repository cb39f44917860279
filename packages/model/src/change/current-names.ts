import type { Column } from '../column.ts';
import { type Cell, type Cells, fitsSlot, type Slot, tableSlots } from '../storage/slots.ts';
import type { Table } from '../table.ts';
import { formerNames } from './former-names.ts';

/** What names of a table mean today. */
interface Names {
  readonly slots: ReadonlyMap<string, Slot>;
  readonly columns: ReadonlySet<string>;
  /** Today's column by former names. */
  readonly renamed: ReadonlyMap<string, string>;
}

const known = new WeakMap<Table, Names>();

function namesOf(table: Table): Names {
  const found = known.get(table);
  if (found !== undefined) return found;
  const renamed = new Map<string, string>();
  for (const column of table.columns) {
    for (const former of formerNames(column)) renamed.set(former, column.name);
  }
  const names: Names = {
    slots: new Map(tableSlots(table).map((slot) => [slot.name, slot])),
    columns: new Set(table.columns.map((column: Column) => column.name)),
    renamed,
  };
  known.set(table, names);
  return names;
}

/** Today's name of a column or slot (`column$t`); one that nothing is called by stays as it is. */
function today({ columns, renamed }: Names, slot: string): string {
  const end = slot.indexOf('$');
  const name = end < 0 ? slot : slot.slice(0, end);
  const current = columns.has(name) ? undefined : renamed.get(name);
  return current === undefined ? slot : `${current}${end < 0 ? '' : slot.slice(end)}`;
}

/** Today's names of slots. */
export function currentSlots(table: Table, slots: readonly string[]): readonly string[] {
  const names = namesOf(table);
  return names.renamed.size === 0 ? slots : slots.map((slot) => today(names, slot));
}

/**
 * Cells that were written under earlier definitions of a table, as they are now: under today's names, numbers as texts and
 * texts as numbers where a column's type asks for it. Nothing is left out: what has no column any more, or no form in its
 * column, stays as it was.
 */
export function currentCells(table: Table, cells: Cells): Cells {
  const names = namesOf(table);
  const entries = Object.entries(cells);
  const isCurrent = ([name, cell]: readonly [string, Cell]) => {
    const slot = names.slots.get(name);
    return slot === undefined ? today(names, name) === name : fitsSlot(slot, cell);
  };
  if (entries.every(isCurrent)) return cells;
  return Object.fromEntries(
    entries.map(([name, cell]) => {
      const current = today(names, name);
      return [current, converted(names.slots.get(current), cell)];
    }),
  );
}

/** Values by column that were written under earlier definitions of a table, under today's names. */
export function currentValues<Value>(
  table: Table,
  values: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const names = namesOf(table);
  if (names.renamed.size === 0) return values;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [today(names, name), value]),
  );
}

const numeric = /^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

function converted(slot: Slot | undefined, cell: Cell): Cell {
  if (slot === undefined || fitsSlot(slot, cell)) return cell;
  if (typeof cell === 'number') return slot.sqlType === 'TEXT' ? String(cell) : cell;
  const number = typeof cell === 'string' && numeric.test(cell) ? Number(cell) : Number.NaN;
  return fitsSlot(slot, number) ? number : cell;
}
