import { type Column, isChoice, precisionOf } from '../column.ts';
import { type ColumnValue, isLookupValue, isPartyList } from './column-value.ts';

export interface FormatOptions {
  /** BCP 47 tag, e.g. `en-US`. */
  readonly locale: string;
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** The currency of the row, for money columns; without one a plain number is shown. */
  readonly currency?: { readonly code: string; readonly precision: number };
  /** Decimals of the organization, for money columns that follow it. Default 2. */
  readonly organizationPrecision?: number;
}

/** The text a person reads. Null is the empty text. */
export function formatValue(column: Column, value: ColumnValue, options: FormatOptions): string {
  if (value === null) return '';
  if (isLookupValue(value)) return value.name ?? value.id;
  if (column.type === 'partyList' && isPartyList(value)) {
    return value.map((party) => party.name ?? party.id).join('; ');
  }
  if (isChoice(column)) return label(column, value);
  if (Array.isArray(value)) return value.map((one) => label(column, one)).join('; ');
  switch (column.type) {
    case 'boolean':
      return (
        column.options?.find((one) => one.value === (value ? 1 : 0))?.label ??
        (value ? 'Yes' : 'No')
      );
    case 'money':
      return money(column, Number(value), options);
    case 'decimal':
    case 'double':
      return number(Number(value), column.precision ?? 2, options.locale);
    case 'integer':
    case 'bigint':
      return number(Number(value), 0, options.locale);
    case 'dateTime':
      return dateTime(column, new Date(String(value)), options);
    case 'dateOnly':
      return shortDate(new Date(`${String(value)}T00:00:00Z`), options.locale, 'UTC');
    default:
      return String(value);
  }
}

function dateTime(column: Column, at: Date, { locale, timeZone }: FormatOptions): string {
  const zone = column.behavior === 'timeZoneIndependent' ? 'UTC' : timeZone;
  const date = shortDate(at, locale, zone);
  if (column.format === 'date') return date;
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone: zone });
  // Some versions of the platform's data put a narrow space before AM and PM.
  return `${date} ${time.format(at).replaceAll('\u202f', ' ')}`;
}

/** The short date of a language with the whole year, as Dataverse shows it. */
function shortDate(at: Date, locale: string, timeZone: string): string {
  const parts = { year: 'numeric', month: 'numeric', day: 'numeric', timeZone } as const;
  return new Intl.DateTimeFormat(locale, parts).format(at);
}

function money(column: Column, value: number, options: FormatOptions): string {
  const { locale, currency, organizationPrecision = 2 } = options;
  const digits = {
    column: Math.min(column.precision ?? 2, precisionOf(column)),
    organization: organizationPrecision,
    currency: currency?.precision ?? 2,
  }[column.precisionSource ?? 'column'];
  if (currency === undefined) return number(value, digits, locale);
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: currency.code,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
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
