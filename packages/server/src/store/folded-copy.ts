import {
  type Cells,
  fold,
  isDocumentColumn,
  isText,
  type Slot,
  type Table,
  tableSlots,
} from '@outpost/model';

/** Whether a slot's text is searched, compared and sorted by: an engine that cannot fold keeps a folded copy of it. */
export function isFoldable({ column, part }: Slot): boolean {
  return part === 'name' || (part === 'value' && isText(column) && !isDocumentColumn(column));
}

/** Name of the slot of a folded copy. */
export function foldedName(slot: string): string {
  return `${slot}$f`;
}

/** Folded copies of the texts among cells. */
export function foldedCopies(table: Table, cells: Cells): Cells {
  const copies: Record<string, string | null> = {};
  for (const slot of tableSlots(table)) {
    const cell = cells[slot.name];
    if (cell === undefined || !isFoldable(slot)) continue;
    copies[foldedName(slot.name)] = cell === null ? null : fold(String(cell));
  }
  return copies;
}
