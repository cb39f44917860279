/** What does it cost to keep 20 views current, against asking all of them again, and against other live engines? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  withSystemTables,
} from '@outpost/model';
import { createQueryEngine, foldedSlots, type QueryEngine, type QueryRow } from '@outpost/query';
import { type DeviceStore, openStore } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { loadRows, rowId } from './load-rows.ts';
import { openPeers, type PeerContact } from './peers.ts';
import { medians, type Report } from './report.ts';

const contacts = Number(process.env['BENCH_ROWS'] ?? 100_000);
/** Rows of a second, larger database, compared with the first: 1000000, say. */
const moreContacts = Number(process.env['BENCH_MORE_ROWS'] ?? 0);
const cities = 200;
const viewCount = 20;
const windowRows = 50;
const cases = [
  ['1 change', 1, 200],
  ['100 changes', 100, 40],
  ['5000 changes', 5000, 5],
] as const;
const hotRow = 'one row again and again';
const citiesOf = (view: number): readonly string[] =>
  Array.from({ length: 5 }, (_, i) => `City ${(view * 5 + i) % cities}`);
const fetchOf = (view: number) => {
  const values = citiesOf(view).map((city) => `<value>${city}</value>`);
  return `<fetch><entity name="contact"><attribute name="fullname"/><attribute name="city"/><attribute name="telephone1"/><order attribute="fullname"/><filter><condition attribute="statecode" operator="eq" value="0"/><condition attribute="city" operator="in">${values.join('')}</condition></filter><link-entity name="account" from="accountid" to="accountid" link-type="outer" alias="a"><attribute name="name"/></link-entity></entity></fetch>`;
};
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
        columns: { name: { type: 'string' } },
      }),
      defineTable({
        name: 'contact',
        label: 'Contact',
        primaryName: 'fullname',
        ownership: 'none',
        columns: {
          fullname: { type: 'string' },
          city: { type: 'string' },
          telephone1: { type: 'string' },
          accountid: { type: 'lookup', targets: ['account'] },
        },
      }),
    ],
    savedQueries: Array.from({ length: viewCount }, (_, i) => ({
      id: rowId(9, i),
      name: `View ${i}`,
      table: 'contact',
      queryType: 0,
      isDefault: false,
      fetchXml: fetchOf(i),
      layout: [],
    })),
  }),
);

interface Contact {
  readonly fullname: string;
  readonly city: string;
  readonly telephone1: string;
}
const contactOf = (n: number, turn: number): Contact => ({
  fullname: `Person ${(n * 48_271 + turn * 7919) % 1_000_003}`,
  city: `City ${(n * 31 + turn) % cities}`,
  telephone1: `+43 ${n} ${turn}`,
});

interface World {
  readonly store: DeviceStore;
  readonly engine: QueryEngine;
}

async function open(rows = contacts, storage = memoryStorage()): Promise<World> {
  const accounts = rows / 5;
  const store = await openStore({ storage, foldedSlots, tripwire: 'off' });
  store.applySchema(model, ['account', 'contact']);
  loadRows(store, 'account', accounts, ['accountid', 'name'], (n) => [rowId(1, n), `Account ${n}`]);
  const names = ['contactid', 'fullname', 'city', 'telephone1', 'accountid', 'statecode'];
  loadRows(store, 'contact', rows, names, (n) => {
    const { fullname, city, telephone1 } = contactOf(n, 0);
    return [rowId(2, n), fullname, city, telephone1, rowId(1, n % accounts), n % 10 === 0 ? 1 : 0];
  });
  store.requestIndexes('bench', [
    { table: 'contact', columns: ['statecode', 'city$f', 'fullname$f', 'contactid'] },
  ]);
  const engine = createQueryEngine({
    store,
    model: indexModel(model),
    offlineTables: new Set(['account', 'contact']),
    context: () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null }),
  });
  return { store, engine };
}

