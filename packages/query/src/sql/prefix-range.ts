import { type Sql, sql } from './sql-text.ts';

/** A test that a column of folded text begins with a folded prefix, as a range that an index serves. */
export function beginsWith(column: string, prefix: string): Sql {
  const end = afterPrefix(prefix);
  if (end === null) return sql(`${column} >= ?`, prefix);
  return sql(`(${column} >= ? AND ${column} < ?)`, prefix, end);
}

/** The least text greater than every text with the prefix; null when there is none. */
function afterPrefix(prefix: string): string | null {
  const points = [...prefix].map((character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    // Surrogates are no characters of their own.
    if (last < 0x10ffff)
      return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return null;
}
