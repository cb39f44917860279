import type { Condition } from './condition.ts';
import type { ResolvedQuery } from './resolved-query.ts';
import type { Term } from './term.ts';

/** An index that lets a query read its first page without sorting. */
export interface IndexAdvice {
  readonly table: string;
  /** Stored columns, folded copies included. */
  readonly columns: readonly string[];
}

/** The stored column of a term; null when it is computed. */
function stored(
  term: Term,
  root: string,
  isFolded: (table: string, slot: string) => boolean,
): string | null {
  if (term.source.sql !== root) return null;
  if (term.kind === 'cell') return term.slot;
  if (term.kind !== 'folded') return null;
  return isFolded(term.source.table.name, term.slot) ? `${term.slot}$f` : null;
}

/**
 * Equality columns of the filter, then the columns of the order. Null where an index would not help: nothing to
 * order by or to compare, or an order that is computed.
 */
export function adviseIndex(
  { root, where, orders, distinct, aggregate }: ResolvedQuery,
  isFolded: (table: string, slot: string) => boolean,
): IndexAdvice | null {
  if (distinct || aggregate) return null;
  const equal = where === null ? [] : equalities(where);
  const fixed = equal.flatMap((term) => stored(term, root.sql, isFolded) ?? []);
  const order = orders.map(({ term }) => stored(term, root.sql, isFolded));
  const sorted = order.every((one) => one !== null) ? order.filter((one) => one !== null) : [];
  const columns = [...new Set([...fixed, ...sorted])];
  if (columns.length === 0 || (orders.length > 0 && sorted.length === 0)) return null;
  return { table: root.table.name, columns: [...columns, root.table.primaryId] };
}

/** Terms that must equal one value. */
function equalities(condition: Condition): readonly Term[] {
  if (condition.kind === 'and') return condition.items.flatMap(equalities);
  if (condition.kind === 'compare' && condition.sign === '=') return [condition.term];
  if (condition.kind === 'oneOf' && !condition.negated && condition.values.length === 1) {
    return [condition.term];
  }
  return [];
}
