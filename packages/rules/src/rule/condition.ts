import type { Condition } from '@outpost/model';
import { operandColumns } from './operand.ts';

/** A single comparison of a rule. */
export type Clause = Extract<Condition, { readonly column: string }>;

/** Columns a condition reads. */
export function conditionColumns(condition: Condition): readonly string[] {
  return clausesOf(condition).flatMap(({ column, operands }) => [
    column,
    ...operands.flatMap(operandColumns),
  ]);
}

/** Every single comparison inside a condition. */
export function clausesOf(condition: Condition): readonly Clause[] {
  if ('all' in condition) return condition.all.flatMap(clausesOf);
  if ('any' in condition) return condition.any.flatMap(clausesOf);
  if ('not' in condition) return clausesOf(condition.not);
  return [condition];
}

/** Whether clauses are joined in more than one way. */
export function mixesAndOr(condition: Condition): boolean {
  const kinds = new Set<string>();
  const visit = (one: Condition): void => {
    if ('not' in one) return visit(one.not);
    if ('column' in one) return;
    const [kind, parts] = 'all' in one ? ['all', one.all] : ['any', one.any];
    if (parts.length > 1) kinds.add(kind);
    for (const part of parts) visit(part);
  };
  visit(condition);
  return kinds.size > 1;
}
