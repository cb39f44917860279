import {
  type Cell,
  type Column,
  fold,
  isChoice,
  isLookup,
  isText,
  parseGuid,
  precisionOf,
} from '@outpost/model';
import { Temporal } from 'temporal-polyfill';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import { startOfDate, toStored, toStoredClock } from '../time/date-ranges.ts';

/** What a column is to conditions. */
export type ColumnKind =
  | 'text'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'choices'
  | 'date'
  | 'id'
  | 'other';

export function kindOf(column: Column): ColumnKind {
  if (isText(column)) return 'text';
  if (isChoice(column)) return 'choice';
  if (isLookup(column)) return 'id';
  switch (column.type) {
    case 'guid':
    case 'file':
      return 'id';
    case 'boolean':
      return 'boolean';
    case 'choices':
      return 'choices';
    case 'dateTime':
    case 'dateOnly':
      return 'date';
    case 'image':
    case 'partyList':
      return 'other';
    default:
      return 'number';
  }
}

const wholeNumber = /^\s*[-+]?\d{1,18}\s*$/;
const anyNumber = /^\s*[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i;

/** The stored form of an operand. Throws a `value` error that names what is expected. */
export function operandCell(column: Column, operand: string, context: QueryContext): Cell {
  switch (kindOf(column)) {
    case 'text':
      return fold(operand);
    case 'id': {
      const id = parseGuid(operand.trim());
      if (id === null) throw expects(column, operand, 'a GUID');
      return id;
    }
    case 'choice':
      if (!wholeNumber.test(operand)) throw expects(column, operand, 'the number of an option');
      return Number(operand);
    case 'boolean': {
      const text = operand.trim().toLowerCase();
      if (text === '1' || text === 'true') return 1;
      if (text === '0' || text === 'false') return 0;
      throw expects(column, operand, '1, 0, true or false');
    }
    case 'choices':
      return choicesCell(column, [operand]);
    case 'date':
      return dateCell(column, operand, context);
    case 'number':
      return numberCell(column, operand);
    case 'other':
      throw new QueryError(
        'value',
        `Values of column "${column.name}" (${column.type}) cannot be compared.`,
        'Use null or not-null.',
      );
    default:
      throw expects(column, operand, 'a value');
  }
}

function numberCell(column: Column, operand: string): number {
  const whole = column.type === 'integer' || column.type === 'bigint';
  if (!(whole ? wholeNumber : anyNumber).test(operand)) {
    throw expects(column, operand, whole ? 'a whole number' : 'a number');
  }
  const value = Number(operand);
  if (!Number.isFinite(value)) throw expects(column, operand, 'a number');
  return whole ? value : Number(value.toFixed(Math.min(precisionOf(column), 20)));
}

/** The canonical text of a set of options, of one or several operands. */
export function choicesCell(column: Column, operands: readonly string[]): string {
  return `,${choiceNumbers(column, operands).join(',')},`;
}

/** Option numbers of one or several operands, each alone or a list separated by commas. */
export function choiceNumbers(column: Column, operands: readonly string[]): readonly number[] {
  const parts = operands.flatMap((operand) => operand.split(/[,;]/)).map((part) => part.trim());
  const numbers = parts
    .filter((part) => part !== '')
    .map((part) => {
      if (!wholeNumber.test(part)) throw expects(column, part, 'numbers of options');
      return Number(part);
    });
  if (numbers.length === 0) throw expects(column, operands.join(','), 'numbers of options');
  return [...new Set(numbers)].sort((a, b) => a - b);
}

const datePattern = /^\d{4}-\d{2}-\d{2}$/;

function dateCell(column: Column, operand: string, { timeZone }: QueryContext): string {
  const text = operand.trim();
  if (column.type === 'dateOnly') return plainDate(column, text.slice(0, 10));
  const everywhere = column.behavior === 'timeZoneIndependent';
  try {
    if (datePattern.test(text)) {
      return everywhere
        ? `${plainDate(column, text)}T00:00:00Z`
        : toStored(startOfDate(text, timeZone));
    }
    if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) throw new RangeError(text);
    const zoned = /(?:[zZ]|[-+]\d{2}:?\d{2})$/.test(text);
    if (everywhere) {
      const clock = Temporal.PlainDateTime.from(text.replace(/(?:[zZ]|[-+]\d{2}:?\d{2})$/, ''));
      return toStoredClock(clock.toZonedDateTime('UTC'));
    }
    const at = zoned
      ? Temporal.Instant.from(text).toZonedDateTimeISO('UTC')
      : Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone);
    return toStored(at);
  } catch (error) {
    if (error instanceof RangeError) throw expects(column, operand, 'a date, or date and time');
    throw error;
  }
}

function plainDate(column: Column, text: string): string {
  try {
    if (!datePattern.test(text)) throw new RangeError(text);
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString();
  } catch (error) {
    if (error instanceof RangeError) throw expects(column, text, 'a date such as 2026-03-31');
    throw error;
  }
}

/** The calendar date at the beginning of an operand; its time is ignored. */
export function operandDate(column: Column, operand: string): string {
  return plainDate(column, operand.trim().slice(0, 10));
}

function expects(column: Column, operand: string, what: string): QueryError {
  return new QueryError(
    'value',
    `Column "${column.name}" (${column.type}) is compared with ${what}, not "${operand}".`,
    'Correct the value of the condition.',
  );
}
