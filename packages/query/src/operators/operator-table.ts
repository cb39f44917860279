import { type Cell, type Column, dataverseErrors, type ModelIndex } from '@outpost/model';
import type { Temporal } from 'temporal-polyfill';
import { and, type Condition, type DateCalendar, type Hierarchy, or } from '../plan/condition.ts';
import type { Source, Term } from '../plan/term.ts';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import {
  type DateRange,
  dateRanges,
  startOfDate,
  subDayOperators,
  toStored,
  toStoredClock,
  toStoredDate,
  zonedNow,
} from '../time/date-ranges.ts';
import { fiscalSettings, fiscalYearStart, periodStart, periodsPerYear } from '../time/fiscal.ts';
import { parsePattern } from './like-pattern.ts';
import {
  type ColumnKind,
  choiceNumbers,
  choicesCell,
  kindOf,
  operandCell,
  operandDate,
} from './operands.ts';

/** What an operator is applied to. */
export interface OperatorInput {
  readonly source: Source;
  readonly column: Column;
  /** Text of the column: its own, the name of a lookup's target, the label of a choice. */
  readonly text: Term;
  readonly operands: readonly string[];
  readonly context: QueryContext;
  readonly index: ModelIndex;
  /** Notes a relative date. */
  onTime(operator: string, amount: number): void;
  /** Notes a table whose rows the operator reads. */
  onTable(table: string, columns: readonly string[]): void;
}

export type Arity = 'none' | 'one' | 'list' | 'two' | 'amount';

export interface Operator {
  readonly name: string;
  readonly arity: Arity;
  readonly kinds: readonly ColumnKind[];
  /** Empty columns match, as Dataverse has it; `nullInNegation: 'sql'` turns that off. */
  readonly matchesNull: boolean;
  /** Compares the text of any column: names of targets, labels. */
  readonly byText: boolean;
  readonly build: (input: OperatorInput, name: string) => Condition;
}

function cell({ source, column }: OperatorInput): Term {
  return { kind: 'cell', source, slot: column.name };
}

/** The column as it compares: text folded, GUIDs in the order of the organization. */
function comparable(input: OperatorInput, ordered: boolean): Term {
  const { source, column } = input;
  const kind = kindOf(column);
  if (kind === 'text') return { kind: 'folded', source, slot: column.name };
  if (kind === 'id' && ordered) return { kind: 'guidOrder', source, slot: column.name };
  return cell(input);
}

function one({ operands }: OperatorInput): string {
  return operands[0] ?? '';
}

function operand(input: OperatorInput, text: string): Cell {
  return operandCell(input.column, text, input.context);
}

const compare =
  (sign: '=' | '<>' | '<' | '<=' | '>' | '>='): Operator['build'] =>
  (input) => {
    const ordered = sign !== '=' && sign !== '<>';
    return {
      kind: 'compare',
      term: comparable(input, ordered),
      sign,
      value: orderedOperand(input, one(input), ordered),
    };
  };

function orderedOperand(input: OperatorInput, text: string, ordered: boolean): Cell {
  const value = operand(input, text);
  return ordered && kindOf(input.column) === 'id' ? guidOrderKey(String(value)) : value;
}

/** A GUID's text so that it sorts like SQL Server's uniqueidentifier. */
export function guidOrderKey(id: string): string {
  const [a = '', b = '', c = '', d = '', e = ''] = id.split('-');
  const swapped = (text: string) => (text.match(/../g) ?? []).reverse().join('');
  return `${e}${d}${swapped(c)}${swapped(b)}${swapped(a)}`;
}

const between =
  (negated: boolean): Operator['build'] =>
  (input) => {
    const term = comparable(input, true);
    const [low = null, high = null] = input.operands.map((text) =>
      orderedOperand(input, text, true),
    );
    return negated
      ? or([
          { kind: 'compare', term, sign: '<', value: low },
          { kind: 'compare', term, sign: '>', value: high },
        ])
      : and([
          { kind: 'compare', term, sign: '>=', value: low },
          { kind: 'compare', term, sign: '<=', value: high },
        ]);
  };

const maxListText = 850;

