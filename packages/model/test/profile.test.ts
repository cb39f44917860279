import { describe, expect, test } from 'vitest';
import {
  type AppModel,
  daysChange,
  defineApp,
  defineTable,
  generateProfile,
  indexModel,
  lintProfile,
  mandatoryColumns,
  newProfileItem,
  type OfflineProfile,
  type OfflineProfileItem,
  planProfile,
  profileLimits,
  withSystemTables,
} from '../src/index.ts';

const lookup = (target: string) => ({ type: 'lookup', targets: [target] }) as const;
const name = { type: 'string', maxLength: 100 } as const;
const noCascade = { assign: 'noCascade', delete: 'noCascade' } as const;
const many = (table: string, column: string, target: string) =>
  ({
    kind: 'manyToOne',
    name: `${table}_${column}`,
    table,
    column,
    target,
    cascade: noCascade,
  }) as const;

const model: AppModel = withSystemTables(
  defineApp({
    name: 'Test',
    uniqueName: 'test',
    tables: [
      defineTable({
        name: 'account',
        label: 'Account',
        primaryName: 'name',
        ownership: 'user',
        columns: { name, parentid: lookup('account'), mainid: lookup('contact') },
      }),
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'name',
        ownership: 'user',
        columns: { name, accountid: lookup('account') },
      }),
      defineTable({
        name: 'hidden',
        label: 'Hidden',
        primaryName: 'name',
        ownership: 'user',
        availableOffline: false,
        columns: { name },
      }),
    ],
    relationships: [
      many('contact', 'accountid', 'account'),
      many('account', 'parentid', 'account'),
      many('account', 'mainid', 'contact'),
    ],
  }),
);
const index = indexModel(model);
const item = (table: string, more: Partial<OfflineProfileItem> = {}): OfflineProfileItem => ({
  table,
  criteria: 'all',
  relationships: [],
  intervalMinutes: 10,
  ...more,
});
const plan = (...items: OfflineProfileItem[]) =>
  planProfile(index, { id: '1', name: 'p', items } satisfies OfflineProfile);

describe('planProfile', () => {
  test('orders sources of related rows before the tables they bring', () => {
    const planned = plan(
      item('account', { criteria: 'related', relationships: ['contact_accountid'] }),
      item('contact'),
    );
    expect(planned).toMatchObject({
      kind: 'ok',
      tables: [
        { table: 'contact' },
        { table: 'account', edges: [{ source: 'contact', direction: 'target' }] },
      ],
    });
  });

  test.each([
    ['an unknown table', [item('nope')], '0x8006099b'],
    ['a table twice', [item('contact'), item('contact')], '0x8006099d'],
    ['a table that is not offline', [item('hidden')], '0x8006099e'],
    [
      'related rows without a relationship',
      [item('contact', { criteria: 'related' })],
      '0x80071140',
    ],
    ['a self reference', [item('account', { relationships: ['account_parentid'] })], '0x80071141'],
    [
      'a related table outside the profile',
      [item('account', { relationships: ['contact_accountid'] })],
      '0x80071142',
    ],
    [
      'a foreign relationship',
      [item('contact', { relationships: ['account_parentid'] })],
      '0x80060999',
    ],
    [
      'a circle',
      [
        item('account', { relationships: ['contact_accountid'] }),
        item('contact', { relationships: ['contact_accountid'] }),
      ],
      '0x80071141',
    ],
    ['an owner filter without a choice', [item('contact', { criteria: 'other' })], '0x80071113'],
  ])('refuses %s', (_, items, code) => {
    const planned = plan(...items);
    expect(planned.kind === 'invalid' ? planned.findings.map((one) => one.code) : []).toContain(
      code,
    );
  });

  test('X10: reports every finding at once', () => {
    const planned = plan(item('nope'), item('hidden'), item('contact', { criteria: 'related' }));
    expect(planned.kind === 'invalid' ? planned.findings : []).toHaveLength(3);
  });
});

