import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type RowValues,
  valuesToCells,
} from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { VirtualClock } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  applyPatch,
  createQueryEngine,
  foldedSlots,
  type LiveView,
  type QueryEngine,
  type QueryRow,
  snapshotOf,
  type ViewSnapshot,
} from '../src/index.ts';

const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const model: AppModel = defineApp({
  name: 'Live',
  uniqueName: 'live',
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
        city: { type: 'string' },
        phone: { type: 'string' },
        rank: { type: 'integer' },
        seen: { type: 'dateTime' },
        accountid: { type: 'lookup', targets: ['account'] },
      },
    }),
  ],
});
const index = indexModel(model);
const inCity = (rank: number) =>
  `<fetch><entity name="contact"><attribute name="fullname"/><attribute name="accountid"/><order attribute="fullname"/><filter><condition attribute="rank" operator="eq" value="${rank}"/></filter><link-entity name="account" from="accountid" to="accountid" link-type="outer" alias="a"><attribute name="city"/></link-entity></entity></fetch>`;

let store: DeviceStore;
let engine: QueryEngine;
let clock: VirtualClock;
let faults: unknown[];
beforeEach(async () => {
  faults = [];
  clock = new VirtualClock(Date.parse('2026-03-08T22:30:00Z'));
  store = await openStore({
    storage: memoryStorage(),
    foldedSlots,
    tripwire: 'assert',
    freeze: true,
    onFault: (error) => faults.push(error),
  });
  store.applySchema(model, ['account', 'contact']);
  engine = createQueryEngine({
    store,
    model: index,
    offlineTables: new Set(['account', 'contact']),
    context: () => ({
      now: clock.now(),
      timeZone: 'Europe/Berlin',
      userId: null,
      businessUnitId: null,
    }),
    clock,
  });
  store.write({ origin: 'sync' }, (tx) => {
    for (let n = 1; n <= 5; n++)
      tx.insert('account', id(n), cells('account', { name: `Account ${n}`, city: `City ${n}` }));
    for (let n = 1; n <= 200; n++) {
      tx.insert(
        'contact',
        id(1000 + n),
        cells('contact', {
          fullname: `Person ${String(n).padStart(3, '0')}`,
          rank: n % 2,
          accountid: { table: 'account', id: id((n % 5) + 1), name: 'stale' },
        }),
      );
    }
  });
});
afterEach(async () => {
  await store.close();
  expect(faults).toEqual([]);
});

function cells(table: string, values: RowValues) {
  const definition = index.table(table);
  if (definition === undefined) throw new Error(table);
  return valuesToCells(definition, values);
}
const update = (n: number, values: RowValues, table = 'contact') =>
  store.write({ origin: 'local' }, (tx) => void tx.update(table, id(n), cells(table, values)));
const follow = (view: LiveView) => {
  const seen: ViewSnapshot[] = [];
  const subscription = view.snapshot.subscribe((snapshot) => seen.push(snapshot));
  return { seen, stop: () => subscription.unsubscribe() };
};
const names = (snapshot: ViewSnapshot | undefined) =>
  snapshot?.rows.map((row) => row.values['fullname']);