const inList =
  (negated: boolean): Operator['build'] =>
  (input) => {
    const { column, operands } = input;
    if (kindOf(column) === 'choices') {
      const value = choicesCell(column, operands);
      return { kind: 'compare', term: cell(input), sign: negated ? '<>' : '=', value };
    }
    if (operands.some((text) => kindOf(column) === 'text' && text.length > maxListText)) {
      const message = `A text of more than ${maxListText} characters in a list of "${column.name}".`;
      throw new QueryError('limit', message, 'Shorten it.');
    }
    const values = [...new Set(operands.map((text) => operand(input, text)))];
    return { kind: 'oneOf', term: comparable(input, false), values, negated };
  };

const like =
  (negated: boolean, before: string, after: string): Operator['build'] =>
  (input) => {
    const pattern = parsePattern(`${before}${one(input)}${after}`);
    return { kind: 'like', term: input.text, pattern, negated };
  };

const overlaps =
  (negated: boolean): Operator['build'] =>
  (input) => ({
    kind: 'overlaps',
    term: cell(input),
    values: choiceNumbers(input.column, input.operands),
    negated,
  });

const isNull =
  (negated: boolean): Operator['build'] =>
  (input) => ({ kind: 'isNull', term: cell(input), negated });

function known(value: string | null, what: string): string {
  if (value !== null && value !== '') return value;
  throw new QueryError(
    'context',
    `The query asks for the current ${what}, and there is none.`,
    'Sign in, or give the query a user.',
  );
}

const sameId =
  (sign: '=' | '<>', id: (context: QueryContext) => string): Operator['build'] =>
  (input) => ({ kind: 'compare', term: cell(input), sign, value: id(input.context) });
const userId = (context: QueryContext) => known(context.userId, 'user');
const unitId = (context: QueryContext) => known(context.businessUnitId, 'business unit');

const teams =
  (withUser: boolean): Operator['build'] =>
  (input) => {
    const { teamIds } = input.context;
    const term = cell(input);
    const user = userId(input.context);
    if (teamIds !== undefined) {
      const values = withUser ? [user, ...teamIds] : teamIds;
      return { kind: 'oneOf', term, values, negated: false };
    }
    input.onTable('teammembership', ['systemuserid', 'teamid']);
    const inTeams: Condition = { kind: 'inTeamsOf', term, userId: user };
    return withUser ? or([{ kind: 'compare', term, sign: '=', value: user }, inTeams]) : inTeams;
  };

const userHierarchy =
  (withTeams: boolean): Operator['build'] =>
  (input) => {
    input.onTable('systemuser', ['systemuserid', 'parentsystemuserid']);
    if (withTeams) input.onTable('teammembership', ['systemuserid', 'teamid']);
    return {
      kind: 'inUserHierarchy',
      term: cell(input),
      userId: userId(input.context),
      depth: input.context.hierarchyDepth ?? 3,
      teams: withTeams,
    };
  };

const hierarchy =
  (direction: Hierarchy['direction'], inclusive: boolean, negated = false): Operator['build'] =>
  (input) => {
    const { source, column, index } = input;
    const name = column.name === source.table.primaryId ? source.table.name : column.targets?.[0];
    const table = name === undefined ? undefined : index.table(name);
    const relationship = index
      .referencing(name ?? '')
      .find((found) => found.hierarchical === true && found.target === name);
    if (table === undefined || relationship === undefined) {
      const message = `Column "${column.name}" does not belong to a table with a hierarchy.`;
      throw new QueryError('metadata', message, 'Use a hierarchical relationship.', '0x80047020');
    }
    input.onTable(table.name, [table.primaryId, relationship.column]);
    return {
      kind: 'inHierarchy',
      term: cell(input),
      hierarchy: {
        table: table.name,
        primaryId: table.primaryId,
        parent: relationship.column,
        direction,
        reference: String(operand(input, one(input))),
        inclusive,
      },
      negated,
    };
  };

