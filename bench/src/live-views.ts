/** What does it cost to keep 20 views current, against asking all of them again, and against other live engines? */
import { type AppModel, defineTable, indexModel, withSystemTables } from '@outpost/model';
import { createQueryEngine, foldedSlots, type QueryEngine, type QueryRow } from '@outpost/query';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { openPeers, type PeerContact } from './peers.ts';
import { medians, type Report } from './report.ts';

const contacts = Number(process.env['BENCH_ROWS'] ?? 100_000);
const accounts = contacts / 5;
const cities = 200;
const viewCount = 20;
const windowRows = 50;
const id = (table: number, n: number): string =>
  `0000000${table}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const fetchOf = (view: number) => {
  const values = Array.from(
    { length: 5 },
    (_, i) => `<value>City ${(view * 5 + i) % cities}</value>`,
  );
  return `<fetch><entity name="contact"><attribute name="fullname"/><attribute name="city"/><attribute name="telephone1"/><order attribute="fullname"/><filter><condition attribute="statecode" operator="eq" value="0"/><condition attribute="city" operator="in">${values.join('')}</condition></filter><link-entity name="account" from="accountid" to="accountid" link-type="outer" alias="a"><attribute name="name"/></link-entity></entity></fetch>`;
};
const model: AppModel = withSystemTables({
  name: 'Bench',
  uniqueName: 'bench',
  version: '1',
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
  relationships: [],
  savedQueries: Array.from({ length: viewCount }, (_, i) => ({
    id: id(9, i),
    name: `View ${i}`,
    table: 'contact',
    queryType: 0,
    isDefault: false,
    fetchXml: fetchOf(i),
    layout: [],
  })),
  forms: [],
  rules: [],
  flows: [],
  roles: [],
  siteMap: { areas: [] },
  profile: { id: '1', name: 'p', items: [] },
});

interface Contact {
  readonly fullname: string;
  readonly city: string;
  readonly telephone1: string;
}
const contactOf = (n: number, turn: number): Contact => ({
  fullname: `Person ${(n * 48_271 + turn * 7919) % contacts}`,
  city: `City ${(n * 31 + turn) % cities}`,
  telephone1: `+43 ${n} ${turn}`,
});

async function open(): Promise<{ readonly store: DeviceStore; readonly engine: QueryEngine }> {
  const store = await openStore({ storage: memoryStorage(), foldedSlots, tripwire: 'off' });
  store.applySchema(model, ['account', 'contact']);
  const load = (
    table: string,
    count: number,
    columns: readonly string[],
    row: (n: number) => (string | number | null)[],
  ) => {
    store.startLoad(table, count);
    store.write({ origin: 'sync', durability: 'normal' }, (tx) =>
      tx.load(
        table,
        columns,
        Array.from({ length: count }, (_, n) => row(n)),
      ),
    );
    store.finishLoad(table);
  };
  load('account', accounts, ['accountid', 'name'], (n) => [id(1, n), `Account ${n}`]);
  const names = ['contactid', 'fullname', 'city', 'telephone1', 'accountid', 'statecode'];
  load('contact', contacts, names, (n) => {
    const { fullname, city, telephone1 } = contactOf(n, 0);
    return [id(2, n), fullname, city, telephone1, id(1, n % accounts), n % 10 === 0 ? 1 : 0];
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

export async function liveViews(report: Report): Promise<void> {
  const { store, engine } = await open();
  const { store: other, engine: asked } = await open();
  // From before the views take up a commit until all of them have emitted.
  let started = 0n;
  let spent: number[] = [];
  store.maintain({
    name: 'bench',
    apply: () => {
      started = process.hrtime.bigint();
    },
  });
  const shown = new Map<number, readonly QueryRow[]>();
  const totals = new Map<number, number | null>();
  const subscriptions = Array.from({ length: viewCount }, (_, i) =>
    engine.live({ view: id(9, i) }, { limit: windowRows }).snapshot.subscribe(({ rows, total }) => {
      shown.set(i, rows);
      totals.set(i, total);
    }),
  );
  store.commits.subscribe(() => spent.push(Number(process.hrtime.bigint() - started) / 1e6));
  const write = (to: DeviceStore, turn: number, count: number) =>
    to.write({ origin: 'sync', durability: 'normal' }, (tx) => {
      for (const [n, values] of changes(turn, count)) tx.update('contact', id(2, n), { ...values });
    });
  const requery = () => {
    const results = Array.from({ length: viewCount }, (_, i) => {
      const result = asked.run({ view: id(9, i) }, { limit: windowRows, offset: 0 });
      if (result.kind === 'invalid') throw result.errors[0];
      return result.value;
    });
    return results;
  };
  const verify = () => {
    for (const [i, { rows, total }] of requery().entries()) {
      const plain = (list: readonly QueryRow[] = []) =>
        JSON.stringify(list.map((row) => [row.id, row.values]));
      if (plain(shown.get(i)) !== plain(rows) || totals.get(i) !== total)
        throw new Error(`View ${i} differs.`);
    }
  };
  const say = (name: string, ours: number, peer: number, peerName: string) =>
    report({ bench: 'live-views', case: name, metric: 'time', unit: 'ms', ours, peer, peerName });
  const wholes = new Map<number, number>();
  let turn = 0;
  for (const [count, runs] of [
    [1, 200],
    [100, 40],
    [5000, 5],
  ] as const) {
    const base = turn;
    const work: number[] = [];
    const times = medians(runs, 3, {
      asking: () => requery(),
      // Asking leaves cold caches behind: the write that counts comes after one that does not.
      rest: (run) => write(store, base + run + 500_000, 1),
      ours: (run) => {
        spent = [];
        write(store, base + run + 10, count);
        if (run >= 0) work.push(...spent);
      },
      same: (run) => {
        write(other, base + run + 500_000, 1);
        write(other, base + run + 10, count);
      },
    });
    turn += runs + 20;
    verify();
    wholes.set(count, times.ours);
    const median = work.sort((a, b) => a - b)[Math.floor(work.length / 2)] ?? 0;
    const about = `${count} changes in a commit`;
    say(`${about}, work of ${viewCount} views`, median, times.asking, 'asking all views again');
    say(
      `${about}, the whole commit`,
      times.ours,
      times.ours - median + times.asking,
      'write and ask again',
    );
  }
  for (const subscription of subscriptions) subscription.unsubscribe();
  await store.close();
  await other.close();
  await peers(wholes, say);
}

/** The same rows, windows and commits on engines that keep them in memory; without the joined account and the totals. */
async function peers(
  ours: ReadonlyMap<number, number>,
  say: (name: string, ours: number, peer: number, peerName: string) => void,
): Promise<void> {
  const views = Array.from({ length: viewCount }, (_, view) => ({
    cities: Array.from({ length: 5 }, (__, i) => `City ${(view * 5 + i) % cities}`),
    limit: windowRows,
  }));
  const rowOf = (n: number, turn: number): PeerContact => ({
    id: id(2, n),
    ...contactOf(n, turn),
    statecode: n % 10 === 0 ? 1 : 0,
  });
  const openers = await openPeers();
  for (const [name, open] of Object.entries(openers)) {
    const rows = Array.from({ length: contacts }, (_, n) => rowOf(n, 0));
    const state = new Map(rows.map((row) => [row.id, row]));
    const quiet = silence();
    const peer = await open(rows, views);
    let turn = 0;
    for (const [count, runs] of [
      [1, 60],
      [100, 12],
      [5000, 3],
    ] as const) {
      const times: number[] = [];
      for (let run = 0; run < runs; run++) {
        turn += 1;
        const list = changes(turn + 20, count).map(([n]) => rowOf(n, turn + 21));
        for (const row of list) state.set(row.id, row);
        const start = process.hrtime.bigint();
        await peer.commit([...new Map(list.map((row) => [row.id, row])).values()]);
        times.push(Number(process.hrtime.bigint() - start) / 1e6);
      }
      const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
      quiet.pause();
      say(`${count} changes in a commit, the whole commit`, ours.get(count) ?? 0, median, name);
      quiet.resume();
    }
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
