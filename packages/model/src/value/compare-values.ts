import { type Column, isChoice, isLookup, isText } from '../column.ts';
import { compareCodePoints, fold } from '../text-fold.ts';
import type { ColumnValue } from './column-value.ts';
import { formatValue } from './format-value.ts';

const plain = { locale: 'en-US', timeZone: 'UTC' } as const;

/**
 * Orders two values of a column as views do: nothing first, text without case and accents, lookups by name, choices by
 * label, everything else by value. Negative, zero or positive.
 */
export function compareValues(column: Column, a: ColumnValue, b: ColumnValue): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  if (typeof a === 'number' && typeof b === 'number' && !isChoice(column)) return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  const named = isText(column) || isLookup(column) || isChoice(column) || Array.isArray(a);
  const text = (value: ColumnValue) =>
    named ? fold(formatValue(column, value, plain)) : String(value);
  return compareCodePoints(text(a), text(b));
}
