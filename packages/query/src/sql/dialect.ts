import type { Cell } from '@outpost/model';
import type { DateGrouping } from '../fetch-xml/ast.ts';
import { type PatternToken, toGlob, toRegExpSource } from '../operators/like-pattern.ts';
import type { DateCalendar } from '../plan/condition.ts';
import { concat, type Sql, sql } from './sql-text.ts';

/** Where SQLite and PostgreSQL say the same thing differently. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgresql';
  /** The text of a slot that has no stored folded copy. */
  fold(text: string): string;
  contains(text: string, part: string): Sql;
  endsWith(text: string, part: string): Sql;
  matches(text: string, tokens: readonly PatternToken[]): Sql;
  /** Equal, where null is a value like others. */
  same(left: string, right: string): string;
  /** A list too long for single parameters. */
  inList(term: string, values: readonly Cell[]): Sql;
  datePart(cell: string, part: DateGrouping, calendar: DateCalendar): Sql;
  /** Labels of a multi-select choice, folded; `labels` is a JSON object by option. */
  labels(cell: string, labels: string): Sql;
  /** NULL first ascending, last descending. */
  order(term: string, descending: boolean): string;
  /** Truncated, as the average of whole numbers is. */
  wholeAverage(term: string): string;
  /** A text parameter that begins a recursion over stored texts. */
  readonly textParameter: string;
  /** A separator that no folded text contains. */
  readonly separator: string;
  /** Placeholders as the driver wants them. */
  finish(statement: Sql): Sql;
}

export const sqlite: Dialect = {
  name: 'sqlite',
  fold: (text) => `outpost_fold(${text})`,
  contains: (text, part) => sql(`instr(${text}, ?) > 0`, part),
  endsWith: (text, part) => sql(`substr(${text}, ?) = ?`, -[...part].length, part),
  matches: (text, tokens) => sql(`${text} GLOB ?`, toGlob(tokens)),
  same: (left, right) => `${left} IS ${right}`,
  inList: (term, values) =>
    sql(`${term} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)),
  datePart: (cell, part, { timeZone, weekStart, fiscalStart, fiscalPeriod }) =>
    sql(
      `outpost_datepart(${cell}, ?, ?, ?, ?, ?)`,
      part,
      timeZone,
      weekStart,
      fiscalStart,
      fiscalPeriod,
    ),
  labels: (cell, labels) => sql(`outpost_labels(${cell}, ?)`, labels),
  order: (term, descending) => (descending ? `${term} DESC` : term),
  wholeAverage: (term) => `CAST(avg(${term}) AS INTEGER)`,
  textParameter: 'CAST(? AS TEXT)',
  separator: 'char(1)',
  finish: (statement) => statement,
};

/** The day of a stored date or instant, as `x.d` of a one-row table. */
function postgresDay(cell: string, timeZone: string): Sql {
  return sql(
    `(SELECT (CASE WHEN length(${cell}) = 10 THEN ${cell}::timestamp ELSE ${cell}::timestamptz AT TIME ZONE ? END)::date AS d) x`,
    timeZone,
  );
}

/** Numbers in the text of these come from the calendar's checked settings. */
function postgresPart(part: DateGrouping, calendar: DateCalendar): string {
  const { weekStart, fiscalStart, fiscalPeriod } = calendar;
  const [month = 1, day = 1] = fiscalStart.split('-').map(Number);
  const year = `(extract(year FROM x.d) - (CASE WHEN (extract(month FROM x.d), extract(day FROM x.d)) < (${month}, ${day}) THEN 1 ELSE 0 END))`;
  switch (part) {
    case 'day':
    case 'month':
    case 'quarter':
    case 'year':
      return `extract(${part} FROM x.d)`;
    case 'week':
      return `floor((extract(doy FROM x.d) - 1 + mod(extract(dow FROM date_trunc('year', x.d))::integer - ${weekStart} + 7, 7)) / 7) + 1`;
    case 'fiscal-year':
      return year;
    case 'fiscal-period': {
      const start = `make_date(${year}::integer, ${month}, ${day})`;
      const months = `((extract(year FROM x.d) - ${year}) * 12 + extract(month FROM x.d) - ${month} - (CASE WHEN extract(day FROM x.d) < ${day} THEN 1 ELSE 0 END))`;
      const length = 12 / (monthlyPeriods[fiscalPeriod] ?? 4);
      const period =
        fiscalPeriod === 'fourweekly'
          ? `least(13, floor((x.d - ${start}) / 28) + 1)`
          : `floor(${months} / ${length}) + 1`;
      return `${year} * 100 + ${period}`;
    }
    default:
      return part satisfies never;
  }
}

const monthlyPeriods: Readonly<Record<string, number>> = {
  annually: 1,
  semiannually: 2,
  quarterly: 4,
  monthly: 12,
};

export const postgresql: Dialect = {
  name: 'postgresql',
  // PostgreSQL cannot fold as the device does: the organization stores the folded copy of every text.
  fold: (text) => {
    throw new RangeError(`${text} has no stored folded copy.`);
  },
  contains: (text, part) => sql(`strpos(${text}, ?) > 0`, part),
  endsWith: (text, part) => sql(`right(${text}, ?) = ?`, [...part].length, part),
  matches: (text, tokens) => sql(`${text} ~ ?`, toRegExpSource(tokens)),
  same: (left, right) => `${left} IS NOT DISTINCT FROM ${right}`,
  inList: (term, values) => {
    const texts = values.every((value) => typeof value === 'string');
    const type = texts ? 'text' : 'numeric';
    return sql(
      `${term} IN (SELECT value::${type} FROM jsonb_array_elements_text(?::jsonb) AS list(value))`,
      JSON.stringify(values),
    );
  },
  datePart: (cell, part, calendar) =>
    concat(
      `(SELECT (${postgresPart(part, calendar)})::integer FROM `,
      postgresDay(cell, calendar.timeZone),
      ')',
    ),
  labels: (cell, labels) =>
    sql(
      `(SELECT string_agg(COALESCE(?::jsonb ->> u.v, u.v), '; ' ORDER BY u.n) FROM unnest(string_to_array(trim(both ',' from ${cell}), ',')) WITH ORDINALITY AS u(v, n))`,
      labels,
    ),
  order: (term, descending) => `${term} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`,
  wholeAverage: (term) => `trunc(avg(${term}))`,
  textParameter: 'CAST(? AS TEXT) COLLATE "C"',
  separator: 'chr(1)',
  finish: numbered,
};

/** `?` outside of quotes as `$1`, `$2`, ... */
function numbered({ text, params }: Sql): Sql {
  let n = 0;
  const numberedText = text.replace(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g, (part) => {
    if (part !== '?') return part;
    n += 1;
    return `$${n}`;
  });
  return { text: numberedText, params };
}
