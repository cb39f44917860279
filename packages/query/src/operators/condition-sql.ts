import {
  type Column,
  type ColumnValue,
  dataverseErrors,
  fold,
  isChoice,
  isLookup,
  isLookupValue,
  isText,
  parseGuid,
  parseValue,
  valueToCells,
} from '@outpost/model';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import { likeToGlob } from '../sql/like-pattern.ts';
import { join, name, type Sql, sql } from '../sql/sql-text.ts';
import {
  dateRanges,
  startOfDate,
  takesAmount,
  toStored,
  toStoredDate,
  zonedNow,
} from '../time/date-ranges.ts';

export interface ConditionInput {
  readonly column: Column;
  /** Quoted SQL alias of the table. */
  readonly source: string;
  readonly operator: string;
  readonly operands: readonly string[];
  readonly context: QueryContext;
  /** SQL for the folded text of a slot of the table. */
  readonly folded: (slot: string) => string;
  /** Inside a quick find filter choices compare by label. */
  readonly quickFind: boolean;
}

type Emit = (input: ConditionInput) => Sql;

/** Every operator the compiler knows, by its FetchXML name. */
export const operators: Readonly<Record<string, Emit>> = {
  eq: (input) => compare(input, '='),
  ne: (input) => orNull(input, compare(input, '<>')),
  neq: (input) => orNull(input, compare(input, '<>')),
  gt: (input) => compare(input, '>'),
  ge: (input) => compare(input, '>='),
  lt: (input) => compare(input, '<'),
  le: (input) => compare(input, '<='),
  between: (input) => between(input, 'BETWEEN'),
  'not-between': (input) => between(input, 'NOT BETWEEN'),
  in: (input) => inList(input, 'IN'),
  'not-in': (input) => inList(input, 'NOT IN'),
  null: ({ column, source }) => sql(`${cell(source, column)} IS NULL`),
  'not-null': ({ column, source }) => sql(`${cell(source, column)} IS NOT NULL`),
  like: (input) => like(input, one(input), false),
  'not-like': (input) => like(input, one(input), true),
  'begins-with': (input) => like(input, `${one(input)}%`, false),
  'not-begin-with': (input) => like(input, `${one(input)}%`, true),
  'ends-with': (input) => like(input, `%${one(input)}`, false),
  'not-end-with': (input) => like(input, `%${one(input)}`, true),
  'contain-values': (input) => containValues(input),
  'not-contain-values': (input) => orNull(input, negate(containValues(input))),
  'eq-userid': (input) => ids(input, [userId(input)], 'IN'),
  'ne-userid': (input) => orNull(input, ids(input, [userId(input)], 'NOT IN')),
  'eq-userteams': (input) => ids(input, input.context.teamIds, 'IN'),
  'eq-useroruserteams': (input) => ids(input, [userId(input), ...input.context.teamIds], 'IN'),
  'eq-businessid': (input) => ids(input, [businessUnitId(input)], 'IN'),
  'ne-businessid': (input) => orNull(input, ids(input, [businessUnitId(input)], 'NOT IN')),
  on: (input) => onDate(input, 'on'),
  'on-or-after': (input) => onDate(input, 'after'),
  'on-or-before': (input) => onDate(input, 'before'),
};

/** The SQL of one condition. Throws `QueryError` for an unknown operator or an unusable operand. */
export function conditionToSql(input: ConditionInput): Sql {
  const emit = Object.hasOwn(operators, input.operator) ? operators[input.operator] : undefined;
  if (emit !== undefined) return emit(input);
  if (Object.hasOwn(dateRanges, input.operator)) return relativeDate(input);
  throw new QueryError(
    'operator',
    `Operator "${input.operator}" is not known.`,
    'Use an operator of FetchXML that is available offline.',
    dataverseErrors.unknownOperator,
  );
}

function cell(source: string, column: Column): string {
  return `${source}.${name(column.name)}`;
}

function orNull({ column, source }: ConditionInput, condition: Sql): Sql {
  return { ...condition, text: `(${cell(source, column)} IS NULL OR ${condition.text})` };
}

