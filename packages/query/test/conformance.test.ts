import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { indexModel, valuesToCells } from '@outpost/model';
import { openStore, type StorageLocation } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { describe, expect, test } from 'vitest';
import {
  type ConformanceCase,
  type ConformanceFile,
  caseModel,
  caseValues,
  createQueryEngine,
  runCase,
} from '../src/index.ts';

const path =
  process.env['OUTPOST_CONFORMANCE'] ??
  fileURLToPath(new URL('../../../../shared/conformance/fetchxml.json', import.meta.url));
const file: ConformanceFile = existsSync(path)
  ? (JSON.parse(readFileSync(path, 'utf8')) as ConformanceFile)
  : { format: '', cases: [] };

async function open(one: ConformanceCase, storage: StorageLocation) {
  const model = caseModel(one);
  const index = indexModel(model);
  const names = model.tables.map((table) => table.name);
  const store = await openStore({ storage });
  store.applySchema(model, names);
  createQueryEngine({
    store,
    model: index,
    offlineTables: new Set(names),
    context: () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null }),
  });
  store.write({ origin: 'sync' }, (tx) => {
    for (const table of model.tables) {
      for (const row of one.tables[table.name] ?? []) {
        const values = caseValues(table, row, one);
        tx.insert(table.name, String(row[table.primaryId]), valuesToCells(table, values));
      }
    }
  });
  return store;
}

describe.skipIf(file.cases.length === 0)('public conformance cases', () => {
  test.each(file.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const store = await open(one, memoryStorage());
    const outcome = runCase(
      one,
      {
        all: (sql, params) => store.all(sql, params) as never,
        isFolded: (table, slot) => store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true,
      },
      true,
    );
    await store.close();
    expect(outcome).toMatchObject({ kind: 'passed', alternative: false });
  });
});
