import type { Cell } from '@outpost/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  applyCheckPage,
  applyIds,
  applyPage,
  applyPlan,
  applyPull,
  finishCheck,
  forgetUnplanned,
  setRanges,
} from '../src/apply/apply-rows.ts';
import { applyBase, readBase } from '../src/apply/overlay.ts';
import { readFact, readSyncTables, type SyncTable, writeFact } from '../src/engine/sync-state.ts';
import { markSent, setEntryState } from '../src/outbox/entry.ts';
import type {
  CheckReason,
  EntryKey,
  HelloResponse,
  PageResponse,
  PullResponse,
} from '../src/protocol/index.ts';
import { readNotices } from '../src/repair/notices.ts';
import { id, type LocalDevice, now, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
});
afterEach(() => device.store.close());

const later = '2026-03-02T09:00:00Z';
const current = { app: 'a', access: 'b' };
const key = (seq: number): EntryKey => ['e1', seq];

const hello = (...plan: readonly (readonly [string, number | null, number?])[]): HelloResponse => ({
  now,
  feed: 'f',
  current,
  organization: null,
  user: { id: id(500), name: 'Ana', businessUnitId: id(501), teamIds: [] },
  conflictPolicy: 'off',
  privileges: {},
  beyondRoles: false,
  securedColumns: {},
  plan: plan.map(([table, rows, intervalMinutes = 10]) => ({
    table,
    rows,
    view: 'v',
    intervalMinutes,
  })),
});
const page = (more: Partial<PageResponse> = {}): PageResponse => ({
  now: later,
  current,
  table: 'account',
  view: 'v1',
  columns: ['accountid', 'name', 'versionnumber'],
  empty: ['city'],
  rows: [],
  covered: null,
  ...more,
});
const pull = (more: Partial<PullResponse> = {}): PullResponse => ({
  now: later,
  current,
  changes: [],
  removes: [],
  tokens: [],
  check: [],
  acked: [],
  more: false,
  ...more,
});
const account = (n: number, name = `Account ${n}`): readonly Cell[] => [id(n), name, n];
const here = (table = 'account') =>
  device
    .own(`SELECT ${table}id FROM "${table}" ORDER BY 1`)
    .map(([one]) => Number.parseInt(String(one).slice(-12), 16));
const state = (table: string): SyncTable => {
  const found = readSyncTables(device.store).find((one) => one.table === table);
  if (found === undefined) throw new Error(`${table} is not synchronized`);
  return found;
};
const set = (table: string, columns: string) =>
  device.take((tx) => {
    tx.sql.prepare(`UPDATE "$sync_table" SET ${columns} WHERE table_name = ?`).run([table]);
  });
const fromServer = (n: number, cells: Readonly<Record<string, string | number>>) =>
  device.take((tx) => applyBase(tx, 'account', id(n), cells));
const move = (n: number, city: string) =>
  device.edit((tx) => tx.update('account', id(n), { city }));
const base = (n: number) => device.take((tx) => readBase(tx, 'account', id(n)));
const notices = () =>
  readNotices(device.store).map(({ kind, id: row, reason, at }) => [kind, row, reason, at]);

