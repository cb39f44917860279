import type { Cell } from '@outpost/model';
import { baseName } from './column-names.ts';

/** Where something was written, and what. */
export interface WrittenCell {
  readonly table: string;
  readonly id: string;
  readonly slot: string;
  readonly cell: Cell;
}

/** Texts that only one edit writes. */
export const tokenPattern: RegExp = /^tok-\d+\b/;

/** What an edit is known by, from the device to the organization: where it was written, and what. */
export function nameOf({ table, id, slot, cell }: WrittenCell): string {
  const token = typeof cell === 'string' ? tokenPattern.exec(cell)?.[0] : undefined;
  return `${table}/${id}/${baseName(slot)}=${token ?? JSON.stringify(cell)}`;
}

/** Names of all that an entry of the queue writes. */
export function namesOf(
  table: string,
  id: string,
  cells: Readonly<Record<string, Cell>>,
): readonly string[] {
  return Object.entries(cells).map(([slot, cell]) => nameOf({ table, id, slot, cell }));
}
