import { type Column, isChoice } from '../column.ts';
import { type ColumnValue, isLookupValue } from './column-value.ts';

export interface FormatOptions {
  /** BCP 47 tag, e.g. `en-US`. */
  readonly locale: string;
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** ISO 4217 code for money columns. */
  readonly currency?: string;
}

/** The text a person reads. Null is the empty text. */
export function formatValue(column: Column, value: ColumnValue, options: FormatOptions): string {
  if (value === null) return '';
  if (isLookupValue(value)) return value.name ?? value.id;
  if (isChoice(column)) return label(column, value);
  if (Array.isArray(value)) return value.map((one) => label(column, one)).join('; ');
  switch (column.type) {
    case 'boolean':
      return (
        column.options?.find((one) => one.value === (value ? 1 : 0))?.label ??
        (value ? 'Yes' : 'No')
      );
    case 'money':
      return number(Number(value), column.precision ?? 2, options.locale);
    case 'decimal':
    case 'double':
      return number(Number(value), column.precision ?? 2, options.locale);
    case 'integer':
      return number(Number(value), 0, options.locale);
    case 'dateTime':
      return new Intl.DateTimeFormat(options.locale, {
        dateStyle: 'short',
        timeStyle: 'short',
        timeZone: options.timeZone,
      }).format(new Date(String(value)));
    case 'dateOnly':
      return new Intl.DateTimeFormat(options.locale, {
        dateStyle: 'short',
        timeZone: 'UTC',
      }).format(new Date(`${String(value)}T00:00:00Z`));
    default:
      return String(value);
  }
}

function label(column: Column, value: unknown): string {
  return column.options?.find((one) => one.value === value)?.label ?? String(value);
}

function number(value: number, digits: number, locale: string): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits > 2 ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(value);
}