/** Changes of one commit: names, cities and telephones of rows all over the table. */
function changes(turn: number, count: number): readonly (readonly [number, Contact])[] {
  return Array.from({ length: count }, (_, i) => {
    const n = (turn * 104_729 + i * 7919) % contacts;
    return [n, contactOf(n, turn + 1)] as const;
  });
}

interface Watched {
  /** Milliseconds from before the views take up the commit just made until all of them have emitted. */
  spent(): number;
  /** What a view shows. */
  shown(view: number): { readonly rows: readonly QueryRow[]; readonly total: number | null };
  stop(): void;
}

function watch({ store, engine }: World, count = viewCount): Watched {
  let started = 0n;
  let spent = 0;
  const unhook = store.maintain({
    name: 'bench',
    apply: () => {
      started = process.hrtime.bigint();
    },
  });
  const shown: { readonly rows: readonly QueryRow[]; readonly total: number | null }[] = [];
  // More views than there are saved ones: the same with other windows.
  const subscriptions = Array.from({ length: count }, (_, i) =>
    engine
      .live({ view: rowId(9, i % viewCount) }, { limit: windowRows + Math.floor(i / viewCount) })
      .snapshot.subscribe(({ rows, total }) => {
        shown[i] = { rows, total };
      }),
  );
  const end = store.commits.subscribe(() => {
    spent = Number(process.hrtime.bigint() - started) / 1e6;
  });
  return {
    spent: () => spent,
    shown: (view) => shown[view] ?? { rows: [], total: null },
    stop: () => {
      for (const one of [...subscriptions, end]) one.unsubscribe();
      unhook();
    },
  };
}

const write = (
  { store }: World,
  list: readonly (readonly [number, Partial<Contact>])[],
  durability: 'full' | 'normal' = 'normal',
) =>
  store.write({ origin: 'sync', durability }, (tx) => {
    for (const [n, values] of list) tx.update('contact', rowId(2, n), { ...values });
  });
const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** What an app does that knows SQL and nothing else: every view again, joined, then sorted, without an index. */
function askNaively({ store }: World): number {
  let rows = 0;
  for (let view = 0; view < viewCount; view++) {
    const wanted = citiesOf(view).map((city) => city.toLowerCase());
    const from = `FROM "contact" t0 NOT INDEXED LEFT JOIN "account" t1 ON t1."accountid" = t0."accountid" WHERE t0."statecode" = 0 AND t0."city$f" IN (${wanted.map(() => '?').join()})`;
    rows += store.all(
      `SELECT t0."contactid", t0."fullname", t0."city", t0."telephone1", t1."name" ${from} ORDER BY t0."fullname$f", t0."contactid" LIMIT ${windowRows}`,
      wanted,
    ).length;
    rows += Number(store.all(`SELECT count(*) ${from}`, wanted)[0]?.[0]);
  }
  return rows;
}

function ask({ engine }: World) {
  return Array.from({ length: viewCount }, (_, i) => {
    const result = engine.run({ view: rowId(9, i) }, { limit: windowRows, offset: 0 });
    if (result.kind === 'invalid') throw result.errors[0];
    return result.value;
  });
}

/** Every view shows what a fresh query gives. */
function verify(world: World, views: Watched): void {
  for (const [i, { rows, total }] of ask(world).entries()) {
    const plain = (list: readonly QueryRow[]) =>
      JSON.stringify(list.map((row) => [row.id, row.values]));
    const shown = views.shown(i);
    if (plain(shown.rows) !== plain(rows) || shown.total !== total)
      throw new Error(`View ${i} differs.`);
  }
}

type Say = (name: string, ours: number, peer: number, peerName: string) => void;

/** Medians of ours by case: the work of the views, the whole commit in memory, and durable on a file. */
type Ours = Map<string, { readonly work: number; readonly whole: number; durable: number }>;

