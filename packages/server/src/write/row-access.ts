import {
  type Cell,
  type Cells,
  cellsToValues,
  type RowValues,
  type Table,
  tableSlots,
} from '@outpost/model';
import { name } from '@outpost/query';
import { businessUnitSlot, ownerSlot } from '../store/physical-schema.ts';
import type { ReadTx } from '../store/server-store.ts';

/** A stored row: its cells and what access is computed from. */
export interface StoredRow {
  readonly cells: Cells;
  readonly owner: string | null;
  readonly businessUnit: string | null;
}

export async function readRow(tx: ReadTx, table: Table, id: string): Promise<StoredRow | null> {
  const slots = [...tableSlots(table).map((slot) => slot.name), ownerSlot, businessUnitSlot];
  const rows = await tx.all(
    `SELECT ${slots.map(name).join(', ')} FROM ${name(table.name)} WHERE ${name(table.primaryId)} = ?`,
    [id],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const cells: Record<string, Cell> = {};
  slots.forEach((slot, i) => {
    if (slot !== ownerSlot && slot !== businessUnitSlot) cells[slot] = row[i] ?? null;
  });
  const text = (cell: Cell | undefined) =>
    cell === null || cell === undefined ? null : String(cell);
  return { cells, owner: text(row.at(-2)), businessUnit: text(row.at(-1)) };
}

/** Column values of a stored row. */
export function rowValues(table: Table, { cells }: Pick<StoredRow, 'cells'>): RowValues {
  return cellsToValues(table, (slot) => cells[slot] ?? null);
}