describe('class A', () => {
  test('follows commits without SQL: only rows that are shown anew read the parents they show', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 10 });
    const { seen, stop } = follow(view);
    expect(view.explain()).toMatchObject({ class: 'A', why: [] });
    expect(seen[0]).toMatchObject({
      total: 100,
      offset: 0,
      status: 'live',
      patch: [{ op: 'reset' }],
    });
    const all = vi.spyOn(store, 'all');
    update(1001, { fullname: 'Person 004b' });
    update(1003, { phone: '123' });
    update(1199, { rank: 0 });
    update(1002, { fullname: 'Zoe' });
    update(1003, { rank: 0 });
    expect(all).not.toHaveBeenCalled();
    all.mockRestore();
    // A phone nobody shows and a row of another view emit nothing; a row behind the window changes the total alone.
    expect(seen).toHaveLength(4);
    expect(names(seen[1])?.slice(0, 3)).toEqual(['Person 003', 'Person 004b', 'Person 005']);
    expect(seen[1]?.patch.map((step) => step.op)).toEqual(['remove', 'insert', 'update']);
    expect(seen[2]).toMatchObject({ total: 99, patch: [] });
    expect(seen[3]?.total).toBe(98);
    expect(view.explain()?.counters).toMatchObject({ requeries: 1, refills: 0, emissions: 3 });
    stop();
  });

  test('tells nothing when a row moves by a value that is not shown, and lands where it was', () => {
    const byRank =
      '<fetch><entity name="contact"><attribute name="fullname"/><order attribute="rank" descending="true"/><filter><condition attribute="rank" operator="ge" value="1"/></filter></entity></fetch>';
    update(1001, { rank: 9 });
    update(1003, { rank: 7 });
    const view = engine.live({ fetchXml: byRank }, { limit: 3 });
    const { seen, stop } = follow(view);
    expect(names(seen[0])).toEqual(['Person 001', 'Person 003', 'Person 005']);
    update(1003, { rank: 8 });
    expect(view.explain()?.counters).toMatchObject({ patched: 1, emissions: 0 });
    expect(seen).toHaveLength(1);
    // A row that was read anew, and is the same, is not news either.
    store.write({ origin: 'sync' }, (tx) => {
      tx.update('contact', id(1005), { rank: 0 });
      tx.update('contact', id(1005), { rank: 1 });
    });
    update(1001, { rank: 10 });
    expect(seen).toHaveLength(1);
    stop();
  });

  test('reads on when too many rows have left, once', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 5 });
    const { seen, stop } = follow(view);
    store.write({ origin: 'sync' }, (tx) => {
      for (let n = 1; n <= 15; n += 2) tx.delete('contact', id(1000 + n));
    });
    expect(names(seen.at(-1))).toEqual([
      'Person 017',
      'Person 019',
      'Person 021',
      'Person 023',
      'Person 025',
    ]);
    expect(view.explain()?.counters).toMatchObject({ refills: 1, requeries: 1 });
    expect(seen).toHaveLength(2);
    stop();
  });

  test('patches the names and columns of parents, and only rows that show them', () => {
    const { seen, stop } = follow(engine.live({ fetchXml: inCity(1) }, { limit: 5 }));
    const before = seen[0]?.rows ?? [];
    update(2, { name: 'Renamed', city: 'Moved' }, 'account');
    const after = seen[1]?.rows ?? [];
    expect(after.map((row, i) => row === before[i])).toEqual([false, true, true, true, true]);
    expect(after[0]?.values).toMatchObject({
      'a.city': 'Moved',
      accountid: { id: id(2), name: 'Renamed' },
    });
    expect(seen).toHaveLength(2);
    stop();
  });

  test('a view that must be asked again is, only for rows that pass what it asks of their table', () => {
    const counted = engine.live({
      fetchXml:
        '<fetch aggregate="true"><entity name="contact"><attribute name="contactid" aggregate="count" alias="n"/><filter><condition attribute="rank" operator="eq" value="1"/></filter></entity></fetch>',
    });
    const customers = engine.live({
      fetchXml:
        '<fetch><entity name="account"><attribute name="name"/><filter><link-entity name="contact" from="accountid" to="accountid" link-type="any"><filter><condition attribute="city" operator="eq" value="Graz"/></filter></link-entity></filter></entity></fetch>',
    });
    const [first, second] = [follow(counted), follow(customers)];
    const requeries = () =>
      [counted, customers].map((view) => view.explain()?.counters.requeries ?? 0);
    expect([counted.explain()?.class, customers.explain()?.class]).toEqual(['C', 'C']);
    update(1002, { city: 'Wien', rank: 0 });
    expect(requeries()).toEqual([1, 1]);
    update(1002, { city: 'GRAZ' });
    expect(requeries()).toEqual([1, 2]);
    expect(second.seen.at(-1)?.rows).toHaveLength(1);
    update(1002, { rank: 1 });
    expect(requeries()).toEqual([2, 2]);
    expect(first.seen.at(-1)?.rows[0]?.values).toEqual({ n: 101 });
    update(1002, { city: 'Wien' });
    expect(requeries()).toEqual([2, 3]);
    expect(second.seen.at(-1)?.rows).toEqual([]);
    for (const one of [first, second]) one.stop();
  });

  test('patches give the rows, and a big commit is one new query', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 20 });
    const patched: (readonly QueryRow[])[] = [];
    const { seen, stop } = follow(view);
    const subscription = view.snapshot.subscribe(({ patch, rows }) =>
      patched.push(applyPatch(patched.at(-1) ?? [], patch, rows)),
    );
    update(1003, { fullname: 'Person 008' });
    store.write({ origin: 'sync' }, (tx) => {
      for (let n = 2000; n < 2600; n++)
        tx.insert('contact', id(n), cells('contact', { fullname: `A${n}`, rank: 1 }));
    });
    expect(view.explain()?.counters).toMatchObject({
      requeries: 2,
      lastReason: '600 rows changed',
    });
    expect(view.current?.total).toBe(700);
    expect(patched).toHaveLength(3);
    expect(patched).toEqual(seen.map(({ rows }) => rows));
    subscription.unsubscribe();
    stop();
  });
});

