import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../src/index.ts';
import { fileStorage } from '../src/node/index.ts';
import { locations, openFailedEngine, temporaryFolder } from './locations.ts';

describe.each(locations)('%s', (_, location) => {
  test('N02j: a database is deleted with all that lies beside it, once it is closed', async () => {
    const storage = location();
    const db = await openDatabase(storage);
    db.exec('CREATE TABLE t (a)');
    db.transaction(() => db.prepare('INSERT INTO t VALUES (?)').run(['secret']));
    await expect(storage.delete()).rejects.toMatchObject({ code: 'store.locked' });
    expect(db.prepare('SELECT a FROM t').all()).toEqual([['secret']]);
    await db.close();
    await storage.delete();
    const again = await openDatabase(storage);
    expect(again.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
    again.exec('CREATE TABLE u (b)');
    await again.close();
    await storage.delete();
    await storage.delete();
  });
});

test('N02j: no file of a deleted database holds anything, whatever has written it', async () => {
  const folder = temporaryFolder();
  const storage = fileStorage(folder, 'device');
  for (const open of [openDatabase, openFailedEngine]) {
    const db = await open(storage);
    db.exec('CREATE TABLE IF NOT EXISTS t (a)');
    db.transaction(() => db.prepare('INSERT INTO t VALUES (?)').run(['secret']));
    await db.close();
  }
  const held = () =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).length > 0);
  expect(held()).toEqual(expect.arrayContaining(['device.db', 'device.db-snapshot-a']));
  await storage.delete();
  expect(held()).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith('device.db'))).toEqual([]);
});
