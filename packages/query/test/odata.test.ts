import { type ColumnValue, indexModel, isLookupValue, valuesToCells } from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createQueryEngine,
  type ODataOptions,
  parseODataQuery,
  type QueryEngine,
  withFilter,
} from '../src/index.ts';
import { id, index, model } from './oracle/world.ts';
import { valueOrTypedErrors } from './typed-errors.ts';

let store: DeviceStore;
let engine: QueryEngine;
const person = (n: number) => ({ table: 'person', id: id(1, n) });
const rows: readonly (readonly [string, number, Readonly<Record<string, ColumnValue>>])[] = [
  [
    'person',
    1,
    {
      name: "Ana O'Neil",
      age: 40,
      vip: true,
      level: 1,
      seen: '2026-03-08T10:00:00Z',
      homeid: { table: 'place', id: id(2, 1) },
    },
  ],
  [
    'person',
    2,
    {
      name: 'Ben',
      city: 'Graz',
      age: 20,
      level: 3,
      tags: [1, 2],
      bossid: person(1),
      homeid: { table: 'place', id: id(2, 2) },
    },
  ],
  ['person', 3, { name: '50% off_', age: 30, bossid: person(2) }],
  ['person', 4, { city: 'Ben' }],
  ['place', 1, { title: 'Hill', zone: 1, keeperid: person(2) }],
  ['place', 2, { title: 'Lake', zone: 2 }],
  ['visit', 1, { note: 'first', personid: person(1), cost: 10 }],
  ['visit', 2, { note: 'second', personid: person(1), cost: 5 }],
  ['visit', 3, { note: 'third', personid: person(2), cost: 7.5 }],
];

beforeAll(async () => {
  store = await openStore({ storage: memoryStorage() });
  store.applySchema(model, ['person', 'place', 'visit']);
  engine = createQueryEngine({
    store,
    model: indexModel(model),
    offlineTables: new Set(['person', 'place', 'visit']),
    context: () => ({
      now: Date.parse('2026-03-08T12:00:00Z'),
      timeZone: 'UTC',
      userId: id(1, 1),
      businessUnitId: null,
      teamIds: [],
    }),
  });
  store.write({ origin: 'sync' }, (tx) => {
    for (const [table, n, values] of rows) {
      const definition = index.table(table);
      if (definition === undefined) throw new Error(table);
      const number = { person: 1, place: 2, visit: 3 }[table] ?? 0;
      tx.insert(table, id(number, n), valuesToCells(definition, values));
    }
  });
});
afterAll(() => store.close());

function run(options: ODataOptions, table = 'person') {
  const parsed = parseODataQuery(table, options, index);
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const result = engine.run({ query: parsed.value.query });
  if (result.kind === 'invalid') throw result.errors[0];
  return result.value;
}
const ids = (options: ODataOptions, table = 'person') =>
  run(options, table).rows.map((row) => Number.parseInt(row.id.slice(-12), 16));

describe('$filter', () => {
  test.each([
    ["name eq 'ben'", [2]],
    ["name eq 'Ana O''Neil'", [1]],
    ['age gt 20 and age le 40', [1, 3]],
    ["age lt 25 or contains(name,'%')", [2, 3]],
    ["startswith(name,'50')", [3]],
    ["endswith(name,'_')", [3]],
    ["not contains(name,'e')", [3, 4]],
    ['not (age eq 20 or age eq 30)', [1, 4]],
    ['age eq null', [4]],
    ['age ne null and not (vip eq true)', [2, 3]],
    ['age in (20,30)', [2, 3]],
    ['not (age in (20,30))', [1]],
    [`_bossid_value eq ${id(1, 1)}`, [2]],
    [`bossid eq '${id(1, 1)}'`, [2]],
    ["homeid/title eq 'lake'", [2]],
    ["homeid/title eq 'lake' or homeid/zone eq 1", [1, 2]],
    ['seen ge 2026-03-08T10:00:00Z', [1]],
    ['city eq name', []],
    ['visit_personid/any()', [1, 2]],
    ['visit_personid/any(v: v/cost gt 8)', [1]],
    ['visit_personid/all(v: v/cost gt 6)', [2, 3, 4]],
    ['not visit_personid/any(v: v/cost gt 6)', [3, 4]],
    ["Microsoft.Dynamics.CRM.Today(PropertyName='seen')", [1]],
    ["Microsoft.Dynamics.CRM.LastXDays(PropertyName='seen',PropertyValue=3)", [1]],
    ["Microsoft.Dynamics.CRM.ContainValues(PropertyName='tags',PropertyValues=['2','4'])", [2]],
    ["Microsoft.Dynamics.CRM.EqualUserId(PropertyName='_bossid_value')", [2]],
    [`Microsoft.Dynamics.CRM.Under(PropertyName='personid',PropertyValue='${id(1, 1)}')`, [2, 3]],
    ["Microsoft.Dynamics.CRM.Between(PropertyName='age',PropertyValues=['20','30'])", [2, 3]],
  ])('%s', (filter, expected) => {
    expect(ids({ $filter: filter })).toEqual(expected);
  });
});

