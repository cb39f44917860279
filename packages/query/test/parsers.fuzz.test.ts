import { indexModel } from '@outpost/model';
import { mutateText, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test, vi } from 'vitest';
import {
  compileQuery,
  parseCookie,
  parseFetch,
  parseODataQuery,
  parsePattern,
  patternTest,
  QueryError,
  readView,
} from '../src/index.ts';
import { model } from './fixture.ts';
import { index as linked } from './oracle/world.ts';
import { valueOrTypedErrors } from './typed-errors.ts';

/** Texts of each parser; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1500, long: 20_000 });
const index = indexModel(model);
const context = {
  now: Date.parse('2026-03-02T08:00:00Z'),
  timeZone: 'UTC',
  userId: null,
  businessUnitId: null,
  teamIds: [],
};

const fetches = [
  '<fetch count="5" page="2"><entity name="account"><attribute name="name" alias="n"/><order attribute="name" descending="true"/><filter type="or"><condition attribute="name" operator="like" value="A%"/><condition attribute="rating" operator="in"><value>1</value><value>2</value></condition></filter><link-entity name="contact" from="accountid" to="accountid" alias="c" link-type="outer"><attribute name="fullname"/></link-entity></entity></fetch>',
  '<fetch aggregate="true"><entity name="account"><attribute name="revenue" alias="s" aggregate="sum"/><attribute name="founded" groupby="true" dategrouping="month" alias="m"/></entity></fetch>',
];
const queries = [
  [
    'person',
    {
      $select: 'name,age',
      $filter: "contains(name,'a') and (age gt 5 or not (level eq 1))",
      $orderby: 'name desc,age',
      $top: '5',
      $count: 'true',
    },
  ],
  [
    'visit',
    {
      $select: 'note',
      $filter: "startswith(note,'A') or personid/name eq 'B'",
      $expand: 'personid($select=name)',
    },
  ],
] as const;

test('what is mutated below is right before', () => {
  const plans = fetches.map((fetchXml) => {
    const query = parseFetch(fetchXml);
    return query.kind === 'ok' ? compileQuery(query.value, { model: index, context }) : query;
  });
  const parsed = queries.map(([table, options]) => parseODataQuery(table, options, linked));
  expect([...plans, ...parsed].map((one) => one.kind)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test('FetchXML in any shape is a query that compiles or an error that says why, and nothing else', () => {
  const random = seededRandom(1);
  const counts = { parsed: 0, compiled: 0 };
  for (let n = 0; n < rounds; n++) {
    const fetchXml = mutateText(random, fetches[n % fetches.length] ?? '');
    const query = valueOrTypedErrors(parseFetch(fetchXml));
    if (query === null) continue;
    counts.parsed += 1;
    const plan = valueOrTypedErrors(compileQuery(query, { model: index, context }));
    if (plan !== null) counts.compiled += 1;
  }
  expect(counts.compiled).toBeGreaterThan(0);
  expect(counts.parsed).toBeGreaterThan(counts.compiled);
  expect(counts.parsed).toBeLessThan(rounds);
});

test('views, paging cookies and OData options too', () => {
  const random = seededRandom(2);
  const sometimes = (text: string) => (random.next() < 0.4 ? mutateText(random, text) : text);
  const cookie =
    '<cookie page="1"><name last="A" first="A"/><accountid last="{AB000000-0000-4000-8000-000000000001}" first="{AB000000-0000-4000-8000-000000000001}"/></cookie>';
  const met = { views: 0, noViews: 0, cookies: 0, noCookies: 0, queries: 0, noQueries: 0 };
  for (let n = 0; n < rounds; n++) {
    const view = {
      id: 'v',
      name: 'V',
      table: sometimes('account'),
      queryType: 0,
      isDefault: false,
      fetchXml: sometimes(fetches[0] ?? ''),
      layout: [{ name: sometimes('c.fullname'), width: 1 }],
    };
    met[readView(view, index, context) === null ? 'noViews' : 'views'] += 1;
    try {
      parseCookie(mutateText(random, cookie), ['name'], 'accountid');
      met.cookies += 1;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      met.noCookies += 1;
    }
    const [table, options] = queries[n % 2 === 0 ? 0 : 1];
    const changed = Object.fromEntries(
      Object.entries(options).map(([name, text]) => [name, sometimes(text)]),
    );
    const parsed = valueOrTypedErrors(parseODataQuery(table, changed, linked));
    met[parsed === null ? 'noQueries' : 'queries'] += 1;
  }
  expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(rounds / 10);
});

test('a pattern of any shape is tested in work that text times pattern bounds', () => {
  const random = seededRandom(3);
  const text = 'ab'.repeat(2000);
  // Everything that looks at a character goes through one of these.
  const looks = (['startsWith', 'indexOf', 'codePointAt'] as const).map((name) =>
    vi.spyOn(String.prototype, name),
  );
  const work: (readonly [pattern: string, looks: number])[] = [];
  try {
    for (let n = 0; n < rounds / 10; n++) {
      const pattern = mutateText(random, '%a%b_[a-c]%[^x]%a%b%a%b%');
      const matches = patternTest(parsePattern(pattern));
      for (const look of looks) look.mockClear();
      matches(text);
      work.push([pattern, looks.reduce((sum, look) => sum + look.mock.calls.length, 0)]);
    }
  } finally {
    for (const look of looks) look.mockRestore();
  }
  expect(Math.max(...work.map(([, count]) => count))).toBeGreaterThan(text.length);
  const bound = (pattern: string) => 4 * text.length * (pattern.length + 1);
  expect(work.filter(([pattern, count]) => count > bound(pattern))).toEqual([]);
});
