import {
  type AppModel,
  isLookup,
  type PlannedTable,
  type Relationship,
  type SavedQuery,
  siteMapTables,
  syncErrorTable,
} from '@outpost/model';
import { parseFetch, queryTables } from '@outpost/query';

/**
 * The definitions that a device needs to work with an app: its tables, those in its navigation, and those that their
 * lookups and views name. What other apps of the organization define costs devices nothing, neither bytes nor a new
 * version. Roles stay in the organization: a device gets its user's rights.
 */
export function deviceApp(model: AppModel, plan: readonly PlannedTable[]): AppModel {
  const own = new Set([
    syncErrorTable.name,
    ...plan.map((one) => one.table),
    ...siteMapTables(model.siteMap),
  ]);
  const needed = new Set(own);
  for (const table of model.tables) {
    if (!own.has(table.name)) continue;
    for (const column of table.columns.filter(isLookup)) {
      for (const target of column.targets ?? []) needed.add(target);
    }
  }
  for (const view of model.savedQueries) {
    if (own.has(view.table)) for (const table of tablesOf(view)) needed.add(table);
  }
  for (const flow of model.flows) {
    if (!flow.stages.some((stage) => own.has(stage.table))) continue;
    needed.add(flow.instanceTable);
    for (const stage of flow.stages) needed.add(stage.table);
  }
  const has = (table: string) => needed.has(table);
  return {
    ...model,
    tables: model.tables.filter((one) => has(one.name)),
    relationships: model.relationships.filter((one) => tablesOfRelationship(one).every(has)),
    savedQueries: model.savedQueries.filter((one) => has(one.table)),
    forms: model.forms.filter((one) => has(one.table)),
    rules: model.rules.filter((one) => has(one.table)),
    flows: model.flows.filter((one) => has(one.instanceTable)),
    roles: [],
    fieldSecurityProfiles: [],
  };
}

function tablesOf(view: SavedQuery): Iterable<string> {
  const parsed = parseFetch(view.fetchXml);
  return parsed.kind === 'ok' ? queryTables(parsed.value.root) : [];
}

function tablesOfRelationship(one: Relationship): readonly string[] {
  return one.kind === 'manyToMany'
    ? [one.intersect, one.table1, one.table2]
    : [one.table, one.target];
}
