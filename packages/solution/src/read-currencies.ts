import type { ColumnValue, RowValues } from '@outpost/model';

/** A currency of the organization. */
export interface Currency {
  readonly id: string;
  readonly name: string;
  /** ISO 4217, such as EUR. */
  readonly isoCode: string;
  readonly symbol: string;
  /** Decimals that amounts in it are shown with. */
  readonly precision: number;
}

interface Row {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

/** Currencies as the rows of `transactioncurrency` describe them; one without an ISO code is left out. */
export function readCurrencies(rows: readonly Row[]): readonly Currency[] {
  return rows.flatMap(({ table, id, values }): Currency[] => {
    if (table !== 'transactioncurrency') return [];
    const isoCode = text(values['isocurrencycode']);
    const precision = values['currencyprecision'];
    if (!/^[A-Z]{3}$/.test(isoCode)) return [];
    return [
      {
        id,
        name: text(values['currencyname']) || isoCode,
        isoCode,
        symbol: text(values['currencysymbol']),
        precision: typeof precision === 'number' ? precision : 2,
      },
    ];
  });
}

function text(value: ColumnValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
