import type { RequirementLevel } from './column.ts';
import type { ColumnValue } from './value/column-value.ts';

/**
 * A business rule: the first true branch's actions apply, else those of `otherwise`.
 * Scope `table` also runs on the server.
 */
export interface BusinessRule {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  readonly scope: 'table' | 'allForms' | { readonly form: string };
  readonly state: 'draft' | 'active';
  /** Order of activation; a later rule wins where two write one column. */
  readonly order: number;
  readonly branches: readonly RuleBranch[];
  readonly otherwise?: readonly RuleAction[];
}

export interface RuleBranch {
  readonly when: Condition;
  readonly then: readonly RuleAction[];
}

export type RuleOperator =
  | 'equals'
  | 'notEquals'
  | 'contains'
  | 'notContains'
  | 'beginsWith'
  | 'notBeginsWith'
  | 'endsWith'
  | 'notEndsWith'
  | 'greater'
  | 'greaterOrEqual'
  | 'less'
  | 'lessOrEqual'
  | 'hasData'
  | 'noData';

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly column: string; readonly op: RuleOperator; readonly operands: readonly Operand[] };

export type Operand =
  | { readonly literal: ColumnValue }
  | { readonly column: string }
  | { readonly formula: Formula };

/** Numbers by the four operations; a date plus or minus whole days. Empty when an operand is, or a divisor is 0. */
export interface Formula {
  readonly left: Operand;
  readonly op: '+' | '-' | '*' | '/';
  readonly right: Operand;
}

export type RuleAction =
  | { readonly kind: 'setValue' | 'setDefault'; readonly column: string; readonly value: Operand }
  | { readonly kind: 'clear'; readonly column: string }
  | { readonly kind: 'require'; readonly column: string; readonly level: RequirementLevel }
  | { readonly kind: 'visible'; readonly column: string; readonly visible: boolean }
  | { readonly kind: 'lock'; readonly column: string; readonly locked: boolean }
  | { readonly kind: 'error'; readonly column: string; readonly message: string }
  | {
      readonly kind: 'recommend';
      readonly column: string;
      readonly title: string;
      readonly text: string;
      readonly actions: readonly RuleAction[];
    };