/** Tables t0, t1 ... and the lookups between them, given as `t0>t1`. */
function graph(count: number, ...links: readonly string[]): AppModel {
  const columns = (own: string) =>
    Object.fromEntries(
      links
        .filter((one) => one.startsWith(`${own}>`))
        .map((one) => {
          const target = one.split('>')[1] ?? '';
          return [`${target}id`, lookup(target)];
        }),
    );
  const names = Array.from({ length: count }, (_, i) => `t${i}`);
  return withSystemTables({
    ...model,
    tables: names.map((own) =>
      defineTable({
        name: own,
        label: own,
        primaryName: 'name',
        ownership: 'user',
        isCustom: true,
        columns: { name, ...columns(own) },
      }),
    ),
    relationships: links.map((one) => {
      const [table = '', target = ''] = one.split('>');
      return many(table, `${target}id`, target);
    }),
  });
}
const publish = (app: AppModel, limits = profileLimits.seed, ...items: OfflineProfileItem[]) =>
  planProfile(indexModel(app), { id: '1', name: 'p', items }, { limits });
const findings = (planned: ReturnType<typeof planProfile>) =>
  planned.kind === 'invalid' ? planned.findings : [];

describe('publishing a profile', () => {
  /** t0 is brought along by `count` tables that point at it. */
  const star = (count: number) => {
    const sources = Array.from({ length: count }, (_, i) => `t${i + 1}`);
    const app = graph(count + 1, ...sources.map((one) => `${one}>t0`));
    const names = sources.map((one) => `${one}_t0id`);
    return [app, item('t0', { relationships: names }), ...sources.map((one) => item(one))] as const;
  };

  test('E04: 10 relationships of a table are fine, 11 are not; today 15 are', () => {
    const [ten, ...tenItems] = star(10);
    expect(publish(ten, profileLimits.seed, ...tenItems).kind).toBe('ok');
    const [eleven, ...elevenItems] = star(11);
    const found = findings(publish(eleven, profileLimits.seed, ...elevenItems));
    expect(found).toMatchObject([{ code: '0x80071139', table: 't0' }]);
    expect(found[0]?.message).toContain('11 relationships');
    expect(found[0]?.message).toContain('limit is 10');
    expect(publish(eleven, profileLimits.current, ...elevenItems).kind).toBe('ok');
    const [sixteen, ...sixteenItems] = star(16);
    expect(findings(publish(sixteen, profileLimits.current, ...sixteenItems))).toHaveLength(1);
  });

  test('E04: relationships are counted transitively: A to B, C, D and B to F, G, H are six for A', () => {
    const app = graph(7, 't1>t0', 't2>t0', 't3>t0', 't4>t1', 't5>t1', 't6>t1');
    const items = [
      item('t0', { relationships: ['t1_t0id', 't2_t0id', 't3_t0id'] }),
      item('t1', { relationships: ['t4_t1id', 't5_t1id', 't6_t1id'] }),
      ...[2, 3, 4, 5, 6].map((n) => item(`t${n}`)),
    ];
    const limits = (relationships: number) => ({ ...profileLimits.seed, relationships });
    expect(publish(app, limits(6), ...items).kind).toBe('ok');
    const found = findings(publish(app, limits(5), ...items));
    expect(found[0]).toMatchObject({ code: '0x80071139', table: 't0' });
    expect(found[0]?.message).toContain('6 relationships');
  });

  test('E05, E06: one relationship that brings many is fine, two are not; a custom table gets advice and names', () => {
    const app = graph(3, 't0>t1', 't0>t2');
    const one = item('t0', { relationships: ['t0_t1id'] });
    expect(publish(app, profileLimits.seed, one, item('t1'), item('t2')).kind).toBe('ok');
    const two = item('t0', { relationships: ['t0_t1id', 't0_t2id'] });
    const found = findings(publish(app, profileLimits.seed, two, item('t1'), item('t2')));
    expect(found).toMatchObject([{ code: '0x80071139', table: 't0' }]);
    expect(found[0]?.message).toMatch(/Revisit the data model.*fewer/s);
    expect(found[0]?.message).toContain('t0_t1id, t0_t2id');
    expect(publish(app, profileLimits.current, two, item('t1'), item('t2')).kind).toBe('ok');
  });

  test('E07: circles are refused with their chain', () => {
    const two = graph(2, 't0>t1', 't1>t0');
    const pair = [
      item('t0', { relationships: ['t0_t1id'] }),
      item('t1', { relationships: ['t1_t0id'] }),
    ];
    expect(findings(publish(two, profileLimits.seed, ...pair))).toMatchObject([
      { code: '0x80071141', message: 'Circular reference: t0 => t1 => t0.' },
    ]);
    const three = graph(3, 't0>t1', 't1>t2', 't2>t0');
    const ring = [0, 1, 2].map((n) =>
      item(`t${n}`, { relationships: [`t${n}_t${(n + 1) % 3}id`] }),
    );
    expect(findings(publish(three, profileLimits.seed, ...ring))).toMatchObject([
      { code: '0x80071141', message: 'Circular reference: t0 => t1 => t2 => t0.' },
    ]);
  });

  test('E08: a self reference is refused', () => {
    expect(findings(plan(item('account', { relationships: ['account_parentid'] })))).toMatchObject([
      { code: '0x80071141', message: 'Circular reference: account => account.' },
    ]);
  });

  const flags = { mine: true } as const;
  test.each([
    [
      'E09: an item without a rule',
      item('contact', { criteria: undefined as never }),
      '0x80071113',
    ],
    [
      'E10: all rows with another choice',
      item('contact', { criteria: 'all', ...flags }),
      '0x80071113',
    ],
    [
      'E10: all rows with a filter',
      item('contact', { criteria: 'all', filter: '<fetch/>' }),
      '0x80071113',
    ],
    [
      'E11: related rows with another choice',
      item('contact', { criteria: 'related', ...flags }),
      '0x80071113',
    ],
    [
      'E12: related rows without a relationship',
      item('contact', { criteria: 'related' }),
      '0x80071140',
    ],
    ['E13: another filter without a choice', item('contact', { criteria: 'other' }), '0x80071113'],
    [
      'owners of a table that has none',
      item('position', { criteria: 'other', ...flags }),
      '0x80071113',
    ],
    [
      'my rows of a table of business units',
      item('systemuser', { criteria: 'other', ...flags }),
      '0x80071113',
    ],
    ['an interval below five minutes', item('contact', { intervalMinutes: 4 }), '0x80040203'],
    ['an interval above a day', item('contact', { intervalMinutes: 1441 }), '0x80040203'],
    ['a negative number of days', item('contact', { days: -1 }), '0x80040203'],
    ['columns without those a device needs', item('contact', { columns: ['name'] }), '0x80040203'],
    [
      'a column that does not exist',
      item('contact', {
        columns: [
          ...mandatoryColumns(index.table('contact') ?? ({} as never)).filter(
            (one) => one !== 'versionnumber',
          ),
          'nope',
        ],
      }),
      '0x80041103',
    ],
    ['activity parties by hand', item('activityparty'), '0x800609ad'],
    ['localized labels by hand', item('businessdatalocalizedlabel'), '0x800609ac'],
    ['a relationship without a name', item('contact', { relationships: [''] }), '0x80071122'],
    [
      'a relationship of a table that has none',
      item('position', { relationships: ['x'] }),
      '0x80060998',
    ],
  ])('refuses %s', (_, one, code) => {
    expect(findings(plan(one)).map((finding) => finding.code)).toContain(code);
  });

  test('a virtual table and one without change tracking are refused', () => {
    const withFlag = (more: object) => ({
      ...model,
      tables: model.tables.map((table) =>
        table.name === 'contact' ? { ...table, ...more } : table,
      ),
    });
    expect(
      findings(publish(withFlag({ isVirtual: true }), profileLimits.seed, item('contact'))),
    ).toMatchObject([{ code: '0x80044821' }]);
    expect(
      findings(publish(withFlag({ changeTracking: false }), profileLimits.seed, item('contact'))),
    ).toMatchObject([{ code: '0x8006099e' }]);
  });

  test('pairs come with the two tables they connect, and not by hand', () => {
    const pairs: AppModel = {
      ...model,
      tables: [
        ...model.tables,
        defineTable({
          name: 'pair',
          label: 'Pair',
          primaryName: null,
          ownership: 'none',
          isIntersect: true,
          columns: { accountid: lookup('account'), contactid: lookup('contact') },
        }),
      ],
      relationships: [
        {
          kind: 'manyToMany',
          name: 'pairs',
          intersect: 'pair',
          table1: 'account',
          column1: 'accountid',
          table2: 'contact',
          column2: 'contactid',
        },
      ],
    };
    const planned = publish(pairs, profileLimits.seed, item('account'), item('contact'));
    expect(planned).toMatchObject({
      kind: 'ok',
      tables: [{ table: 'account' }, { table: 'contact' }, { table: 'pair' }],
    });
    expect(publish(pairs, profileLimits.seed, item('account'))).toMatchObject({
      kind: 'ok',
      tables: [{ table: 'account' }],
    });
    expect(findings(publish(pairs, profileLimits.seed, item('pair')))).toMatchObject([
      { code: '0x800609ab' },
    ]);
    const brought = publish(
      pairs,
      profileLimits.seed,
      item('account'),
      item('contact', { criteria: 'related', relationships: ['pairs'] }),
    );
    expect(brought).toMatchObject({
      kind: 'ok',
      tables: [
        { table: 'account' },
        {
          table: 'contact',
          edges: [{ direction: 'pair', source: 'account', ownColumn: 'contactid' }],
        },
        { table: 'pair' },
      ],
    });
  });
});

