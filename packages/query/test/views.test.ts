import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type RowValues,
  type SavedQuery,
  valuesToCells,
} from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createQueryEngine,
  foldedSlots,
  operators,
  type QueryContext,
  type QueryEngine,
} from '../src/index.ts';

const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const noCascade = { assign: 'noCascade', delete: 'noCascade' } as const;
const view = (
  n: number,
  table: string,
  queryType: number,
  inside: string,
  layout: readonly string[] = [],
): SavedQuery => ({
  id: id(n),
  name: `View ${n}`,
  table,
  queryType,
  isDefault: n === 2,
  fetchXml: `<fetch><entity name="${table}">${inside}</entity></fetch>`,
  layout: layout.map((name) => ({ name, width: name === 'name' ? 300 : 0 })),
});
const linked =
  '<attribute name="name"/><attribute name="primarycontactid"/><attribute name="revenue"/><order attribute="name"/><filter><condition attribute="statecode" operator="eq" value="0"/></filter><link-entity name="contact" from="contactid" to="primarycontactid" link-type="outer" alias="pc"><attribute name="emailaddress1"/></link-entity>';
const model: AppModel = defineApp({
  name: 'Views',
  uniqueName: 'views',
  tables: [
    defineTable({
      name: 'account',
      label: 'Account',
      primaryName: 'name',
      ownership: 'none',
      columns: {
        name: { type: 'string', label: 'Account Name' },
        revenue: { type: 'money', label: 'Revenue', precisionSource: 'currency' },
        rating: { type: 'choice', label: 'Rating', options: [{ value: 1, label: 'Hot' }] },
        founded: { type: 'dateOnly', label: 'Founded' },
        visited: { type: 'dateTime', label: 'Visited' },
        primarycontactid: { type: 'lookup', label: 'Primary Contact', targets: ['contact'] },
        transactioncurrencyid: { type: 'lookup', targets: ['transactioncurrency'] },
      },
    }),
    defineTable({
      name: 'contact',
      label: 'Contact',
      primaryName: 'fullname',
      ownership: 'none',
      columns: { fullname: { type: 'string' }, emailaddress1: { type: 'string', label: 'Email' } },
    }),
    defineTable({
      name: 'transactioncurrency',
      label: 'Currency',
      primaryName: 'currencyname',
      ownership: 'none',
      columns: {
        currencyname: { type: 'string' },
        isocurrencycode: { type: 'string' },
        currencyprecision: { type: 'integer' },
      },
    }),
    defineTable({
      name: 'task',
      label: 'Task',
      primaryName: 'subject',
      primaryId: 'activityid',
      ownership: 'none',
      columns: { subject: { type: 'string' } },
    }),
  ],
  relationships: [
    {
      kind: 'manyToOne',
      name: 'account_primary_contact',
      table: 'account',
      column: 'primarycontactid',
      target: 'contact',
      cascade: noCascade,
    },
  ],
  savedQueries: [
    view(1, 'account', 0, '<attribute name="name"/>', ['name', 'gone']),
    view(2, 'account', 0, linked, ['name', 'primarycontactid', 'pc.emailaddress1', 'revenue']),
    view(
      3,
      'account',
      4,
      '<attribute name="name"/><filter type="or" isquickfindfields="1"><condition attribute="name" operator="like" value="{0}"/><condition attribute="founded" operator="like" value="{3}"/></filter>',
    ),
    view(4, 'account', 64, '<attribute name="name"/>'),
    view(5, 'account', 2, '<attribute name="name"/>'),
    view(6, 'task', 0, '<attribute name="subject"/>'),
    view(
      7,
      'account',
      0,
      '<filter><condition attribute="visited" operator="last-x-hours" value="2"/><condition attribute="founded" operator="this-fiscal-year"/><condition attribute="name" operator="eq" valueof="name"/></filter>',
    ),
    view(8, 'account', 0, '<attribute name="nope"/>'),
  ],
});
const index = indexModel(model);
const context: QueryContext = {
  now: Date.parse('2026-03-08T12:00:00Z'),
  timeZone: 'Europe/Berlin',
  userId: null,
  businessUnitId: null,
};
const tables = ['account', 'contact', 'transactioncurrency', 'task'];
let store: DeviceStore;
let engine: QueryEngine;
const insert = (table: string, n: number, values: RowValues) => {
  const definition = index.table(table);
  if (definition === undefined) throw new Error(table);
  store.write({ origin: 'sync' }, (tx) =>
    tx.insert(table, id(n), valuesToCells(definition, values)),
  );
};
const open = (
  options: {
    readonly tables?: readonly string[];
    readonly strict?: boolean;
    readonly model?: AppModel;
  } = {},
) =>
  createQueryEngine({
    store,
    model: indexModel(options.model ?? model),
    offlineTables: new Set(options.tables ?? tables),
    context: () => context,
    strictOfflineParity: options.strict ?? false,
  });

