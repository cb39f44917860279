import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileQuery, parseFetch, predicateOf, sql } from '../src/index.ts';
import { context, type Fixture, fetchAccounts, id, index, openFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  const { insert } = fixture;
  insert('account', 1, {
    name: 'Alpine Ski House',
    employees: 20,
    revenue: 10.5,
    rating: 1,
    founded: '2026-03-04',
    statecode: 0,
    ownerid: { table: 'systemuser', id: id(100), name: 'Ana' },
  });
  insert('account', 2, {
    name: 'Ärzte & Söhne',
    employees: 5,
    rating: 3,
    founded: '2026-02-01',
    statecode: 0,
    ownerid: { table: 'team', id: id(300), name: 'South' },
  });
  insert('account', 3, {
    name: 'straße 20',
    revenue: 99,
    rating: 2,
    statecode: 1,
    ownerid: { table: 'systemuser', id: id(101), name: 'Ben' },
    tags: [1, 3],
  });
  insert('account', 4, { employees: 7, statecode: 0 });
  insert('contact', 11, {
    fullname: 'Kai Moe',
    accountid: { table: 'account', id: id(1), name: 'Alpine Ski House' },
  });
  insert('contact', 12, {
    fullname: 'Nina Berg',
    accountid: { table: 'account', id: id(1), name: 'Alpine Ski House' },
  });
  insert('contact', 13, { fullname: 'Alone' });
});
afterAll(() => fixture.store.close());

const where = (condition: string) => fetchAccounts(`<filter>${condition}</filter>`);
const condition = (column: string, operator: string, value?: string) =>
  where(
    `<condition attribute="${column}" operator="${operator}"${value === undefined ? '' : ` value="${value}"`}/>`,
  );

describe('conditions', () => {
  test.each([
    ['text without case and accents', condition('name', 'eq', 'ARZTE &amp; sohne'), [2]],
    ['ne matches empty cells', condition('employees', 'ne', '20'), [2, 3, 4]],
    ['like with a set', condition('name', 'like', '[as]%'), [1, 2, 3]],
    ['like with a literal percent', condition('name', 'like', '%[%]%'), []],
    ['begins-with folds', condition('name', 'begins-with', 'STRASSE'), [3]],
    ['not-like matches empty cells', condition('name', 'not-like', '%s%'), [4]],
    [
      'between',
      condition('employees', 'between').replace(
        '/>',
        '><value>5</value><value>7</value></condition>',
      ),
      [2, 4],
    ],
    [
      'in',
      condition('rating', 'in').replace('/>', '><value>1</value><value>3</value></condition>'),
      [1, 2],
    ],
    ['null', condition('revenue', 'null'), [2, 4]],
    ['the current user', condition('ownerid', 'eq-userid'), [1]],
    ['user or teams', condition('ownerid', 'eq-useroruserteams'), [1, 2]],
    ['not the user includes empty', condition('ownerid', 'ne-userid'), [2, 3, 4]],
    ['today in the user time zone', condition('founded', 'today'), [1]],
    ['last month', condition('founded', 'last-month'), [2]],
    ['last x days', condition('founded', 'last-x-days', '31'), [1, 2]],
    ['on a date', condition('founded', 'on', '2026-02-01'), [2]],
    [
      'multi-select overlap',
      condition('tags', 'contain-values').replace('/>', '><value>3</value></condition>'),
      [3],
    ],
    ['lookup by name', condition('ownerid', 'like', 'an%'), [1]],
    [
      'or of and',
      fetchAccounts(
        '<filter type="or"><condition attribute="rating" operator="eq" value="2"/><filter><condition attribute="employees" operator="lt" value="10"/><condition attribute="rating" operator="not-null"/></filter></filter>',
      ),
      [2, 3],
    ],
    ['a filter without conditions', where(''), [1, 2, 3, 4]],
  ])('%s', (_, fetchXml, expected) => {
    expect(fixture.ids(fetchXml)).toEqual(expected);
  });
});

