import {
  type Column,
  type ColumnValue,
  fold,
  isChoice,
  isLookup,
  isLookupValue,
  isText,
  precisionOf,
  type RuleOperator,
} from '@outpost/model';

/** An operator that compares. */
export type ComparingOperator = Exclude<RuleOperator, 'hasData' | 'noData'>;
/** Compares two values that are not empty. Values of other types are false, never an error. */
export type Compare = (value: ColumnValue, operand: ColumnValue) => boolean;

/** How a column's values are compared. */
type Kind = 'text' | 'number' | 'date' | 'choice' | 'boolean' | 'lookup' | 'other';

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

/** The comparison of an operator on a column, made for its type. */
export function compileCompare(op: ComparingOperator, column: Column): Compare {
  const kind = kindOfColumn(column);
  switch (op) {
    case 'equals':
      return equality(kind, column);
    case 'notEquals': {
      const equal = equality(kind, column);
      return (a, b) => !equal(a, b);
    }
    case 'contains':
      return onText((a, b) => a.includes(b));
    case 'notContains':
      return onText((a, b) => !a.includes(b));
    case 'beginsWith':
      return onText((a, b) => a.startsWith(b));
    case 'notBeginsWith':
      return onText((a, b) => !a.startsWith(b));
    case 'endsWith':
      return onText((a, b) => a.endsWith(b));
    case 'notEndsWith':
      return onText((a, b) => !a.endsWith(b));
    case 'greater':
      return ordered(kind, column, (difference) => difference > 0);
    case 'greaterOrEqual':
      return ordered(kind, column, (difference) => difference >= 0);
    case 'less':
      return ordered(kind, column, (difference) => difference < 0);
    case 'lessOrEqual':
      return ordered(kind, column, (difference) => difference <= 0);
    default:
      return op satisfies never;
  }
}

function onText(test: (a: string, b: string) => boolean): Compare {
  return (a, b) => typeof a === 'string' && typeof b === 'string' && test(folded(a), folded(b));
}

/** Texts that were folded lately: rules compare the same few again and again. */
const lately = new Map<string, string>();
const mostTexts = 500;
const longestText = 200;

function folded(text: string): string {
  if (text.length > longestText) return fold(text);
  const known = lately.get(text);
  if (known !== undefined) return known;
  if (lately.size >= mostTexts) lately.clear();
  const result = fold(text);
  lately.set(text, result);
  return result;
}

function equality(kind: Kind, column: Column): Compare {
  switch (kind) {
    case 'text':
      return onText((a, b) => a === b);
    case 'number':
    case 'date':
      return ordered(kind, column, (difference) => difference === 0);
    case 'lookup':
      return (a, b) => {
        const id = (value: ColumnValue) => (isLookupValue(value) ? value.id : String(value));
        return id(a).toLowerCase() === id(b).toLowerCase();
      };
    default:
      return (a, b) => a === b;
  }
}

function ordered(kind: Kind, column: Column, test: (difference: number) => boolean): Compare {
  if (kind === 'date') {
    return (a, b) => {
      if (typeof a !== 'string' || typeof b !== 'string') return false;
      // A day and a moment are compared by day, in UTC, so that every device and the organization agree.
      const byDay = a.length === 10 || b.length === 10;
      const at = (text: string) => Date.parse(byDay ? text.slice(0, 10) : text);
      return test(at(a) - at(b));
    };
  }
  const scale =
    10 ** (column.type === 'integer' || column.type === 'bigint' ? 0 : precisionOf(column));
  if (scale === 1) {
    return (a, b) =>
      typeof a === 'number' && typeof b === 'number' && test(Math.round(a) - Math.round(b));
  }
  const round = (value: number) => Math.round(value * scale);
  return (a, b) => typeof a === 'number' && typeof b === 'number' && test(round(a) - round(b));
}