/** Bounds as the column stores dates. A range of instants covers the local days it touches. */
function rangeCondition(input: OperatorInput, { start, end }: DateRange): Condition {
  const term = cell(input);
  const tests: Condition[] = [];
  const add = (sign: '>=' | '<' | '<=', value: string) =>
    tests.push({ kind: 'compare', term, sign, value });
  if (input.column.type === 'dateOnly') {
    if (start !== null) add('>=', toStoredDate(start));
    if (end !== null) add(isDayStart(end) ? '<' : '<=', toStoredDate(end));
  } else {
    const stored = input.column.behavior === 'timeZoneIndependent' ? toStoredClock : toStored;
    if (start !== null) add('>=', stored(start));
    if (end !== null) add('<', stored(end));
  }
  if (start === null) tests.push({ kind: 'isNull', term, negated: true });
  return and(tests);
}

function isDayStart(at: Temporal.ZonedDateTime): boolean {
  return at.equals(at.startOfDay());
}

const relative: Operator['build'] = (input, name) => {
  const { context, column, operands } = input;
  const range = dateRanges[name];
  if (range === undefined) throw new RangeError(name);
  if (column.type === 'dateOnly' && subDayOperators.has(name)) {
    const message = `Operator "${name}" asks for times; column "${column.name}" has dates only.`;
    throw new QueryError('operator', message, 'Use whole days.', dataverseErrors.unknownOperator);
  }
  const amount = operands[0] === undefined ? 0 : Number(operands[0]);
  input.onTime(name, amount);
  return outOfCalendar(() =>
    rangeCondition(input, range(zonedNow(context.now, context.timeZone), amount, context)),
  );
};

/** A date before or after all time: no row has it. */
function outOfCalendar(build: () => Condition): Condition {
  try {
    return build();
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'constant', value: false };
    throw error;
  }
}

const onDay =
  (side: 'on' | 'before' | 'after'): Operator['build'] =>
  (input) => {
    const start = startOfDate(operandDate(input.column, one(input)), input.context.timeZone);
    const end = start.add({ days: 1 }).startOfDay();
    return rangeCondition(input, {
      start: side === 'before' ? null : start,
      end: side === 'after' ? null : end,
    });
  };

function wholeOperand(input: OperatorInput, text: string): number {
  if (/^\s*\d{1,4}\s*$/.test(text)) return Number(text);
  const message = `A fiscal year or period is a number, not "${text}".`;
  throw new QueryError('value', message, `Correct the condition on "${input.column.name}".`);
}

const inFiscalYear: Operator['build'] = (input) => {
  const year = wholeOperand(input, one(input));
  const settings = fiscalSettings(input.context);
  const start = (of: number) => fiscalYearStart(of, settings, input.context.timeZone);
  return outOfCalendar(() => rangeCondition(input, { start: start(year), end: start(year + 1) }));
};

/** The calendar that parts of a column's dates are taken from. */
export function calendarOf(column: Column, context: QueryContext): DateCalendar {
  const { start, period } = fiscalSettings(context);
  const everywhere = column.type === 'dateOnly' || column.behavior === 'timeZoneIndependent';
  return {
    timeZone: everywhere ? 'UTC' : context.timeZone,
    weekStart: context.weekStart ?? 0,
    fiscalStart: start,
    fiscalPeriod: period,
  };
}

const inFiscalPeriod: Operator['build'] = (input) => ({
  kind: 'fiscalPeriod',
  term: cell(input),
  calendar: calendarOf(input.column, input.context),
  period: wholeOperand(input, one(input)),
});

const fiscalPeriodAndYear =
  (side: 'in' | 'before' | 'after'): Operator['build'] =>
  (input) => {
    const [period = 0, year = 0] = input.operands.map((text) => wholeOperand(input, text));
    const settings = fiscalSettings(input.context);
    if (period < 1 || period > periodsPerYear(settings)) return { kind: 'constant', value: false };
    const at = { timeZoneId: input.context.timeZone };
    return outOfCalendar(() => {
      const start = periodStart({ year, period }, 0, settings, at);
      const end = periodStart({ year, period }, 1, settings, at);
      return rangeCondition(input, {
        start: side === 'before' ? null : start,
        end: side === 'after' ? null : end,
      });
    });
  };

const all: readonly ColumnKind[] = [
  'text',
  'number',
  'boolean',
  'choice',
  'choices',
  'date',
  'id',
  'other',
];
const comparableKinds = all.filter((kind) => kind !== 'other');
const orderedKinds: readonly ColumnKind[] = ['number', 'date', 'text', 'id'];
const texts: readonly ColumnKind[] = ['text', 'id', 'choice', 'boolean', 'choices', 'number'];
const ids: readonly ColumnKind[] = ['id'];
const dates: readonly ColumnKind[] = ['date'];

