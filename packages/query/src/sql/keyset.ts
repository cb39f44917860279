import type { Cell } from '@outpost/model';
import { concat, join, type Sql, sql } from './sql-text.ts';

/** One term of an order with its place in the cursor. */
export interface KeysetTerm {
  readonly term: Sql;
  readonly descending: boolean;
  readonly value: Cell;
  /** The primary key never is null. */
  readonly nullable: boolean;
}

/**
 * Rows after a cursor, where NULL comes first ascending and last descending: the first differing term decides. A range
 * on the first term lets an index skip what comes before.
 */
export function keysetAfter(
  terms: readonly KeysetTerm[],
  same: (left: string, right: string) => string,
): Sql {
  const plain = terms.every(({ descending, value }) => !descending && value !== null);
  if (plain && terms.every(({ term }) => term.params.length === 0)) {
    const left = terms.map(({ term }) => term.text).join(', ');
    const values = terms.map(({ value }) => value);
    if (terms.length === 1) return sql(`${left} > ?`, ...values);
    return sql(`(${left}) > (${values.map(() => '?').join(', ')})`, ...values);
  }
  const cases = terms.flatMap((last, i): Sql[] => {
    const later = after(last);
    if (later === null) return [];
    const equal = terms.slice(0, i).map(({ term, value }) => ({
      text: same(term.text, '?'),
      params: [...term.params, value],
    }));
    return [concat('(', join([...equal, later], ' AND '), ')')];
  });
  if (cases.length === 0) return sql('1 = 0');
  const any = concat('(', join(cases, ' OR '), ')');
  const range = terms[0] === undefined ? null : lead(terms[0]);
  return range === null ? any : concat('(', range, ' AND ', any, ')');
}

function after({ term, descending, value, nullable }: KeysetTerm): Sql | null {
  if (value === null) return descending ? null : concat(term, ' IS NOT NULL');
  if (!descending) return concat(term, ' > ', sql('?', value));
  const less = concat(term, ' < ', sql('?', value));
  return nullable ? concat('(', less, ' OR ', term, ' IS NULL)') : less;
}

/** Every row after the cursor is in this range of the first term. */
function lead({ term, descending, value }: KeysetTerm): Sql | null {
  if (value === null) return descending ? concat(term, ' IS NULL') : null;
  return descending ? null : concat(term, ' >= ', sql('?', value));
}
