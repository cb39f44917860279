import type { ColumnType } from './column.ts';
import type { ColumnDefinition, TableDefinition } from './define-table.ts';
import type { Table } from './table.ts';
import type { LookupValue, RowValues } from './value/column-value.ts';

declare const definition: unique symbol;

/** A table that remembers, for the compiler only, how it was written down. */
export type TableOf<D> = Table & { readonly [definition]?: D };

type ValueTypes = Readonly<
  Record<Exclude<ColumnType, 'choice' | 'choices' | 'lookup' | 'customer' | 'owner'>, unknown>
> & {
  string: string;
  memo: string;
  integer: number;
  bigint: number;
  decimal: number;
  double: number;
  money: number;
  boolean: boolean;
  state: number;
  status: number;
  dateTime: string;
  dateOnly: string;
  partyList: readonly LookupValue[];
  guid: string;
  image: string;
  file: string;
};

type OptionOf<C> = C extends { readonly options: readonly (infer O)[] }
  ? O extends { readonly value: infer V extends number }
    ? V
    : number
  : number;
type TargetOf<C> = C extends { readonly targets: readonly (infer T extends string)[] } ? T : string;

/** What a column holds, from its definition: options as their numbers, lookups with their tables. */
export type ValueOf<C extends ColumnDefinition> = C['type'] extends 'choice'
  ? OptionOf<C>
  : C['type'] extends 'choices'
    ? readonly OptionOf<C>[]
    : C['type'] extends 'lookup' | 'customer' | 'owner'
      ? LookupValue & { readonly table: TargetOf<C> }
      : C['type'] extends keyof ValueTypes
        ? ValueTypes[C['type']]
        : never;

/** Columns that every table gets. */
interface StandardValues {
  readonly statecode?: number | null;
  readonly statuscode?: number | null;
  readonly ownerid?: (LookupValue & { readonly table: 'systemuser' | 'team' }) | null;
}

type Writable<C> = {
  [K in keyof C as C[K] extends { readonly readOnly: true }
    ? never
    : K]?: C[K] extends ColumnDefinition ? ValueOf<C[K]> | null : never;
};

/** Values a user may give a row of a table made with `defineTable`. */
export type RowOf<T> = T extends { readonly [definition]?: infer D extends TableDefinition }
  ? Readonly<Writable<D['columns']>> & StandardValues
  : RowValues;

/** Names of the columns of a table made with `defineTable`, the standard ones aside. */
export type ColumnNameOf<T> = T extends { readonly [definition]?: infer D extends TableDefinition }
  ? keyof D['columns'] & string
  : string;

/** Values of a row, checked by the compiler against its table. */
export function rowOf<T extends Table>(_table: T, values: RowOf<T>): RowValues {
  return values as RowValues;
}
