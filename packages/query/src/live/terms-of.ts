import type { Condition } from '../plan/condition.ts';
import type { Term } from '../plan/term.ts';

/** The values of the query's own occurrences that a condition reads. */
export function termsOf(condition: Condition): readonly Term[] {
  switch (condition.kind) {
    case 'constant':
    case 'exists':
      return [];
    case 'and':
    case 'or':
      return condition.items.flatMap(termsOf);
    case 'terms':
      return [condition.left, condition.right];
    default:
      return [condition.term];
  }
}