describe('a plan', () => {
  test('gives every table its place, to be loaded, with what is known of it', () => {
    applyPlan(device.store, hello(['contact', 40, 15], ['account', null]));
    expect(readSyncTables(device.store)).toMatchObject([
      { table: 'contact', state: 'load', rowsExpected: 40, intervalMinutes: 15, cursor: null },
      { table: 'account', state: 'load', rowsExpected: 0, intervalMinutes: 10, token: null },
    ]);
    expect(JSON.parse(readFact(device.store, 'hello') ?? '')).toEqual(
      hello(['contact', 40, 15], ['account', null]),
    );
  });

  test('that changes leaves what is known of a table, but for its place, number of rows and interval', () => {
    applyPlan(device.store, hello(['account', 7], ['contact', 8]));
    set('account', `state = 'ready', cursor = 'c', token = 't'`);
    applyPlan(device.store, hello(['contact', 9, 20], ['account', null, 30]));
    expect(readSyncTables(device.store)).toMatchObject([
      { table: 'contact', state: 'load', rowsExpected: 9, intervalMinutes: 20 },
      { table: 'account', state: 'ready', rowsExpected: 7, intervalMinutes: 30, token: 't' },
    ]);
  });

  test('confirms this opening of the database: earlier ones need not be told again', () => {
    device.take((tx) => writeFact(tx.sql, 'previousEpochs', '["e0"]'));
    applyPlan(device.store, hello());
    expect(readFact(device.store, 'previousEpochs')).toBe('[]');
  });

  test('without a table takes its rows and how far it was read, but no edit', () => {
    applyPlan(device.store, hello(['account', 3], ['contact', 1]));
    fromServer(1, { name: 'A', city: 'Bern' });
    fromServer(2, { name: 'B', city: 'Bern' });
    device.take((tx) => applyBase(tx, 'contact', id(4), { fullname: 'Ana' }));
    move(2, 'Chur');
    device.edit((tx) => tx.insert('account', id(3), { name: 'Mine' }));
    applyPlan(device.store, hello(['contact', 1]));
    expect(readSyncTables(device.store).map((one) => one.table)).toEqual(['contact']);
    expect(here()).toEqual([3]);
    expect(here('contact')).toEqual([4]);
    expect(device.entries().map((one) => one.set['city'])).toEqual(['Chur', undefined]);
    expect(base(2)).toBeNull();
  });

  test('can be forgotten of alone, before tables are dropped', () => {
    applyPlan(device.store, hello(['account', 3], ['contact', 1]));
    device.take((tx) => forgetUnplanned(tx, hello(['contact', 1])));
    expect(readSyncTables(device.store).map((one) => one.table)).toEqual(['contact']);
    applyPlan(device.store, hello(['account', 5], ['contact', 1]));
    expect(state('account')).toMatchObject({ state: 'load', rowsExpected: 5 });
  });
});