function entry(
  name: string,
  arity: Arity,
  kinds: readonly ColumnKind[],
  build: Operator['build'],
  matchesNull = false,
): [string, Operator] {
  return [name, { name, arity, kinds, matchesNull, byText: kinds === texts, build }];
}

/** All 83 condition operators of FetchXML. (Dataverse: FetchXML operators.) */
export const operators: ReadonlyMap<string, Operator> = new Map([
  entry('eq', 'one', comparableKinds, compare('=')),
  entry('ne', 'one', comparableKinds, compare('<>'), true),
  entry('neq', 'one', comparableKinds, compare('<>'), true),
  entry('gt', 'one', orderedKinds, compare('>')),
  entry('ge', 'one', orderedKinds, compare('>=')),
  entry('lt', 'one', orderedKinds, compare('<')),
  entry('le', 'one', orderedKinds, compare('<=')),
  entry('between', 'two', orderedKinds, between(false)),
  entry('not-between', 'two', orderedKinds, between(true)),
  entry('in', 'list', comparableKinds, inList(false)),
  entry('not-in', 'list', comparableKinds, inList(true)),
  entry('null', 'none', all, isNull(false)),
  entry('not-null', 'none', all, isNull(true)),
  entry('like', 'one', texts, like(false, '', '')),
  entry('not-like', 'one', texts, like(true, '', ''), true),
  entry('begins-with', 'one', texts, like(false, '', '%')),
  entry('not-begin-with', 'one', texts, like(true, '', '%'), true),
  entry('ends-with', 'one', texts, like(false, '%', '')),
  entry('not-end-with', 'one', texts, like(true, '%', ''), true),
  entry('contain-values', 'list', ['choices'], overlaps(false)),
  entry('not-contain-values', 'list', ['choices'], overlaps(true), true),
  entry('eq-userid', 'none', ids, sameId('=', userId)),
  entry('ne-userid', 'none', ids, sameId('<>', userId), true),
  entry('eq-userteams', 'none', ids, teams(false)),
  entry('eq-useroruserteams', 'none', ids, teams(true)),
  entry('eq-useroruserhierarchy', 'none', ids, userHierarchy(false)),
  entry('eq-useroruserhierarchyandteams', 'none', ids, userHierarchy(true)),
  entry('eq-businessid', 'none', ids, sameId('=', unitId)),
  entry('ne-businessid', 'none', ids, sameId('<>', unitId), true),
  entry('eq-userlanguage', 'none', ['number'], (input) => ({
    kind: 'compare',
    term: cell(input),
    sign: '=',
    value: input.context.language ?? 1033,
  })),
  entry('under', 'one', ids, hierarchy('under', false)),
  entry('eq-or-under', 'one', ids, hierarchy('under', true)),
  entry('not-under', 'one', ids, hierarchy('under', false, true)),
  entry('above', 'one', ids, hierarchy('above', false)),
  entry('eq-or-above', 'one', ids, hierarchy('above', true)),
  entry('on', 'one', dates, onDay('on')),
  entry('on-or-before', 'one', dates, onDay('before')),
  entry('on-or-after', 'one', dates, onDay('after')),
  entry('in-fiscal-year', 'one', dates, inFiscalYear),
  entry('in-fiscal-period', 'one', dates, inFiscalPeriod),
  entry('in-fiscal-period-and-year', 'two', dates, fiscalPeriodAndYear('in')),
  entry('in-or-before-fiscal-period-and-year', 'two', dates, fiscalPeriodAndYear('before')),
  entry('in-or-after-fiscal-period-and-year', 'two', dates, fiscalPeriodAndYear('after')),
  ...Object.keys(dateRanges).map((name) =>
    entry(name, name.includes('-x-') ? 'amount' : 'none', dates, relative),
  ),
]);

/** Operators that may compare two columns. */
export const columnSigns: ReadonlyMap<string, '=' | '<>' | '<' | '<=' | '>' | '>='> = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['gt', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['le', '<='],
]);
