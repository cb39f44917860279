import { Temporal } from 'temporal-polyfill';
import type { FiscalSettings, QueryContext } from '../query-context.ts';

type Zoned = Temporal.ZonedDateTime;

/** A fiscal year is named after the calendar year it starts in; its periods count from 1. */
export interface FiscalPeriod {
  readonly year: number;
  readonly period: number;
}

const calendarQuarters: FiscalSettings = { start: '01-01', period: 'quarterly' };

export function fiscalSettings(context: QueryContext): FiscalSettings {
  return context.fiscal ?? calendarQuarters;
}

const periods: Readonly<Record<FiscalSettings['period'], number>> = {
  annually: 1,
  semiannually: 2,
  quarterly: 4,
  monthly: 12,
  fourweekly: 13,
};

export function periodsPerYear({ period }: FiscalSettings): number {
  return periods[period];
}

function startDate(year: number, { start }: FiscalSettings): Temporal.PlainDate {
  const [month = 1, day = 1] = start.split('-').map(Number);
  return Temporal.PlainDate.from({ year, month, day }, { overflow: 'constrain' });
}

export function fiscalYearStart(year: number, settings: FiscalSettings, timeZone: string): Zoned {
  return startDate(year, settings).toZonedDateTime(timeZone).startOfDay();
}

/** First day of a period; one past the last is the first of the next year. */
function periodDate({ year, period }: FiscalPeriod, settings: FiscalSettings): Temporal.PlainDate {
  const count = periodsPerYear(settings);
  const years = Math.floor((period - 1) / count);
  const index = period - 1 - years * count;
  const start = startDate(year + years, settings);
  return settings.period === 'fourweekly'
    ? start.add({ days: 28 * index })
    : start.add({ months: (12 / count) * index });
}

/** The period a moment lies in; the first day of a period belongs to it. */
export function fiscalPeriodOf(
  at: Temporal.PlainDate | Zoned,
  settings: FiscalSettings,
): FiscalPeriod {
  const date = at instanceof Temporal.PlainDate ? at : at.toPlainDate();
  const before = Temporal.PlainDate.compare(date, startDate(date.year, settings)) < 0;
  const year = before ? date.year - 1 : date.year;
  for (let period = periodsPerYear(settings); period > 1; period -= 1) {
    if (Temporal.PlainDate.compare(date, periodDate({ year, period }, settings)) >= 0) {
      return { year, period };
    }
  }
  return { year, period: 1 };
}

/** Start of the period `offset` periods away. */
export function periodStart(
  { year, period }: FiscalPeriod,
  offset: number,
  settings: FiscalSettings,
  { timeZoneId }: Pick<Zoned, 'timeZoneId'>,
): Zoned {
  const shifted = { year, period: period + offset };
  return periodDate(shifted, settings).toZonedDateTime(timeZoneId).startOfDay();
}
