import { type AppModel, indexModel } from '../app-model.ts';
import { isLookup } from '../column.ts';
import { formColumns } from '../form.ts';
import { siteMapTables } from '../site-map.ts';
import type { Table } from '../table.ts';
import type { OfflineProfile, OfflineProfileItem } from './offline-profile.ts';
import { type ProfileLimits, profileLimits } from './profile-limits.ts';

export interface GeneratedProfile {
  readonly profile: OfflineProfile;
  /** Tables that must be enabled for offline use and change tracking before the profile can be published. */
  readonly toEnable: readonly string[];
}

export interface GenerateProfileOptions {
  /** Tables besides those of the navigation, such as the other tables of an app module. */
  readonly tables?: readonly string[];
  /** Default: `profileLimits.seed`. */
  readonly limits?: ProfileLimits;
}

/**
 * A profile to start from: tables of the app's navigation with the rows of the user, the user's teams and business unit
 * (all rows where there are no owners), and the rows that these point at from forms and views. Publishes without errors
 * once `toEnable` is enabled.
 */
export function generateProfile(
  model: AppModel,
  options: GenerateProfileOptions = {},
): GeneratedProfile {
  const limits = options.limits ?? profileLimits.seed;
  const index = indexModel(model);
  const pairs = new Set(
    model.relationships.flatMap((one) => (one.kind === 'manyToMany' ? [one.intersect] : [])),
  );
  const usable = (name: string): Table | undefined => {
    const table = index.table(name);
    return table === undefined || table.isVirtual === true || pairs.has(name) ? undefined : table;
  };
  const shown = [...new Set([...siteMapTables(model.siteMap), ...(options.tables ?? [])])].filter(
    (name) => usable(name) !== undefined,
  );
  const items = new Map<string, OfflineProfileItem>();
  for (const name of shown) {
    const table = usable(name);
    if (table !== undefined) items.set(name, shownItem(table));
  }
  /** Relationships by the table they bring along. */
  const brought = new Map<string, string[]>();
  for (const name of shown) {
    const used = new Set([
      ...model.forms.filter((form) => form.table === name).flatMap((form) => formColumns(form)),
      ...index.savedQueries(name).flatMap((view) => view.layout.map((one) => one.name)),
    ]);
    for (const one of index.referencing(name)) {
      const column = index.column(name, one.column);
      const wanted = used.has(one.column) && column !== undefined && isLookup(column);
      if (!wanted || items.has(one.target) || usable(one.target) === undefined) continue;
      const names = brought.get(one.target) ?? [];
      if (names.length < limits.relationships && !names.includes(one.name)) {
        brought.set(one.target, [...names, one.name]);
      }
    }
  }
  for (const [table, relationships] of brought) {
    items.set(table, { table, criteria: 'related', relationships, intervalMinutes: 60 });
  }
  const all = [...items.values()];
  const toEnable = all
    .map((item) => index.table(item.table))
    .filter((table) => table?.availableOffline !== true || !table.changeTracking)
    .map((table) => table?.name ?? '');
  return {
    profile: { id: 'generated', name: `${model.name || model.uniqueName} offline`, items: all },
    toEnable,
  };
}

function shownItem(table: Table): OfflineProfileItem {
  const base = { table: table.name, relationships: [], intervalMinutes: 10 };
  return table.ownership === 'user'
    ? { ...base, criteria: 'other', mine: true, myTeams: true, myBusinessUnit: true }
    : { ...base, criteria: 'all' };
}
