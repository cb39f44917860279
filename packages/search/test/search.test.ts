import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SearchRequest, SearchResult } from '../src/index.ts';
import { account, contactFind, id, makeModel, openWorld, type World } from './world.ts';

let world: World;

const found = (result: SearchResult) =>
  result.kind === 'found' ? result.hits.map((hit) => hit.row.id) : result.reason;
const find = (request: Omit<SearchRequest, 'table'>) =>
  found(world.search.query({ table: 'contact', ...request }));
const marks = (request: Omit<SearchRequest, 'table'>) => {
  const result = world.search.query({ table: 'contact', ...request });
  if (result.kind === 'refused') throw new Error(result.message);
  return result.hits.flatMap(({ row, highlights }) =>
    highlights.map(({ column, start, length, kind }) => {
      const text = world.search.shownText(row, column) ?? '';
      return `${column} "${text.slice(start, start + length)}" ${kind}`;
    }),
  );
};
const [elodie, bert, luc] = [id('c', 1), id('c', 2), id('c', 3)];

beforeEach(async () => {
  world = await openWorld();
  const { put, store } = world;
  store.write({ origin: 'sync' }, (tx) => {
    put(tx, 'account', id('a', 1), { name: 'Alpine Ski House', city: 'Davos' });
    put(tx, 'contact', elodie, {
      fullname: 'Élodie Groß',
      city: 'Bern',
      telephone1: '+41 (44) 668-18-00',
      accountid: account(9, 'Nowhere Ltd'),
      level: 1,
      revenue: 1200.5,
    });
    put(tx, 'contact', bert, {
      fullname: 'Bert Alpine',
      city: 'Oslo',
      born: '2000-01-01',
      emailaddress1: 'bert.berg12@contoso.com',
      accountid: account(1, 'Old name'),
      isvip: true,
      age: 44,
    });
    put(tx, 'contact', luc, { fullname: 'Jean-Luc Bernard', city: 'Alpine Ski Town' });
  });
});
afterEach(() => world.store.close());

describe('begins', () => {
  test('finds by the beginning of any find column, in the order of the view', () => {
    expect(find({ term: 'ber' })).toEqual([bert, elodie]);
    expect(find({ term: 'ELODIE gross' })).toEqual([elodie]);
    expect(find({ term: '*ross' })).toEqual([elodie]);
    expect(find({ term: 'ross' })).toEqual([]);
    expect(find({ term: '+41 (44' })).toEqual([elodie]);
  });

  test('finds lookups by the name they have now, those that lead off the device by the name they came with', () => {
    expect(find({ term: 'alp' })).toEqual([bert, luc]);
    expect(find({ term: 'nowhere' })).toEqual([elodie]);
    expect(find({ term: 'old' })).toEqual([]);
    world.store.write({ origin: 'sync' }, (tx) =>
      world.put(tx, 'account', id('a', 1), { name: 'Summit' }),
    );
    expect(find({ term: 'summit' })).toEqual([bert]);
  });

  test('finds choices by label and numbers by equality', () => {
    expect(find({ term: 'very h' })).toEqual([elodie]);
    expect(find({ term: 'vip' })).toEqual([bert]);
    expect(find({ term: '1,200.5' })).toEqual([elodie]);
    expect(find({ term: '44' })).toEqual([bert]);
    expect(find({ term: '4' })).toEqual([]);
  });

  test('an empty term is the view without its find filter', () => {
    expect(find({ term: ' ' })).toEqual([bert, elodie, luc]);
  });
});

