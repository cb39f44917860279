import {
  dataverseErrors,
  type ModelIndex,
  type SavedQuery,
  tablesWithoutOfflineViews,
} from '@outpost/model';
import type { EntityNode, FilterNode } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';

export interface UnavailableReason {
  readonly reason: 'tableWithoutViews' | 'tableNotOffline' | 'invalidQuery';
  readonly code: string;
  readonly message: string;
}

/** Whether a view runs offline; if not, every reason at once. */
export function availability(
  view: SavedQuery,
  model: ModelIndex,
  offlineTables: ReadonlySet<string>,
): readonly UnavailableReason[] {
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') {
    return parsed.errors.map((error) => ({
      reason: 'invalidQuery',
      code: error.dataverseCode ?? dataverseErrors.viewNotAvailableOffline,
      message: error.message,
    }));
  }
  const reasons: UnavailableReason[] = [];
  if (tablesWithoutOfflineViews.has(view.table)) {
    reasons.push({
      reason: 'tableWithoutViews',
      code: dataverseErrors.viewNotAvailableOffline,
      message: `Table "${view.table}" has no views offline.`,
    });
  }
  for (const table of queryTables(parsed.value.root)) {
    if (model.table(table) !== undefined && offlineTables.has(table)) continue;
    reasons.push({
      reason: 'tableNotOffline',
      code: dataverseErrors.tableInViewNotOffline,
      message: `Table "${table}" is not on this device.`,
    });
  }
  return reasons;
}

/** Tables of a query: its own, linked ones, and those tested inside filters. */
export function queryTables(node: EntityNode): ReadonlySet<string> {
  const tables = new Set<string>();
  const addFilter = (filter: FilterNode): void => {
    for (const item of filter.items) {
      if (item.kind === 'filter') addFilter(item.filter);
      if (item.kind === 'link') addNode(item.link);
    }
  };
  const addNode = (one: EntityNode): void => {
    tables.add(one.table);
    if (one.filter !== null) addFilter(one.filter);
    for (const link of one.links) addNode(link);
  };
  addNode(node);
  return tables;
}
