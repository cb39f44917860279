import { indexModel } from '@outpost/model';
import { mutateText, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
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

/** Texts of each parser; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1500, long: 50_000 });
const index = indexModel(model);
const context = {
  now: Date.parse('2026-03-02T08:00:00Z'),
  timeZone: 'UTC',
  userId: null,
  businessUnitId: null,
  teamIds: [],
};

const fetches = [
  '<fetch top="5" page="2"><entity name="account"><attribute name="name" alias="n"/><order attribute="name" descending="true"/><filter type="or"><condition attribute="name" operator="like" value="A%"/><condition attribute="rating" operator="in"><value>1</value><value>2</value></condition></filter><link-entity name="contact" from="accountid" to="accountid" alias="c" link-type="outer"><attribute name="fullname"/></link-entity></entity></fetch>',
  '<fetch aggregate="true"><entity name="account"><attribute name="revenue" alias="s" aggregate="sum"/><attribute name="founded" groupby="true" dategrouping="month" alias="m"/></entity></fetch>',
];
const options = {
  $select: 'name,revenue',
  $filter: "contains(name,'a') and (revenue gt 5 or not (rating eq 1))",
  $orderby: 'name desc,revenue',
  $top: '5',
  $expand: 'accountid($select=name)',
  $count: 'true',
};

test('FetchXML in any shape is a query that compiles or an error that says why, and nothing else', () => {
  const random = seededRandom(1);
  const counts = { parsed: 0, compiled: 0 };
  for (let n = 0; n < rounds; n++) {
    const parsed = parseFetch(mutateText(random, fetches[n % fetches.length] ?? ''));
    if (parsed.kind === 'invalid') {
      expect(parsed.errors.every((one) => one.message.length > 0)).toBe(true);
      continue;
    }
    counts.parsed += 1;
    const plan = compileQuery(parsed.value, { model: index, context });
    if (plan.kind === 'ok') counts.compiled += 1;
    else expect(plan.errors.length).toBeGreaterThan(0);
  }
  expect(counts.compiled).toBeGreaterThan(0);
  expect(counts.parsed).toBeGreaterThan(counts.compiled);
  expect(counts.parsed).toBeLessThan(rounds);
});

test('views, paging cookies and OData options too', () => {
  const random = seededRandom(2);
  const cookie =
    '<cookie page="1"><name last="A" first="A"/><accountid last="{AB000000-0000-4000-8000-000000000001}" first="{AB000000-0000-4000-8000-000000000001}"/></cookie>';
  for (let n = 0; n < rounds; n++) {
    const view = {
      id: 'v',
      name: 'V',
      table: mutateText(random, 'account'),
      queryType: 0,
      isDefault: false,
      fetchXml: mutateText(random, fetches[0] ?? ''),
      layout: [{ name: mutateText(random, 'c.fullname'), width: 1 }],
    };
    readView(view, index, context);
    try {
      parseCookie(mutateText(random, cookie), ['name'], 'accountid');
    } catch (error) {
      expect(error).toBeInstanceOf(QueryError);
    }
    const changed = Object.fromEntries(
      Object.entries(options).map(([name, text]) => [
        name,
        random.next() < 0.4 ? mutateText(random, text) : text,
      ]),
    );
    const table = n % 2 === 0 ? 'account' : 'contact';
    const parsed = parseODataQuery(table, changed, index);
    if (parsed.kind === 'invalid') expect(parsed.errors.length).toBe(1);
  }
});

test('a pattern of any shape is tested in bounded work', () => {
  const random = seededRandom(3);
  const text = 'ab'.repeat(2000);
  for (let n = 0; n < rounds / 10; n++) {
    const pattern = mutateText(random, '%a%b_[a-c]%[^x]%a%b%a%b%');
    patternTest(parsePattern(pattern))(text);
  }
});
