import type { ModelIndex } from '../app-model.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import type { ManyToOne } from '../table.ts';
import type { OfflineProfile, OfflineProfileItem } from './offline-profile.ts';

export interface ProfileFinding {
  readonly code: string;
  readonly table: string;
  readonly message: string;
}

/** Rows of `source` on the device bring the related rows of the item's table along. */
export interface ProfileEdge {
  readonly source: string;
  readonly relationship: ManyToOne;
  /** `target`: the source row points at ours. `child`: our row points at the source row. */
  readonly direction: 'target' | 'child';
}

export interface PlannedTable {
  readonly table: string;
  readonly item: OfflineProfileItem;
  readonly edges: readonly ProfileEdge[];
}

export type ProfilePlan =
  | { readonly kind: 'ok'; readonly tables: readonly PlannedTable[] }
  | { readonly kind: 'invalid'; readonly findings: readonly ProfileFinding[] };

const relationshipLimit = 10;

/**
 * Checks a profile (all findings at once) and orders its tables so that the sources of related rows come first.
 * The relationship graph must be free of circles.
 */
export function planProfile(index: ModelIndex, profile: OfflineProfile): ProfilePlan {
  const findings: ProfileFinding[] = [];
  const find = (code: string, table: string, message: string) =>
    findings.push({ code, table, message });
  const items = new Map<string, OfflineProfileItem>();
  if (profile.name.trim() === '') {
    find(dataverseErrors.profileNameEmpty, '', 'The profile needs a name.');
  }
  for (const item of profile.items) {
    const table = index.table(item.table);
    if (table === undefined) {
      find(
        dataverseErrors.profileInvalidTable,
        item.table,
        `Table "${item.table}" does not exist.`,
      );
    } else if (items.has(item.table)) {
      find(
        dataverseErrors.profileDuplicateTable,
        item.table,
        `Table "${item.table}" occurs twice.`,
      );
    } else {
      if (!table.availableOffline) {
        find(
          dataverseErrors.profileTableNotOffline,
          item.table,
          `Table "${item.table}" is not enabled for offline use.`,
        );
      }
      items.set(item.table, item);
    }
  }
  const planned = new Map<string, PlannedTable>();
  for (const item of items.values()) {
    const edges = item.relationships.flatMap((name) => {
      const edge = resolveEdge(index, item.table, name);
      if (edge === null) {
        find(
          dataverseErrors.profileRelationshipNotOnTable,
          item.table,
          `Relationship "${name}" does not belong to table "${item.table}".`,
        );
        return [];
      }
      if (edge.source === item.table) {
        find(
          dataverseErrors.profileCircular,
          item.table,
          `Circular reference: ${item.table} => ${item.table}.`,
        );
        return [];
      }
      if (!items.has(edge.source)) {
        find(
          dataverseErrors.profileRelatedTableMissing,
          item.table,
          `Relationship "${name}" needs table "${edge.source}" in the profile.`,
        );
        return [];
      }
      return [edge];
    });
    checkCriteria(item, edges, find);
    planned.set(item.table, { table: item.table, item, edges });
  }
  const order = sortBySource(planned, find);
  return findings.length > 0 ? { kind: 'invalid', findings } : { kind: 'ok', tables: order };
}

function checkCriteria(
  item: OfflineProfileItem,
  edges: readonly ProfileEdge[],
  find: (code: string, table: string, message: string) => void,
): void {
  const table = item.table;
  if (item.relationships.length > relationshipLimit) {
    const message = `Table "${table}" has ${item.relationships.length} relationships; the limit is ${relationshipLimit}.`;
    find(dataverseErrors.profileRelationshipLimit, table, message);
  }
  if (item.criteria === 'related' && edges.length === 0) {
    const message = `Table "${table}" downloads related rows only but has no relationship.`;
    find(dataverseErrors.profileRelatedOnly, table, message);
  }
  if (item.criteria === 'other' && !item.mine && !item.myTeams && !item.myBusinessUnit) {
    const message = `Table "${table}" needs at least one of: my rows, my teams' rows, my business unit's rows.`;
    find(dataverseErrors.profileFilterInvalid, table, message);
  }
  if (item.criteria === 'custom' && item.filter === undefined) {
    find(dataverseErrors.profileFilterInvalid, table, `Table "${table}" needs a filter.`);
  }
}

function resolveEdge(index: ModelIndex, table: string, name: string): ProfileEdge | null {
  for (const relationship of index.model.relationships) {
    if (relationship.name !== name || relationship.kind !== 'manyToOne') continue;
    if (relationship.target === table) {
      return { source: relationship.table, relationship, direction: 'target' };
    }
    if (relationship.table === table) {
      return { source: relationship.target, relationship, direction: 'child' };
    }
  }
  return null;
}

function sortBySource(
  planned: ReadonlyMap<string, PlannedTable>,
  find: (code: string, table: string, message: string) => void,
): readonly PlannedTable[] {
  const order: PlannedTable[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const table = planned.get(name);
    if (table === undefined || done.has(name)) return;
    if (path.includes(name)) {
      const chain = [...path.slice(path.indexOf(name)), name].join(' => ');
      find(dataverseErrors.profileCircular, name, `Circular reference: ${chain}.`);
      return;
    }
    for (const edge of table.edges) visit(edge.source, [...path, name]);
    if (done.has(name)) return;
    done.add(name);
    order.push(table);
  };
  for (const name of planned.keys()) visit(name, []);
  return order;
}
