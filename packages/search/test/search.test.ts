import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type RowValues,
  valueToCells,
  withSystemTables,
} from '@outpost/model';
import { createQueryEngine } from '@outpost/query';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSearch, matchLength, type Search, type SearchResult } from '../src/index.ts';

const model: AppModel = withSystemTables(
  defineApp({
    name: 'T',
    uniqueName: 't',
    tables: [
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'user',
        columns: {
          fullname: { type: 'string' },
          city: { type: 'string' },
          born: { type: 'dateOnly' },
          accountid: { type: 'lookup', targets: ['account'] },
        },
      }),
      defineTable({
        name: 'plain',
        label: 'Plain',
        primaryName: 'name',
        ownership: 'user',
        columns: { name: { type: 'string' } },
      }),
    ],
    savedQueries: [
      {
        id: 'q',
        name: 'Quick',
        table: 'contact',
        queryType: 4,
        isDefault: false,
        layout: [],
        fetchXml:
          '<fetch><entity name="contact"><attribute name="fullname"/><attribute name="city"/><attribute name="accountid"/><order attribute="fullname"/><filter type="or" isquickfindfields="1"><condition attribute="fullname" operator="like" value="{0}"/><condition attribute="city" operator="like" value="{0}"/><condition attribute="accountid" operator="like" value="{0}"/><condition attribute="born" operator="like" value="{3}"/></filter></entity></fetch>',
      },
    ],
  }),
);
const index = indexModel(model);
const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
let store: DeviceStore;
let search: Search;

function insert(n: number, values: RowValues): void {
  const cells = Object.entries(values).map(([name, value]) => {
    const column = index.column('contact', name);
    if (column === undefined) throw new Error(name);
    return valueToCells(column, value);
  });
  store.write({ origin: 'sync' }, (tx) => tx.insert('contact', id(n), Object.assign({}, ...cells)));
}

beforeEach(async () => {
  store = await openStore({ storage: memoryStorage() });
  store.applySchema(model, ['contact', 'plain']);
  const offlineTables = new Set(['contact', 'plain']);
  const queries = createQueryEngine({
    store,
    model: index,
    offlineTables,
    context: () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null, teamIds: [] }),
  });
  search = createSearch({ store, queries, model: index, offlineTables });
  insert(1, {
    fullname: 'Élodie Groß',
    city: 'Bern',
    accountid: { table: 'account', id: id(9), name: 'Alpine' },
  });
  insert(2, { fullname: 'Bert', city: 'Oslo', born: '2000-01-01' });
});
afterEach(() => store.close());

const found = (result: SearchResult) =>
  result.kind === 'found' ? result.hits.map((hit) => hit.row.id) : result.reason;

test('finds by the beginning of any find column, in the order of the view', () => {
  expect(found(search.query({ table: 'contact', term: 'ber' }))).toEqual([id(2), id(1)]);
  expect(found(search.query({ table: 'contact', term: 'ELODIE gross' }))).toEqual([id(1)]);
  expect(found(search.query({ table: 'contact', term: 'alp' }))).toEqual([id(1)]);
  expect(found(search.query({ table: 'contact', term: '*ross' }))).toEqual([id(1)]);
  expect(found(search.query({ table: 'contact', term: 'ross' }))).toEqual([]);
});

test('C19: dates are never searched, and the result says so', () => {
  const result = search.query({ table: 'contact', term: '2000-01-01' });
  expect(result).toMatchObject({
    kind: 'found',
    hits: [],
    notes: ['Column "born" is not searched offline.'],
  });
});

test('highlights cover the matched characters of the original text', () => {
  const result = search.query({ table: 'contact', term: 'elodie gross' });
  const [hit] = result.kind === 'found' ? result.hits : [];
  expect(hit?.highlights).toEqual([{ column: 'fullname', start: 0, length: 'Élodie Groß'.length }]);
  expect(matchLength('E\u0301lan', 0, 'e')).toBe(2);
});

test('a limit truncates and keeps the total', () => {
  expect(search.query({ table: 'contact', term: '', limit: 1 })).toMatchObject({
    total: 2,
    truncated: true,
  });
});

test('a live search follows the newest request and the rows', () => {
  const requests = new Subject<{ table: string; term: string }>();
  const seen: unknown[] = [];
  const subscription = search.live(requests).subscribe((result) => seen.push(found(result)));
  requests.next({ table: 'contact', term: 'b' });
  requests.next({ table: 'contact', term: 'kai' });
  insert(3, { fullname: 'Kai' });
  subscription.unsubscribe();
  expect(seen).toEqual([[id(2), id(1)], [], [id(3)]]);
});

describe('a search that cannot run is refused with its reason', () => {
  test.each([
    ['a table that is not on the device', 'account', 'tableNotOffline', '0x80071125'],
    ['a table without a quick find view', 'plain', 'noQuickFindView', '0x8005f21b'],
  ])('%s', (_, table, reason, code) => {
    expect(search.query({ table, term: 'x' })).toMatchObject({ kind: 'refused', reason, code });
  });
});
