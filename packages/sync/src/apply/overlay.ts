/**
 * A row on the device is its base (as the organization last sent it) with the user's unsettled edits on top. `$base`
 * holds the base only while such edits exist; otherwise the row itself is the base.
 */
import { type Cell, type Cells, currentCells, fitsSlot } from '@outpost/model';
import type { RowImage, WriteTx } from '@outpost/store';
import { readEffects } from '../effects/effect.ts';
import { type Entry, readEntries, readerOf } from '../outbox/entry.ts';

const unsettled = "table_name = ? AND row_id = ? AND state IN ('queued', 'sent', 'applied')";

export function unsettledEntries(tx: WriteTx, table: string, id: string): readonly Entry[] {
  return readEntries(readerOf(tx.sql), unsettled, [table, id]);
}

/** One change on top of a base: an edit of the row, or what an edit of another row does to it. */
export type Layer = Pick<Entry, 'key' | 'op' | 'set'>;

/** All that lies on top of a row's base, in the order it was made. */
export function layersOf(tx: WriteTx, table: string, id: string): readonly Layer[] {
  const entries = unsettledEntries(tx, table, id);
  const effects = readEffects(
    readerOf(tx.sql),
    "f.table_name = ? AND f.row_id = ? AND o.state IN ('queued', 'sent', 'applied')",
    [table, id],
  );
  if (effects.length === 0) return entries;
  // An edit comes before what it does.
  return [...entries, ...effects].sort((a, b) => a.key[1] - b.key[1]);
}

/** Rebuilds the rows that lost what an edit does to them. */
export function recomputeEach(
  tx: WriteTx,
  rows: readonly { readonly table: string; readonly id: string }[],
): void {
  for (const { table, id } of rows) recomputeVisible(tx, table, id);
}

/** Cells of an image by slot name. */
export function imageToCells(tx: WriteTx, table: string, image: RowImage): Cells {
  const { slots } = tx.schemaOf(table);
  return Object.fromEntries(slots.map((slot, i) => [slot.name, image[i] ?? null]));
}

/** The base of a row that has unsettled edits: its cells, null when it is not on the server; undefined without edits. */
export function readBase(tx: WriteTx, table: string, id: string): Cells | null | undefined {
  const row = tx.sql
    .prepare('SELECT cells FROM "$base" WHERE table_name = ? AND row_id = ?')
    .get([table, id]);
  if (row === undefined) return undefined;
  return row[0] === null ? null : shown(tx, table, JSON.parse(String(row[0])) as Cells);
}

function writeBase(tx: WriteTx, table: string, id: string, cells: Cells | null): void {
  tx.sql
    .prepare(
      'INSERT INTO "$base" (table_name, row_id, cells) VALUES (?, ?, ?) ON CONFLICT (table_name, row_id) DO UPDATE SET cells = excluded.cells',
    )
    .run([table, id, cells === null ? null : JSON.stringify(cells)]);
}

/** Keeps `image` as the base of a row that is about to get its first unsettled edit. */
export function ensureBase(tx: WriteTx, table: string, id: string, image: RowImage | null): void {
  if (readBase(tx, table, id) !== undefined) return;
  writeBase(tx, table, id, image === null ? null : imageToCells(tx, table, image));
}

/** The row has no edits any more and was never in the organization. */
export function dropBase(tx: WriteTx, table: string, id: string): void {
  tx.sql.prepare('DELETE FROM "$base" WHERE table_name = ? AND row_id = ?').run([table, id]);
}

/** Takes in what the organization says about a row; null: it is not for this device. Pending edits stay on top. */
export function applyBase(tx: WriteTx, table: string, id: string, cells: Cells | null): void {
  if (readBase(tx, table, id) === undefined) {
    writeVisible(tx, table, id, cells);
    return;
  }
  writeBase(tx, table, id, cells);
  recomputeVisible(tx, table, id);
}

/** Rebuilds a row from its base and its unsettled edits; without edits the base becomes the row. */
export function recomputeVisible(tx: WriteTx, table: string, id: string): void {
  const base = readBase(tx, table, id);
  if (base === undefined) return;
  const layers = layersOf(tx, table, id).map((layer) => ({
    ...layer,
    set: shown(tx, table, layer.set),
  }));
  writeVisible(tx, table, id, foldEntries(base, layers));
  if (layers.length > 0) return;
  dropBase(tx, table, id);
}

/** The row after its edits, in the order they were made. */
export function foldEntries(
  base: Cells | null,
  entries: readonly Pick<Entry, 'op' | 'set'>[],
): Cells | null {
  let row: Cells | null = base;
  for (const entry of entries) {
    if (entry.op === 'delete') row = null;
    else if (entry.op === 'create') row = { ...(row ?? {}), ...entry.set };
    else if (row !== null) row = { ...row, ...entry.set };
  }
  return row;
}

/**
 * Cells of earlier definitions as the row can show them. What has no column any more, or does not fit it, is not shown:
 * that an edit wants it, its sync error tells.
 */
function shown(tx: WriteTx, table: string, cells: Cells): Cells {
  const { table: definition, slots, slotIndex } = tx.schemaOf(table);
  const current = currentCells(definition, cells);
  const fits = ([name, cell]: readonly [string, Cell]) => {
    const slot = slots[slotIndex.get(name) ?? -1];
    return slot !== undefined && fitsSlot(slot, cell);
  };
  const entries = Object.entries(current);
  return entries.every(fits) ? current : Object.fromEntries(entries.filter(fits));
}

function writeVisible(tx: WriteTx, table: string, id: string, cells: Cells | null): void {
  if (cells === null) {
    tx.delete(table, id);
    return;
  }
  const complete: Record<string, Cell> = {};
  for (const slot of tx.schemaOf(table).slots) complete[slot.name] = cells[slot.name] ?? null;
  if (tx.get(table, id) === null) tx.insert(table, id, complete);
  else tx.update(table, id, complete);
}