describe('X11: links, and tests of linked rows', () => {
  const link = (type: string, inside = '') =>
    `<link-entity name="contact" from="accountid" to="accountid" link-type="${type}" alias="c">${inside}</link-entity>`;
  test.each([
    ['inner repeats the parent', fetchAccounts(link('inner')), [1, 1]],
    ['outer keeps parents', fetchAccounts(link('outer')), [1, 1, 2, 3, 4]],
    ['exists keeps the parent once', fetchAccounts(link('exists')), [1]],
    [
      'any inside a filter',
      where(
        link(
          'any',
          '<filter><condition attribute="fullname" operator="begins-with" value="nina"/></filter>',
        ),
      ),
      [1],
    ],
    ['not any', where(link('not any')), [2, 3, 4]],
    [
      'all: some linked row, none satisfies',
      where(
        link('all', '<filter><condition attribute="fullname" operator="eq" value="x"/></filter>'),
      ),
      [1],
    ],
    [
      'a condition on the link',
      fetchAccounts(
        `${link('outer')}<filter><condition entityname="c" attribute="fullname" operator="eq" value="kai moe"/></filter>`,
      ),
      [1],
    ],
  ])('%s', (_, fetchXml, expected) => {
    expect(fixture.ids(fetchXml)).toEqual(expected);
  });

  test('linked columns are named by alias', () => {
    const result = fixture.engine.run({
      fetchXml: fetchAccounts(
        `<attribute name="name"/><order attribute="name"/>${link('inner', '<attribute name="fullname"/><order attribute="fullname" descending="true"/>')}`,
      ),
    });
    expect(result).toMatchObject({
      kind: 'ok',
      value: {
        total: 2,
        rows: [
          { values: { name: 'Alpine Ski House', 'c.fullname': 'Nina Berg' } },
          { values: { 'c.fullname': 'Kai Moe' } },
        ],
      },
    });
  });
});

test('order: empty first, text by fold, choices by label; descending reverses', () => {
  expect(fixture.ids(fetchAccounts('<order attribute="name"/>'))).toEqual([4, 1, 2, 3]);
  expect(fixture.ids(fetchAccounts('<order attribute="rating" descending="true"/>'))).toEqual([
    3, 1, 2, 4,
  ]);
  expect(fixture.ids(fetchAccounts('<order attribute="ownerid"/>'))).toEqual([4, 1, 3, 2]);
});

test('pages and windows', () => {
  const paged =
    '<fetch count="2" page="2"><entity name="account"><order attribute="accountid"/></entity></fetch>';
  expect(fixture.ids(paged)).toEqual([3, 4]);
  const window = fixture.engine.run({ fetchXml: fetchAccounts('') }, { limit: 1, offset: 2 });
  expect(window).toMatchObject({ kind: 'ok', value: { total: 4, rows: [{ id: id(3) }] } });
});

test('quick find: whole value begins with the term, * is the wildcard, labels and numbers, never dates', () => {
  const find = (term: string) => {
    const query = fixture.engine.quickFind('account', term);
    if (query.kind === 'invalid') throw query.errors[0];
    const result = fixture.engine.run({ query: query.value });
    if (result.kind === 'invalid') throw result.errors[0];
    return result.value.rows.map((row) => Number.parseInt(row.id.slice(-12), 16));
  };
  expect(find('alp')).toEqual([1]);
  expect(find('ski')).toEqual([]);
  expect(find('*ski')).toEqual([1]);
  expect(find('hot')).toEqual([1]);
  expect(find('7')).toEqual([4]);
  expect(find('2026-02-01')).toEqual([]);
  expect(find('%')).toEqual([]);
  expect(find('')).toEqual([4, 1, 2]);
});

test('a live result follows commits of its tables only', async () => {
  const local = await openFixture();
  const totals: (number | null)[] = [];
  const subscription = local.engine
    .live({ fetchXml: fetchAccounts('') })
    .snapshot.subscribe(({ total }) => totals.push(total));
  local.insert('account', 1, { name: 'A' });
  local.insert('contact', 2, { fullname: 'B' });
  local.insert('account', 3, { name: 'C' });
  subscription.unsubscribe();
  local.insert('account', 4, { name: 'D' });
  expect(totals).toEqual([0, 1, 2]);
  await local.store.close();
});

