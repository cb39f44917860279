import type { Cell } from '@outpost/model';
import { Temporal } from 'temporal-polyfill';
import type { DateGrouping } from '../fetch-xml/ast.ts';
import type { DateCalendar } from '../plan/condition.ts';
import type { FiscalSettings } from '../query-context.ts';
import { fiscalPeriodOf } from './fiscal.ts';

/** The calendar day of a stored date or instant. */
function dayOf(cell: string, timeZone: string): Temporal.PlainDate {
  if (cell.length === 10) return Temporal.PlainDate.from(cell);
  if (timeZone === 'UTC') return Temporal.PlainDate.from(cell.slice(0, 10));
  return Temporal.Instant.from(cell).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** Weeks begin on `weekStart`; the one with 1 January is the first. */
function weekOf(date: Temporal.PlainDate, weekStart: number): number {
  const first = date.with({ month: 1, day: 1 });
  const offset = (first.dayOfWeek - weekStart + 7) % 7;
  return Math.floor((date.dayOfYear - 1 + offset) / 7) + 1;
}

/** A part of a stored date as a number; fiscal periods as year x 100 + period. Null has none. */
export function datePart(cell: Cell, part: DateGrouping, calendar: DateCalendar): number | null {
  if (typeof cell !== 'string') return null;
  const date = dayOf(cell, calendar.timeZone);
  switch (part) {
    case 'day':
      return date.day;
    case 'week':
      return weekOf(date, calendar.weekStart);
    case 'month':
      return date.month;
    case 'quarter':
      return Math.ceil(date.month / 3);
    case 'year':
      return date.year;
    case 'fiscal-year':
    case 'fiscal-period': {
      const settings: FiscalSettings = {
        start: calendar.fiscalStart,
        period: calendar.fiscalPeriod as FiscalSettings['period'],
      };
      const { year, period } = fiscalPeriodOf(date, settings);
      return part === 'fiscal-year' ? year : year * 100 + period;
    }
    default:
      return part satisfies never;
  }
}
