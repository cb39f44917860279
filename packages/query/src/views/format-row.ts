import { type ColumnValue, type FormatOptions, formatValue } from '@outpost/model';
import type { QueryPlan, QueryRow } from '../sql/compile.ts';

/** The currency of a row of a table; null where it is not known. */
export type CurrencyOf = (
  table: string,
  id: string,
) => NonNullable<FormatOptions['currency']> | null;

export interface FormatRowOptions extends Omit<FormatOptions, 'currency'> {
  readonly currencyOf?: CurrencyOf;
  /** Names of fiscal periods by the organization's settings. */
  readonly fiscalPeriodName?: string;
}

/** Texts for people, by key. Plain text and empty values have none: they are shown as they are. */
export function formatRow(
  plan: QueryPlan,
  row: QueryRow,
  options: FormatRowOptions,
): Readonly<Record<string, string>> {
  const formatted: Record<string, string> = {};
  for (const { key, column, output } of plan.columns) {
    const value = row.values[key] ?? null;
    if (value === null || column.type === 'string' || column.type === 'memo') continue;
    if (column.type === 'guid') continue;
    const { kind } = output.value;
    if (output.value.kind === 'datePart') formatted[key] = datePartText(output.value.part, value);
    else {
      const isRoot = output.source === plan.resolved.root;
      const money = column.type === 'money' && kind !== 'aggregate' && isRoot && row.id !== '';
      const currency = money ? options.currencyOf?.(row.table, row.id) : null;
      const { currencyOf: _, ...rest } = options;
      formatted[key] = formatValue(column, value, {
        ...rest,
        ...(currency === null || currency === undefined ? {} : { currency }),
      });
    }
  }
  return formatted;
}

function datePartText(part: string, value: ColumnValue): string {
  const number = Number(value);
  if (part === 'fiscal-year') return `FY${number}`;
  if (part !== 'fiscal-period') return String(number);
  return `Quarter ${number % 100} FY${Math.floor(number / 100)}`;
}