describe('a page', () => {
  beforeEach(() => applyPlan(device.store, hello(['account', 3], ['contact', 1])));

  test('brings its rows, and how far the table is read', () => {
    applyPage(device.store, page({ rows: [account(1), account(2)], covered: id(2) }), null, 70);
    expect(here()).toEqual([1, 2]);
    expect(device.row('account', id(1))).toMatchObject({
      name: 'Account 1',
      versionnumber: 1,
      city: null,
    });
    expect(state('account')).toMatchObject({
      state: 'load',
      cursor: id(2),
      view: 'v1',
      again: false,
      columns: ['accountid', 'name', 'versionnumber', 'city'],
      rowsDone: 2,
      bytesDone: 70,
      lastSyncAt: later,
    });
    expect(state('contact')).toMatchObject({
      state: 'load',
      cursor: null,
      rowsDone: 0,
      view: null,
    });
    applyPage(device.store, page({ rows: [account(3)] }), id(2), 30);
    expect(here()).toEqual([1, 2, 3]);
    expect(state('account')).toMatchObject({ state: 'ready', cursor: null, view: 'v1' });
    expect(state('account')).toMatchObject({ rowsDone: 3, bytesDone: 100 });
  });

  test('in a walk of which the view changed is compared with what it is at the end', () => {
    applyPage(device.store, page({ rows: [account(1)], covered: id(1) }), null, 1);
    const next = page({ rows: [account(2)], covered: id(2), view: 'v2' });
    applyPage(device.store, next, id(1), 1);
    expect(state('account')).toMatchObject({ state: 'load', again: true, view: 'v1' });
    // Back at the view that it began with, and yet not what it was.
    applyPage(device.store, page({ rows: [account(3)], covered: id(3) }), id(2), 1);
    expect(state('account')).toMatchObject({ state: 'load', again: true });
    applyPage(device.store, page({ rows: [account(4)] }), id(3), 1);
    expect(state('account')).toMatchObject({ state: 'check', again: false, view: 'v1' });
  });

  test('that is the last one and the first of another view is compared at once, under that view', () => {
    applyPage(device.store, page({ rows: [account(1)], covered: id(1) }), null, 1);
    applyPage(device.store, page({ rows: [account(2)], view: 'v2' }), id(1), 1);
    expect(state('account')).toMatchObject({ state: 'check', again: false, view: 'v2' });
  });

  test('that is the first begins anew, whatever was before, and rows already counted stay counted', () => {
    set('account', `again = 1, view = 'v0', walk_rows = 50, rows_done = 9, ranges = '[]'`);
    applyPage(device.store, page({ rows: [account(1)], covered: id(1) }), null, 1);
    expect(state('account')).toMatchObject({ again: false, view: 'v1', rowsDone: 9, ranges: null });
    const eleven = Array.from({ length: 11 }, (_, i) => account(i + 2));
    applyPage(device.store, page({ rows: eleven }), id(1), 1);
    expect(state('account')).toMatchObject({ state: 'ready', rowsDone: 12 });
  });

  test('takes away the rows of its range that it lacks, says so, and leaves all others', () => {
    for (const n of [1, 2, 3, 4, 5]) fromServer(n, { name: 'Old' });
    applyPage(device.store, page({ rows: [account(3)], covered: id(4) }), id(1), 1);
    expect(here()).toEqual([1, 3, 5]);
    expect(notices()).toEqual([
      ['rowLeft', id(4), 'filter', later],
      ['rowLeft', id(2), 'filter', later],
    ]);
    applyPage(device.store, page({ rows: [account(3)] }), null, 1);
    expect(here()).toEqual([3]);
  });

  test('leaves edited rows outside of its range too', () => {
    for (const n of [1, 2, 3]) fromServer(n, { name: 'Old', city: 'Bern' });
    for (const n of [1, 3]) move(n, 'Chur');
    applyPage(device.store, page({ covered: id(2) }), id(1), 1);
    expect(here()).toEqual([1, 3]);
    expect([base(1), base(3)]).toMatchObject([{ city: 'Bern' }, { city: 'Bern' }]);
  });

  test('goes by how far its own table is read, not another', () => {
    set('account', `again = 1, view = 'other', walk_rows = 50`);
    const contacts = { table: 'contact', columns: ['contactid', 'fullname'], empty: [] };
    const first = page({ ...contacts, rows: [[id(1), 'Ana']], covered: id(1) });
    applyPage(device.store, first, null, 1);
    applyPage(device.store, page({ ...contacts, rows: [[id(2), 'Ben']] }), id(1), 1);
    expect(state('contact')).toMatchObject({ state: 'ready', view: 'v1', rowsDone: 2 });
  });

  test('takes no row that exists here only, and no edit of one that it takes', () => {
    fromServer(1, { name: 'A', city: 'Bern' });
    fromServer(2, { name: 'B', city: 'Bern' });
    fromServer(3, { name: 'C', city: 'Bern' });
    move(1, 'Chur');
    device.edit((tx) => tx.delete('account', id(2)));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Mine' }));
    applyPage(device.store, page(), null, 1);
    expect(here()).toEqual([4]);
    expect([base(1), base(2)]).toEqual([null, null]);
    expect(device.entries()).toHaveLength(3);
    expect(notices().map(([kind, row]) => [kind, row])).toEqual([
      ['rowLeft', id(3)],
      ['editedRowLeft', id(1)],
    ]);
  });

  test('looks at the rows of its own table only, where another has rows of the same ids', () => {
    device.take((tx) => applyBase(tx, 'contact', id(1), { fullname: 'Ana' }));
    device.edit((tx) => tx.update('contact', id(1), { fullname: 'Ana B' }));
    device.edit((tx) => tx.insert('contact', id(2), { fullname: 'Mine' }));
    fromServer(2, { name: 'B' });
    applyPage(device.store, page(), null, 1);
    expect(here()).toEqual([]);
    expect(here('contact')).toEqual([1, 2]);
    expect(notices().map(([, row]) => row)).toEqual([id(2)]);
  });

  test('brings rows under the edits that are made of them, with the columns that this device knows', () => {
    fromServer(1, { name: 'A', city: 'Bern' });
    move(1, 'Chur');
    const columns = ['versionnumber', 'unknown', 'accountid', 'name'];
    applyPage(device.store, page({ columns, rows: [[8, 'x', id(1), 'Alpine']] }), null, 1);
    expect(device.row('account', id(1))).toMatchObject({
      name: 'Alpine',
      city: 'Chur',
      versionnumber: 8,
    });
    expect(base(1)).toEqual({ accountid: id(1), name: 'Alpine', versionnumber: 8 });
  });

  test('into a table that is being filled does the same', () => {
    fromServer(1, { name: 'A', city: 'Bern', employees: 3 });
    fromServer(2, { name: 'B', city: 'Bern', employees: 3 });
    move(1, 'Chur');
    device.edit((tx) => tx.insert('account', id(9), { name: 'Mine' }));
    device.store.startLoad('account', 10);
    const columns = ['versionnumber', 'unknown', 'accountid', 'name'];
    const rows = [1, 2, 3].map((n) => [n, 'x', id(n), `Account ${n}`]);
    applyPage(device.store, page({ columns, rows }), null, 1);
    device.store.finishLoad('account');
    expect(here()).toEqual([1, 2, 3, 9]);
    expect([1, 2, 3].map((n) => device.row('account', id(n)))).toMatchObject([
      { name: 'Account 1', city: 'Chur', employees: null, versionnumber: 1 },
      { name: 'Account 2', city: null, employees: null, versionnumber: 2 },
      { name: 'Account 3', city: null, employees: null, versionnumber: 3 },
    ]);
    expect(base(1)).toMatchObject({ name: 'Account 1' });
    expect(base(2)).toBeUndefined();
    expect(state('account')).toMatchObject({ state: 'ready', rowsDone: 3 });
  });

  test('into a table that is being filled is one change of the table, without images', () => {
    const kinds: unknown[] = [];
    device.store.commits.subscribe((one) => kinds.push(one.tables.get('account')?.kind));
    device.store.startLoad('account', 10);
    applyPage(device.store, page({ rows: [account(1)], covered: id(1) }), null, 1);
    device.store.finishLoad('account');
    applyPage(device.store, page({ rows: [account(2)] }), id(1), 1);
    expect(kinds).toEqual(['loaded', 'rows']);
  });

  test.each([false, true])(
    'with documents in it asks for their contents (loading: %s)',
    (loads) => {
      const contacts = (columns: readonly string[], rows: readonly (readonly Cell[])[]) => {
        if (loads) device.store.startLoad('contact', 1);
        const more = { table: 'contact', columns, rows, empty: ['portrait'] };
        applyPage(device.store, page(more), null, 1);
        device.store.finishLoad('contact');
        return readFact(device.store, 'documentsWanted');
      };
      expect(contacts(['contactid', 'fullname'], [[id(1), 'Ana']])).toBeNull();
      expect(contacts(['contactid', 'portrait'], [])).toBeNull();
      expect(contacts(['contactid', 'portrait'], [[id(1), 'sha256:00:1']])).toBe('yes');
    },
  );
});

