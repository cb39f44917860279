import { type ColumnDefinition, compareCodePoints } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FaultFiles, powerLoss } from '../src/contract/index.ts';
import {
  type DeviceStore,
  deleteDatabase,
  MemoryFiles,
  openStore,
  type StorageLocation,
  StoreError,
} from '../src/index.ts';
import { memoryStorage } from '../src/node/index.ts';
import { accountColumns, id, modelOf, openTestStore, testModel } from './fixture.ts';
import { faultyLocation, systemError } from './locations.ts';

const local = { origin: 'local' } as const;

/** Whether a function throws this code; any other error goes on. */
function fails(code: string, fn: () => unknown): boolean {
  try {
    fn();
    return false;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== code) throw error;
    return true;
  }
}

/** The rows are those from before, and can be changed. */
function expectUsable(store: DeviceStore, before: ReturnType<DeviceStore['all']>): void {
  expect(store.all('SELECT * FROM account ORDER BY accountid')).toEqual(before);
  store.write(local, (tx) => tx.update('account', id(1), { city: 'still works' }));
  expect(store.verifyFolded()).toEqual([]);
}

type Columns = Readonly<Record<string, ColumnDefinition>>;

describe('a migration', () => {
  test('adds and removes columns and tables and keeps the rest', async () => {
    const { store, commits } = await openTestStore();
    store.write(local, (tx) =>
      tx.insert('account', id(1), { name: 'A', city: 'Graz', employees: 3 }),
    );
    const version = store.schemaVersion;
    const { city: _, ...fewer } = accountColumns;
    const next = modelOf({
      account: { ...fewer, fax: { type: 'string' } },
      visit: { name: { type: 'string' } },
    });
    const report = store.applySchema(next, ['account', 'visit']);
    expect(report).toMatchObject({ addedTables: ['visit'], droppedTables: [], changed: true });
    expect(report.needsData.get('account')).toEqual(['fax']);
    expect(store.schemaVersion).toBe(version + 1);
    store.write(local, (tx) => tx.update('account', id(1), { fax: '1' }));
    expect(store.all('SELECT name, employees, fax FROM account')).toEqual([['A', 3, '1']]);
    expect(
      store.all(`SELECT name FROM pragma_table_info('account') WHERE name LIKE 'city%'`),
    ).toEqual([]);
    expect(commits[1]?.tables.get('account')).toEqual({ kind: 'unknown', reason: 'migration' });
    expect(store.applySchema(next, ['visit']).droppedTables).toEqual(['account']);
    expect(() => store.count('account')).toThrow('no such table');
    await store.close();
  });

  test('that changes nothing writes nothing', async () => {
    const storage = memoryStorage();
    const first = await openTestStore({ storage });
    const { schemaVersion } = first.store;
    await first.store.close();
    const { store, commits } = await openTestStore({ storage });
    const report = store.applySchema(testModel, ['account']);
    expect(report).toMatchObject({ changed: false, schemaVersion, refolded: [] });
    expect(commits).toEqual([]);
    await store.close();
  });

  test('converts cells whose type changed and says which could not be kept', async () => {
    const { store } = await openTestStore();
    const cells = ['12', ' 7.5 ', 'many', '', '1e3', null];
    store.write(local, (tx) => {
      for (const [i, city] of cells.entries()) tx.insert('account', id(i), { city, employees: i });
    });
    store.requestIndexes('views', [{ table: 'account', columns: ['city'] }]);
    const changed = {
      ...accountColumns,
      city: { type: 'decimal' },
      employees: { type: 'string' },
    } as const;
    const report = store.applySchema(modelOf({ account: changed }), ['account']);
    expect(report.converted).toEqual(
      expect.arrayContaining([
        { table: 'account', column: 'city', cleared: 2 },
        { table: 'account', column: 'employees', cleared: 0 },
      ]),
    );
    expect(report.needsData.get('account')).toEqual(['city']);
    expect(store.all('SELECT city, employees FROM account ORDER BY accountid')).toEqual([
      [12, '0'],
      [7.5, '1'],
      [null, '2'],
      [null, '3'],
      [1000, '4'],
      [null, '5'],
    ]);
    await store.close();
  });

  test('N09c: carries cells, names of targets, folded copies and indexes over to a new name', async () => {
    const foldedSlots = () => new Map([['account', new Set(['city', 'town', 'ownerof$n'])]]);
    const { store } = await openTestStore({ foldedSlots });
    const parent = { parentid: id(7), parentid$n: 'Größe' };
    store.write(local, (tx) =>
      tx.insert('account', id(1), { name: 'A', city: 'Zürich', employees: 3, ...parent }),
    );
    store.requestIndexes('views', [{ table: 'account', columns: ['city$f', 'employees'] }]);
    const { city, parentid, employees, ...others } = accountColumns;
    const next = modelOf({
      account: {
        ...others,
        town: { type: 'memo', renamedFrom: ['place', 'city'] },
        ownerof: { type: 'lookup', targets: ['account'], renamedFrom: 'parentid' },
        staff: { type: 'decimal', renamedFrom: 'employees' },
      },
    });
    const report = store.applySchema(next, ['account']);
    expect(report.renamed).toEqual([
      { table: 'account', from: 'city', to: 'town' },
      { table: 'account', from: 'parentid', to: 'ownerof' },
      { table: 'account', from: 'employees', to: 'staff' },
    ]);
    expect(report.needsData.size).toBe(0);
    expect(
      store.all('SELECT town, town$f, ownerof, ownerof$n, ownerof$n$f, staff FROM account'),
    ).toEqual([['Zürich', 'zurich', id(7), 'Größe', 'grosse', 3]]);
    expect(store.verifyFolded()).toEqual([]);
    store.requestIndexes('views', [{ table: 'account', columns: ['town$f', 'staff'] }]);
    const indexes = store.all(
      `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND name LIKE 'ix_account_%'`,
    );
    expect(indexes.flat().filter((name) => /city|employees|parentid/.test(String(name)))).toEqual(
      [],
    );
    store.write(local, (tx) => tx.update('account', id(1), { town: 'Bern', staff: 2.5 }));
    expect(store.all('SELECT town$f, staff FROM account')).toEqual([['bern', 2.5]]);
    expect(store.applySchema(next, ['account']).changed).toBe(false);
    expect(store.integrity('full')).toEqual([]);
    await store.close();
  });

  test('N09c: a renamed primary key keeps the rows; a column that is there keeps its own cells', async () => {
    const { store } = await openTestStore();
    store.write(local, (tx) => tx.insert('account', id(1), { name: 'A', city: 'Graz' }));
    const [table] = modelOf({ account: accountColumns }).tables.filter(
      (one) => one.name === 'account',
    );
    const columns = table?.columns.map((one) =>
      one.name === 'accountid'
        ? { ...one, name: 'companyid', renamedFrom: 'accountid' }
        : one.name === 'name'
          ? { ...one, renamedFrom: 'city' }
          : one,
    );
    const renamed = { ...table, primaryId: 'companyid', columns } as NonNullable<typeof table>;
    const report = store.applySchema({ ...testModel, tables: [renamed] }, ['account']);
    expect(report.renamed).toEqual([{ table: 'account', from: 'accountid', to: 'companyid' }]);
    expect(store.all('SELECT companyid, name, city FROM account')).toEqual([[id(1), 'A', 'Graz']]);
    expect(store.get('account', id(1))?.[0]).toBe(id(1));
    await store.close();
  });

  test('folds what other views need now, and folds anew when folding changed', async () => {
    const storage = memoryStorage();
    const plain = await openTestStore({ storage, foldedSlots: () => new Map() });
    plain.store.write(local, (tx) => {
      for (let i = 0; i < 5000; i++) tx.insert('account', id(i), { name: `É${i}`, city: `Ł${i}` });
    });
    await plain.store.close();
    const { store } = await openTestStore({ storage });
    expect(store.verifyFolded()).toEqual([]);
    expect(store.all(`SELECT count(*) FROM account WHERE "city$f" LIKE 'l%'`)).toEqual([[5000]]);
    store.write({ origin: 'system' }, (tx) =>
      tx.sql.exec(`UPDATE "$meta" SET value = 'older' WHERE key = 'foldFingerprint'`),
    );
    const report = store.applySchema(testModel, ['account']);
    expect(report.refolded.map((one) => one.column).sort()).toEqual(['city$f', 'name$f']);
    expect(store.verifyFolded()).toEqual([]);
    expect(store.applySchema(testModel, ['account']).refolded).toEqual([]);
    await store.close();
  });

  test('folded text orders as JavaScript compares code points', async () => {
    const { store } = await openTestStore();
    const names = fc.sample(fc.string({ unit: 'binary', maxLength: 4 }), { numRuns: 300, seed: 3 });
    const texts = [...new Set(names.map((one) => one.toWellFormed()))];
    store.write(local, (tx) => {
      for (const [i, name] of texts.entries()) tx.insert('account', id(i), { name });
    });
    const ordered = store.all('SELECT "name$f" FROM account ORDER BY "name$f"').flat().map(String);
    expect(ordered).toEqual([...ordered].sort(compareCodePoints));
    await store.close();
  });

  test('S-15: fails as a whole: the old database stays usable', async () => {
    const next = modelOf({
      account: { ...accountColumns, city: { type: 'integer' }, fax: { type: 'string' } },
      visit: { name: { type: 'string' } },
    });
    let failed = 0;
    for (let failing = 0; failing < 60; failing++) {
      const { files, location } = faultyLocation();
      const { store } = await openTestStore({ storage: location, cacheKib: 40 });
      store.write(local, (tx) => {
        for (let i = 0; i < 300; i++) tx.insert('account', id(i), { name: `N${i}`, city: `${i}x` });
      });
      const before = store.all('SELECT * FROM account ORDER BY accountid');
      let writes = 0;
      files.plan = (operation, size) =>
        operation.kind === 'write' &&
        operation.at + operation.bytes.length > size &&
        writes++ >= failing
          ? systemError('ENOSPC')
          : null;
      const isFull = fails('sql.full', () => store.applySchema(next, ['account', 'visit']));
      files.plan = () => null;
      if (isFull) {
        failed += 1;
        expectUsable(store, before);
      }
      store.applySchema(next, ['account', 'visit']);
      expect(store.all('SELECT count(city), count(*) FROM account')).toEqual([[0, 300]]);
      await store.close();
    }
    expect(failed).toBeGreaterThan(5);
  });

  test('S-15: a power loss at any point leaves the old schema or the new one, and reopening completes it', async () => {
    const files = new FaultFiles(new MemoryFiles());
    const locationOf = (on: FaultFiles | MemoryFiles): StorageLocation => {
      const memory = memoryStorage();
      return {
        name: 'a.db',
        open: async () => ({ ...(await memory.open()), files: on }),
        delete: async () => deleteDatabase(on, 'a.db'),
      };
    };
    const next = modelOf({
      account: { ...accountColumns, fax: { type: 'string' } },
      visit: { name: { type: 'string' } },
    });
    const { store } = await openTestStore({ storage: locationOf(files), cacheKib: 40 });
    store.write(local, (tx) => {
      for (let i = 0; i < 200; i++) tx.insert('account', id(i), { name: `N${i}` });
    });
    const start = files.log.length;
    store.applySchema(next, ['account', 'visit']);
    const end = files.log.length;
    files.recording = false;
    await store.close();
    const random = seededRandom(5);
    const schemas = { before: 0, after: 0 };
    for (let cut = start; cut <= end; cut++) {
      const left = powerLoss(files.log, cut, 'tornSectors', random);
      const again = await openStore({ storage: locationOf(left) });
      const hasFax =
        again.all(`SELECT 1 FROM pragma_table_info('account') WHERE name = 'fax'`).length > 0;
      const hasVisit = again.all(`SELECT 1 FROM sqlite_schema WHERE name = 'visit'`).length > 0;
      expect(hasFax).toBe(hasVisit);
      schemas[hasFax ? 'after' : 'before'] += 1;
      again.applySchema(next, ['account', 'visit']);
      expect(again.count('account')).toBe(200);
      expect(again.integrity('full')).toEqual([]);
      await again.close();
    }
    expect(Math.min(schemas.before, schemas.after)).toBeGreaterThan(0);
  });
});

