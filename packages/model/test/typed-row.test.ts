import { expect, expectTypeOf, test } from 'vitest';
import {
  type ColumnNameOf,
  defineTable,
  type LookupValue,
  type RowOf,
  rowOf,
  type Table,
} from '../src/index.ts';

const visit = defineTable({
  name: 'new_visit',
  label: 'Visit',
  primaryName: 'new_name',
  ownership: 'user',
  columns: {
    new_name: { type: 'string', maxLength: 100 },
    new_minutes: { type: 'integer' },
    new_done: { type: 'boolean' },
    new_outcome: {
      type: 'choice',
      options: [
        { value: 1, label: 'Interested' },
        { value: 2, label: 'Not interested' },
      ],
    },
    new_topics: { type: 'choices', options: [{ value: 7, label: 'Price' }] },
    new_customerid: { type: 'customer', targets: ['account', 'contact'] },
    new_total: { type: 'money', readOnly: true },
  },
});
type Visit = RowOf<typeof visit>;

test('rows and column names have the types that the definition says', () => {
  expectTypeOf<Visit['new_name']>().toEqualTypeOf<string | null | undefined>();
  expectTypeOf<Visit['new_minutes']>().toEqualTypeOf<number | null | undefined>();
  expectTypeOf<Visit['new_done']>().toEqualTypeOf<boolean | null | undefined>();
  expectTypeOf<Visit['new_outcome']>().toEqualTypeOf<1 | 2 | null | undefined>();
  expectTypeOf<Visit['new_topics']>().toEqualTypeOf<readonly 7[] | null | undefined>();
  expectTypeOf<Visit['new_customerid']>().toEqualTypeOf<
    (LookupValue & { readonly table: 'account' | 'contact' }) | null | undefined
  >();
  expectTypeOf<Visit>().not.toHaveProperty('new_total');
  expectTypeOf<Visit['statecode']>().toEqualTypeOf<number | null | undefined>();
  expectTypeOf<ColumnNameOf<typeof visit>>().toEqualTypeOf<
    | 'new_name'
    | 'new_minutes'
    | 'new_done'
    | 'new_outcome'
    | 'new_topics'
    | 'new_customerid'
    | 'new_total'
  >();
  const columns: readonly ColumnNameOf<typeof visit>[] = [
    'new_name',
    'new_minutes',
    'new_done',
    'new_outcome',
    'new_topics',
    'new_customerid',
    'new_total',
  ];
  expect(visit.columns.map((one) => one.name)).toEqual(expect.arrayContaining([...columns]));
});

test('a typed table is an ordinary table, and its rows are ordinary rows', () => {
  expectTypeOf(visit).toExtend<Table>();
  const row = rowOf(visit, {
    new_name: 'Alpine',
    new_outcome: 1,
    new_customerid: { table: 'account', id: 'x' },
  });
  expect(row).toEqual({
    new_name: 'Alpine',
    new_outcome: 1,
    new_customerid: { table: 'account', id: 'x' },
  });
  type Written = Parameters<typeof rowOf<typeof visit>>[1];
  expectTypeOf<{ new_outcome: 1 }>().toExtend<Written>();
  expectTypeOf<'new_name'>().toExtend<keyof Written>();
  expectTypeOf<{ new_outcome: 3 }>().not.toExtend<Written>();
  expectTypeOf<{ new_name: number }>().not.toExtend<Written>();
  expectTypeOf<{ new_customerid: { table: 'lead'; id: string } }>().not.toExtend<Written>();
  // Columns that do not exist, and those that only the platform writes.
  expectTypeOf<'new_nope'>().not.toExtend<keyof Written>();
  expectTypeOf<'new_total'>().not.toExtend<keyof Written>();
});
