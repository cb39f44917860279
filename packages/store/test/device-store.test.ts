import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import {
  type DeviceStore,
  MemoryFiles,
  openDatabase,
  openStore,
  touchesRow,
} from '../src/index.ts';
import { fileStorage, memoryStorage } from '../src/node/index.ts';
import { id, openTestStore, rowsOf, testModel } from './fixture.ts';
import { faultyLocation, locations, temporaryFolder } from './locations.ts';

const local = { origin: 'local' } as const;

describe.each(locations)('a store with %s', (_, location) => {
  test('S-1: rows survive closing and reopening', async () => {
    const storage = location();
    const first = await openTestStore({ storage });
    const committed = first.store.write(local, (tx) =>
      tx.insert('account', id(1), { name: 'Alpine', revenue: 1.5 }),
    );
    await committed.durable;
    await first.store.close();
    const second = await openTestStore({ storage });
    expect(second.store.all('SELECT name, revenue, "name$f" FROM account')).toEqual([
      ['Alpine', 1.5, 'alpine'],
    ]);
    expect(second.store.integrity()).toEqual([]);
    expect(second.store.epoch).toBe(first.store.epoch + 1);
    await second.store.close();
  });

  test('S-4, S-5: a commit that rolls back emits nothing and leaves nothing', async () => {
    const { store, commits } = await openTestStore({ storage: location() });
    expect(() =>
      store.write(local, (tx) => {
        tx.insert('account', id(1), { name: 'Alpine' });
        tx.sql.exec('CREATE TABLE "$own" (a)');
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(commits).toEqual([]);
    expect(store.count('account')).toBe(0);
    expect(store.all(`SELECT 1 FROM sqlite_schema WHERE name = '$own'`)).toEqual([]);
    await store.close();
  });

  test('a second opener is refused and told why', async () => {
    const storage = location();
    const { store } = await openTestStore({ storage });
    await expect(openStore({ storage })).rejects.toMatchObject({ code: 'store.locked' });
    await store.close();
    const again = await openTestStore({ storage });
    await again.store.close();
  });
});

describe('a commit', () => {
  test('gives one change set with net changes and both images', async () => {
    const { store, commits } = await openTestStore();
    const committed = store.write({ ...local, label: 'test' }, (tx) => {
      tx.insert('account', id(1), { name: 'A' });
      expect(tx.update('account', id(1), { name: 'Bé', city: 'Graz' })).toBe('updated');
      tx.insert('account', id(2), { name: 'gone' });
      expect(tx.delete('account', id(2))).toBe('deleted');
      return 7;
    });
    expect(committed).toMatchObject({ value: 7, durable: true, commit: store.commit });
    expect(commits).toMatchObject([
      { commit: store.commit, origin: 'local', label: 'test', durable: true, epoch: 1 },
    ]);
    expect(rowsOf(commits[0])).toMatchObject([{ id: id(1), kind: 'insert', before: null }]);
    const index = store.schema.get('account')?.slotIndex;
    const after = rowsOf(commits[0])[0]?.after ?? [];
    expect(after[index?.get('name') ?? -1]).toBe('Bé');
    expect(after[index?.get('name$f') ?? -1]).toBe('be');
    store.write(local, (tx) => tx.update('account', id(1), { city: 'Wien' }));
    const [change] = rowsOf(commits[1]);
    expect(change?.changed).toEqual([index?.get('city'), index?.get('city$f')]);
    expect(commits[1] && touchesRow(commits[1], 'account', id(1))).toBe(true);
    expect(commits[1] && touchesRow(commits[1], 'account', id(2))).toBe(false);
    await store.close();
  });

  test('names rows by their number before it, and says which have another one now', async () => {
    const { store, commits } = await openTestStore();
    const ridOf = (n: number) =>
      Number(store.all('SELECT _rid FROM account WHERE accountid = ?', [id(n)])[0]?.[0]);
    store.write(local, (tx) => {
      for (const n of [1, 2, 3]) tx.insert('account', id(n), { name: `A${n}` });
    });
    expect(rowsOf(commits[0])).toMatchObject(Array(3).fill({ rid: null, isNew: true }));
    store.write(local, (tx) => {
      tx.update('account', id(1), { name: 'B' });
      tx.delete('account', id(2));
      // Gone and back as it was: nothing differs but the number.
      tx.delete('account', id(3));
      tx.insert('account', id(4), { name: 'A4' });
      tx.insert('account', id(3), { name: 'A3' });
    });
    expect(rowsOf(commits[1])).toMatchObject([
      { id: id(1), kind: 'update', rid: 1, isNew: false },
      { id: id(2), kind: 'delete', rid: 2, isNew: false },
      { id: id(3), kind: 'update', rid: 3, isNew: true, changed: [] },
      { id: id(4), kind: 'insert', rid: null, isNew: true },
    ]);
    expect([ridOf(4), ridOf(3)]).toEqual([2, 3]);
    await store.close();
  });

  test('that changes nothing is none', async () => {
    const { store, commits } = await openTestStore();
    store.write(local, (tx) => tx.insert('account', id(1), { name: 'A' }));
    const before = store.commit;
    expect(store.write(local, (tx) => tx.update('account', id(1), { name: 'A' }))).toMatchObject({
      value: 'unchanged',
      commit: before,
    });
    store.write(local, (tx) => {
      tx.insert('account', id(2), {});
      tx.delete('account', id(2));
    });
    expect(store.write(local, (tx) => tx.update('account', id(9), { name: 'A' })).value).toBe(
      'missing',
    );
    expect(store.write(local, (tx) => tx.delete('account', id(9))).value).toBe('missing');
    expect(commits).toHaveLength(1);
    await store.close();
  });

  test('of own tables only has a number and no tables', async () => {
    const { store, commits } = await openTestStore();
    store.write({ origin: 'system' }, (tx) =>
      tx.sql.exec('CREATE TABLE "$own" (a); INSERT INTO "$own" VALUES (1)'),
    );
    expect(commits).toMatchObject([{ origin: 'system', durable: false }]);
    expect(commits[0]?.tables.size).toBe(0);
    await store.close();
  });

  test('S-14: made by a subscriber becomes the next commit, delivered after this one', async () => {
    const { store } = await openTestStore();
    const seen: string[] = [];
    store.maintain({
      name: 'm',
      apply: (set) => seen.push(`maintain ${set.commit}: ${store.count('account')}`),
    });
    const first = store.commit + 1;
    store.commits.subscribe((set) => {
      seen.push(`first ${set.commit}`);
      if (set.commit === first) store.write(local, (tx) => tx.insert('account', id(2), {}));
    });
    store.commits.subscribe((set) => seen.push(`second ${set.commit}`));
    store.write(local, (tx) => tx.insert('account', id(1), {}));
    expect(seen).toEqual([
      `maintain ${first}: 1`,
      `first ${first}`,
      `second ${first}`,
      `maintain ${first + 1}: 2`,
      `first ${first + 1}`,
      `second ${first + 1}`,
    ]);
    await store.close();
  });

  test('undoes a nested part that throws, and nothing else', async () => {
    const { store, commits } = await openTestStore();
    store.write(local, (tx) => {
      tx.insert('account', id(1), { name: 'stays' });
      expect(() =>
        tx.nested(() => {
          tx.update('account', id(1), { name: 'gone' });
          tx.insert('account', id(2), {});
          throw new Error('stop');
        }),
      ).toThrow('stop');
      tx.nested(() => tx.insert('account', id(3), {}));
    });
    expect(rowsOf(commits[0]).map((change) => change.id)).toEqual([id(1), id(3)]);
    expect(store.all('SELECT name FROM account ORDER BY accountid')).toEqual([['stays'], [null]]);
    await store.close();
  });

  test('is vetoed by a participant that throws; participants come in phases and write own tables only', async () => {
    const { store, commits } = await openTestStore();
    const order: string[] = [];
    let act: (tx: Parameters<Parameters<DeviceStore['write']>[1]>[0]) => void = () => {};
    const leave = store.participate({
      name: 'i',
      phase: 'index',
      beforeCommit: () => order.push('index'),
    });
    store.participate({
      name: 'd',
      phase: 'derive',
      beforeCommit(tx) {
        order.push(`derive ${tx.changes.length}`);
        act(tx);
      },
    });
    store.write(local, (tx) => tx.insert('account', id(1), {}));
    expect(order).toEqual(['derive 1', 'index']);
    act = () => {
      throw new Error('veto');
    };
    expect(() => store.write(local, (tx) => tx.insert('account', id(2), {}))).toThrow('veto');
    act = (tx) => tx.insert('account', id(3), {});
    expect(() => store.write(local, (tx) => tx.insert('account', id(2), {}))).toThrow(
      expect.objectContaining({ code: 'write.reentrant' }),
    );
    expect([commits.length, store.count('account')]).toEqual([1, 1]);
    act = () => {};
    leave();
    store.write(local, (tx) => tx.insert('account', id(2), {}));
    expect(order.at(-1)).toBe('derive 1');
    await store.close();
  });

  test('cannot be begun inside another one, by a maintainer, or used after its end', async () => {
    const errors: unknown[] = [];
    const { store } = await openTestStore({ onFault: (error) => errors.push(error) });
    const reentrant = expect.objectContaining({ code: 'write.reentrant' });
    expect(() => store.write(local, () => store.write(local, () => {}))).toThrow(reentrant);
    const leaked = store.write(local, (tx) => tx).value;
    expect(() => leaked.insert('account', id(1), {})).toThrow(reentrant);
    const leave = store.maintain({ name: 'm', apply: () => store.write(local, () => {}) });
    store.write(local, (tx) => tx.insert('account', id(1), {}));
    expect(errors).toEqual([reentrant]);
    leave();
    store.write(local, (tx) => tx.insert('account', id(2), {}));
    expect(errors).toHaveLength(1);
    await store.close();
  });
});

describe('writes behind the gateway', () => {
  const bypasses: readonly (readonly [string, string])[] = [
    ['INSERT', `INSERT INTO account (accountid) VALUES ('${id(9)}')`],
    ['UPDATE', `UPDATE account SET city = 'x'`],
    ['DELETE', `DELETE FROM account WHERE accountid = '${id(1)}'`],
    ['DELETE without WHERE', 'DELETE FROM account'],
    ['REPLACE', `REPLACE INTO account (accountid, name) VALUES ('${id(1)}', 'y')`],
  ];
  test.each(bypasses)('%s inside a write is refused, or reported and marked', async (_, sql) => {
    const strict = await openTestStore();
    strict.store.write(local, (tx) => tx.insert('account', id(1), {}));
    const attempt = () => strict.store.write(local, (tx) => tx.sql.exec(sql));
    expect(attempt).toThrow(expect.objectContaining({ code: 'write.bypassed' }));
    expect(strict.store.all('SELECT accountid, city FROM account')).toEqual([[id(1), null]]);
    await strict.store.close();

    const errors: unknown[] = [];
    const warned = await openTestStore({
      tripwire: 'warn',
      onFault: (error) => errors.push(error),
    });
    warned.store.write(local, (tx) => tx.insert('account', id(1), {}));
    warned.store.write(local, (tx) => tx.sql.exec(sql));
    expect(errors).toEqual([expect.objectContaining({ code: 'write.bypassed' })]);
    expect(warned.commits.at(-1)?.tables.get('account')).toEqual({
      kind: 'unknown',
      reason: 'bypassed',
    });
    await warned.store.close();
  });

  test('outside of any write is found by the next one', async () => {
    const errors: unknown[] = [];
    const { store, commits } = await openTestStore({
      tripwire: 'warn',
      onFault: (error) => errors.push(error),
    });
    store.write(local, (tx) => tx.insert('account', id(1), {}));
    store.driver.exec(`UPDATE account SET city = 'x'`);
    store.write(local, (tx) => tx.insert('account', id(2), {}));
    expect(errors).toHaveLength(1);
    expect(commits.at(-1)?.tables.get('account')).toEqual({ kind: 'unknown', reason: 'bypassed' });
    expect(store.verifyFolded()).toMatchObject([{ table: 'account', column: 'city$f', rid: 1 }]);
    await store.close();
  });

  test('can be ignored', async () => {
    const { store, commits } = await openTestStore({ tripwire: 'off' });
    store.write(local, (tx) => tx.insert('account', id(1), {}));
    store.write(local, (tx) => tx.sql.exec(`UPDATE account SET employees = 1`));
    expect(commits.at(-1)?.tables.size).toBe(0);
    await store.close();
  });
});

describe('loading a table', () => {
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => [id(from + i), `Name ${from + i}`, i]);
  const columns = ['accountid', 'name', 'employees'];

  test('needs a start; fills and overwrites rows; folds; indexes come back at the end', async () => {
    const { store, commits } = await openTestStore();
    const load = (page: (string | number)[][]) =>
      store.write({ origin: 'sync' }, (tx) => tx.load('account', columns, page));
    expect(() => load(rows(1, 1))).toThrow(expect.objectContaining({ code: 'write.notLoading' }));
    const indexes = () =>
      store
        .all(`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1`)
        .flat();
    expect(indexes()).toContain('ix_account_parentid');
    store.startLoad('account', 6000);
    expect(indexes()).not.toContain('ix_account_parentid');
    load(rows(1, 3000));
    store.write(local, (tx) => tx.update('account', id(5), { city: 'Graz' }));
    load(rows(3001, 3000));
    load([[id(5), 'Änderung', 77]]);
    store.write({ origin: 'sync' }, (tx) =>
      tx.load('account', ['accountid', 'employees'], [[id(6), 7]], ['name']),
    );
    load([]);
    store.requestIndexes('views', [{ table: 'account', columns: ['name$f'] }]);
    expect(indexes()).not.toContain('ix_account_name$f');
    store.finishLoad('account');
    expect(indexes()).toEqual(['ix_account_name$f', 'ix_account_ownerid', 'ix_account_parentid']);
    expect(store.count('account')).toBe(6000);
    expect(
      store.all(`SELECT name, "name$f", city, employees FROM account WHERE accountid = '${id(5)}'`),
    ).toEqual([['Änderung', 'anderung', 'Graz', 77]]);
    expect(
      store.all(`SELECT name, "name$f", employees FROM account WHERE accountid = '${id(6)}'`),
    ).toEqual([[null, null, 7]]);
    expect(store.verifyFolded()).toEqual([]);
    expect(commits.map((set) => set.tables.get('account'))).toMatchObject([
      { kind: 'loaded', count: 3000, overwritten: 0 },
      { kind: 'rows' },
      { kind: 'loaded', count: 3000, overwritten: 0 },
      { kind: 'loaded', count: 1, overwritten: 1 },
      { kind: 'loaded', count: 1, overwritten: 1 },
    ]);
    expect(() => load(rows(1, 1))).toThrow(expect.objectContaining({ code: 'write.notLoading' }));
    await store.close();
  });

  test('S-17: interrupted after any page and continued, it ends the same', async () => {
    const whole = await openTestStore();
    whole.store.startLoad('account', 6000);
    const pages = Array.from({ length: 6 }, (_, i) => rows(1 + i * 1000, 1000));
    for (const page of pages)
      whole.store.write({ origin: 'sync' }, (tx) => tx.load('account', columns, page));
    whole.store.finishLoad('account');
    const dump = (store: DeviceStore) => [
      store.all('SELECT * FROM account ORDER BY accountid'),
      store.all('SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2'),
    ];
    for (let stop = 1; stop <= pages.length; stop++) {
      const storage = memoryStorage();
      const first = await openTestStore({ storage });
      first.store.startLoad('account', 6000);
      for (const page of pages.slice(0, stop)) {
        first.store.write({ origin: 'sync' }, (tx) => tx.load('account', columns, page));
      }
      await first.store.close();
      const { store } = await openTestStore({ storage });
      expect(store.isLoading('account')).toBe(true);
      store.startLoad('account', 6000);
      for (const page of pages.slice(stop - 1)) {
        store.write({ origin: 'sync' }, (tx) => tx.load('account', columns, page));
      }
      store.finishLoad('account');
      expect(dump(store)).toEqual(dump(whole.store));
      await store.close();
    }
    await whole.store.close();
  });

  test('bad rows are typed errors and leave nothing', async () => {
    const { store } = await openTestStore();
    store.startLoad('account', 10);
    const load = (names: string[], page: (string | number)[][]) => () =>
      store.write({ origin: 'sync' }, (tx) => tx.load('account', names, page));
    expect(load(['name'], [['x']])).toThrow(expect.objectContaining({ code: 'write.type' }));
    expect(load(columns, [[id(1), 'x']])).toThrow(expect.objectContaining({ code: 'write.type' }));
    expect(load(['accountid', 'nope'], [[id(1), 'x']])).toThrow(
      expect.objectContaining({ code: 'write.unknownColumn' }),
    );
    expect(store.count('account')).toBe(0);
    await store.close();
  });
});

test('participants are told of loads after they begin and end; they may write then', async () => {
  const { store } = await openTestStore();
  const told: string[] = [];
  const leave = store.participate({
    name: 'test',
    phase: 'index',
    beforeCommit: () => {},
    loadChanged: (table) => {
      told.push(`${table} ${store.isLoading(table)}`);
      store.write({ origin: 'system' }, () => 0);
    },
  });
  store.startLoad('account', 10);
  store.startLoad('account', 10);
  store.finishLoad('account');
  leave();
  store.startLoad('account', 10);
  expect(told).toEqual(['account true', 'account false']);
  await store.close();
});

test('an opening that changed rows or the schema is told from one that did not', async () => {
  const storage = memoryStorage();
  const first = await openTestStore({ storage });
  expect([first.store.epoch, first.store.rowsEpoch]).toEqual([1, 1]);
  await first.store.close();
  const second = await openTestStore({ storage });
  second.store.write(local, (tx) => tx.sql.exec('CREATE TABLE "$own" (a)'));
  expect(() =>
    second.store.write(local, (tx) => {
      tx.insert('account', id(1), {});
      throw new Error('undone');
    }),
  ).toThrow('undone');
  expect([second.store.epoch, second.store.rowsEpoch]).toEqual([2, 1]);
  await second.store.close();
  const third = await openTestStore({ storage });
  third.store.write(local, (tx) => tx.insert('account', id(1), {}));
  expect([third.store.epoch, third.store.rowsEpoch]).toEqual([3, 3]);
  await third.store.close();
});

describe('opening', () => {
  test('a place that cannot hold a database is named', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    const open = openStore({ storage: fileStorage(path, 'a') });
    await expect(open).rejects.toMatchObject({ code: 'store.location' });
    for (const name of ['', '../a', 'a/b', '.a', 'a\0']) {
      expect(() => fileStorage(path, name)).toThrow(
        expect.objectContaining({ code: 'store.location' }),
      );
    }
  });

  test('a database of somebody else, or of a later version, is refused untouched', async () => {
    const storage = memoryStorage();
    const foreign = await openDatabase(storage);
    foreign.exec('CREATE TABLE t (x)');
    await foreign.close();
    await expect(openStore({ storage })).rejects.toMatchObject({ code: 'store.format' });
    const again = await openDatabase(storage);
    expect(again.prepare('SELECT name FROM sqlite_schema').all()).toEqual([['t']]);
    await again.close();

    const later = memoryStorage();
    const store = await openStore({ storage: later });
    store.write({ origin: 'system' }, (tx) =>
      tx.sql.exec(`UPDATE "$meta" SET value = 99 WHERE key = 'format'`),
    );
    await store.close();
    await expect(openStore({ storage: later })).rejects.toMatchObject({ code: 'store.format' });
  });

  test('own tables of packages are migrated from version to version', async () => {
    const storage = memoryStorage();
    const seen: number[] = [];
    const moduleOf = (version: number) => ({
      name: 'own',
      version,
      migrate(driver: { exec(sql: string): void }, from: number) {
        seen.push(from);
        if (from < 1) driver.exec('CREATE TABLE "$own" (a)');
        if (from < 2 && version >= 2) driver.exec('ALTER TABLE "$own" ADD COLUMN b');
      },
    });
    for (const version of [1, 1, 2]) {
      const store = await openStore({ storage, modules: [moduleOf(version)] });
      await store.close();
    }
    expect(seen).toEqual([0, 1]);
    await expect(openStore({ storage, modules: [moduleOf(1)] })).rejects.toMatchObject({
      code: 'store.format',
    });
  });

  test('after a crash the whole database is checked; damage is an error that deletes nothing', async () => {
    const inner = new MemoryFiles();
    const { location } = faultyLocation(inner);
    const { store } = await openTestStore({ storage: location });
    store.write(local, (tx) => {
      for (let i = 0; i < 500; i++) tx.insert('account', id(i), { name: `Name ${i}` });
    });
    store.checkpoint();
    // The process ends here: nobody closes the store. A page in the middle is damaged.
    const bytes = inner.bytes('device.db');
    bytes.fill(0xee, 4096 * 20, 4096 * 22);
    const damaged = new MemoryFiles();
    damaged.put('device.db', bytes);
    const opening = openStore({ storage: faultyLocation(damaged).location });
    await expect(opening).rejects.toMatchObject({ code: 'store.corrupt' });
    const readable = await openDatabase(faultyLocation(damaged).location);
    expect(readable.prepare('SELECT value FROM "$meta" WHERE key = ?').get(['format'])).toEqual([
      '1',
    ]);
    await readable.close();
    const unchecked = await openStore({
      storage: faultyLocation(damaged).location,
      integrity: 'never',
    });
    await unchecked.close();
    await store.close();
  });

  test('the file is an ordinary SQLite database that other programs open', async () => {
    const path = temporaryFolder();
    const { store } = await openTestStore({ storage: fileStorage(path, 'device') });
    store.write(local, (tx) => tx.insert('account', id(1), { name: 'Zoë' }));
    await store.close();
    const native = new DatabaseSync(join(path, 'device.db'));
    expect(native.prepare('SELECT name FROM account').all()).toEqual([{ name: 'Zoë' }]);
    expect(native.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    native.close();
    expect(readdirSync(path).sort()).toEqual(['device.db', 'device.lock']);
  });
});

test('a snapshot brings everything back, on another device with another schema too', async () => {
  const { store, commits } = await openTestStore();
  store.write(local, (tx) => tx.insert('account', id(1), { name: 'Alpine', city: 'Graz' }));
  const bytes = store.snapshot();
  const epoch = store.epoch;
  store.write(local, (tx) => tx.update('account', id(1), { name: 'changed' }));
  store.restore(bytes);
  expect(store.all('SELECT name, city, "city$f" FROM account')).toEqual([
    ['Alpine', 'Graz', 'graz'],
  ]);
  expect(commits.at(-1)?.tables.get('account')).toEqual({ kind: 'unknown', reason: 'restore' });
  expect(store.epoch).toBe(epoch);
  store.write(local, (tx) => tx.update('account', id(1), { city: 'Wien' }));
  expect(() => store.restore(new Uint8Array(3))).toThrow(
    expect.objectContaining({ code: 'store.snapshot' }),
  );
  expect(store.all('SELECT city FROM account')).toEqual([['Wien']]);
  store.write(local, (tx) => tx.update('account', id(1), { city: 'Linz' }));
  await store.close();

  const other = await openStore({ storage: memoryStorage() });
  other.applySchema(testModel, ['account']);
  other.restore(bytes);
  expect(other.all('SELECT name, "name$f" FROM account')).toEqual([['Alpine', 'alpine']]);
  expect(other.schema.get('account')?.slotIndex.has('city$f')).toBe(false);
  await other.close();
});

describe('bad input', () => {
  test.each([
    [
      'an unknown table',
      'write.unknownTable',
      (store: DeviceStore) => store.write(local, (tx) => tx.insert('nope', id(1), {})),
    ],
    [
      'an unknown column',
      'write.unknownColumn',
      (store: DeviceStore) => store.write(local, (tx) => tx.insert('account', id(1), { nope: 1 })),
    ],
    [
      'a folded column',
      'write.unknownColumn',
      (store: DeviceStore) =>
        store.write(local, (tx) => tx.insert('account', id(1), { name$f: 'x' })),
    ],
    [
      'not a number',
      'write.type',
      (store: DeviceStore) =>
        store.write(local, (tx) => tx.insert('account', id(1), { revenue: Number.NaN })),
    ],
    [
      'text in a number',
      'write.type',
      (store: DeviceStore) =>
        store.write(local, (tx) => tx.insert('account', id(1), { employees: 'many' })),
    ],
    [
      'a fraction in an integer',
      'write.type',
      (store: DeviceStore) =>
        store.write(local, (tx) => tx.insert('account', id(1), { employees: 1.5 })),
    ],
    [
      'a row that exists',
      'write.rowExists',
      (store: DeviceStore) =>
        store.write(local, (tx) => {
          tx.insert('account', id(1), {});
          tx.insert('account', id(1), {});
        }),
    ],
    [
      'a promise in a transaction',
      'write.async',
      (store: DeviceStore) => store.write(local, async () => {}),
    ],
    ['broken SQL', 'sql.syntax', (store: DeviceStore) => store.all('SELEC 1')],
    [
      'an index on nothing',
      'write.unknownColumn',
      (store: DeviceStore) => store.requestIndexes('x', [{ table: 'account', columns: ['nope'] }]),
    ],
  ] as const)('%s is a typed error', async (_, code, act) => {
    const { store } = await openTestStore();
    expect(() => act(store)).toThrow(expect.objectContaining({ code }));
    expect(store.count('account')).toBe(0);
    await store.close();
    expect(() => act(store)).toThrow(expect.objectContaining({ code: 'store.closed' }));
  });
});