function negate(condition: Sql): Sql {
  return { ...condition, text: `NOT (${condition.text})` };
}

function bad(input: ConditionInput, message: string): QueryError {
  return new QueryError(
    'value',
    `Condition on "${input.column.name}" (${input.operator}): ${message}`,
    'Correct the value of the condition.',
  );
}

function one(input: ConditionInput): string {
  const [operand, ...others] = input.operands;
  if (operand === undefined || others.length > 0) throw bad(input, 'expects exactly one value.');
  return operand;
}

/** The stored form of an operand; an instant for a date without time is local midnight. */
function operandCell(input: ConditionInput, operand: string): string | number {
  const { column } = input;
  if (isLookup(column) || column.type === 'guid') {
    const id = parseGuid(operand);
    if (id === null) throw bad(input, `"${operand}" is not a GUID.`);
    return id;
  }
  if (isChoice(column) || column.type === 'integer' || column.type === 'bigint') {
    if (!/^\s*[-+]?\d+\s*$/.test(operand)) throw bad(input, `"${operand}" is not a whole number.`);
    return Number(operand);
  }
  if (column.type === 'dateTime' && /^\d{4}-\d{2}-\d{2}$/.test(operand.trim())) {
    return toStored(dateOperand(input, operand));
  }
  const parsed = parseValue({ ...column, maxLength: Number.MAX_SAFE_INTEGER }, operand);
  if (parsed.kind === 'invalid') throw bad(input, parsed.message);
  const stored = storedCell(column, parsed.value);
  if (stored === null) throw bad(input, 'expects a value.');
  return typeof stored === 'string' && isText(column) ? fold(stored) : stored;
}

function storedCell(column: Column, value: ColumnValue): string | number | null {
  return isLookupValue(value) ? value.id : (valueToCells(column, value)[column.name] ?? null);
}

/** The column as compared: folded for text. */
function comparable({ column, source, folded }: ConditionInput): string {
  return isText(column) ? folded(column.name) : cell(source, column);
}

function compare(input: ConditionInput, operator: string): Sql {
  if (isText(input.column) && one(input) === '')
    return sql(`${comparable(input)} ${operator} ?`, '');
  return sql(`${comparable(input)} ${operator} ?`, operandCell(input, one(input)));
}

function between(input: ConditionInput, operator: string): Sql {
  const [low, high, ...others] = input.operands;
  if (low === undefined || high === undefined || others.length > 0) {
    throw bad(input, 'expects two values.');
  }
  const bounds = [operandCell(input, low), operandCell(input, high)];
  return sql(`${comparable(input)} ${operator} ? AND ?`, ...bounds);
}

function inList(input: ConditionInput, operator: string): Sql {
  if (input.operands.length === 0) throw bad(input, 'expects at least one value.');
  const cells = [...new Set(input.operands.map((operand) => operandCell(input, operand)))];
  return sql(`${comparable(input)} ${operator} (${cells.map(() => '?').join(', ')})`, ...cells);
}

function like(input: ConditionInput, pattern: string, negative: boolean): Sql {
  const { column } = input;
  if (isChoice(column) && input.quickFind) return likeLabel(input, pattern);
  if (!isText(column) && !isLookup(column)) {
    if (!input.quickFind) throw bad(input, `does not fit a column of type ${column.type}.`);
    return numberInQuickFind(input, pattern);
  }
  const text = input.folded(isLookup(column) ? `${column.name}$n` : column.name);
  const glob = likeToGlob(pattern);
  return negative
    ? sql(`(${text} IS NULL OR NOT ${text} GLOB ?)`, glob)
    : sql(`${text} GLOB ?`, glob);
}

/** Quick find compares choices by label. */
function likeLabel(input: ConditionInput, pattern: string): Sql {
  const glob = likeToGlob(pattern);
  const options = input.column.options ?? [];
  const tests = options.map((option) =>
    sql(
      `(${cell(input.source, input.column)} = ? AND ? GLOB ?)`,
      option.value,
      fold(option.label),
      glob,
    ),
  );
  return tests.length === 0
    ? sql('0')
    : { ...join(tests, ' OR '), text: `(${join(tests, ' OR ').text})` };
}

