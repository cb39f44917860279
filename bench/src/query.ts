/** What do the shape of the SQL and the advised index bring to the first page of a view, against the plain form? */
import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  withSystemTables,
} from '@outpost/model';
import { createQueryEngine, foldedSlots, parseFetch } from '@outpost/query';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { loadRows, rowId } from './load-rows.ts';
import { medians, type Report } from './report.ts';

const contacts = 100_000;
const accounts = 20_000;
const viewId = rowId(9, 1);
const fetchXml = `<fetch><entity name="contact"><attribute name="fullname"/><attribute name="telephone1"/><attribute name="accountid"/><order attribute="fullname"/><filter><condition attribute="statecode" operator="eq" value="0"/></filter><link-entity name="account" from="accountid" to="accountid" link-type="outer" alias="a"><attribute name="name"/><attribute name="city"/></link-entity></entity></fetch>`;
const model: AppModel = withSystemTables(
  defineApp({
    name: 'Bench',
    uniqueName: 'bench',
    tables: [
      defineTable({
        name: 'account',
        label: 'Account',
        primaryName: 'name',
        ownership: 'none',
        columns: { name: { type: 'string' }, city: { type: 'string' } },
      }),
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'none',
        columns: {
          fullname: { type: 'string' },
          telephone1: { type: 'string' },
          accountid: { type: 'lookup', targets: ['account'] },
        },
      }),
    ],
    savedQueries: [
      {
        id: viewId,
        name: 'Active Contacts',
        table: 'contact',
        queryType: 0,
        isDefault: true,
        fetchXml,
        layout: [],
      },
    ],
  }),
);

/** Join, then sort, then cut: what a translation of the query word by word gives. */
const plain = `SELECT t0."contactid", t0."fullname", t0."telephone1", t0."accountid", t0."accountid$n", t1."name", t1."city"
  FROM "contact" t0 LEFT JOIN "account" t1 ON t1."accountid" = t0."accountid"
  WHERE t0."statecode" = 0 ORDER BY t0."fullname$f", t0."contactid" LIMIT 50`;
const plainCount = `SELECT count(*) FROM "contact" t0 LEFT JOIN "account" t1 ON t1."accountid" = t0."accountid" WHERE t0."statecode" = 0`;

async function open(): Promise<DeviceStore> {
  const store = await openStore({ storage: memoryStorage(), foldedSlots, tripwire: 'off' });
  store.applySchema(model, ['account', 'contact']);
  loadRows(store, 'account', accounts, ['accountid', 'name', 'city'], (n) => [
    rowId(1, n),
    `Account ${n}`,
    `City ${n % 300}`,
  ]);
  loadRows(
    store,
    'contact',
    contacts,
    ['contactid', 'fullname', 'telephone1', 'accountid', 'accountid$n', 'statecode'],
    (n) => {
      const account = (n * 7919) % accounts;
      return [
        rowId(2, n),
        `Person ${(n * 48_271) % contacts}`,
        `+43 ${n}`,
        rowId(1, account),
        `Account ${account}`,
        n % 4 === 0 ? 1 : 0,
      ];
    },
  );
  return store;
}

export async function query(report: Report): Promise<void> {
  const [store, bare] = [await open(), await open()];
  const engineOf = (of: DeviceStore) =>
    createQueryEngine({
      store: of,
      model: indexModel(model),
      offlineTables: new Set(['account', 'contact']),
      context: () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null }),
    });
  const engine = engineOf(store);
  for (let i = 0; i < 3; i++) engine.run({ view: viewId }, { limit: 50, offset: 0 });
  const say = (name: string, ours: number, peer: number, peerName: string) =>
    report({ bench: 'query', case: name, metric: 'time', unit: 'ms', ours, peer, peerName });
  const page = () => {
    const result = engine.run({ view: viewId });
    if (result.kind === 'invalid') throw result.errors[0];
    return result.value;
  };
  const { plan } = page();
  const first = plan.rows(50, 0);
  const ids = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row[0]).join();
  if (ids(store.all(first.text, first.params)) !== ids(bare.all(plain)))
    throw new Error('The rows differ.');

  const pages = medians(20, 5, {
    ours: () => store.all(first.text, first.params),
    peer: () => bare.all(plain),
  });
  const about = `first 50 of ${contacts} contacts, filtered, sorted, joined`;
  say(about, pages.ours, pages.peer, 'join then sort, no index');
  const counts = medians(20, 5, {
    ours: () => store.all(plan.count.text, plan.count.params),
    peer: () => bare.all(plainCount),
  });
  say('exact count of the same', counts.ours, counts.peer, 'counting the join, no index');

  const source = (number: number, cookie: string) =>
    `<fetch count="50" page="${number}"${cookie === '' ? '' : ` paging-cookie="${cookie.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')}"`}>${fetchXml.slice(7)}`;
  let cookie = '';
  for (let number = 1; number < 100; number++) {
    const result = engine.run({ fetchXml: source(number, cookie) });
    if (result.kind === 'invalid') throw result.errors[0];
    cookie = result.value.pagingCookie ?? '';
  }
  const [next, skipped] = [source(100, cookie), source(100, '')].map((text) => {
    const explained = engine.explain({ fetchXml: text });
    if (explained.kind === 'invalid') throw explained.errors[0];
    const statement = explained.value.statements.find((one) => one.name === 'rows');
    if (statement === undefined) throw new Error('no statement');
    return statement;
  });
  if (next === undefined || skipped === undefined) throw new Error('no statement');
  const later = medians(20, 5, {
    ours: () => store.all(next.text, next.params),
    peer: () => store.all(skipped.text, skipped.params),
  });
  say('page 100 by its cookie', later.ours, later.peer, 'page 100 by OFFSET');

  const compile = medians(200, 50, {
    ours: () => parseFetch(fetchXml),
    peer: () => engine.run({ fetchXml: source(1, '') }),
  });
  say('parsing the query', compile.ours, compile.peer, 'running it once');
  for (const one of [store, bare]) await one.close();
}
