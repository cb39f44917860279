import {
  type AppModel,
  indexModel,
  type ModelIndex,
  type SavedQuery,
  valuesToCells,
} from '@outpost/model';
import {
  compileQuery,
  createQueryEngine,
  foldedSlots,
  parseFetch,
  type QueryContext,
  quickFindQuery,
} from '@outpost/query';
import type { RowInput } from '@outpost/server';
import { openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { importUser } from '../world/imported-app.ts';

/** What becomes of one system view on a device. */
export interface ViewReport {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  /** Dataverse `querytype`. */
  readonly type: number;
  readonly compiled: boolean;
  readonly available: boolean;
  /** Why not; null when it is. */
  readonly reason: string | null;
  /** Rows it shows; null when it is not available, or without a data package. */
  readonly rows: number | null;
}

const context: QueryContext = {
  now: 0,
  timeZone: 'UTC',
  userId: importUser.id,
  businessUnitId: importUser.id,
  teamIds: [],
};

/** Whether the query means something in the app, wherever its tables are. */
function compiles(view: SavedQuery, model: ModelIndex): boolean {
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') return false;
  const { query } = quickFindQuery(parsed.value, 'x', model);
  return compileQuery(query, { model, context }).kind === 'ok';
}

/** Opens every system view of an app on a device database in memory. */
export async function inspectViews(
  model: AppModel,
  rows: readonly RowInput[],
): Promise<readonly ViewReport[]> {
  const index = indexModel(model);
  const pairs = model.relationships.flatMap((one) =>
    one.kind === 'manyToMany' ? [one.intersect] : [],
  );
  const tables = [...new Set([...model.profile.items.map((item) => item.table), ...pairs])].filter(
    (table) => index.table(table) !== undefined,
  );
  const store = await openStore({ storage: memoryStorage(), foldedSlots });
  store.applySchema(model, tables);
  store.write({ origin: 'sync', durability: 'normal' }, (tx) => {
    for (const { table, id, values } of rows) {
      const definition = index.table(table);
      if (definition === undefined || !store.schema.has(table)) continue;
      tx.insert(table, id, valuesToCells(definition, values));
    }
  });
  const engine = createQueryEngine({
    store,
    model: index,
    offlineTables: new Set(tables),
    context: () => context,
  });
  const reports = model.savedQueries.map((view): ViewReport => {
    const reasons = engine.availability(view);
    const base = { id: view.id, name: view.name, table: view.table, type: view.queryType };
    const compiled = compiles(view, index);
    if (reasons.length > 0) {
      const reason = [...new Set(reasons.map((one) => `${one.code} ${one.message}`))].join(' ');
      return { ...base, compiled, available: false, reason, rows: null };
    }
    const result = engine.run({ view: view.id }, { limit: 1, offset: 0 });
    if (result.kind === 'invalid') {
      const reason = result.errors.map((error) => error.message).join(' ');
      return { ...base, compiled: false, available: false, reason, rows: null };
    }
    const count = rows.length === 0 ? null : result.value.total;
    return { ...base, compiled: true, available: true, reason: null, rows: count };
  });
  await store.close();
  return reports;
}