const types = ['string', 'integer', 'decimal', 'boolean', 'dateOnly', 'memo'] as const;
const schema = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.constantFrom(...types).map((type): ColumnDefinition => ({ type })),
);

test('any chain of schemas ends where a new database begins', async () => {
  const shape = (store: DeviceStore) => [
    store.all(
      `SELECT name, type FROM pragma_table_info('thing') WHERE name <> '_rid' ORDER BY name`,
    ),
    store.all(
      `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`,
    ),
  ];
  const sample = {
    string: 'x',
    memo: '5',
    integer: 4,
    decimal: 2.5,
    boolean: 1,
    dateOnly: '2026-01-02',
  };
  await fc.assert(
    fc.asyncProperty(fc.array(schema, { minLength: 1, maxLength: 5 }), async (chain) => {
      const store = await openStore({
        storage: memoryStorage(),
        tripwire: 'assert',
        foldedSlots: () => new Map([['thing', new Set(['a', 'b'])]]),
      });
      let rows = 0;
      for (const columns of chain) {
        store.applySchema(modelOf({ thing: { name: { type: 'string' }, ...columns } as Columns }), [
          'thing',
        ]);
        rows += 1;
        const cells = Object.entries(columns).map(([name, { type }]) => [
          name,
          sample[type as keyof typeof sample],
        ]);
        store.write(local, (tx) =>
          tx.insert('thing', id(rows), { name: 'Ö', ...Object.fromEntries(cells) }),
        );
        expect(store.count('thing')).toBe(rows);
        expect(store.verifyFolded()).toEqual([]);
      }
      const fresh = await openStore({
        storage: memoryStorage(),
        foldedSlots: () => new Map([['thing', new Set(['a', 'b'])]]),
      });
      fresh.applySchema(
        modelOf({ thing: { name: { type: 'string' }, ...chain.at(-1) } as Columns }),
        ['thing'],
      );
      expect(shape(store)).toEqual(shape(fresh));
      expect(store.integrity('full')).toEqual([]);
      await fresh.close();
      await store.close();
    }),
    { numRuns: 40 },
  );
}, 60_000);