test('$select, $orderby, $top, $count', () => {
  const result = run({ $select: 'name,_bossid_value', $orderby: 'age desc,name', $top: '3' });
  expect(result.rows.map((row) => row.values['name'])).toEqual(["Ana O'Neil", '50% off_', 'Ben']);
  expect(Object.keys(result.rows[2]?.values ?? {}).sort()).toEqual(['bossid', 'name']);
  expect(ids({ $orderby: 'homeid/title desc' })).toEqual([2, 1, 3, 4]);
  // The Web API orders choices by number.
  expect(ids({ $orderby: 'level desc', $filter: 'level ne null' })).toEqual([2, 1]);
  const parsed = parseODataQuery('person', { $count: 'true' }, index);
  expect(parsed).toMatchObject({ kind: 'ok', value: { query: { countTotal: true } } });
});

test('$expand: a lookup adds columns, a collection is a query of its own', () => {
  const single = run({
    $select: 'name',
    $expand: 'homeid($select=title;$expand=keeperid($select=name))',
    $filter: 'age eq 40',
  });
  expect(single.rows[0]?.values).toEqual({
    name: "Ana O'Neil",
    'expand_homeid.placeid': id(2, 1),
    'expand_homeid.title': 'Hill',
    'expand_homeid_keeperid.personid': id(1, 2),
    'expand_homeid_keeperid.name': 'Ben',
  });
  const parsed = parseODataQuery(
    'person',
    { $expand: 'visit_personid($select=note;$filter=cost gt 6;$orderby=cost desc)' },
    index,
  );
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const [expanded] = parsed.value.expand;
  if (expanded?.kind !== 'collection') throw new Error('no collection');
  const children = engine.run({
    query: withFilter(expanded.query, {
      kind: 'and',
      quickFind: false,
      items: [
        {
          kind: 'condition',
          condition: {
            column: 'personid',
            operator: 'in',
            operands: [id(1, 1), id(1, 2)],
            alias: null,
            valueOf: null,
          },
        },
      ],
    }),
  });
  if (children.kind === 'invalid') throw children.errors[0];
  expect(children.value.rows.map((row) => row.values['note'])).toEqual(['first', 'third']);
  expect(children.value.rows.some(({ values }) => Object.values(values).some(isLookupValue))).toBe(
    false,
  );
});

describe('what is wrong is a typed error with its place', () => {
  test.each<readonly [ODataOptions, string, string]>([
    [{ $filter: 'name eq' }, 'schema', 'unexpected end'],
    [{ $filter: "name eq 'x" }, 'schema', 'a text without end at character 9'],
    [{ $filter: 'name resembles 1' }, 'schema', 'unknown operator "resembles"'],
    [{ $filter: 'nope/any()' }, 'schema', 'no collection'],
    [{ $filter: 'age/x eq 1' }, 'schema', 'no single-valued navigation property'],
    [{ $filter: 'Microsoft.Dynamics.CRM.Nope(PropertyName=1)' }, 'schema', 'unknown function'],
    [{ $filter: `${'('.repeat(60)}age eq 1` }, 'schema', 'nested deeper'],
    [{ $filter: 'age eq 1)' }, 'schema', 'unexpected ")"'],
    [{ $select: 'name;drop' }, 'schema', 'not a property'],
    [{ $orderby: 'name sideways' }, 'schema', 'not an order'],
    [{ $top: '0' }, 'value', 'not a positive number'],
    [{ $top: '9999' }, 'limit', 'at most 5000'],
    [{ $expand: 'visit_personid(' }, 'schema', 'do not match'],
    [{ $expand: 'nope' }, 'schema', 'no navigation property'],
    [{ $count: 'maybe' }, 'schema', 'not true or false'],
  ])('%j', (options, code, message) => {
    const parsed = parseODataQuery('person', options, index);
    expect(parsed).toMatchObject({
      kind: 'invalid',
      errors: [{ code, message: expect.stringContaining(message) }],
    });
  });

  test('unknown columns and tables are found when the query is bound', () => {
    expect(() => run({ $filter: 'nope eq 1' })).toThrow(
      expect.objectContaining({ code: 'metadata' }),
    );
    expect(parseODataQuery('nope', {}, index)).toMatchObject({ errors: [{ code: 'metadata' }] });
  });

  test('any text is a query or typed errors', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      "'",
      ',',
      '/',
      ' and ',
      ' or ',
      ' not ',
      ' eq ',
      'name',
      'age',
      '1',
      'null',
      'any',
      ':',
      'v',
      ';',
      '=',
      '[',
      ']',
      'contains',
      'Microsoft.Dynamics.CRM.In',
      'é',
    );
    const met = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        for (const option of ['$filter', '$expand', '$orderby', '$select'] as const) {
          const parsed = valueOrTypedErrors(parseODataQuery('person', { [option]: text }, index));
          met[parsed === null ? 'refused' : 'read'] += 1;
          if (parsed !== null) valueOrTypedErrors(engine.run({ query: parsed.query }));
        }
      }),
      { numRuns: 500 },
    );
    expect(Math.min(met.read, met.refused), JSON.stringify(met)).toBeGreaterThan(20);
  });
});