/** Quick find compares numbers by equality and never finds dates. */
function numberInQuickFind(input: ConditionInput, pattern: string): Sql {
  const term = pattern.replace(/%$/, '').replace(/\[(.)\]/g, '$1');
  const parsed = parseValue(input.column, term);
  const numeric = ['integer', 'bigint', 'decimal', 'double', 'money'].includes(input.column.type);
  if (!numeric || parsed.kind === 'invalid' || parsed.value === null) return sql('0');
  return sql(`${cell(input.source, input.column)} = ?`, storedCell(input.column, parsed.value));
}

function containValues(input: ConditionInput): Sql {
  if (input.operands.length === 0) throw bad(input, 'expects at least one value.');
  const tests = input.operands.map((operand) => {
    if (!/^\s*\d+\s*$/.test(operand)) throw bad(input, `"${operand}" is not an option number.`);
    return sql(`instr(${cell(input.source, input.column)}, ?) > 0`, `,${operand.trim()},`);
  });
  const any = join(tests, ' OR ');
  return { ...any, text: `(${any.text})` };
}

function userId({ context }: ConditionInput): string {
  if (context.userId === null) {
    throw new QueryError('context', 'The query needs a user.', 'Sign in first.');
  }
  return context.userId;
}

function businessUnitId({ context }: ConditionInput): string {
  if (context.businessUnitId === null) {
    throw new QueryError('context', 'The query needs a business unit.', 'Sign in first.');
  }
  return context.businessUnitId;
}

function ids(input: ConditionInput, values: readonly string[], operator: string): Sql {
  const places = values.map(() => '?').join(', ');
  return sql(`${cell(input.source, input.column)} ${operator} (${places})`, ...values);
}

function dateOperand(input: ConditionInput, operand: string): ReturnType<typeof startOfDate> {
  try {
    return startOfDate(operand.trim().slice(0, 10), input.context.timeZone);
  } catch {
    throw bad(input, `"${operand}" is not a date.`);
  }
}

function onDate(input: ConditionInput, side: 'on' | 'after' | 'before'): Sql {
  const start = dateOperand(input, one(input));
  const end = start.add({ days: 1 });
  return rangeToSql(input, side === 'before' ? null : start, side === 'after' ? null : end);
}

function relativeDate(input: ConditionInput): Sql {
  const { context, operator } = input;
  let amount = 0;
  if (takesAmount(operator)) {
    const operand = one(input).trim();
    if (!/^[1-9]\d{0,5}$/.test(operand)) throw bad(input, 'expects a positive whole number.');
    amount = Number(operand);
  }
  const range = dateRanges[operator]?.(zonedNow(context.now, context.timeZone), amount);
  return rangeToSql(input, range?.start ?? null, range?.end ?? null);
}

type Bound = ReturnType<typeof startOfDate> | null;

function rangeToSql(input: ConditionInput, start: Bound, end: Bound): Sql {
  const { column, source } = input;
  if (column.type !== 'dateTime' && column.type !== 'dateOnly') {
    throw bad(input, `does not fit a column of type ${column.type}.`);
  }
  const dateOnly = column.type === 'dateOnly';
  const tests: Sql[] = [];
  if (start !== null) {
    tests.push(
      sql(`${cell(source, column)} >= ?`, dateOnly ? toStoredDate(start) : toStored(start)),
    );
  }
  if (end !== null) {
    // A date counts as inside when the range ends later than its midnight.
    const midnight = end.equals(end.startOfDay());
    const operator = dateOnly && !midnight ? '<=' : '<';
    tests.push(
      sql(`${cell(source, column)} ${operator} ?`, dateOnly ? toStoredDate(end) : toStored(end)),
    );
  }
  const all = join(tests, ' AND ');
  return { ...all, text: `(${all.text})` };
}
