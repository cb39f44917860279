import type { Column, ColumnType } from '../column.ts';
import { isDocumentColumn } from '../value/document.ts';

/** Types that keep the stored values of another one, in the form that they have. */
const keeping: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  string: ['memo'],
  memo: ['string'],
  integer: ['bigint', 'decimal', 'double'],
  bigint: ['integer'],
};

/**
 * Whether a column keeps its stored values under a new definition, all of them and as they are. Files are stored in a way
 * of their own, so a text never becomes a file.
 */
export function keepsValues(before: Column, after: Column): boolean {
  if (isDocumentColumn(before) !== isDocumentColumn(after)) return false;
  return before.type === after.type || keeping[before.type]?.includes(after.type) === true;
}
