import { describe, expect, test } from 'vitest';
import {
  openDatabase,
  pageLogStorage,
  type SqlDriver,
  type StorageLocation,
  StoreError,
} from '../src/index.ts';
import { faultyLocation, systemError, withoutWal } from './locations.ts';

const persistences: readonly (readonly [string, (location: StorageLocation) => StorageLocation])[] =
  [
    ['a write-ahead log', (location) => location],
    ['a rollback journal', (location) => withoutWal(location)],
    ['a page log', (location) => pageLogStorage(location)],
  ];
const insert = (db: SqlDriver, count: number) =>
  db.transaction(() => {
    for (let i = 0; i < count; i++) {
      db.prepare('INSERT INTO t (a) VALUES (?)').run(['x'.repeat(500)]);
    }
  });
const codeOf = (fn: () => unknown): unknown => {
  try {
    fn();
    return 'ok';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};
/** What storage did to a database may show once more when it is closed, as an error with a code. */
const closeAnyway = (db: SqlDriver) =>
  db.close().catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
  });
const countOf = (db: SqlDriver) => db.prepare('SELECT count(*) FROM t').get()?.[0];

describe.each(persistences)('faults of storage with %s', (name, persist) => {
  test('S-11: a full disk at any write rolls back; with space again the next write succeeds', async () => {
    let failures = 0;
    // Each write of the transaction gets its turn, until there is none left to fail.
    for (let failed = true; failed; ) {
      const { files, location } = faultyLocation();
      const db = await openDatabase(persist(location), { cacheKib: 120 });
      db.exec('PRAGMA wal_autocheckpoint=20; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
      insert(db, 10);
      let writes = 0;
      // Only a write that makes a file longer needs space.
      files.plan = (operation, size) => {
        if (operation.kind !== 'write') return null;
        if (operation.at + operation.bytes.length <= size) return null;
        writes += 1;
        return writes > failures ? systemError('ENOSPC') : null;
      };
      const code = codeOf(() => insert(db, 200));
      failed = code !== 'ok';
      if (failed) failures += 1;
      expect(code).toBe(failed ? 'sql.full' : 'ok');
      expect(countOf(db)).toBe(failed ? 10 : 210);
      files.plan = () => null;
      insert(db, 5);
      expect(countOf(db)).toBe(failed ? 15 : 215);
      expect(db.integrity('full')).toEqual([]);
      await db.close();
      const again = await openDatabase(persist({ ...location, open: reopened(location, files) }));
      expect(countOf(again)).toBe(failed ? 15 : 215);
      expect(again.integrity('full')).toEqual([]);
      await again.close();
    }
    expect(failures).toBeGreaterThan(0);
  });

  test('S-10: an I/O error at any operation leaves the database sound, whatever it says', async () => {
    let failures = 0;
    for (let failing = 0; failing < 60; failing++) {
      const { files, location } = faultyLocation();
      const db = await openDatabase(persist(location), { cacheKib: 120 });
      db.exec('PRAGMA wal_autocheckpoint=20; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
      insert(db, 10);
      let operations = 0;
      files.plan = () => (operations++ === failing ? systemError('EIO') : null);
      const codes = Array.from({ length: 6 }, () => codeOf(() => insert(db, 20)));
      const acknowledged = 10 + 20 * codes.filter((code) => code === 'ok').length;
      expect(codes.filter((code) => code !== 'ok' && code !== 'sql.io')).toEqual([]);
      if (codes.includes('sql.io')) failures += 1;
      files.plan = () => null;
      await closeAnyway(db);
      const again = await openDatabase(persist({ ...location, open: reopened(location, files) }));
      // A commit whose acknowledgement failed may be there all the same, as a whole.
      expect(Number(countOf(again))).toBeGreaterThanOrEqual(acknowledged);
      expect((Number(countOf(again)) - 10) % 20).toBe(0);
      expect(again.integrity('full')).toEqual([]);
      await again.close();
    }
    expect(failures).toBeGreaterThan(5);
  });

  test('after a failed sync every write is refused until the database is opened again', async () => {
    const { files, location } = faultyLocation();
    const db = await openDatabase(persist(location));
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
    files.plan = ({ kind }) => (kind === 'sync' ? systemError('EIO') : null);
    expect(codeOf(() => insert(db, 1))).toBe('sql.io');
    files.plan = () => null;
    expect(codeOf(() => insert(db, 1))).toBe('sql.io');
    await closeAnyway(db);
    const again = await openDatabase(persist({ ...location, open: reopened(location, files) }));
    insert(again, 1);
    expect(again.integrity('full'), name).toEqual([]);
    await again.close();
  });
});

/** Opens the same files whether or not the first owner could close them. */
function reopened(location: StorageLocation, files: unknown): StorageLocation['open'] {
  return async () => {
    const opened = await faultyLocation().location.open();
    if (location.name === '') throw new Error('no name');
    return { ...opened, files: files as (typeof opened)['files'] };
  };
}

test('work is counted: one sync per full commit, none for normal ones, few for grouped ones', async () => {
  const { files, location } = faultyLocation();
  const syncs = () => files.log.filter((one) => one.kind === 'sync').length;
  const db = await openDatabase(location);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
  insert(db, 1);
  let before = syncs();
  for (let i = 0; i < 50; i++) insert(db, 1);
  expect(syncs() - before).toBe(50);
  before = syncs();
  for (let i = 0; i < 50; i++)
    db.transaction(() => db.exec('UPDATE t SET a = a || 1 WHERE id = 1'), 'normal');
  expect(syncs() - before).toBe(0);
  await db.flush();
  expect(syncs() - before).toBe(1);
  // A statement outside of transactions is a full commit, whatever came before it.
  db.transaction(() => db.exec('UPDATE t SET a = 1 WHERE id = 2'), 'normal');
  db.prepare('UPDATE t SET a = 2 WHERE id = 2').run();
  expect(syncs() - before).toBe(2);
  db.transaction(() => db.exec('UPDATE t SET a = 3 WHERE id = 2'), 'normal');
  db.prepare('UPDATE t SET a = 4 WHERE id = 2 RETURNING a').all();
  expect(syncs() - before).toBe(3);
  await db.close();

  const grouped = faultyLocation();
  const group = await openDatabase(pageLogStorage(grouped.location, { grouped: true }));
  group.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
  await group.flush();
  const start = grouped.files.log.length;
  const durable: (true | Promise<void>)[] = [];
  for (let i = 0; i < 300; i++) {
    insert(group, 1);
    durable.push(group.durable);
    if (i % 100 === 99) await Promise.resolve();
  }
  await Promise.all(durable);
  const used = grouped.files.log.slice(start).filter((one) => one.kind === 'sync').length;
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThanOrEqual(10);
  await group.close();
});

test('S-13: a database three times the page cache is served from bounded memory', async () => {
  const { location } = faultyLocation();
  const db = await openDatabase(location, { cacheKib: 4096 });
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)');
  for (let i = 0; i < 40; i++) insert(db, 800);
  const { bytes, cacheBytes } = db.stats();
  expect(bytes).toBeGreaterThan(3 * cacheBytes);
  const before = db.stats().heapBytes;
  for (let i = 0; i < 3; i++) {
    expect(db.prepare('SELECT sum(length(a)) FROM t').get()).toEqual([32_000 * 500]);
    db.exec(`UPDATE t SET a = a WHERE id % 7 = ${i}`);
  }
  expect(db.stats().heapBytes - before).toBeLessThan(cacheBytes + 16 * 1024 * 1024);
  expect(db.stats().heapBytes).toBeLessThan(cacheBytes * 3 + 32 * 1024 * 1024);
  await db.close();
});
