import { currentCells, currentSlots } from '@outpost/model';
import type { StoreSchema } from '@outpost/store';
import type { Entry } from './entry.ts';

/**
 * An entry in today's names and types. What is queued stays as it was made, so that it can be sent again as it was sent:
 * under one key, one content.
 */
export function currentEntry(schema: StoreSchema, entry: Entry): Entry {
  const table = schema.get(entry.table)?.table;
  if (table === undefined) return entry;
  const set = currentCells(table, entry.set);
  const base = currentCells(table, entry.base);
  if (set === entry.set && base === entry.base) return entry;
  return { ...entry, set, base, local: currentSlots(table, entry.local) };
}