beforeAll(async () => {
  store = await openStore({ storage: memoryStorage(), foldedSlots });
  store.applySchema(model, tables);
  engine = open();
  insert('transactioncurrency', 50, {
    currencyname: 'Yen',
    isocurrencycode: 'JPY',
    currencyprecision: 0,
  });
  insert('contact', 60, { fullname: 'Ana Silva', emailaddress1: 'ana@x.example' });
  for (let n = 1; n <= 400; n++) {
    insert('account', 100 + n, {
      name: `Account ${String(n).padStart(3, '0')}`,
      statecode: n % 2,
      revenue: n,
      primarycontactid: { table: 'contact', id: id(60), name: 'Old name' },
      transactioncurrencyid: { table: 'transactioncurrency', id: id(50) },
    });
  }
});
afterAll(() => store.close());

const first = (source: Parameters<QueryEngine['run']>[0]) => {
  const result = engine.run(source, { limit: 1, offset: 0 });
  if (result.kind === 'invalid') throw result.errors[0];
  const [row] = result.value.rows;
  if (row === undefined) throw new Error('no row');
  return { result: result.value, row };
};

describe('saved views', () => {
  test('have their grid: keys, labels with the lookup that leads to them, widths; what returns nothing is reported', () => {
    expect(engine.view(id(2))?.columns.map(({ key, label, width }) => [key, label, width])).toEqual(
      [
        ['name', 'Account Name', 300],
        ['primarycontactid', 'Primary Contact', 100],
        ['pc.emailaddress1', 'Email (Primary Contact)', 100],
        ['revenue', 'Revenue', 100],
      ],
    );
    expect(engine.view(id(1))).toMatchObject({
      columns: [{ key: 'name' }],
      diagnostics: [{ code: 'view.columnLeftOut', message: expect.stringContaining('"gone"') }],
    });
    expect(engine.view(id(8))).toBe(null);
  });

  test('are found by kind, the default one first', () => {
    const found = (['public', 'quickFind', 'lookup', 'associated', 'advancedFind'] as const).map(
      (kind) => engine.viewOf('account', kind)?.id,
    );
    expect(found).toEqual([id(2), id(3), id(4), id(5), undefined]);
  });

  test('X13: show the current name of a lookup, money in the currency of the row, linked columns', () => {
    const { result, row } = first({ view: id(2) });
    expect(row.values).toMatchObject({
      primarycontactid: { id: id(60), name: 'Ana Silva' },
      'pc.emailaddress1': 'ana@x.example',
    });
    expect(engine.format(result, row, 'en-US')).toEqual({
      primarycontactid: 'Ana Silva',
      revenue: '¥2',
    });
  });
});

test('associated and lookup views: rows of one parent, names that begin with a term', () => {
  const total = (query: ReturnType<QueryEngine['lookup']>) => {
    if (query.kind === 'invalid') throw query.errors[0];
    const result = engine.run({ query: query.value });
    return result.kind === 'ok' ? result.value.total : null;
  };
  expect(total(engine.associated('account', 'primarycontactid', id(60)))).toBe(400);
  expect(total(engine.associated('account', 'primarycontactid', id(61)))).toBe(0);
  expect(total(engine.lookup('account', 'account 03'))).toBe(10);
  expect(total(engine.lookup('account', '*03'))).toBe(14);
  expect(total(engine.lookup('account', ''))).toBe(400);
  expect(engine.lookup('contact', 'x')).toMatchObject({ errors: [{ code: 'metadata' }] });
});

