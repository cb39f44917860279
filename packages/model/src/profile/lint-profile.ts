import { indexModel, type ModelIndex } from '../app-model.ts';
import { isLookup } from '../column.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { formColumns } from '../form.ts';
import { siteMapTables } from '../site-map.ts';
import { syncErrorTable } from '../system-tables.ts';
import type { OfflineProfile, OfflineProfileItem } from './offline-profile.ts';

export interface LintOptions {
  /** Tables that a view reads; the language of views is not known here. */
  readonly viewTables: (fetchXml: string) => readonly string[];
  /** Tables the app shows besides those of its navigation, such as the other tables of an app module. */
  readonly tables?: readonly string[];
  /** Operators that a filter uses, for advice on slow ones. */
  readonly filterOperators?: (fetchXml: string) => readonly string[];
  /** Rows by table, where known: `all rows` of big tables is advised against. */
  readonly rows?: ReadonlyMap<string, number>;
}

const bigTable = 10_000;
const slowOperators = [
  'like',
  'not-like',
  'ends-with',
  'not-end-with',
  'begins-with',
  'not-begin-with',
];

/** Advice on a profile that can be published: nothing here is wrong, all of it costs somebody time. */
export function lintProfile(
  model: Parameters<typeof indexModel>[0],
  profile: OfflineProfile,
  options: LintOptions,
): readonly Diagnostic[] {
  const index = indexModel(model);
  const found: Diagnostic[] = [];
  const warn = (code: string, message: string, location: string) =>
    found.push({ severity: 'warning', code, message, location });
  const items = new Map(profile.items.map((item) => [item.table, item]));

  for (const table of model.tables) {
    if (!table.availableOffline || table.isIntersect === true || items.has(table.name)) continue;
    // Comes to every device without an item.
    if (table.name === syncErrorTable.name) continue;
    if (
      model.relationships.some((one) => one.kind === 'manyToMany' && one.intersect === table.name)
    )
      continue;
    warn(
      'profile.noRule',
      `Table "${table.name}" can be taken offline but no item of the profile says which rows.`,
      table.name,
    );
  }
  const used = usedTables(index, options);
  for (const item of profile.items) {
    if (!used.has(item.table)) {
      const message = `No view, form or navigation of the app uses table "${item.table}"; leave it out to sync faster.`;
      warn('profile.unusedTable', message, item.table);
    }
    lintItem(item, options, warn);
  }
  for (const view of model.savedQueries) {
    const missing = options.viewTables(view.fetchXml).filter((table) => !items.has(table));
    if (missing.length === 0 || !items.has(view.table)) continue;
    warn(
      'profile.viewNotOffline',
      `View "${view.name}" of table "${view.table}" reads ${missing.join(', ')}, which the profile lacks: it is not available offline.`,
      `${view.table}/${view.id}`,
    );
  }
  return found;
}

function lintItem(
  item: OfflineProfileItem,
  options: LintOptions,
  warn: (code: string, message: string, location: string) => void,
): void {
  const { table } = item;
  if (item.myBusinessUnit === true && item.masterData !== true) {
    const message = `Table "${table}" downloads the rows of a whole business unit: keep that for small tables that change rarely.`;
    warn('profile.businessUnitRows', message, table);
  }
  const rows = options.rows?.get(table) ?? 0;
  if (item.criteria === 'all' && rows > bigTable) {
    warn('profile.allRows', `Table "${table}" downloads all of its ${rows} rows.`, table);
  }
  if (item.filter === undefined) return;
  const slow = (options.filterOperators?.(item.filter) ?? []).filter((one) =>
    slowOperators.includes(one),
  );
  if (slow.length > 0) {
    const message = `The filter of table "${table}" compares text by pattern (${[...new Set(slow)].join(', ')}), which is slow at every sync.`;
    warn('profile.slowFilter', message, table);
  }
}

/** Tables that the app shows: in its navigation, in views of shown tables, in lookups of their forms. */
function usedTables(index: ModelIndex, options: LintOptions): ReadonlySet<string> {
  const { model } = index;
  const used = new Set([...siteMapTables(model.siteMap), ...(options.tables ?? [])]);
  for (const table of used) {
    for (const view of index.savedQueries(table)) {
      for (const one of options.viewTables(view.fetchXml)) used.add(one);
    }
    for (const form of model.forms.filter((one) => one.table === table)) {
      for (const name of formColumns(form)) {
        const column = index.column(table, name);
        if (column !== undefined && isLookup(column))
          for (const target of column.targets ?? []) used.add(target);
      }
    }
    // Rows shown on a form's timeline and subgrids hang on it by a relationship.
    for (const one of index.referenced(table))
      if (one.cascade.delete === 'cascade') used.add(one.table);
  }
  return used;
}

/** What a change of the day limit of a table means. Null: nothing. */
export function daysChange(
  table: string,
  before: number | undefined,
  after: number | undefined,
): Diagnostic | null {
  if (before === after) return null;
  const warn = (code: string, message: string): Diagnostic => ({
    severity: 'warning',
    code,
    message,
    location: table,
  });
  if (after === 0) {
    return warn(dataverseErrors.daysZero, `No rows of table "${table}" will be available offline.`);
  }
  if (after === undefined || (before !== undefined && after > before)) {
    const message = `Devices will reset their rows of table "${table}" and download them again.`;
    return warn(dataverseErrors.daysIncreased, message);
  }
  return warn(dataverseErrors.daysDecreased, `Devices will delete older rows of table "${table}".`);
}
