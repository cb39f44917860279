import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  valuesToCells,
  withSystemTables,
} from '@outpost/model';
import { openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileQuery, createQueryEngine, foldedSlots, parseFetch } from '../src/index.ts';
import { context, id } from './fixture.ts';

const view = (fetchXml: string) => ({
  id: '1',
  name: 'View',
  table: 'account',
  queryType: 0,
  isDefault: true,
  layout: [],
  fetchXml,
});
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
        columns: {
          name: { type: 'string' },
          city: { type: 'string' },
          employees: { type: 'integer' },
          parentid: { type: 'lookup', targets: ['account'] },
        },
      }),
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'user',
        columns: {
          fullname: { type: 'string' },
          nick: { type: 'string' },
          hobby: { type: 'string' },
          accountid: { type: 'lookup', targets: ['account'] },
        },
      }),
    ],
    savedQueries: [
      view(`<fetch><entity name="account"><attribute name="name"/><order attribute="parentid"/>
      <filter><condition attribute="employees" operator="gt" value="1"/>
        <filter type="or"><condition attribute="city" operator="eq" value="Graz"/>
          <condition entityname="c" attribute="nick" operator="eq" value="x"/></filter>
        <link-entity name="contact" from="accountid" to="accountid" link-type="any">
          <filter><condition attribute="hobby" operator="like" value="s%"/></filter></link-entity></filter>
      <link-entity name="contact" from="accountid" to="accountid" alias="c"/></entity></fetch>`),
      view('<fetch'),
    ],
  }),
);

test('text that views compare or order by is asked for, and primary names; numbers and broken views are not', () => {
  const found = Object.fromEntries(
    [...foldedSlots(model)].map(([table, slots]) => [table, [...slots].sort()]),
  );
  expect(found).toMatchObject({
    account: ['city', 'name'],
    contact: ['fullname', 'hobby', 'nick'],
    systemuser: ['fullname'],
  });
});

test('a folded column is compared and ordered by instead of folding in the scan, and finds its index', async () => {
  const store = await openStore({ storage: memoryStorage(), foldedSlots });
  store.applySchema(model, ['account', 'contact']);
  store.requestIndexes('views', [{ table: 'account', columns: ['city$f'] }]);
  const parsed = parseFetch(
    `<fetch><entity name="account"><attribute name="name"/><order attribute="city"/>
      <filter><condition attribute="city" operator="eq" value="GRAZ"/></filter></entity></fetch>`,
  );
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const isFolded = (table: string, slot: string) =>
    store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true;
  const plan = compileQuery(parsed.value, { model: indexModel(model), context, isFolded });
  if (plan.kind === 'invalid') throw plan.errors[0];
  const { text, params } = plan.value.rows(50, 0);
  expect(text).not.toContain('outpost_fold');
  const steps = store.all(`EXPLAIN QUERY PLAN ${text}`, params).map((row) => String(row[3]));
  expect(steps[0]).toContain('USING INDEX ix_account_city$f (city$f=?)');
  await store.close();
});

const text = fc.oneof(
  fc.constantFrom('Graz', 'GRAZ', 'Łódź', 'lodz', 'Straße', 'strasse', '', 'x_%', 'É'),
  fc.string({ unit: 'binary', maxLength: 3 }).map((one) => one.toWellFormed()),
);
const operators = [
  'eq',
  'ne',
  'like',
  'not-like',
  'begins-with',
  'not-end-with',
  'in',
  'gt',
  'le',
] as const;

test('with and without folded columns every query finds the same rows in the same order', async () => {
  const open = async (slots: typeof foldedSlots) => {
    const store = await openStore({ storage: memoryStorage(), foldedSlots: slots });
    store.applySchema(model, ['account', 'contact']);
    const engine = createQueryEngine({
      store,
      model: indexModel(model),
      offlineTables: new Set(['account', 'contact']),
      context: () => context,
    });
    return { store, engine };
  };
  let found = 0;
  const account = indexModel(model).table('account');
  if (account === undefined) throw new Error('no account');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(text), { maxLength: 12 }),
      fc.constantFrom(...operators),
      text,
      async (cities, operator, value) => {
        const folded = await open(foldedSlots);
        const scanned = await open(() => new Map());
        const escaped = value.replace(/[^\p{L}\p{M}\p{N} _%]/gu, 'z');
        const operand =
          operator === 'in' ? `><value>${escaped}</value></condition>` : ` value="${escaped}"/>`;
        const fetchXml = `<fetch><entity name="account"><attribute name="city"/><order attribute="city" descending="true"/>
          <filter><condition attribute="city" operator="${operator}"${operand}</filter></entity></fetch>`;
        const results = [folded, scanned].map(({ store, engine }) => {
          store.write({ origin: 'sync' }, (tx) => {
            for (const [i, city] of cities.entries()) {
              tx.insert('account', id(i), valuesToCells(account, { name: `${i}`, city }));
            }
          });
          const result = engine.run({ fetchXml });
          if (result.kind === 'invalid') throw result.errors[0];
          return result.value.rows.map((row) => row.id);
        });
        found += results[0]?.length ?? 0;
        expect(results[0]).toEqual(results[1]);
        await folded.store.close();
        await scanned.store.close();
      },
    ),
    { numRuns: 150 },
  );
  expect(found).toBeGreaterThan(100);
}, 60_000);