test('fiscal groups are named by the period of the organization', () => {
  const result = engine.run({
    fetchXml:
      '<fetch aggregate="true"><entity name="account"><attribute name="accountid" alias="n" aggregate="count"/><attribute name="createdon" alias="p" groupby="true" dategrouping="fiscal-period"/></entity></fetch>',
  });
  if (result.kind === 'invalid') throw result.errors[0];
  const [row] = result.value.rows;
  if (row === undefined) throw new Error('no row');
  const dated = { ...row, values: { n: 1, p: 202_602 } };
  expect(engine.format(result.value, dated, 'en-US')).toEqual({ n: '1', p: 'Quarter 2 FY2026' });
});

describe('availability gives every reason with its code', () => {
  const reasons = (n: number, options: Parameters<typeof open>[0] = {}) => {
    const found = index.savedQuery(id(n));
    if (found === undefined) throw new Error(String(n));
    return open(options)
      .availability(found)
      .map(({ reason, code, table, column, operator }) =>
        [reason, code, table ?? column ?? '', operator ?? ''].filter((one) => one !== ''),
      );
  };
  test('C32: a table without views, a missing table, a column that does not exist', () => {
    expect(reasons(2)).toEqual([]);
    expect(reasons(3)).toEqual([]);
    expect(reasons(6)).toEqual([['tableWithoutViews', '0x8005f21b', 'task']]);
    expect(reasons(6, { tables: ['account'] })).toEqual([
      ['tableWithoutViews', '0x8005f21b', 'task'],
      ['tableNotOffline', '0x80071125', 'task'],
    ]);
    expect(reasons(2, { tables: ['account'] })).toEqual([
      ['tableNotOffline', '0x80071125', 'contact'],
    ]);
    expect(reasons(8)).toEqual([['invalidQuery', '0x80041103']]);
  });
  describe('C23 to C31: nine tables have no views offline', () => {
    test.each([
      'email',
      'task',
      'fax',
      'letter',
      'serviceappointment',
      'campaignresponse',
      'campaignactivity',
      'recurringappointmentmaster',
      'socialactivity',
    ])('%s', (table) => {
      const known = index.savedQuery(id(6));
      if (known === undefined) throw new Error('no view');
      const found = open({ tables: [...tables, table] }).availability({ ...known, table });
      expect(found).toContainEqual(
        expect.objectContaining({ reason: 'tableWithoutViews', code: '0x8005f21b', table }),
      );
    });
  });
  test('a column that the profile leaves out', () => {
    const items = [
      {
        table: 'account',
        criteria: 'all' as const,
        relationships: [],
        intervalMinutes: 10,
        columns: ['name', 'primarycontactid'],
      },
    ];
    const narrow = { ...model, profile: { id: '', name: 'p', items } };
    expect(reasons(2, { model: narrow })).toEqual([['columnNotOffline', '0x8005f21b', 'account']]);
  });
  test('parity refuses what the mobile app does not run', () => {
    expect(reasons(7)).toEqual([]);
    expect(reasons(7, { strict: true })).toEqual([
      ['operatorNotOffline', '0x80071127', 'visited', 'last-x-hours'],
      ['operatorNotOffline', '0x80071127', 'founded', 'this-fiscal-year'],
      ['conditionNotOffline', '0x80071130', 'name'],
    ]);
    expect(reasons(2, { strict: true })).toEqual([]);
  });
});

