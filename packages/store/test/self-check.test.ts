import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { MemoryFiles, openDatabase, pageLogStorage } from '../src/index.ts';
import { fileStorage } from '../src/node/index.ts';
import { connect } from '../src/open/connect.ts';
import { loadEngine } from '../src/sql-js/load-engine.ts';
import { checkEngine } from '../src/sql-js/self-check.ts';
import { readSnapshot, writeSnapshot } from '../src/sql-js/snapshot-file.ts';
import { openFailedEngine, temporaryFolder } from './locations.ts';

async function engine() {
  const opened = await fileStorage(temporaryFolder(), 'x').open();
  const loaded = await loadEngine(opened.wasm);
  await opened.close();
  if (loaded.kind !== 'ready') throw new Error(loaded.failed);
  return loaded.engine;
}

describe('the self-check', () => {
  test('names functions that the build lacks', async () => {
    const { module, heap, vfs } = await engine();
    const { _sqlite3_step: _, ...less } = module;
    const broken = { module: less as typeof module, heap, vfs };
    expect(() => checkEngine(broken)).toThrow('_sqlite3_step');
  });

  test('sees that a database is not on the files', async () => {
    const { module, heap, vfs } = await engine();
    const elsewhere = new MemoryFiles();
    const broken = {
      module,
      heap,
      vfs: { ...vfs, open: (_: unknown, name: string) => vfs.open(elsewhere, name) },
    };
    expect(() => checkEngine(broken)).toThrow('not on our files');
  });

  test('on Node its failure leads to node:sqlite on the same files', async () => {
    const folder = temporaryFolder();
    const first = await openDatabase(fileStorage(folder, 'a'));
    first.exec('CREATE TABLE t (x); INSERT INTO t VALUES (7)');
    await first.close();
    const location = fileStorage(folder, 'a');
    const opened = await location.open();
    const { module } = await engine();
    const db = connect({ kind: 'plain', module, failed: 'on purpose' }, opened, location.name, {});
    expect(db.kind).toBe('node:sqlite');
    expect(db.diagnostics).toMatchObject([{ code: 'store.selfCheck' }]);
    expect(db.prepare('SELECT x FROM t').get()).toEqual([7]);
    await db.close();
  });

  test('without WAL where it is required is an error', async () => {
    const { module } = await engine();
    const { native: _, ...opened } = await fileStorage(temporaryFolder(), 'a').open();
    const failed = { kind: 'plain', module, failed: 'on purpose' } as const;
    expect(() => connect(failed, opened, 'a.db', { require: 'wal' })).toThrow('on purpose');
    await opened.close();
  });
});

describe('snapshots as the last resort', () => {
  test('every full commit is on the storage; a database written before is taken over', async () => {
    const folder = temporaryFolder();
    const first = await openDatabase(fileStorage(folder, 'a'));
    first.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    await first.close();
    const files = (await fileStorage(temporaryFolder(), 'y').open()).files;
    expect(readSnapshot(files, 'nothing.db')).toBe(null);
    const second = await openFailedEngine(fileStorage(folder, 'a'));
    expect(second.prepare('SELECT x FROM t').all()).toEqual([[1]]);
    second.transaction(() => second.exec('INSERT INTO t VALUES (2)'));
    const third = readSnapshot((await unlocked(folder)).files, 'a.db');
    expect(third?.length).toBeGreaterThan(4096);
    await second.close();
    const again = await openFailedEngine(fileStorage(folder, 'a'));
    expect(again.prepare('SELECT x FROM t').all()).toEqual([[1], [2]]);
    await again.close();
  });

  test('a snapshot torn while it is written leaves the one before', () => {
    const files = new MemoryFiles();
    writeSnapshot(files, 'a.db', new Uint8Array([1, 1, 1]));
    writeSnapshot(files, 'a.db', new Uint8Array([2, 2]));
    expect(readSnapshot(files, 'a.db')).toEqual(new Uint8Array([2, 2]));
    const newest = files.bytes('a.db-snapshot-b');
    for (let size = 0; size < newest.length; size++) {
      files.put('a.db-snapshot-b', newest.slice(0, size));
      expect(readSnapshot(files, 'a.db')).toEqual(new Uint8Array([1, 1, 1]));
    }
  });

  test('a write-ahead log that cannot be read is not silently left out', () => {
    const files = new MemoryFiles();
    files.put('a.db', new Uint8Array(4096));
    files.put('a.db-wal', new Uint8Array(100));
    expect(() => readSnapshot(files, 'a.db')).toThrow('write-ahead log');
  });
});

describe('S-16: the files are ordinary SQLite files', () => {
  test('what one driver wrote, a hot log included, the other opens', async () => {
    const folder = temporaryFolder();
    const kinds = ['sqljs', 'node:sqlite', 'sqljs', 'node:sqlite'] as const;
    for (const [i, driver] of kinds.entries()) {
      const db = await openDatabase(fileStorage(folder, 'a', { driver }));
      db.exec('CREATE TABLE IF NOT EXISTS t (x)');
      expect(db.prepare('SELECT count(*) FROM t').get()).toEqual([i]);
      db.prepare('INSERT INTO t VALUES (?)').run([i]);
      await db.close();
    }
    const native = new DatabaseSync(join(folder, 'a.db'));
    expect(native.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    native.close();
  });

  test('the base of a page log too, after a checkpoint', async () => {
    const folder = temporaryFolder();
    const db = await openDatabase(pageLogStorage(fileStorage(folder, 'a')));
    db.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    db.checkpoint();
    const native = new DatabaseSync(join(folder, 'a.db'));
    expect(native.prepare('SELECT x FROM t').get()).toEqual({ x: 1 });
    native.close();
    await db.close();
  });
});

/** The files of a folder whose database is open. */
async function unlocked(folder: string) {
  const { FolderFiles } = await import('../src/node/folder-files.ts');
  return { files: new FolderFiles(folder) };
}

test('a closed database leaves nothing of its functions in the engine', async () => {
  const { module } = await engine();
  const folder = temporaryFolder();
  const openAndClose = async () => {
    const driver = await openDatabase(fileStorage(folder, 'x'));
    expect(driver.kind).toBe('sqljs');
    driver.defineFunction('one', 0, () => 1);
    driver.defineFunction('two', 0, () => 2);
    expect(driver.prepare('SELECT one() + two()').get()).toEqual([3]);
    await driver.close();
  };
  const nextPlace = () => {
    const place = module.addFunction(() => 0, 'i');
    module.removeFunction(place);
    return place;
  };
  await openAndClose();
  const before = nextPlace();
  for (let n = 0; n < 5; n++) await openAndClose();
  // Places that were given back are used again, the last one first.
  expect(nextPlace()).toBeLessThanOrEqual(before);
});
