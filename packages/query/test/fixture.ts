import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type RowValues,
  valueToCells,
  withSystemTables,
} from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { createQueryEngine, type QueryContext, type QueryEngine } from '../src/index.ts';

const rating = {
  type: 'choice',
  label: 'Rating',
  options: [
    { value: 1, label: 'Hot' },
    { value: 2, label: 'Warm' },
    { value: 3, label: 'Cold' },
  ],
} as const;
export const model: AppModel = withSystemTables(
  defineApp({
    name: 'Test',
    uniqueName: 'test',
    tables: [
      defineTable({
        name: 'account',
        label: 'Account',
        primaryName: 'name',
        ownership: 'user',
        columns: {
          name: { type: 'string' },
          employees: { type: 'integer' },
          revenue: { type: 'money' },
          rating,
          founded: { type: 'dateOnly' },
          tags: { ...rating, type: 'choices' },
        },
      }),
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'user',
        columns: {
          fullname: { type: 'string' },
          accountid: { type: 'lookup', targets: ['account'] },
        },
      }),
    ],
    savedQueries: [
      {
        id: 'quick',
        name: 'Quick Find',
        table: 'account',
        queryType: 4,
        isDefault: false,
        layout: [],
        fetchXml:
          '<fetch><entity name="account"><attribute name="name"/><order attribute="name"/><filter><condition attribute="statecode" operator="eq" value="0"/><filter type="or" isquickfindfields="1"><condition attribute="name" operator="like" value="{0}"/><condition attribute="rating" operator="like" value="{0}"/><condition attribute="employees" operator="like" value="{1}"/><condition attribute="founded" operator="like" value="{3}"/></filter></filter></entity></fetch>',
      },
      {
        id: 'linked',
        name: 'With product',
        table: 'account',
        queryType: 0,
        isDefault: false,
        layout: [],
        fetchXml:
          '<fetch><entity name="account"><link-entity name="product" from="productid" to="productid"/></entity></fetch>',
      },
    ],
  }),
);
export const index = indexModel(model);
export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
export const context: QueryContext = {
  now: Date.parse('2026-03-04T10:30:00Z'),
  timeZone: 'Europe/Berlin',
  userId: id(100),
  businessUnitId: id(200),
  teamIds: [id(300)],
};

export interface Fixture {
  readonly store: DeviceStore;
  readonly engine: QueryEngine;
  insert(table: string, n: number, values: RowValues): void;
  ids(fetchXml: string): readonly number[];
}

export async function openFixture(): Promise<Fixture> {
  const store = await openStore({ storage: memoryStorage() });
  store.applySchema(model, ['account', 'contact']);
  const engine = createQueryEngine({
    store,
    model: index,
    offlineTables: new Set(['account', 'contact']),
    context: () => context,
  });
  return {
    store,
    engine,
    insert(table, n, values) {
      const cells = Object.entries(values).map(([name, value]) => {
        const column = index.column(table, name);
        if (column === undefined) throw new Error(name);
        return valueToCells(column, value);
      });
      store.write({ origin: 'sync' }, (tx) => tx.insert(table, id(n), Object.assign({}, ...cells)));
    },
    ids(fetchXml) {
      const result = engine.run({ fetchXml });
      if (result.kind === 'invalid') throw result.errors[0];
      return result.value.rows.map((row) => Number.parseInt(row.id.slice(-12), 16));
    },
  };
}

export const fetchAccounts = (inside: string): string =>
  `<fetch><entity name="account">${inside}</entity></fetch>`;