test('the caller can restrict every table of a query', () => {
  const parsed = parseFetch(
    fetchAccounts(
      '<link-entity name="contact" from="accountid" to="accountid" link-type="outer" alias="c"><attribute name="fullname"/></link-entity>',
    ),
  );
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const compiled = compileQuery(parsed.value, {
    model: index,
    context,
    restrict: (table, source) =>
      table === 'contact' ? sql(`${source}."contactid" = ?`, id(11)) : null,
  });
  if (compiled.kind === 'invalid') throw compiled.errors[0];
  const { text, params } = compiled.value.rows(50, 0);
  const rows = fixture.store.all(text, params);
  expect(rows.flat().filter((cell) => cell === 'Nina Berg')).toEqual([]);
  expect(rows.flat().filter((cell) => cell === 'Kai Moe')).toHaveLength(1);
});

describe('a prepared query', () => {
  const prepared = (fetchXml: string) => {
    const result = fixture.engine.prepare({ fetchXml });
    if (result.kind === 'invalid') throw result.errors[0];
    return result.value;
  };
  const byName = '<attribute name="name"/><order attribute="name"/>';

  test('gives those of the given rows that pass, by rank and then in order', () => {
    for (const [n, name] of ['Delta', 'Alpha', 'Charlie', 'Bravo'].entries()) {
      fixture.insert('account', 500 + n, { name, employees: n });
    }
    const rid = (n: number) =>
      Number(
        fixture.store.all('SELECT _rid FROM account WHERE accountid = ?', [id(500 + n)])[0]?.[0],
      );
    const [delta, alpha, charlie, bravo] = [rid(0), rid(1), rid(2), rid(3)];
    const query = prepared(
      fetchAccounts(
        `${byName}<filter><condition attribute="employees" operator="ge" value="1"/></filter>`,
      ),
    );
    const groups = [
      { rank: 1, rids: [delta, charlie] },
      { rank: 2, rids: [bravo, alpha] },
    ];
    expect(query.isFiltered).toBe(true);
    expect(
      query.rows(groups, 10).map((one) => [one.row.values['name'], one.rank, one.rid]),
    ).toEqual([
      ['Charlie', 1, charlie],
      ['Alpha', 2, alpha],
      ['Bravo', 2, bravo],
    ]);
    expect(query.rows(groups, 2)).toHaveLength(2);
    expect(query.count([delta, charlie, alpha], 10)).toBe(2);
    expect(query.count([delta, charlie, alpha], 1)).toBe(1);
    const walked = [...query.walk()].filter((one) => [delta, alpha, charlie, bravo].includes(one));
    expect(walked).toEqual([alpha, bravo, charlie]);
  });

  test('walks an index when there is one for its order', () => {
    const query = prepared(fetchAccounts(byName));
    expect([query.isFiltered, query.walksIndex]).toEqual([false, false]);
    fixture.store.requestIndexes('test', [{ table: 'account', columns: ['name$f', 'accountid'] }]);
    expect(prepared(fetchAccounts(byName)).walksIndex).toBe(true);
    query.used(10);
    expect(query.walksIndex).toBe(true);
  });

  test('is refused for rows that are no rows of a table', () => {
    const distinct =
      '<fetch distinct="true"><entity name="account"><attribute name="name"/></entity></fetch>';
    expect(fixture.engine.prepare({ fetchXml: distinct })).toMatchObject({
      kind: 'invalid',
      errors: [{ code: 'schema' }],
    });
  });
});

