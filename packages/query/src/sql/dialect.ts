import type { Cell } from '@outpost/model';
import { type PatternToken, toGlob, toRegExpSource } from '../operators/like-pattern.ts';
import type { DateCalendar } from '../plan/condition.ts';
import type { DatePart } from '../plan/resolved-query.ts';
import { type Sql, sql } from './sql-text.ts';

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
  datePart(cell: string, part: DatePart, calendar: DateCalendar): Sql;
  /** Labels of a multi-select choice, folded; `labels` is a JSON object by option. */
  labels(cell: string, labels: string): Sql;
  /** NULL first ascending, last descending. */
  order(term: string, descending: boolean): string;
  /** Truncated, as the average of whole numbers is. */
  wholeAverage(term: string): string;
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
  separator: 'char(1)',
  finish: (statement) => statement,
};

/** Parts that PostgreSQL computes itself; the calendar's names are bound, never pasted. */
const postgresParts: Readonly<Record<string, string>> = {
  day: 'day',
  month: 'month',
  quarter: 'quarter',
  year: 'year',
};

export const postgresql: Dialect = {
  name: 'postgresql',
  fold: (text) => `outpost_fold(${text})`,
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
  datePart: (cell, part, calendar) => {
    const plain = postgresParts[part];
    if (plain === undefined) {
      const { timeZone, weekStart, fiscalStart, fiscalPeriod } = calendar;
      return sql(
        `outpost_datepart(${cell}, ?, ?, ?, ?, ?)`,
        part,
        timeZone,
        weekStart,
        fiscalStart,
        fiscalPeriod,
      );
    }
    return sql(
      `extract(${plain} FROM CASE WHEN length(${cell}) = 10 THEN ${cell}::timestamp ELSE ${cell}::timestamptz AT TIME ZONE ? END)::integer`,
      calendar.timeZone,
    );
  },
  labels: (cell, labels) => sql(`outpost_labels(${cell}, ?)`, labels),
  order: (term, descending) => `${term} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`,
  wholeAverage: (term) => `trunc(avg(${term}))`,
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