describe('a check', () => {
  beforeEach(() => {
    applyPlan(device.store, hello(['account', 3], ['contact', 1]));
    for (const table of ['account', 'contact'])
      set(
        table,
        `state = 'check', view = 'v0', again = 1, columns = '["accountid"]', cursor = 'c'`,
      );
    for (const n of [1, 2, 3]) fromServer(n, { name: 'Old' });
  });

  test('begins with what is to be read, under a view', () => {
    setRanges(device.store, 'account', [[null, id(2)]], 'v1');
    expect(state('account')).toMatchObject({ ranges: [[null, id(2)]], view: 'v1', again: false });
    expect(state('contact')).toMatchObject({ ranges: null, view: 'v0', again: true });
  });

  test('goes on part by part, and knows its columns when all parts are read', () => {
    setRanges(device.store, 'account', [[null, id(2)]], 'v1');
    const left = [[id(1), id(2)]] as const;
    applyCheckPage(device.store, page({ rows: [], covered: id(1) }), null, left, 5);
    expect(here()).toEqual([2, 3]);
    expect(state('account')).toMatchObject({ ranges: left, columns: ['accountid'], bytesDone: 5 });
    expect(state('account')).toMatchObject({ state: 'check', again: false });
    applyCheckPage(device.store, page({ rows: [account(2)], covered: id(2) }), id(1), [], 5);
    expect(here()).toEqual([2, 3]);
    expect(state('account')).toMatchObject({ ranges: [], again: false, bytesDone: 10 });
    expect(state('account').columns).toEqual(['accountid', 'name', 'versionnumber', 'city']);
    expect(state('contact')).toMatchObject({ ranges: null, columns: ['accountid'], bytesDone: 0 });
  });

  test('of which the view changed is made again', () => {
    setRanges(device.store, 'account', [[null, null]], 'v1');
    applyCheckPage(device.store, page({ view: 'v2', covered: id(1) }), null, [[id(1), null]], 5);
    expect(state('account')).toMatchObject({ again: true, view: 'v1' });
    applyCheckPage(device.store, page({ view: 'v1' }), id(1), [], 5);
    expect(state('account').again).toBe(true);
    finishCheck(device.store, 'account');
    expect(state('account')).toMatchObject({ state: 'check', again: false, ranges: null });
  });

  test('that is finished leaves a table that is current, with the rows that are there', () => {
    setRanges(device.store, 'account', [], 'v1');
    finishCheck(device.store, 'account');
    expect(state('account')).toMatchObject({
      state: 'ready',
      again: false,
      ranges: null,
      cursor: null,
      rowsDone: 3,
    });
    expect(state('contact')).toMatchObject({
      state: 'check',
      again: true,
      cursor: 'c',
      rowsDone: 0,
    });
    set('account', 'rows_done = 8');
    finishCheck(device.store, 'account');
    expect(state('account').rowsDone).toBe(8);
  });
});