test('a hyphen in a pattern with several wildcards is itself, for SQL and for a row alike', () => {
  const pattern = (operator: string, value: string) =>
    fetchAccounts(
      `<filter><condition attribute="name" operator="${operator}" value="${value}"/></filter>`,
    );
  fixture.insert('account', 600, { name: 'x-ray-box' });
  fixture.insert('account', 601, { name: 'xxrayxbox' });
  for (const value of ['x-%-b%x', 'x[-]r%-%x', '_[x-]%y-%']) {
    expect(fixture.ids(pattern('like', value))).toEqual([600]);
    const parsed = parseFetch(pattern('like', value));
    if (parsed.kind === 'invalid') throw parsed.errors[0];
    const resolved = compileQuery(parsed.value, { model: index, context });
    const predicate = resolved.kind === 'ok' ? predicateOf(resolved.value.resolved) : null;
    const test_ = (name: string) => predicate?.({ cell: () => name, targetName: () => null });
    expect([test_('X-Ray-Box'), test_('xxrayxbox')]).toEqual([true, false]);
  }
});

describe('availability', () => {
  test('a view that links a table outside the device says which', () => {
    const view = index.savedQuery('linked');
    if (view === undefined) throw new Error('no view');
    expect(fixture.engine.availability(view)).toMatchObject([
      { reason: 'tableNotOffline', code: '0x80071125' },
    ]);
  });
});

describe('bad input is a typed error with the Dataverse code', () => {
  test.each([
    ['not XML', 'nonsense', 'xml', null],
    ['an unclosed element', '<fetch><entity name="account">', 'xml', null],
    ['a document type', '<!DOCTYPE x><fetch/>', 'xml', null],
    ['too deep', `<fetch><entity name="account">${'<filter>'.repeat(40)}`, 'xml', null],
    ['another root', '<query/>', 'schema', null],
    [
      'two entities',
      '<fetch><entity name="account"/><entity name="account"/></fetch>',
      'schema',
      null,
    ],
    ['an unknown table', '<fetch><entity name="nope"/></fetch>', 'metadata', '0x80041102'],
    ['an unknown column', fetchAccounts('<attribute name="nope"/>'), 'metadata', '0x80041103'],
    [
      'an injected column',
      fetchAccounts('<attribute name="name&quot; FROM account; --"/>'),
      'metadata',
      '0x80041103',
    ],
    ['an unknown operator', condition('name', 'resembles', 'x'), 'operator', '0x80041120'],
    [
      'a prototype name as operator',
      condition('name', 'constructor', 'x'),
      'operator',
      '0x80041120',
    ],
    ['a missing value', condition('name', 'eq'), 'value', null],
    ['a label for a choice', condition('rating', 'eq', 'Hot'), 'value', null],
    ['a bad amount', condition('founded', 'last-x-days', '-1'), 'value', null],
    ['a bad date', condition('founded', 'on', '2026-13-45'), 'value', null],
    ['a bad page', '<fetch page="0"><entity name="account"/></fetch>', 'value', null],
    ['top with count', '<fetch top="1" count="1"><entity name="account"/></fetch>', 'schema', null],
    [
      'an unknown alias',
      fetchAccounts(
        '<filter><condition entityname="x" attribute="name" operator="null"/></filter>',
      ),
      'schema',
      null,
    ],
    [
      'too many links',
      fetchAccounts('<link-entity name="contact" from="accountid" to="accountid"/>'.repeat(16)),
      'limit',
      '0x8004430d',
    ],
    ['a table that is not here', '<fetch><entity name="team"/></fetch>', 'offline', '0x80071125'],
    [
      'an aggregate of nothing',
      '<fetch aggregate="true"><entity name="account"/></fetch>',
      'schema',
      null,
    ],
  ])('%s', (_, fetchXml, code, dataverseCode) => {
    expect(fixture.engine.run({ fetchXml })).toMatchObject({
      kind: 'invalid',
      errors: [{ code, dataverseCode }],
    });
  });

  test('C11: a view that the app does not have, such as a personal one', () => {
    expect(fixture.engine.run({ view: 'nope' })).toMatchObject({
      kind: 'invalid',
      errors: [{ code: 'metadata', dataverseCode: '0x8005f21b' }],
    });
  });
});
