import type { BusinessRule } from './business-rule.ts';
import type { Column } from './column.ts';
import type { Form } from './form.ts';
import type { ProcessFlow } from './process-flow.ts';
import type { OfflineProfile } from './profile/offline-profile.ts';
import type { SavedQuery } from './saved-query.ts';
import type { FieldSecurityProfile } from './security/column-security.ts';
import type { Role } from './security/role.ts';
import type { SiteMap } from './site-map.ts';
import type { ManyToOne, Relationship, Table } from './table.ts';

/** A business app described as data. Plain JSON: it travels to devices as it is. */
export interface AppModel {
  readonly name: string;
  readonly uniqueName: string;
  readonly version: string;
  readonly tables: readonly Table[];
  readonly relationships: readonly Relationship[];
  readonly savedQueries: readonly SavedQuery[];
  readonly forms: readonly Form[];
  readonly rules: readonly BusinessRule[];
  readonly flows: readonly ProcessFlow[];
  readonly roles: readonly Role[];
  /** Who may use secured columns. Absent: nobody. */
  readonly fieldSecurityProfiles?: readonly FieldSecurityProfile[];
  readonly siteMap: SiteMap;
  /** Whether the app may be used offline. Absent: yes. */
  readonly offlineEnabled?: boolean;
  readonly profile: OfflineProfile;
}

/** Lookups by name over one model, built once. */
export interface ModelIndex {
  readonly model: AppModel;
  table(name: string): Table | undefined;
  column(table: string, column: string): Column | undefined;
  /** Relationships in which rows of `table` hold the lookup. */
  referencing(table: string): readonly ManyToOne[];
  /** Relationships in which rows of `table` are pointed at. */
  referenced(table: string): readonly ManyToOne[];
  savedQueries(table: string): readonly SavedQuery[];
  savedQuery(id: string): SavedQuery | undefined;
}

function group<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = key(item);
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [item]);
    else members.push(item);
  }
  return groups;
}

export function indexModel(model: AppModel): ModelIndex {
  const tablesByName = new Map(model.tables.map((table) => [table.name, table]));
  const columnsByTable = new Map(
    model.tables.map((table) => [
      table.name,
      new Map(table.columns.map((column) => [column.name, column])),
    ]),
  );
  const manyToOne = model.relationships.filter((one) => one.kind === 'manyToOne');
  const byTable = group(manyToOne, (one) => one.table);
  const byTarget = group(manyToOne, (one) => one.target);
  const queriesByTable = group(model.savedQueries, (one) => one.table);
  const queriesById = new Map(model.savedQueries.map((one) => [one.id, one]));
  return {
    model,
    table: (name) => tablesByName.get(name),
    column: (table, column) => columnsByTable.get(table)?.get(column),
    referencing: (table) => byTable.get(table) ?? [],
    referenced: (table) => byTarget.get(table) ?? [],
    savedQueries: (table) => queriesByTable.get(table) ?? [],
    savedQuery: (id) => queriesById.get(id),
  };
}
