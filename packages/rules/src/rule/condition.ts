import {
  type Column,
  type ColumnValue,
  type Condition,
  equalValues,
  fold,
  isLookupValue,
  isText,
  type Operand,
  type RowValues,
  type RuleOperator,
} from '@outpost/model';

/** A compiled condition. Never throws. */
export type Predicate = (row: RowValues) => boolean;

type Compare = (value: ColumnValue, operand: ColumnValue) => boolean;

function text(value: ColumnValue): string {
  return isLookupValue(value) ? value.id : fold(String(value));
}

function compareOrdered(a: ColumnValue, b: ColumnValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [text(a), text(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function equal(a: ColumnValue, b: ColumnValue): boolean {
  return typeof a === 'string' && typeof b === 'string' ? fold(a) === fold(b) : equalValues(a, b);
}

const comparisons: Readonly<Record<Exclude<RuleOperator, 'hasData' | 'noData'>, Compare>> = {
  equals: equal,
  notEquals: (a, b) => !equal(a, b),
  contains: (a, b) => text(a).includes(text(b)),
  notContains: (a, b) => !text(a).includes(text(b)),
  beginsWith: (a, b) => text(a).startsWith(text(b)),
  notBeginsWith: (a, b) => !text(a).startsWith(text(b)),
  endsWith: (a, b) => text(a).endsWith(text(b)),
  notEndsWith: (a, b) => !text(a).endsWith(text(b)),
  greater: (a, b) => compareOrdered(a, b) > 0,
  greaterOrEqual: (a, b) => compareOrdered(a, b) >= 0,
  less: (a, b) => compareOrdered(a, b) < 0,
  lessOrEqual: (a, b) => compareOrdered(a, b) <= 0,
};

const textOnly: ReadonlySet<RuleOperator> = new Set([
  'contains',
  'notContains',
  'beginsWith',
  'notBeginsWith',
  'endsWith',
  'notEndsWith',
]);
const orderedOnly: ReadonlySet<RuleOperator> = new Set([
  'greater',
  'greaterOrEqual',
  'less',
  'lessOrEqual',
]);
const orderedTypes: ReadonlySet<Column['type']> = new Set([
  'integer',
  'bigint',
  'decimal',
  'double',
  'money',
  'dateTime',
  'dateOnly',
]);
const unsupportedTypes: ReadonlySet<Column['type']> = new Set(['choices', 'file', 'partyList']);

/** Whether a business rule may use an operator on a column. */
export function operatorFits(op: RuleOperator, column: Column): boolean {
  if (unsupportedTypes.has(column.type)) return false;
  if (textOnly.has(op)) return isText(column);
  if (orderedOnly.has(op)) return orderedTypes.has(column.type);
  return true;
}

export function readOperand(operand: Operand, row: RowValues): ColumnValue {
  return 'literal' in operand ? operand.literal : (row[operand.column] ?? null);
}

function isEmpty(value: ColumnValue): boolean {
  return value === null || value === '';
}

/**
 * Compiles a condition. A comparison with an empty side is false, `notEquals` included; `hasData` and `noData` are the
 * only tests of emptiness. `equals` with several operands means any of them, `notEquals` none of them.
 */
export function compileCondition(condition: Condition): Predicate {
  if ('all' in condition) {
    const parts = condition.all.map(compileCondition);
    return (row) => parts.every((part) => part(row));
  }
  if ('any' in condition) {
    const parts = condition.any.map(compileCondition);
    return (row) => parts.some((part) => part(row));
  }
  if ('not' in condition) {
    const part = compileCondition(condition.not);
    return (row) => !part(row);
  }
  const { column, op, operands } = condition;
  if (op === 'hasData') return (row) => !isEmpty(row[column] ?? null);
  if (op === 'noData') return (row) => isEmpty(row[column] ?? null);
  const compare = comparisons[op];
  const every = op.startsWith('not');
  return (row) => {
    const value = row[column] ?? null;
    if (isEmpty(value)) return false;
    const test = (operand: Operand) => {
      const other = readOperand(operand, row);
      return !isEmpty(other) && compare(value, other);
    };
    return every ? operands.every(test) : operands.some(test);
  };
}

/** Columns a condition reads. */
export function conditionColumns(condition: Condition): readonly string[] {
  if ('all' in condition) return condition.all.flatMap(conditionColumns);
  if ('any' in condition) return condition.any.flatMap(conditionColumns);
  if ('not' in condition) return conditionColumns(condition.not);
  return [
    condition.column,
    ...condition.operands.flatMap((operand) => ('column' in operand ? [operand.column] : [])),
  ];
}

/** Every single comparison inside a condition, for static checks. */
export function comparisonsOf(
  condition: Condition,
): readonly { readonly column: string; readonly op: RuleOperator }[] {
  if ('all' in condition) return condition.all.flatMap(comparisonsOf);
  if ('any' in condition) return condition.any.flatMap(comparisonsOf);
  if ('not' in condition) return comparisonsOf(condition.not);
  return [{ column: condition.column, op: condition.op }];
}