describe('consistency', () => {
  test('all views are at a commit before any of them emits it; a write of a subscriber is the next commit', () => {
    const odd = engine.live({ fetchXml: inCity(1) }, { limit: 5 });
    const even = engine.live({ fetchXml: inCity(0) }, { limit: 5 });
    const log: string[] = [];
    let wrote = false;
    const a = odd.snapshot.subscribe(({ commit, total }) => {
      const [one, two] = snapshotOf([odd, even]);
      log.push(`odd ${commit} ${total} | ${one?.total} + ${two?.total}`);
      if (log.length === 3 && !wrote) {
        wrote = true;
        update(1005, { rank: 0 });
      }
    });
    const b = even.snapshot.subscribe(({ commit, total }) => log.push(`even ${commit} ${total}`));
    const start = store.commit;
    update(1001, { rank: 0 });
    expect(log.slice(2)).toEqual([
      `odd ${start + 1} 99 | 99 + 101`,
      `even ${start + 1} 101`,
      `odd ${start + 2} 98 | 98 + 102`,
      `even ${start + 2} 102`,
    ]);
    a.unsubscribe();
    b.unsubscribe();
  });

  test('a rollback emits nothing', () => {
    const { seen, stop } = follow(engine.live({ fetchXml: inCity(1) }));
    expect(() =>
      store.write({ origin: 'local' }, (tx) => {
        tx.update('contact', id(1001), cells('contact', { fullname: 'x' }));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(seen).toHaveLength(1);
    stop();
  });

  test('equal views share one node, and the last subscriber takes everything away', () => {
    const first = follow(engine.live({ fetchXml: inCity(1) }));
    const second = follow(engine.live({ fetchXml: inCity(1) }));
    const third = follow(engine.live({ fetchXml: inCity(1) }, { limit: 7 }));
    expect(engine.liveStats.nodes).toBe(2);
    update(1001, { fullname: 'Shared' });
    expect([first.seen.length, second.seen.length]).toEqual([2, 2]);
    for (const one of [first, second, third]) one.stop();
    expect(engine.liveStats).toMatchObject({ nodes: 0, timer: false });
    const { visited } = engine.liveStats;
    update(1001, { fullname: 'Nobody looks' });
    expect(engine.liveStats.visited).toBe(visited);
  });

  test('a change is offered only to views whose equality it passes', () => {
    const stops = Array.from(
      { length: 1000 },
      (_, n) => follow(engine.live({ fetchXml: inCity(n) }, { limit: 5 })).stop,
    );
    const { visited } = engine.liveStats;
    update(1001, { fullname: 'One' });
    update(1001, { rank: 7 });
    expect(engine.liveStats.visited - visited).toBe(3);
    for (const stop of stops) stop();
  });
});

describe('windows', () => {
  test('move by index; rows above count, the rows shown stay', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 5, offset: 20 });
    const { seen, stop } = follow(view);
    const shown = names(seen[0]);
    expect(shown?.[0]).toBe('Person 041');
    update(1001, { rank: 0 });
    update(1002, { rank: 1 });
    update(1004, { rank: 1 });
    expect(seen.slice(1).map(({ offset, total }) => [offset, total])).toEqual([
      [19, 99],
      [20, 100],
      [21, 101],
    ]);
    expect(names(seen.at(-1))).toEqual(shown);
    view.window({ offset: 0 });
    expect(names(seen.at(-1))?.[0]).toBe('Person 002');
    view.window({ offset: 99 });
    expect(seen.at(-1)).toMatchObject({ offset: 99, total: 101 });
    expect(engine.liveStats.nodes).toBe(1);
    stop();
  });

  test('a window whose rows have all gone shows the end of the view', () => {
    const { seen, stop } = follow(engine.live({ fetchXml: inCity(1) }, { limit: 5, offset: 98 }));
    store.write({ origin: 'sync' }, (tx) => {
      for (const n of [197, 199]) tx.delete('contact', id(1000 + n));
    });
    expect(seen.at(-1)).toMatchObject({ offset: 97, total: 98 });
    expect(names(seen.at(-1))).toEqual(['Person 195']);
    stop();
  });
});

