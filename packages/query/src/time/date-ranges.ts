import { Temporal } from 'temporal-polyfill';
import type { QueryContext } from '../query-context.ts';
import { fiscalPeriodOf, fiscalSettings, fiscalYearStart, periodStart } from './fiscal.ts';

type Zoned = Temporal.ZonedDateTime;

/** Half-open range of instants; a missing side is unbounded. */
export interface DateRange {
  readonly start: Temporal.ZonedDateTime | null;
  readonly end: Temporal.ZonedDateTime | null;
}

export type RangeOf = (
  now: Temporal.ZonedDateTime,
  amount: number,
  context: QueryContext,
) => DateRange;
const dateUnits = ['days', 'weeks', 'months', 'years'] as const;
type Unit = (typeof dateUnits)[number];

function shift(at: Zoned, unit: Unit, amount: number): Zoned {
  return at.add({ [unit]: amount });
}

function startOf(now: Zoned, unit: Unit, { weekStart = 0 }: QueryContext): Zoned {
  const day = now.startOfDay();
  switch (unit) {
    case 'days':
      return day;
    case 'weeks':
      return day.subtract({ days: (now.dayOfWeek - weekStart + 7) % 7 });
    case 'months':
      return day.with({ day: 1 }).startOfDay();
    case 'years':
      return day.with({ month: 1, day: 1 }).startOfDay();
    default:
      return unit satisfies never;
  }
}

const calendar =
  (unit: Unit, offset: number): RangeOf =>
  (now, _, context) => {
    const start = shift(startOf(now, unit, context), unit, offset).startOfDay();
    return { start, end: shift(start, unit, 1).startOfDay() };
  };
const lastX =
  (unit: Unit): RangeOf =>
  (now, amount) => ({ start: shift(now.startOfDay(), unit, -amount).startOfDay(), end: now });
const nextX =
  (unit: Unit): RangeOf =>
  (now, amount) => ({
    start: now,
    end: shift(now.startOfDay().add({ days: 1 }), unit, amount).startOfDay(),
  });
const olderThan =
  (unit: Unit): RangeOf =>
  (now, amount) => ({ start: null, end: shift(now.startOfDay(), unit, -amount).startOfDay() });
const olderThanTime =
  (unit: 'minute' | 'hour'): RangeOf =>
  (now, amount) => {
    const floor = now.round({ smallestUnit: unit, roundingMode: 'floor' });
    return { start: null, end: floor.subtract({ [`${unit}s`]: amount }) };
  };
const hour = (now: Zoned) => now.round({ smallestUnit: 'hour', roundingMode: 'floor' });

const fiscalYear =
  (offset: number): RangeOf =>
  (now, _, context) => {
    const { year } = fiscalPeriodOf(now, fiscalSettings(context));
    const start = (of: number) => fiscalYearStart(of, fiscalSettings(context), now.timeZoneId);
    return { start: start(year + offset), end: start(year + offset + 1) };
  };
const fiscalPeriod =
  (offset: number): RangeOf =>
  (now, _, context) => {
    const settings = fiscalSettings(context);
    const start = (of: number) => periodStart(fiscalPeriodOf(now, settings), of, settings, now);
    return { start: start(offset), end: start(offset + 1) };
  };

/** Ranges of the relative date operators, by their FetchXML names, in the time zone of `now`. */
export const dateRanges: Readonly<Record<string, RangeOf>> = Object.fromEntries<RangeOf>([
  ['yesterday', calendar('days', -1)],
  ['today', calendar('days', 0)],
  ['tomorrow', calendar('days', 1)],
  ['last-seven-days', (now, _, context) => lastX('days')(now, 7, context)],
  ['next-seven-days', (now, _, context) => nextX('days')(now, 7, context)],
  ['last-x-hours', (now, amount) => ({ start: hour(now).subtract({ hours: amount }), end: now })],
  ['next-x-hours', (now, amount) => ({ start: now, end: hour(now).add({ hours: amount + 1 }) })],
  ['olderthan-x-minutes', olderThanTime('minute')],
  ['olderthan-x-hours', olderThanTime('hour')],
  ...(['weeks', 'months', 'years'] as const).flatMap((unit): [string, RangeOf][] => [
    [`last-${unit.slice(0, -1)}`, calendar(unit, -1)],
    [`this-${unit.slice(0, -1)}`, calendar(unit, 0)],
    [`next-${unit.slice(0, -1)}`, calendar(unit, 1)],
  ]),
  ...dateUnits.flatMap((unit): [string, RangeOf][] => [
    [`last-x-${unit}`, lastX(unit)],
    [`next-x-${unit}`, nextX(unit)],
    [`olderthan-x-${unit}`, olderThan(unit)],
  ]),
  ['last-fiscal-year', fiscalYear(-1)],
  ['this-fiscal-year', fiscalYear(0)],
  ['next-fiscal-year', fiscalYear(1)],
  ['last-fiscal-period', fiscalPeriod(-1)],
  ['this-fiscal-period', fiscalPeriod(0)],
  ['next-fiscal-period', fiscalPeriod(1)],
  [
    'last-x-fiscal-years',
    (now, amount, context) => ({ start: fiscalYear(-amount)(now, 0, context).start, end: now }),
  ],
  [
    'next-x-fiscal-years',
    (now, amount, context) => ({ start: now, end: fiscalYear(amount)(now, 0, context).end }),
  ],
  [
    'last-x-fiscal-periods',
    (now, amount, context) => ({ start: fiscalPeriod(-amount)(now, 0, context).start, end: now }),
  ],
  [
    'next-x-fiscal-periods',
    (now, amount, context) => ({ start: now, end: fiscalPeriod(amount)(now, 0, context).end }),
  ],
]);

/** Operators of times within a day; a date without time has no answer to them. */
export const subDayOperators: ReadonlySet<string> = new Set([
  'last-x-hours',
  'next-x-hours',
  'olderthan-x-minutes',
  'olderthan-x-hours',
]);

export function zonedNow(nowMs: number, timeZone: string): Zoned {
  return Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone);
}

/** Start of a calendar day, which need not be midnight. */
export function startOfDate(date: string, timeZone: string): Zoned {
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone).startOfDay();
}

/** The next whole second: stored times have no fractions, so bounds round up. */
function ceilSecond(at: Zoned): Zoned {
  return at.round({ smallestUnit: 'second', roundingMode: 'ceil' });
}

/** The stored form of an instant: UTC, seconds. */
export function toStored(at: Zoned): string {
  const text = ceilSecond(at).toInstant().toString({ smallestUnit: 'second' });
  return `${text.slice(0, 19)}Z`;
}

/** The stored form of a clock time that is the same everywhere. */
export function toStoredClock(at: Zoned): string {
  return `${ceilSecond(at).toPlainDateTime().toString({ smallestUnit: 'second' })}Z`;
}

export function toStoredDate(at: Zoned): string {
  return at.toPlainDate().toString();
}