describe('words', () => {
  test('match the beginnings of words of one column, in any order', () => {
    expect(find({ term: 'gro elo', mode: 'words' })).toEqual([elodie]);
    expect(find({ term: 'bern', mode: 'words' })).toEqual([elodie, luc]);
    expect(find({ term: 'elo bern', mode: 'words' })).toEqual([]);
    expect(find({ term: 'elo bern', mode: 'words', anyColumn: true })).toEqual([elodie]);
    expect(find({ term: 'contoso berg', mode: 'words' })).toEqual([bert]);
    expect(find({ term: 'ski', mode: 'words' })).toEqual([bert, luc]);
  });

  test('telephone numbers are found in any notation', () => {
    for (const term of ['044 668 18 00', '0041446681800', '+41446681800', '668-18', '6681800']) {
      expect(find({ term, mode: 'words' })).toEqual([elodie]);
    }
    expect(find({ term: '999', mode: 'words' })).toEqual([]);
  });

  test('better matches come first', () => {
    const { put, store } = world;
    store.write({ origin: 'sync' }, (tx) => {
      put(tx, 'contact', id('c', 4), { fullname: 'Zoe Bern' });
      put(tx, 'contact', id('c', 5), { fullname: 'Abernathy' });
      put(tx, 'contact', id('c', 6), { fullname: 'Bxrn' });
    });
    const result = world.search.query({ table: 'contact', term: 'bern', mode: 'smart' });
    if (result.kind === 'refused') throw new Error(result.message);
    expect(result.hits.map((hit) => [hit.row.values['fullname'], hit.rank])).toEqual([
      ['Élodie Groß', 'exact'],
      ['Jean-Luc Bernard', 'token'],
      ['Zoe Bern', 'token'],
      ['Abernathy', 'infix'],
      ['Bert Alpine', 'typo1'],
      ['Bxrn', 'typo1'],
    ]);
  });

  test('typos only where less than the limit was found', () => {
    expect(find({ term: 'elodje', mode: 'smart' })).toEqual([elodie]);
    const few = world.search.query({ table: 'contact', term: 'bern', mode: 'smart', limit: 2 });
    expect(few).toMatchObject({ withTypos: false, total: 2 });
  });

  test('a term without letters and digits finds nothing, and says so', () => {
    expect(world.search.query({ table: 'contact', term: '+', mode: 'words' })).toMatchObject({
      hits: [],
      notes: [{ code: 'unsearchable' }, { code: 'noWords' }],
    });
  });
});

test('C19: dates are never searched, and the result says so', () => {
  for (const mode of ['begins', 'words', 'smart'] as const) {
    for (const term of ['2000-01-01', '2000', '2000*']) {
      expect(world.search.query({ table: 'contact', term, mode })).toMatchObject({
        hits: [],
        notes: [
          {
            code: 'unsearchable',
            column: 'born',
            message: 'Column "born" is not searched: dates are not searched offline.',
          },
        ],
      });
    }
  }
  const { columns } = world.search.explain({ table: 'contact', term: '2000' });
  expect(columns.find((one) => one.column === 'born')).toEqual({
    column: 'born',
    how: 'unsearchable',
    reason: 'Column "born" is not searched: dates are not searched offline.',
  });
});

describe('F-5: highlights cover the matched characters of the original text', () => {
  test.each([
    ['elodie gross', 'begins', ['fullname "Élodie Groß" exact']],
    ['*ross', 'begins', ['fullname "roß" infix']],
    ['gro elo', 'words', ['fullname "Élo" firstToken', 'fullname "Gro" token']],
    ['6681800', 'words', ['telephone1 "668-18-00" token']],
    ['041 44 668', 'words', ['telephone1 "41 (44) 668" value']],
    ['lodi', 'smart', ['fullname "lodi" infix']],
    ['elodje', 'smart', ['fullname "Élodie" typo1']],
    ['nowhere', 'words', ['accountid "Nowhere" value']],
    ['hot', 'words', ['level "Hot" token']],
    ['1200.5', 'words', ['revenue "1200.5" exact']],
    ['berg12@contoso', 'words', ['emailaddress1 "berg12" token', 'emailaddress1 "contoso" token']],
  ] as const)('%s, %s', (term, mode, expected) => {
    expect(marks({ term, mode })).toEqual(expected);
  });

  test('an accent that stands alone belongs to its letter', () => {
    world.store.write({ origin: 'sync' }, (tx) =>
      world.put(tx, 'contact', id('c', 9), { fullname: 'E\u0301lan 각하' }),
    );
    expect(marks({ term: 'elan' })).toEqual(['fullname "E\u0301lan" value']);
    expect(marks({ term: '각', mode: 'words' })).toEqual(['fullname "각" token']);
  });
});