describe('advice on a profile', () => {
  const app: AppModel = {
    ...model,
    siteMap: {
      areas: [
        {
          label: 'A',
          groups: [{ label: 'G', subAreas: [{ label: 'Accounts', table: 'account' }] }],
        },
      ],
    },
    savedQueries: [
      {
        id: 'v',
        name: 'With contact',
        table: 'account',
        queryType: 0,
        isDefault: true,
        layout: [],
        fetchXml: 'account contact',
      },
    ],
  };
  const lint = (items: OfflineProfileItem[], more = {}) =>
    lintProfile(
      app,
      { id: '1', name: 'p', items },
      { viewTables: (xml) => xml.split(' '), ...more },
    );
  const codes = (items: OfflineProfileItem[], more = {}) =>
    lint(items, more).map((one) => `${one.code} ${one.location}`);

  test('E01: a table that can be taken offline needs a rule', () => {
    expect(codes([item('account')])).toContain('profile.noRule contact');
    expect(codes([item('account'), item('contact')])).not.toContain('profile.noRule contact');
    expect(codes([])).not.toContain('profile.noRule hidden');
  });
  test('D05: tables that nothing of the app uses', () => {
    expect(codes([item('account'), item('contact'), item('position')])).toContain(
      'profile.unusedTable position',
    );
    expect(codes([item('account'), item('contact')])).not.toContain('profile.unusedTable contact');
  });
  test('D06: views that read tables outside the profile', () => {
    const found = lint([item('account')]).find((one) => one.code === 'profile.viewNotOffline');
    expect(found?.message).toContain('"With contact"');
    expect(found?.message).toContain('contact');
    expect(found?.location).toBe('account/v');
    expect(codes([item('account'), item('contact')])).not.toContain(
      'profile.viewNotOffline account/v',
    );
  });
  test('E14: rows of a business unit are for small tables that change rarely', () => {
    const unit = { criteria: 'other', myBusinessUnit: true } as const;
    expect(codes([item('contact', unit)])).toContain('profile.businessUnitRows contact');
    expect(codes([item('contact', { ...unit, masterData: true })])).not.toContain(
      'profile.businessUnitRows contact',
    );
  });
  test('all rows of big tables, and filters that compare by pattern', () => {
    expect(codes([item('contact')], { rows: new Map([['contact', 20_000]]) })).toContain(
      'profile.allRows contact',
    );
    const filtered = item('contact', { criteria: 'custom', filter: 'x' });
    expect(codes([filtered], { filterOperators: () => ['like'] })).toContain(
      'profile.slowFilter contact',
    );
    expect(codes([filtered], { filterOperators: () => ['eq'] })).not.toContain(
      'profile.slowFilter contact',
    );
  });
});