export async function liveViews(report: Report): Promise<void> {
  const say: Say = (name, ours, peer, peerName) =>
    report({ bench: 'live-views', case: name, metric: 'time', unit: 'ms', ours, peer, peerName });
  const world = await open();
  const other = await open();
  const ours = commits(world, other, say);
  manyViews(world, other, say);
  await durableCommits(ours);
  await other.store.close();
  if (moreContacts > 0) await manyRows(world, say);
  await world.store.close();
  await peers(ours, say);
}

/** Commits under 20 views against asking all of them again. */
function commits(world: World, other: World, say: Say): Ours {
  const views = watch(world);
  const ours: Ours = new Map();
  let turn = 0;
  const measure = (
    name: string,
    runs: number,
    changesOf: (run: number) => readonly (readonly [number, Partial<Contact>])[],
  ) => {
    // One commit after the other, as the peers get them: asking in between would leave cold caches behind.
    const work: number[] = [];
    const { whole } = medians(runs, Math.ceil(runs / 4), {
      whole: (run) => {
        write(world, changesOf(run + runs));
        if (run >= 0) work.push(views.spent());
      },
    });
    const { asking } = medians(20, 3, { asking: () => ask(other) });
    const naive = medians(2, 1, { naive: () => askNaively(other) }).naive;
    turn += 2 * runs + 20;
    verify(world, views);
    const spent = median(work);
    ours.set(name, { work: spent, whole, durable: 0 });
    say(`${name}: work of ${viewCount} views`, spent, naive, 'asking again, SQL without index');
    say(`${name}: work of ${viewCount} views`, spent, asking, 'asking again, our queries');
    const asked = whole - spent + asking;
    say(`${name}: whole commit`, whole, asked, 'write and ask again, our queries');
  };
  for (const [name, count, runs] of cases) {
    measure(name, runs, (run) => changes(turn + run + 10, count));
  }
  const hot = Number.parseInt(views.shown(0).rows[0]?.id.slice(-12) ?? '0', 16);
  measure(hotRow, 200, (run) => [[hot, { telephone1: `hot ${run}` }]]);
  views.stop();
  return ours;
}

/** The same commits, synced to a file before they return. */
async function durableCommits(ours: Ours): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outpost-bench-'));
  const world = await open(contacts, fileStorage(folder, 'live'));
  const views = watch(world);
  let turn = 0;
  for (const [name, count, runs] of cases) {
    const { whole } = medians(runs, Math.ceil(runs / 4), {
      whole: (run) => write(world, changes(turn + run + runs, count), 'full'),
    });
    turn += 2 * runs;
    const known = ours.get(name);
    if (known !== undefined) known.durable = whole;
  }
  const hot = Number.parseInt(views.shown(0).rows[0]?.id.slice(-12) ?? '0', 16);
  const { whole } = medians(200, 50, {
    whole: (run) => write(world, [[hot, { telephone1: `hot ${run}` }]], 'full'),
  });
  const known = ours.get(hotRow);
  if (known !== undefined) known.durable = whole;
  verify(world, views);
  views.stop();
  await world.store.close();
  rmSync(folder, { recursive: true });
}

/** A change that no view shows, under 20 and under 1,000 views. */
function manyViews(world: World, other: World, say: Say): void {
  const few = watch(world);
  const many = watch(other, 1000);
  const nobody = Array.from({ length: contacts }, (_, n) => n).filter(
    (n) => (n * 31) % cities >= viewCount * 5,
  );
  const spent = { few: [] as number[], many: [] as number[] };
  const rows = [0, 1].map(() => nobody.splice(0, 400));
  // Earlier commits moved rows: they go where no view looks, first.
  for (const one of [world, other])
    for (const list of rows)
      write(
        one,
        list.map((n) => [n, { city: 'Nowhere' }] as const),
      );
  medians(200, 20, {
    few: (run) => {
      write(world, [[rows[0]?.[run + 20] ?? 0, { telephone1: `x${run}` }]]);
      if (run >= 0) spent.few.push(few.spent());
    },
    many: (run) => {
      write(other, [[rows[0]?.[run + 20] ?? 0, { telephone1: `x${run}` }]]);
      if (run >= 0) spent.many.push(many.spent());
    },
  });
  verify(other, many);
  few.stop();
  many.stop();
  say('a change that 1,000 views do not show', median(spent.many), median(spent.few), '20 views');
}

