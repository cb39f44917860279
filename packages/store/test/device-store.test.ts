import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { type ChangeSet, type DeviceStore, openStore, type StorageLocation } from '../src/index.ts';
import { fileStorage, memoryStorage } from '../src/node/index.ts';
import { id, testModel } from './fixture.ts';

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'outpost-store-'));
  folders.push(path);
  return path;
};
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

async function open(
  storage: StorageLocation,
): Promise<{ store: DeviceStore; commits: ChangeSet[] }> {
  const store = await openStore({ storage });
  store.applySchema(testModel, ['account']);
  const commits: ChangeSet[] = [];
  store.commits.subscribe((set) => commits.push(set));
  return { store, commits };
}

describe.each([
  ['files', () => fileStorage(folder(), 'device')],
  ['memory', () => memoryStorage()],
])('a store in %s', (_, storageOf) => {
  test('S-1: rows survive closing and reopening', async () => {
    const storage = storageOf();
    const first = await open(storage);
    first.store.write({ origin: 'local' }, (tx) =>
      tx.insert('account', id(1), { name: 'Alpine', revenue: 1.5 }),
    );
    await first.store.close();
    const second = await open(storage);
    expect(second.store.all('SELECT name, revenue FROM account')).toEqual([['Alpine', 1.5]]);
    expect(second.store.integrity()).toEqual([]);
    await second.store.close();
  });

  test('S-5: a commit that rolls back emits nothing and leaves nothing', async () => {
    const { store, commits } = await open(storageOf());
    expect(() =>
      store.write({ origin: 'local' }, (tx) => {
        tx.insert('account', id(1), { name: 'Alpine' });
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(commits).toEqual([]);
    expect(store.count('account')).toBe(0);
    await store.close();
  });

  test('a second opener is refused and told why', async () => {
    const storage = storageOf();
    const { store } = await open(storage);
    await expect(openStore({ storage })).rejects.toMatchObject({ code: 'store.locked' });
    await store.close();
    const again = await open(storage);
    await again.store.close();
  });
});

test('one commit gives one change set with net changes and both images', async () => {
  const { store, commits } = await open(memoryStorage());
  store.write({ origin: 'local' }, (tx) => {
    tx.insert('account', id(1), { name: 'A' });
    tx.update('account', id(1), { name: 'B' });
    tx.insert('account', id(2), { name: 'gone' });
    tx.delete('account', id(2));
  });
  store.write({ origin: 'local' }, (tx) => tx.update('account', id(1), { name: 'B' }));
  expect(commits).toHaveLength(1);
  expect(commits[0]?.changes).toMatchObject([{ id: id(1), kind: 'insert', before: null }]);
  const nameAt = store.schema.get('account')?.slotIndex.get('name') ?? -1;
  expect(commits[0]?.changes[0]?.after?.[nameAt]).toBe('B');
  await store.close();
});

test('a write made by a subscriber becomes the next commit, not a nested one', async () => {
  const { store, commits } = await open(memoryStorage());
  const order: number[] = [];
  store.commits.subscribe((set) => {
    order.push(set.commit);
    if (set.commit === 1) store.write({ origin: 'local' }, (tx) => tx.insert('account', id(2), {}));
  });
  store.write({ origin: 'local' }, (tx) => tx.insert('account', id(1), {}));
  expect(order).toEqual([1, 2]);
  expect(commits.map((set) => set.changes.map((change) => change.id))).toEqual([[id(1)], [id(2)]]);
  await store.close();
});

test('a participant that throws rolls the row back', async () => {
  const { store, commits } = await open(memoryStorage());
  store.participate({
    name: 'veto',
    phase: 'derive',
    beforeCommit: () => {
      throw new Error('veto');
    },
  });
  expect(() => store.write({ origin: 'local' }, (tx) => tx.insert('account', id(1), {}))).toThrow(
    'veto',
  );
  expect([commits.length, store.count('account')]).toEqual([0, 0]);
  await store.close();
});

test('a new column is added to existing rows', async () => {
  const { store } = await open(memoryStorage());
  store.write({ origin: 'local' }, (tx) => tx.insert('account', id(1), { name: 'A' }));
  const account = testModel.tables.find((table) => table.name === 'account');
  if (account === undefined) throw new Error('no account');
  const extra = { name: 'fax', label: 'Fax', type: 'string', required: 'none' } as const;
  const grown = { ...testModel, tables: [{ ...account, columns: [...account.columns, extra] }] };
  expect(store.applySchema(grown, ['account'])).toEqual([]);
  store.write({ origin: 'local' }, (tx) => tx.update('account', id(1), { fax: '1' }));
  expect(store.all('SELECT name, fax FROM account')).toEqual([['A', '1']]);
  await store.close();
});

test('the file is an ordinary SQLite database that other programs open', async () => {
  const path = folder();
  const { store } = await open(fileStorage(path, 'device'));
  store.write({ origin: 'local' }, (tx) => tx.insert('account', id(1), { name: 'Zoë' }));
  await store.close();
  const native = new DatabaseSync(join(path, 'device.db'));
  expect(native.prepare('SELECT name FROM account').all()).toEqual([{ name: 'Zoë' }]);
  expect(native.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  native.close();
  expect(readdirSync(path).filter((name) => name.endsWith('.lock'))).toEqual([]);
});

describe('bad input', () => {
  test.each([
    [
      'an unknown table',
      'write.unknownTable',
      (store: DeviceStore) =>
        store.write({ origin: 'local' }, (tx) => tx.insert('nope', id(1), {})),
    ],
    [
      'an unknown column',
      'write.unknownColumn',
      (store: DeviceStore) =>
        store.write({ origin: 'local' }, (tx) => tx.insert('account', id(1), { nope: 1 })),
    ],
    [
      'a missing row',
      'write.rowMissing',
      (store: DeviceStore) =>
        store.write({ origin: 'local' }, (tx) => tx.update('account', id(1), { name: 'x' })),
    ],
    [
      'not a number',
      'sql.bind',
      (store: DeviceStore) =>
        store.write({ origin: 'local' }, (tx) =>
          tx.insert('account', id(1), { revenue: Number.NaN }),
        ),
    ],
    [
      'a promise in a transaction',
      'write.async',
      (store: DeviceStore) => store.write({ origin: 'local' }, async () => {}),
    ],
    ['broken SQL', 'sql.syntax', (store: DeviceStore) => store.all('SELEC 1')],
  ])('%s is a typed error', async (_, code, act) => {
    const { store } = await open(memoryStorage());
    expect(() => act(store)).toThrow(expect.objectContaining({ code }));
    expect(store.count('account')).toBe(0);
    await store.close();
    expect(() => act(store)).toThrow(expect.objectContaining({ code: 'store.closed' }));
  });
});