describe('explain and advised indexes', () => {
  const explain = () => {
    const explained = engine.explain({ view: id(2) });
    if (explained.kind === 'invalid') throw explained.errors[0];
    return explained.value;
  };
  const ids = () => {
    const result = engine.run({ view: id(2) }, { limit: 500, offset: 0 });
    if (result.kind === 'invalid') throw result.errors[0];
    return result.value.rows.map((row) => row.id);
  };

  test('a view that is used gets its index: the first page is read without sorting, the rows stay the same', () => {
    const before = explain();
    expect(before.statements.map((one) => one.name)).toEqual(['rows', 'count']);
    expect(before.statements[0]?.params).toContain(0);
    expect(before.indexes).toMatchObject({
      advised: { table: 'account', columns: ['statecode', 'name$f', 'accountid'] },
      missing: true,
    });
    expect(before.steps.join()).toContain('TEMP B-TREE');
    expect(before.dependsOn['account']).toEqual([
      'name',
      'primarycontactid',
      'revenue',
      'statecode',
    ]);
    const rows = ids();
    expect(rows).toHaveLength(200);
    for (let i = 0; i < 3; i++) engine.run({ view: id(2) }, { limit: 50, offset: 0 });
    const after = explain();
    expect(after.indexes.missing).toBe(false);
    expect(after.indexes.used).toContain('ix_account_statecode_name$f_accountid');
    expect(ids()).toEqual(rows);
    store.requestIndexes('query', []);
    expect(ids()).toEqual(rows);
  });

  test('a small result asks for none', () => {
    const before = store.all('SELECT count(*) FROM "$index"')[0]?.[0];
    for (let i = 0; i < 4; i++)
      engine.run({
        fetchXml: '<fetch><entity name="contact"><order attribute="fullname"/></entity></fetch>',
      });
    expect(store.all('SELECT count(*) FROM "$index"')[0]?.[0]).toBe(before);
  });
});

test('there are exactly 83 operators', () => {
  expect(operators.size).toBe(83);
});

describe('limits', () => {
  const run = (fetchXml: string) => engine.run({ fetchXml });
  const code = (fetchXml: string) => {
    const result = run(fetchXml);
    return result.kind === 'ok' ? null : [result.errors[0]?.code, result.errors[0]?.dataverseCode];
  };
  test('an aggregate of too many rows is refused', () => {
    const count = (limit: number) =>
      `<fetch aggregate="true" aggregatelimit="${limit}"><entity name="account"><attribute name="accountid" alias="n" aggregate="count"/></entity></fetch>`;
    expect(code(count(399))).toEqual(['limit', '0x8004E023']);
    expect(code(count(400))).toBe(null);
    expect(code(count(60_000))).toEqual(['limit', null]);
  });
  test('X11: too many conditions, and long lists', () => {
    const condition = '<condition attribute="name" operator="null"/>';
    expect(
      code(
        `<fetch><entity name="account"><filter>${condition.repeat(501)}</filter></entity></fetch>`,
      ),
    ).toEqual(['limit', '0x8004430c']);
    const values = Array.from(
      { length: 2000 },
      (_, i) => `<value>Account ${String(i).padStart(3, '0')}</value>`,
    ).join('');
    const list = run(
      `<fetch><entity name="account"><filter><condition attribute="name" operator="in">${values}</condition></filter></entity></fetch>`,
    );
    expect(list).toMatchObject({ kind: 'ok', value: { total: 400 } });
    const long = `<value>${'x'.repeat(851)}</value>`;
    expect(
      code(
        `<fetch><entity name="account"><filter><condition attribute="name" operator="in">${long}</condition></filter></entity></fetch>`,
      ),
    ).toEqual(['limit', null]);
  });
  test('a cookie of another query is refused', () => {
    const cookie =
      '&lt;cookie page=&quot;1&quot;&gt;&lt;rating last=&quot;1&quot; first=&quot;1&quot;/&gt;&lt;accountid last=&quot;{1}&quot; first=&quot;{1}&quot;/&gt;&lt;/cookie&gt;';
    expect(
      code(
        `<fetch page="2" count="5" paging-cookie="${cookie}"><entity name="account"><order attribute="name"/></entity></fetch>`,
      ),
    ).toEqual(['value', '0x8004112A']);
    expect(
      code('<fetch page="2" count="5" paging-cookie="nonsense"><entity name="account"/></fetch>'),
    ).toEqual(['value', '0x8004112A']);
  });
  test('errors name line and column, all of a stage at once', () => {
    const result = run(
      '<fetch>\n  <entity name="account">\n    <attribute name="nope"/>\n    <attribute name="neither"/>\n  </entity>\n</fetch>',
    );
    expect(result).toMatchObject({
      errors: [
        { code: 'metadata', position: { line: 3, column: 5 } },
        { code: 'metadata', position: { line: 4, column: 5 } },
      ],
    });
  });
});
