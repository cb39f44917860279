import { StoreError } from '../store-error.ts';

/** The error for a value that SQLite cannot store. */
export function bindError(index: number, value: unknown): StoreError {
  const what = typeof value === 'number' ? String(value) : describe(value);
  return new StoreError(
    'sql.bind',
    `Parameter ${index + 1} cannot be bound: ${what}.`,
    'Bind null, finite numbers, text, bigint or bytes.',
  );
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.getPrototypeOf(value)?.constructor?.name ?? 'object';
}

const maxInteger = 2n ** 63n - 1n;
const minInteger = -(2n ** 63n);

/** The digits of a bigint within SQLite's 64 bits, or null. */
export function integerDigits(value: bigint): string | null {
  return value > maxInteger || value < minInteger ? null : value.toString();
}

/** False for statements that only read, whatever they call. */
export function mayWrite(sql: string): boolean {
  return !/^\s*(SELECT|PRAGMA|EXPLAIN|VALUES)\b/i.test(sql);
}