test('rows that were asked for by their ids come or leave, and no other does', () => {
  for (const n of [1, 2, 3]) fromServer(n, { name: 'Old' });
  applyIds(device.store, page({ rows: [account(2)] }), [id(1), id(2)]);
  expect(here()).toEqual([2, 3]);
  expect(device.row('account', id(2))?.['name']).toBe('Account 2');
  expect(notices()).toEqual([['rowLeft', id(1), 'filter', later]]);
});

describe('a delta', () => {
  beforeEach(() => {
    applyPlan(device.store, hello(['account', 3], ['contact', 1]));
    for (const n of [1, 2, 3]) fromServer(n, { name: `Account ${n}`, city: 'Bern' });
  });
  const { columns, empty } = page();
  const changes = (...rows: readonly (readonly Cell[])[]) => [
    { table: 'account', columns, empty, rows },
  ];

  test('brings and removes rows, with the reason, and remembers how far it goes', () => {
    applyPull(
      device.store,
      pull({
        changes: changes(account(2, 'Changed')),
        removes: [
          { table: 'account', reason: 'deleted', ids: [id(1)] },
          { table: 'account', reason: 'access', ids: [id(3)] },
        ],
        tokens: [{ token: 't9', tables: ['account'] }],
      }),
      40,
    );
    expect(here()).toEqual([2]);
    expect(device.row('account', id(2))).toMatchObject({ name: 'Changed', city: null });
    expect(notices()).toEqual([
      ['rowLeft', id(3), 'access', later],
      ['rowLeft', id(1), 'deleted', later],
    ]);
    expect(state('account')).toMatchObject({ token: 't9', lastSyncAt: later });
    expect(state('contact')).toMatchObject({ token: null, lastSyncAt: null });
    expect(readFact(device.store, 'pullBytes')).toBe('40');
    applyPull(device.store, pull(), 2);
    expect(readFact(device.store, 'pullBytes')).toBe('42');
  });

  test('that removes a row and brings it again leaves it here', () => {
    const removes = [{ table: 'account', reason: 'filter', ids: [id(1)] }] as const;
    applyPull(device.store, pull({ removes, changes: changes(account(1, 'Back')) }), 1);
    expect(device.row('account', id(1))?.['name']).toBe('Back');
  });

  test('that confirms an edit takes it from the row, whose base has its effect', () => {
    move(1, 'Chur');
    move(2, 'Davos');
    device.take((tx) => {
      for (const seq of [1, 2]) {
        markSent(tx.sql, key(seq));
        setEntryState(tx.sql, key(seq), 'applied');
      }
    });
    const confirmed = {
      table: 'account',
      columns: ['accountid', 'city'],
      empty: [],
      rows: [[id(1), 'Chur']],
    };
    applyPull(device.store, pull({ acked: [['e1', 1, 1]], changes: [confirmed] }), 1);
    expect(device.entries().map((one) => one.key)).toEqual([key(2)]);
    expect(device.row('account', id(1))).toMatchObject({ city: 'Chur', name: null });
    expect([base(1), base(2)]).toMatchObject([undefined, { city: 'Bern' }]);
    expect(device.row('account', id(2))?.['city']).toBe('Davos');
  });

  test('that confirms an edit of another opening leaves the one of the same number', () => {
    move(1, 'Chur');
    applyPull(device.store, pull({ acked: [['e0', 1, 1]] }), 1);
    expect(device.entries()).toHaveLength(1);
    expect(device.row('account', id(1))?.['city']).toBe('Chur');
  });

  test('that confirms an edit and says nothing of its row shows the row without it', () => {
    move(1, 'Chur');
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    applyPull(
      device.store,
      pull({
        acked: [
          ['e1', 1, 1],
          ['e0', 1, 1],
          ['e1', 9, 9],
        ],
      }),
      1,
    );
    expect(device.row('account', id(1))?.['city']).toBe('Bern');
    expect(base(1)).toBeUndefined();
    expect(device.entries()).toEqual([]);
  });

  test('of another feed has confirmed edits sent again: their effect may be lost there', () => {
    for (const n of [1, 2, 3]) move(n, 'Chur');
    device.take((tx) => {
      setEntryState(tx.sql, key(1), 'applied');
      setEntryState(tx.sql, key(2), 'refused');
    });
    const check = (why: CheckReason) => [{ table: 'account', why, view: 'v' }];
    const states = () => device.entries().map((one) => one.state);
    applyPull(device.store, pull({ check: check('expired') }), 1);
    expect(states()).toEqual(['applied', 'refused', 'queued']);
    applyPull(device.store, pull({ check: [...check('view'), ...check('feed')] }), 1);
    expect(states()).toEqual(['queued', 'refused', 'queued']);
  });
});

