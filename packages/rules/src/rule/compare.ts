import { type Column, type ColumnValue, isLookupValue, type RuleOperator } from '@outpost/model';
import { type Kind, kindOfColumn } from './column-kind.ts';
import { folded, scaleOf } from './key.ts';

/** An operator that compares. */
export type ComparingOperator = Exclude<RuleOperator, 'hasData' | 'noData'>;
/** Compares two values that are not empty. Values of other types are false, never an error. */
export type Compare = (value: ColumnValue, operand: ColumnValue) => boolean;

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
  const scale = scaleOf(column);
  if (scale === 1) {
    return (a, b) =>
      typeof a === 'number' && typeof b === 'number' && test(Math.round(a) - Math.round(b));
  }
  const round = (value: number) => Math.round(value * scale);
  return (a, b) => typeof a === 'number' && typeof b === 'number' && test(round(a) - round(b));
}