describe('time', () => {
  const today =
    '<fetch><entity name="contact"><attribute name="fullname"/><filter><condition attribute="seen" operator="today"/></filter></entity></fetch>';
  test('a relative date is taken anew at its next boundary, by one timer', () => {
    update(1001, { seen: '2026-03-08T22:00:00Z' });
    update(1002, { seen: '2026-03-08T23:10:00Z' });
    const one = follow(engine.live({ fetchXml: today }));
    const two = follow(engine.live({ fetchXml: today }, { limit: 3 }));
    expect(names(one.seen[0])).toEqual(['Person 001']);
    expect(engine.liveStats.timer).toBe(true);
    // Midnight in Berlin.
    clock.advance({ ms: 30 * 60_000 - 1000 });
    expect(one.seen).toHaveLength(1);
    clock.advance({ ms: 1000 });
    expect(names(one.seen.at(-1))).toEqual(['Person 002']);
    expect(one.seen.at(-1)?.asOf).toBe(Date.parse('2026-03-08T23:00:00Z'));
    expect(names(two.seen.at(-1))).toEqual(['Person 002']);
    one.stop();
    two.stop();
    expect(engine.liveStats.timer).toBe(false);
  });
});

describe('what is more than rows', () => {
  test('a table that is being loaded pauses its views; they follow when the load rests', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 5 });
    const { seen, stop } = follow(view);
    store.startLoad('contact', 1000);
    const load = (from: number) =>
      store.write({ origin: 'sync', durability: 'normal' }, (tx) =>
        tx.load(
          'contact',
          ['contactid', 'fullname', 'rank'],
          Array.from({ length: 50 }, (_, i) => [id(from + i), `Load ${from + i}`, 1]),
        ),
      );
    load(5000);
    load(5050);
    store.finishLoad('contact');
    expect(seen.map((one) => one.status)).toEqual(['live', 'paused']);
    clock.advance({ ms: 250 });
    expect(seen.map((one) => [one.status, one.total])).toEqual([
      ['live', 100],
      ['paused', 100],
      ['live', 200],
    ]);
    expect(view.explain()?.counters.requeries).toBe(2);
    stop();
  });

  test('new definitions: a view that is watched is bound anew', () => {
    const view = engine.live({ fetchXml: inCity(1) }, { limit: 5 });
    const { seen, stop } = follow(view);
    const wider = {
      ...model,
      tables: model.tables.map((table) =>
        table.name === 'contact'
          ? {
              ...table,
              columns: [
                { name: 'extra', label: 'Extra', type: 'string', required: 'none' } as const,
                ...table.columns,
              ],
            }
          : table,
      ),
    };
    store.applySchema(wider, ['account', 'contact']);
    store.write(
      { origin: 'local' },
      (tx) => void tx.update('contact', id(1001), { fullname: 'After' }),
    );
    expect(names(seen.at(-1))).toContain('After');
    stop();
  });

  test('a query that cannot run is a snapshot with its errors', () => {
    const { seen } = follow(engine.live({ fetchXml: '<fetch><entity name="nope"/></fetch>' }));
    expect(seen).toMatchObject([{ status: 'error', errors: [{ code: 'metadata' }] }]);
    const text = follow(engine.live({ fetchXml: 'nonsense' }));
    expect(text.seen).toMatchObject([{ status: 'error', errors: [{ code: 'xml' }] }]);
    expect(engine.live({ view: 'nope' }).explain()).toBe(null);
  });
});