test('a limit truncates and keeps the total', () => {
  expect(world.search.query({ table: 'contact', term: '', limit: 1 })).toMatchObject({
    total: 3,
    truncated: true,
  });
  expect(world.search.query({ table: 'contact', term: 'ber', limit: 1 })).toMatchObject({
    total: 2,
    truncated: true,
  });
});

describe('C13, C14, C15: a search that cannot run is refused with its reason', () => {
  test.each([
    [{ table: 'task', term: 'x' }, 'tableNotOffline', '0x80071125'],
    [{ table: 'plain', term: 'x' }, 'noQuickFindView', '0x8005f21b'],
    [{ table: 'contact', term: 'x', kind: 'relevance' }, 'relevance', '0x8005f214'],
  ] as const)('%o', (request, reason, code) => {
    expect(world.search.query(request)).toMatchObject({ kind: 'refused', reason, code });
  });

  test('C14: several tables at once, unless it was asked for', async () => {
    const requests = ['account', 'contact'].map((table) => ({ table, term: 'alp' }));
    expect(world.search.queryTables(requests)).toMatchObject([
      { kind: 'refused', reason: 'severalTables' },
      { kind: 'refused', reason: 'severalTables' },
    ]);
    const other = await openWorld({ grouped: true });
    other.store.write({ origin: 'sync' }, (tx) =>
      other.put(tx, 'account', id('a', 1), { name: 'Alpine' }),
    );
    expect(other.search.queryTables(requests).map(found)).toEqual([[id('a', 1)], []]);
    const many = Array.from({ length: 11 }, () => ({ table: 'account', term: 'a' }));
    expect(other.search.queryTables(many)[0]).toMatchObject({ reason: 'severalTables' });
    await other.store.close();
  });

  test('more than 10,000 matches, where the limit of the organization is asked for', () => {
    const { store, put } = world;
    store.write({ origin: 'sync' }, (tx) => {
      for (let n = 0; n < 10_001; n++) {
        put(tx, 'account', id('a', 100 + n), { name: `Many ${n}`, statecode: n % 2 });
      }
    });
    const request = { table: 'account', term: 'many' };
    const loose = world.search.query(request);
    expect(loose).toMatchObject({ kind: 'found', total: 5001, truncated: true });
    for (const mode of ['words', 'smart'] as const) {
      expect(world.search.query({ ...request, mode })).toMatchObject({ total: 5001 });
      expect(world.search.query({ ...request, mode, limit: 0 })).toMatchObject({
        total: 5001,
        hits: [],
      });
    }
    expect(loose.kind === 'found' && loose.hits.map((hit) => hit.row.values['name'])).toContain(
      'Many 0',
    );
    const strict = world.search.query({ ...request, strictServerLimit: true });
    expect(strict).toMatchObject({ reason: 'recordLimit', code: '0x8004e024' });
    store.write({ origin: 'sync' }, (tx) => {
      for (let n = 0; n < 10_001; n++) put(tx, 'account', id('a', 100 + n), { statecode: 0 });
    });
    for (const mode of ['begins', 'words'] as const) {
      const total = { atLeast: 10_000 };
      expect(world.search.query({ ...request, mode })).toMatchObject({ total, truncated: true });
    }
  });
});

