import { Temporal } from 'temporal-polyfill';

/** Half-open range of instants; a missing side is unbounded. */
export interface DateRange {
  readonly start: Temporal.ZonedDateTime | null;
  readonly end: Temporal.ZonedDateTime | null;
}

type Unit = 'days' | 'weeks' | 'months' | 'years';
type RangeOf = (now: Temporal.ZonedDateTime, amount: number) => DateRange;

function shift(at: Temporal.ZonedDateTime, unit: Unit, amount: number): Temporal.ZonedDateTime {
  return at.add({ [unit]: amount });
}

function startOf(now: Temporal.ZonedDateTime, unit: Unit): Temporal.ZonedDateTime {
  const day = now.startOfDay();
  switch (unit) {
    case 'days':
      return day;
    case 'weeks':
      return day.subtract({ days: now.dayOfWeek % 7 });
    case 'months':
      return day.with({ day: 1 });
    case 'years':
      return day.with({ month: 1, day: 1 });
    default:
      return unit satisfies never;
  }
}

const calendar =
  (unit: Unit, offset: number): RangeOf =>
  (now) => {
    const start = shift(startOf(now, unit), unit, offset);
    return { start, end: shift(start, unit, 1) };
  };
const lastX =
  (unit: Unit): RangeOf =>
  (now, amount) => ({ start: shift(now.startOfDay(), unit, -amount), end: now });
const nextX =
  (unit: Unit): RangeOf =>
  (now, amount) => ({ start: now, end: shift(shift(now.startOfDay(), 'days', 1), unit, amount) });
const olderThan =
  (unit: Unit): RangeOf =>
  (now, amount) => ({ start: null, end: shift(now.startOfDay(), unit, -amount) });

const units: readonly (readonly [string, Unit])[] = [
  ['week', 'weeks'],
  ['month', 'months'],
  ['year', 'years'],
];

/** Ranges of the relative date operators, in the user's time zone. Weeks begin on Sunday. */
export const dateRanges: Readonly<Record<string, RangeOf>> = Object.fromEntries<RangeOf>([
  ['yesterday', calendar('days', -1)],
  ['today', calendar('days', 0)],
  ['tomorrow', calendar('days', 1)],
  ['last-seven-days', (now) => lastX('days')(now, 7)],
  ['next-seven-days', (now) => nextX('days')(now, 7)],
  ['last-x-days', lastX('days')],
  ['next-x-days', nextX('days')],
  ['olderthan-x-days', olderThan('days')],
  ...units.flatMap(([name, unit]): [string, RangeOf][] => [
    [`last-${name}`, calendar(unit, -1)],
    [`this-${name}`, calendar(unit, 0)],
    [`next-${name}`, calendar(unit, 1)],
    [`last-x-${unit}`, lastX(unit)],
    [`next-x-${unit}`, nextX(unit)],
    [`olderthan-x-${unit}`, olderThan(unit)],
  ]),
]);

/** True when the operator takes a number. */
export function takesAmount(operator: string): boolean {
  return operator.includes('-x-');
}

export function zonedNow(nowMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
}

/** Local midnight of a calendar date. */
export function startOfDate(date: string, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone);
}

/** The stored form of an instant: UTC, seconds. */
export function toStored(at: Temporal.ZonedDateTime): string {
  return `${at.toInstant().toString({ smallestUnit: 'second' }).slice(0, 19)}Z`;
}

export function toStoredDate(at: Temporal.ZonedDateTime): string {
  return at.toPlainDate().toString();
}