/** One change in a larger database. */
async function manyRows(world: World, say: Say): Promise<void> {
  const large = await open(moreContacts);
  const [small, big] = [watch(world), watch(large)];
  const spent = { small: [] as number[], big: [] as number[] };
  medians(200, 20, {
    small: (run) => {
      write(world, changes(run + 30, 1));
      if (run >= 0) spent.small.push(small.spent());
    },
    big: (run) => {
      write(large, changes(run + 30, 1));
      if (run >= 0) spent.big.push(big.spent());
    },
  });
  verify(large, big);
  small.stop();
  big.stop();
  say(
    `1 change among ${moreContacts} contacts: work of ${viewCount} views`,
    median(spent.big),
    median(spent.small),
    `${contacts} contacts`,
  );
  await large.store.close();
}

/** The same rows, windows and commits on engines that keep them in memory; without the joined account and the totals. */
async function peers(ours: Ours, say: Say): Promise<void> {
  const views = Array.from({ length: viewCount }, (_, view) => ({
    cities: citiesOf(view),
    limit: windowRows,
  }));
  const rowOf = (n: number, turn: number): PeerContact => ({
    id: rowId(2, n),
    ...contactOf(n, turn),
    statecode: n % 10 === 0 ? 1 : 0,
  });
  const openers = await openPeers();
  for (const [name, open] of Object.entries(openers)) {
    const rows = Array.from({ length: contacts }, (_, n) => rowOf(n, 0));
    const state = new Map(rows.map((row) => [row.id, row]));
    const quiet = silence();
    const peer = await open(rows, views);
    const measure = async (
      about: string,
      runs: number,
      changesOf: (run: number) => readonly PeerContact[],
    ) => {
      const times: number[] = [];
      for (let run = 0; run < runs; run++) {
        const list = [...new Map(changesOf(run).map((row) => [row.id, row])).values()];
        for (const row of list) state.set(row.id, row);
        const start = process.hrtime.bigint();
        await peer.commit(list);
        times.push(Number(process.hrtime.bigint() - start) / 1e6);
      }
      const { work, whole, durable } = ours.get(about) ?? { work: 0, whole: 0, durable: 0 };
      quiet.pause();
      say(`${about}: work of our views against their commit`, work, median(times), name);
      say(`${about}: whole commit`, whole, median(times), name);
      say(`${about}: whole commit, ours durable on a file`, durable, median(times), name);
      quiet.resume();
    };
    let turn = 0;
    for (const [about, count, runs] of cases) {
      await measure(about, Math.min(60, Math.ceil(runs / 3)), () => {
        turn += 1;
        return changes(turn + 20, count).map(([n]) => rowOf(n, turn + 21));
      });
    }
    const hot = state.get(peer.shown(0)[0] ?? '');
    await measure(hotRow, 60, (run) =>
      hot === undefined ? [] : [{ ...hot, telephone1: `hot ${run}` }],
    );
    for (const [i, { cities: wanted, limit }] of views.entries()) {
      const expected = [...state.values()]
        .filter((row) => row.statecode === 0 && wanted.includes(row.city))
        .sort((a, b) => order(a.fullname, b.fullname) || order(a.id, b.id))
        .slice(0, limit)
        .map((row) => row.id);
      if (expected.join() !== peer.shown(i).join()) throw new Error(`${name}: view ${i} differs.`);
    }
    await peer.close();
    quiet.pause();
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Peers log advice for every query; a benchmark prints its measures only. */
function silence(): { pause(): void; resume(): void } {
  const { warn, error, log, info, debug } = console;
  const all = { warn, error, log, info, debug };
  const none = () => undefined;
  const resume = () =>
    void Object.assign(console, { warn: none, error: none, log: none, info: none, debug: none });
  resume();
  return { pause: () => void Object.assign(console, all), resume };
}