describe('a table that is to be read again', () => {
  beforeEach(() => applyPlan(device.store, hello(['account', 3], ['contact', 1])));
  const check = (why: CheckReason = 'view') =>
    applyPull(device.store, pull({ check: [{ table: 'account', why, view: 'v9' }] }), 1);

  test('is compared when it was current, under the new view, from the beginning', () => {
    for (const table of ['account', 'contact'])
      set(table, `state = 'ready', view = 'v1', again = 1, ranges = '[]', cursor = 'c'`);
    check();
    expect(state('account')).toMatchObject({
      state: 'check',
      view: 'v9',
      again: false,
      ranges: null,
      cursor: null,
    });
    expect(state('contact')).toMatchObject({ state: 'ready', view: 'v1', again: true, ranges: [] });
  });

  test('is read under the new view when nothing was read', () => {
    set('contact', `view = 'v1'`);
    check();
    expect(state('account')).toMatchObject({ state: 'load', view: 'v9', again: false });
    expect(state('contact')).toMatchObject({ view: 'v1', again: false });
  });

  test.each([
    ['load', `state = 'load', cursor = 'c', view = 'v1'`],
    ['check', `state = 'check', view = 'v1'`],
  ])('goes on when it is being read (%s), and is compared after it', (name, columns) => {
    set('account', columns);
    set('contact', columns);
    check();
    expect(state('account')).toMatchObject({ state: name, view: 'v1', again: true });
    expect(state('contact')).toMatchObject({ state: name, view: 'v1', again: false });
  });

  test.each([
    ['load', `state = 'load', cursor = 'c', view = 'v1'`],
    ['check', `state = 'check', view = 'v1'`],
  ])('but not for its first token, which is older than what is read (%s)', (name, columns) => {
    set('account', columns);
    check('first');
    expect(state('account')).toMatchObject({ state: name, view: 'v1', again: false });
  });

  test('goes by its own state, not that of another', () => {
    set('account', `state = 'ready', view = 'v1'`);
    const check = [{ table: 'contact', why: 'view', view: 'v9' }] as const;
    applyPull(device.store, pull({ check }), 1);
    expect(state('contact')).toMatchObject({ state: 'load', view: 'v9' });
    expect(state('account')).toMatchObject({ state: 'ready', view: 'v1' });
  });

  test('that is not planned is no table to be read', () => {
    device.take((tx) => forgetUnplanned(tx, hello(['contact', 1])));
    check();
    expect(readSyncTables(device.store).map((one) => [one.table, one.state])).toEqual([
      ['contact', 'load'],
    ]);
  });
});

test.each([
  ['a plan', () => applyPlan(device.store, hello(['account', 1]))],
  ['a page', () => applyPage(device.store, page({ rows: [account(1)] }), null, 1)],
  ['a part of a check', () => applyCheckPage(device.store, page(), null, [], 1)],
  ['what a check found', () => setRanges(device.store, 'account', [], 'v2')],
  ['the end of a check', () => finishCheck(device.store, 'account')],
  ['a row that was asked for', () => applyIds(device.store, page({ rows: [account(1)] }), [id(1)])],
  ['a delta', () => applyPull(device.store, pull(), 1)],
])('%s is one commit, in the name of the organization', (_, act) => {
  applyPlan(device.store, hello(['account', 3]));
  const origins: unknown[] = [];
  device.store.commits.subscribe((one) => origins.push(one.origin));
  act();
  expect(origins).toEqual(['sync']);
  expect(device.entries()).toEqual([]);
});
