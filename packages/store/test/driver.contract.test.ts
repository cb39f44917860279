import { beforeEach, describe, expect, test } from 'vitest';
import { driverContract } from '../src/contract/index.ts';
import { openDatabase } from '../src/index.ts';
import { fileStorage, memoryStorage } from '../src/node/index.ts';
import {
  openers,
  openFailedEngine,
  resetSnapshotStorage,
  temporaryFolder,
  withoutWal,
} from './locations.ts';

beforeEach(resetSnapshotStorage);

describe.each(openers)('S-9: %s', (name, opener) => {
  // The public API of sql.js gives integers of functions as doubles.
  const cases = driverContract.filter(
    (one) => !name.includes('snapshots') || one.name !== 'integers of functions are exact',
  );
  test.each(cases)('$name', async ({ run }) => {
    await expect(run({ open: opener() })).resolves.toBeUndefined();
  });
});

describe('what a driver says about itself', () => {
  test.each([
    ['sqljs', 'wal'],
    ['node:sqlite', 'wal'],
  ] as const)('%s on files runs in WAL mode', async (driver, durability) => {
    const db = await openDatabase(fileStorage(temporaryFolder(), 'a', { driver }), {
      require: 'wal',
    });
    expect(db.kind).toBe(driver);
    expect(db.caps).toMatchObject({ durability, groupCommit: false });
    expect(db.diagnostics).toEqual([]);
    await db.close();
  });

  test('storage without WAL is announced, or refused when WAL is required', async () => {
    const storage = withoutWal(fileStorage(temporaryFolder(), 'a'));
    const db = await openDatabase(storage);
    expect(db.caps.durability).toBe('journal');
    expect(db.diagnostics).toMatchObject([{ severity: 'warning', code: 'store.noWal' }]);
    await db.close();
    const refused = openDatabase(withoutWal(fileStorage(temporaryFolder(), 'b')), {
      require: 'wal',
    });
    await expect(refused).rejects.toMatchObject({ code: 'store.selfCheck' });
  });

  test('an engine that fails its self-check is announced', async () => {
    const db = await openFailedEngine(fileStorage(temporaryFolder(), 'a'));
    expect(db.caps.durability).toBe('snapshot');
    expect(db.diagnostics).toMatchObject([{ severity: 'warning', code: 'store.selfCheck' }]);
    expect(db.diagnostics[0]?.message).toContain('on purpose');
    await db.close();
  });

  test('memory promises no durability', async () => {
    const db = await openDatabase(memoryStorage());
    expect(db.caps.durability).toBe('none');
    await db.close();
  });
});