describe('E02, E03: the day limit', () => {
  test('a new item has ten days', () => {
    const account = index.table('account');
    if (account === undefined) throw new Error('no account');
    expect(newProfileItem(account)).toMatchObject({ days: 10, criteria: 'other', mine: true });
    expect(plan(newProfileItem(account)).kind).toBe('ok');
  });
  test.each([
    [10, 0, '0x80060990'],
    [10, 20, '0x80060991'],
    [10, undefined, '0x80060991'],
    [20, 10, '0x80060992'],
    [undefined, 10, '0x80060992'],
  ])('from %s to %s warns %s', (before, after, code) => {
    expect(daysChange('account', before, after)).toMatchObject({ severity: 'warning', code });
    expect(daysChange('account', before, before)).toBe(null);
  });
});

describe('a generated profile', () => {
  const table = (name: string, more = {}, columns = {}) =>
    defineTable({
      name,
      label: name,
      primaryName: null,
      ownership: 'user',
      availableOffline: false,
      columns,
      ...more,
    });
  const app: AppModel = {
    name: 'App',
    uniqueName: 'app',
    version: '1',
    tables: [
      table('shown', {}, { oneid: lookup('one'), twoid: lookup('two'), threeid: lookup('three') }),
      table('extra', { ownership: 'organization' }),
      table('one'),
      table('two'),
      table('three'),
    ],
    relationships: ['one', 'two', 'three'].map((target) => ({
      kind: 'manyToOne',
      name: `shown_${target}`,
      table: 'shown',
      column: `${target}id`,
      target,
      cascade: { assign: 'noCascade', delete: 'noCascade' },
    })),
    savedQueries: [
      {
        id: '00000000-0000-4000-8000-000000000001',
        name: 'View',
        table: 'shown',
        queryType: 0,
        isDefault: true,
        fetchXml: '',
        layout: [{ name: 'oneid', width: 100 }],
      },
    ],
    forms: [
      {
        id: 'f',
        name: 'Form',
        table: 'shown',
        type: 'main',
        tabs: [
          { label: '', sections: [{ label: '', controls: [{ column: 'twoid', label: '' }] }] },
        ],
      },
    ],
    rules: [],
    flows: [],
    roles: [],
    siteMap: {
      areas: [{ label: '', groups: [{ label: '', subAreas: [{ label: '', table: 'shown' }] }] }],
    },
    profile: { id: '', name: '', items: [] },
  };

  test('has the rows of the user for tables of the app, and what views and forms point at', () => {
    const { profile, toEnable } = generateProfile(app, { tables: ['extra', 'unknown'] });
    expect(profile.items.map(({ table, criteria }) => [table, criteria])).toEqual([
      ['shown', 'other'],
      ['extra', 'all'],
      ['one', 'related'],
      ['two', 'related'],
    ]);
    expect(toEnable).toEqual(['shown', 'extra', 'one', 'two']);
    expect(planProfile(indexModel(app), profile)).toMatchObject({ kind: 'invalid' });
    const enabled = app.tables.map((one) => ({ ...one, availableOffline: true }));
    const plan = planProfile(indexModel({ ...app, tables: enabled }), profile);
    expect(plan).toMatchObject({ kind: 'ok' });
  });

  test('keeps to the limit of relationships', () => {
    const limits = { ...profileLimits.seed, relationships: 0 };
    const { profile } = generateProfile(app, { limits });
    expect(profile.items.map((one) => one.table)).toEqual(['shown']);
  });
});