describe('bad input', () => {
  test.each([
    '\u0000',
    '\ud800',
    '*'.repeat(5000),
    'ber'.repeat(40_000),
    "'; DROP TABLE contact;--",
    '\u202e',
  ])('any text is a term (%#)', (term) => {
    for (const mode of ['begins', 'words', 'smart'] as const) {
      expect(world.search.query({ table: 'contact', term, mode })).toMatchObject({ kind: 'found' });
    }
    expect(find({ term: 'ber' })).toEqual([bert, elodie]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 1.5])('a limit of %s', (limit) => {
    const result = world.search.query({ table: 'contact', term: 'ber', limit });
    expect(result).toMatchObject({ kind: 'found', total: 2 });
  });
});

test('explain says how a request is answered', () => {
  expect(world.search.explain({ table: 'contact', term: 'ber' })).toMatchObject({
    mode: 'begins',
    words: ['ber'],
    answeredBy: 'index',
    candidates: 2,
    index: { isComplete: true, isSound: true },
  });
  expect(world.search.explain({ table: 'contact', term: '+' })).toMatchObject({
    answeredBy: 'query',
    reason: 'The term begins with what no index has.',
    candidates: null,
  });
  expect(world.search.explain({ table: 'contact', term: '' }).reason).toBe('There is no term.');
  expect(world.search.explain({ table: 'task', term: 'x' }).reason).toMatch(/not on this device/);
});

describe('F-10: a live search', () => {
  const watch = (request: Omit<SearchRequest, 'table'>) => {
    const requests = new Subject<SearchRequest>();
    const seen: unknown[] = [];
    const subscription = world.search
      .live(requests)
      .subscribe((result) => seen.push(found(result)));
    requests.next({ table: 'contact', ...request });
    return { requests, seen, stop: () => subscription.unsubscribe() };
  };
  const write = (n: number, values: Record<string, string | number>) =>
    world.store.write({ origin: 'local' }, (tx) => world.put(tx, 'contact', id('c', n), values));

  test('follows the newest request and the rows', () => {
    const { requests, seen, stop } = watch({ term: 'b' });
    requests.next({ table: 'contact', term: 'kai' });
    write(7, { fullname: 'Kai' });
    stop();
    write(7, { fullname: 'Kaia' });
    expect(seen).toEqual([[bert, elodie], [], [id('c', 7)]]);
  });

  test('is asked again only when a commit touches it', async () => {
    const plain = await openWorld({ model: makeModel(['fullname', 'city']) });
    const runs = () => plain.search.runs;
    const requests = new Subject<SearchRequest>();
    const seen: unknown[] = [];
    plain.search.live(requests).subscribe((result) => seen.push(found(result)));
    requests.next({ table: 'contact', term: 'ber', mode: 'words' });
    const put = (n: number, values: Record<string, string | number>) =>
      plain.store.write({ origin: 'local' }, (tx) => plain.put(tx, 'contact', id('c', n), values));
    expect(runs()).toBe(1);
    put(1, { fullname: 'Somebody else', city: 'Oslo' });
    put(1, { fullname: 'Somebody else', city: 'Rome' });
    plain.store.write({ origin: 'local' }, (tx) =>
      plain.put(tx, 'account', id('a', 1), { name: 'Ber' }),
    );
    expect(runs()).toBe(1);
    put(1, { fullname: 'Somebody else', city: 'Berlin' });
    expect(runs()).toBe(2);
    // Nothing that is found, shown, filtered or sorted by.
    put(1, { fullname: 'Somebody else', city: 'Berlin', emailaddress1: 'a@b.c' });
    expect(runs()).toBe(2);
    put(1, { fullname: 'Somebody else', city: 'Oslo' });
    expect(seen).toEqual([[], [id('c', 1)], []]);
    await plain.store.close();
  });

  test('follows names of lookups', () => {
    const { seen, stop } = watch({ term: 'summit' });
    world.store.write({ origin: 'sync' }, (tx) =>
      world.put(tx, 'account', id('a', 1), { name: 'Summit' }),
    );
    stop();
    expect(seen).toEqual([[], [bert]]);
  });

  test('shows a download at a measured pace', () => {
    const { store, clock } = world;
    store.write({ origin: 'sync' }, (tx) => tx.delete('contact', luc));
    const { seen, stop } = watch({ term: 'load' });
    store.startLoad('contact', 10);
    for (let n = 0; n < 3; n++) {
      store.write({ origin: 'sync' }, (tx) =>
        tx.load(
          'contact',
          ['contactid', 'fullname', 'statecode'],
          [[id('c', 50 + n), `Load ${n}`, 0]],
        ),
      );
    }
    expect(seen).toEqual([[]]);
    clock.advance({ ms: 250 });
    expect(seen).toEqual([[], [id('c', 50), id('c', 51), id('c', 52)]]);
    store.finishLoad('contact');
    stop();
  });
});

test('every find column of the world is searched in its own way', () => {
  const plan = world.search.explain({ table: 'contact', term: 'x' });
  expect(plan.columns.map((one) => one.column).sort()).toEqual([...contactFind].sort());
});
