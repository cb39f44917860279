import type { Cell } from '@outpost/model';
import type { RowImage } from '@outpost/store';
import type { Condition } from '../plan/condition.ts';
import type { Join, ResolvedQuery } from '../plan/resolved-query.ts';
import type { Source } from '../plan/term.ts';
import { conditionPredicate, type Predicate } from '../predicate/evaluate.ts';
import { termsOf } from './terms-of.ts';

/**
 * What a row of a table must pass to matter to a query, by table; tables that are not named always matter. A table is
 * named when the query reads it in one place only, and a row that fails there changes nothing: a row of the root that
 * fails a part of the filter, a linked row that fails the filter of its link.
 */
export function watchPredicates(resolved: ResolvedQuery): ReadonlyMap<string, Predicate> {
  const { root, where, joins, outputs, nameTables } = resolved;
  const places: Place[] = [{ source: root, needs: where === null ? [] : conjuncts(where) }];
  collectJoins(joins, places);
  if (where !== null) collect(where, places);
  const named = new Set([
    ...nameTables,
    ...outputs.flatMap(({ column, value }) =>
      value.kind === 'children' ? [root.table.name] : (column.targets ?? []),
    ),
  ]);
  const found = new Map<string, Predicate>();
  for (const { source, needs } of places) {
    const { name } = source.table;
    const isOnce = places.filter((place) => place.source.table.name === name).length === 1;
    if (!isOnce || named.has(name)) continue;
    const predicates = needs.flatMap((condition) => {
      if (termsOf(condition).some((term) => term.kind === 'targetName')) return [];
      return conditionPredicate(condition, new Set([source.sql])) ?? [];
    });
    if (predicates.length > 0) found.set(name, (row) => predicates.every((one) => one(row)));
  }
  return found;
}

/** One occurrence of a table and what its rows must pass. */
interface Place {
  readonly source: Pick<Source, 'sql'> & { readonly table: { readonly name: string } };
  readonly needs: readonly Condition[];
}

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.items.flatMap(conjuncts) : [condition];
}

function collectJoins(joins: readonly Join[], places: Place[]): void {
  for (const { source, candidate, filter } of joins) {
    const needs = candidate === null && filter !== null ? conjuncts(filter) : [];
    places.push({ source, needs });
    if (candidate !== null) places.push({ source: candidate, needs: [] });
    if (filter !== null) collect(filter, places);
  }
}

/** Occurrences inside conditions. */
function collect(condition: Condition, places: Place[]): void {
  const mention = (table: string) =>
    places.push({ source: { sql: '', table: { name: table } }, needs: [] });
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const item of condition.items) collect(item, places);
      return;
    case 'exists': {
      const { source, filter, joins, mode } = condition;
      // Of `all`, rows that do not pass count, too.
      places.push({ source, needs: mode === 'any' && filter !== null ? conjuncts(filter) : [] });
      collectJoins(joins, places);
      if (filter !== null) collect(filter, places);
      return;
    }
    case 'inHierarchy':
      mention(condition.hierarchy.table);
      return;
    case 'inUserHierarchy':
    case 'inTeamsOf':
      for (const table of ['systemuser', 'team', 'teammembership']) mention(table);
      return;
    default:
  }
}

/** Whether a row passes, from its image alone. */
export function passes(
  predicate: Predicate,
  image: RowImage | null,
  position: (slot: string) => number | undefined,
): boolean {
  if (image === null) return false;
  const cell = (slot: string): Cell => image[position(slot) ?? -1] ?? null;
  return predicate({
    cell,
    targetName: () => null,
    folded: (slot) => (position(`${slot}$f`) === undefined ? undefined : cell(`${slot}$f`)),
  });
}
