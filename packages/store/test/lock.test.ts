import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDatabase, type SqlDriver } from '../src/index.ts';
import { holdName } from '../src/node/held-name.ts';
import { backupTo, fileStorage } from '../src/node/index.ts';
import { takeLock } from '../src/node/lock-file.ts';
import { temporaryFolder } from './locations.ts';

const opener = fileURLToPath(new URL('./second-opener.ts', import.meta.url));
const drivers = ['sqljs', 'node:sqlite'] as const;

async function openWithRow(folder: string, driver: (typeof drivers)[number] = 'sqljs') {
  const db = await openDatabase(fileStorage(folder, 'a', { driver }));
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)');
  db.exec(`INSERT INTO t VALUES (1, 'first')`);
  return db;
}

const ids = (db: SqlDriver) => db.prepare('SELECT id FROM t ORDER BY id').all().flat();

describe('O10a: a copy that the owner makes of its folder does not let others in', () => {
  test.skipIf(process.platform !== 'linux')(
    'another process is refused, as before it',
    async () => {
      const folder = temporaryFolder();
      const db = await openWithRow(folder);
      cpSync(folder, temporaryFolder(), { recursive: true });
      const { stdout } = spawnSync(process.execPath, [opener, folder, 'a']);
      expect(stdout.toString()).toBe('store.locked');
      db.exec(`INSERT INTO t VALUES (2, 'acknowledged')`);
      await db.close();
      const again = await openDatabase(fileStorage(folder, 'a'));
      expect(ids(again)).toEqual([1, 2]);
      await again.close();
    },
  );

  test('a name is held once, whatever becomes of files, and free afterwards', async () => {
    const folder = temporaryFolder();
    const held = await holdName(folder, 'a');
    const isLinux = process.platform === 'linux';
    expect((await holdName(folder, 'a')) === 'taken').toBe(isLinux);
    const other = await holdName(folder, 'b');
    if (held !== 'taken') await held.release();
    const again = await holdName(folder, 'a');
    for (const one of [other, again]) if (one !== 'taken') await one.release();
    expect([other, again]).not.toContain('taken');
  });

  test('nothing of the lock stays when it is released, but the file that others wait for', async () => {
    const folder = temporaryFolder();
    const lock = await takeLock(folder, 'a');
    await expect(takeLock(folder, 'a')).rejects.toMatchObject({ code: 'store.locked' });
    expect(() => lock.demand()).not.toThrow();
    await lock.release();
    await lock.release();
    expect(readdirSync(folder)).toEqual(['a.lock']);
  });
});

describe('O10b: who has lost the database to another owner writes nothing more', () => {
  /** What another machine does, which knows neither the name nor the lock that fell. */
  function takeOver(folder: string): void {
    const path = join(folder, 'a.owner');
    writeFileSync(`${path}-other`, JSON.stringify({ pid: 7, host: 'elsewhere' }));
    renameSync(`${path}-other`, path);
  }

  test.each(drivers)('%s', async (driver) => {
    const folder = temporaryFolder();
    const db = await openWithRow(folder, driver);
    takeOver(folder);
    const files = () =>
      ['a.db', 'a.db-wal', 'a.owner'].map((name) => readFileSync(join(folder, name), 'latin1'));
    const before = files();
    const lost = expect.objectContaining({
      code: 'store.lost',
      message: expect.stringContaining('process 7 on elsewhere'),
    });
    expect(() => db.transaction(() => db.exec(`INSERT INTO t VALUES (2, 'no')`))).toThrow(lost);
    expect(() => db.exec(`INSERT INTO t VALUES (3, 'no')`)).toThrow(lost);
    expect(() => db.checkpoint()).toThrow(lost);
    expect(ids(db)).toEqual([1]);
    await db.close();
    expect(files()).toEqual(before);
  });
});

describe('O10c: a database that is open can be backed up', () => {
  test.each(drivers)('%s: the backup holds every commit, and opens', async (driver) => {
    const folder = temporaryFolder();
    const db = await openWithRow(folder, driver);
    await backupTo(db, folder, 'backup');
    db.exec(`INSERT INTO t VALUES (2, 'later')`);
    const backup = await openDatabase(fileStorage(folder, 'backup'));
    expect([ids(backup), backup.integrity('full')]).toEqual([[1], []]);
    await backup.close();
    expect(ids(db)).toEqual([1, 2]);
    await db.close();
  });

  test('it replaces nothing: neither a database that is open nor an older backup', async () => {
    const folder = temporaryFolder();
    const db = await openWithRow(folder);
    await expect(backupTo(db, folder, 'a')).rejects.toMatchObject({ code: 'store.locked' });
    await backupTo(db, folder, 'b');
    await expect(backupTo(db, folder, 'b')).rejects.toMatchObject({ code: 'store.location' });
    await expect(backupTo(db, folder, '../b')).rejects.toMatchObject({ code: 'store.location' });
    await db.close();
  });

  test('what fails on the way leaves no backup', async () => {
    const folder = temporaryFolder();
    const source = {
      snapshotTo() {
        throw new Error('the disk is full');
      },
    };
    await expect(backupTo(source, folder, 'b')).rejects.toThrow('the disk is full');
    expect(existsSync(join(folder, 'b.db'))).toBe(false);
  });
});

describe('O17a: a log without its database is not taken for a new one', () => {
  test.each([
    ['missing', (path: string) => renameSync(path, `${path}-moved`)],
    ['empty', (path: string) => truncateSync(path, 0)],
  ])('a database that is %s is refused with what to do; the log stays', async (_, spoil) => {
    const [folder, other] = [temporaryFolder(), temporaryFolder()];
    const db = await openWithRow(folder);
    cpSync(join(folder, 'a.db'), join(other, 'a.db'));
    cpSync(join(folder, 'a.db-wal'), join(other, 'a.db-wal'));
    await db.close();
    const path = join(other, 'a.db');
    const log = readFileSync(`${path}-wal`);
    cpSync(path, `${path}-kept`);
    spoil(path);
    for (const driver of drivers) {
      await expect(openDatabase(fileStorage(other, 'a', { driver }))).rejects.toMatchObject({
        code: 'store.missing',
        fix: expect.stringContaining('Put the database file back'),
      });
    }
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
    cpSync(`${path}-kept`, path);
    const again = await openDatabase(fileStorage(other, 'a'));
    expect(ids(again)).toEqual([1]);
    await again.close();
  });
});
