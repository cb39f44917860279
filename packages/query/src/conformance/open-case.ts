import { type Cell, indexModel, valuesToCells } from '@outpost/model';
import { openStore, type StorageLocation } from '@outpost/store';
import { createQueryEngine } from '../engine/query-engine.ts';
import { foldedSlots } from '../views/folded-slots.ts';
import { type ConformanceCase, caseContext, caseModel, caseValues } from './conformance-file.ts';
import type { CaseDatabase } from './run-case.ts';

export interface OpenCase extends CaseDatabase {
  close(): Promise<void>;
}

/** A device database with the tables and rows of a case. */
export async function openCase(one: ConformanceCase, storage: StorageLocation): Promise<OpenCase> {
  const model = caseModel(one);
  const names = model.tables.map((table) => table.name);
  const store = await openStore({ storage, foldedSlots });
  store.applySchema(model, names);
  createQueryEngine({
    store,
    model: indexModel(model),
    offlineTables: new Set(names),
    context: () => caseContext(one),
  });
  store.write({ origin: 'sync', durability: 'normal' }, (tx) => {
    for (const table of model.tables) {
      for (const row of one.tables[table.name] ?? []) {
        const cells = valuesToCells(table, caseValues(table, row, one));
        tx.insert(table.name, String(row[table.primaryId]), cells);
      }
    }
  });
  return {
    all: async (sql, params) => store.all(sql, params) as readonly (readonly Cell[])[],
    isFolded: (table, slot) => store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true,
    close: () => store.close(),
  };
}
