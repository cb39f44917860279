import { type Column, isChoice, isLookup, isText, type RuleOperator } from '@outpost/model';

/** How a column's values are compared. */
export type Kind = 'text' | 'number' | 'date' | 'choice' | 'boolean' | 'lookup' | 'other';

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
const unsupported: ReadonlySet<Column['type']> = new Set(['choices', 'file', 'partyList', 'image']);

export function kindOfColumn(column: Column): Kind {
  if (isText(column)) return 'text';
  if (isLookup(column)) return 'lookup';
  if (isChoice(column)) return 'choice';
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return 'number';
    case 'dateTime':
    case 'dateOnly':
      return 'date';
    case 'boolean':
      return 'boolean';
    default:
      return 'other';
  }
}

/** Whether a business rule may use a column at all. */
export function isSupported(column: Column): boolean {
  return !unsupported.has(column.type);
}

/** Whether a business rule may use an operator on a column. */
export function operatorFits(op: RuleOperator, column: Column): boolean {
  if (!isSupported(column)) return false;
  const kind = kindOfColumn(column);
  if (textOnly.has(op)) return kind === 'text';
  if (orderedOnly.has(op)) return kind === 'number' || kind === 'date';
  return true;
}
