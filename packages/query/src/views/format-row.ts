import { type FormatOptions, formatValue } from '@outpost/model';
import type { Output } from '../plan/resolved-query.ts';
import type { QueryPlan, QueryRow } from '../sql/compile.ts';

/** The currency of a row of a table; null where it is not known. */
export type CurrencyOf = (
  table: string,
  id: string,
) => NonNullable<FormatOptions['currency']> | null;

export interface FormatRowOptions extends Omit<FormatOptions, 'currency'> {
  readonly currencyOf?: CurrencyOf;
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
    if (output.value.kind === 'datePart')
      formatted[key] = datePartText(output.value, Number(value));
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

const periodWords: Readonly<Record<string, string>> = {
  annually: 'Annual',
  semiannually: 'Semester',
  quarterly: 'Quarter',
  monthly: 'Month',
  fourweekly: 'Period',
};

function datePartText(
  { part, calendar }: Extract<Output['value'], { kind: 'datePart' }>,
  value: number,
): string {
  if (part === 'fiscal-year') return `FY${value}`;
  if (part !== 'fiscal-period') return String(value);
  const word = periodWords[calendar.fiscalPeriod] ?? 'Period';
  return `${word} ${value % 100} FY${Math.floor(value / 100)}`;
}
