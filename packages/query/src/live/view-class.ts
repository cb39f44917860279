import { columnSlots, type ModelIndex } from '@outpost/model';
import type { Condition } from '../plan/condition.ts';
import type { Join, ResolvedQuery } from '../plan/resolved-query.ts';
import type { Term } from '../plan/term.ts';
import { conditionPredicate, type Predicate } from '../predicate/evaluate.ts';
import { termsOf } from './terms-of.ts';

/**
 * How a view is kept current. A: one table decides which rows and in what order; no SQL while it is watched. B: parents
 * decide too. C: asked again when something it depends on has changed.
 */
export interface ViewClass {
  readonly name: 'A' | 'B' | 'C';
  /** What keeps the view from a better class. */
  readonly why: readonly string[];
  /** The filter over root and unique links; null in class C. */
  readonly matches: Predicate | null;
  /** Filters of outer links, by SQL name. */
  readonly joinFilters: ReadonlyMap<string, Predicate>;
  /** Parents whose columns decide about rows. */
  readonly deciding: readonly DecidingParent[];
}

/** A parent that filter or order reads: a linked row, or the target that gives a lookup its name. */
export interface DecidingParent {
  readonly table: string;
  /** Column of the root that points at it; null: further away, ask again. */
  readonly lookup: string | null;
  /** Slots that matter; for a link that must exist, every insert and delete does. */
  readonly slots: ReadonlySet<string>;
}

export function classify(resolved: ResolvedQuery, model: ModelIndex): ViewClass {
  const { root, joins, where, orders, outputs, distinct, aggregate } = resolved;
  const why: string[] = [];
  if (distinct) why.push('distinct rows');
  if (aggregate) why.push('an aggregate');
  for (const join of joins) {
    if (!join.unique || join.type === 'first')
      why.push(`link ${join.source.alias} may repeat rows`);
  }
  if (outputs.some(({ value }) => value.kind === 'children')) why.push('counted children');
  const sources = new Set([root.sql, ...joins.map((join) => join.source.sql)]);
  const matches = where === null ? () => true : conditionPredicate(where, sources);
  if (matches === null) why.push('a condition on other rows');
  const joinFilters = new Map<string, Predicate>();
  for (const { filter, source } of joins) {
    const predicate = filter === null ? null : conditionPredicate(filter, sources);
    if (predicate !== null) joinFilters.set(source.sql, predicate);
    else if (filter !== null) why.push(`a condition of link ${source.alias} on other rows`);
  }
  if (why.length > 0 || matches === null) {
    return { name: 'C', why, matches: null, joinFilters: new Map(), deciding: [] };
  }
  const terms = [
    ...(where === null ? [] : termsOf(where)),
    ...orders.map(({ term }) => term),
    ...joins.flatMap(({ filter }) => (filter === null ? [] : termsOf(filter))),
  ];
  const deciding = [
    ...decidingJoins(joins, terms, root.sql),
    ...terms.flatMap((term) => decidingNames(term, model, root.sql)),
  ];
  if (deciding.length > 0) why.push('parents decide which rows or in what order');
  return { name: deciding.length > 0 ? 'B' : 'A', why, matches, joinFilters, deciding };
}

/** Links that filter or order read, that must lead to a row, or that such a link goes through. */
function decidingJoins(
  joins: readonly Join[],
  terms: readonly Term[],
  root: string,
): readonly DecidingParent[] {
  const deciding = new Set(
    joins
      .filter(
        ({ type, source }) =>
          type === 'inner' || terms.some((term) => term.source.sql === source.sql),
      )
      .map((join) => join.source.sql),
  );
  // Links come after those they hang on: from the last to the first, each passes its weight up.
  for (const { source, on } of [...joins].reverse()) {
    if (deciding.has(source.sql)) deciding.add(on[1].source.sql);
  }
  return joins.flatMap(({ source, on }): DecidingParent[] => {
    if (!deciding.has(source.sql)) return [];
    const [, to] = on;
    const lookup = to.kind === 'cell' && to.source.sql === root ? to.slot : null;
    const below = joins.flatMap((one) =>
      one.on[1].source.sql === source.sql && deciding.has(one.source.sql) ? [one.on[1]] : [],
    );
    const own = terms.filter((term) => term.source.sql === source.sql);
    const slots = new Set([...own, ...below].flatMap(slotsOf));
    return [{ table: source.table.name, lookup, slots }];
  });
}

function decidingNames(term: Term, model: ModelIndex, root: string): readonly DecidingParent[] {
  if (term.kind !== 'targetName') return [];
  const { column, source } = term;
  const lookup = source.sql === root ? column.name : null;
  return (column.targets ?? []).flatMap((target): DecidingParent[] => {
    const name = model.table(target)?.primaryName ?? null;
    return name === null ? [] : [{ table: target, lookup, slots: new Set([name]) }];
  });
}

function slotsOf(term: Term): readonly string[] {
  return 'slot' in term ? [term.slot] : columnSlots(term.column).map((slot) => slot.name);
}

/** An equality that every row of the view passes: changes of other rows need not be looked at. */
export interface RoutingTerm {
  readonly slot: string;
  readonly values: readonly (string | number)[];
}

/** Equalities on stored cells of the root, those that few rows share first. */
export function routingTerm(
  { root, where }: ResolvedQuery,
  isStored: (slot: string) => boolean,
): RoutingTerm | null {
  if (where === null) return null;
  const found = equalities(where).flatMap(
    ({ term, values }): (RoutingTerm & { rank: number })[] => {
      if ((term.kind !== 'cell' && term.kind !== 'folded') || term.source.sql !== root.sql)
        return [];
      const slot = term.kind === 'folded' ? `${term.slot}$f` : term.slot;
      const known = values.filter((value) => value !== null);
      if (!isStored(slot) || known.length !== values.length) return [];
      const type = root.table.columns.find((column) => column.name === term.slot)?.type;
      const rank = type === undefined || fewValues.has(type) ? 1 : 0;
      return [{ slot, values: known, rank }];
    },
  );
  return found.sort((a, b) => a.rank - b.rank || a.values.length - b.values.length)[0] ?? null;
}

/** Types of columns whose values many rows share. */
const fewValues: ReadonlySet<string> = new Set(['state', 'status', 'boolean', 'choice']);

function equalities(
  condition: Condition,
): readonly { readonly term: Term; readonly values: readonly (string | number | null)[] }[] {
  if (condition.kind === 'and') return condition.items.flatMap(equalities);
  if (condition.kind === 'compare' && condition.sign === '=') {
    return [{ term: condition.term, values: [condition.value] }];
  }
  if (condition.kind === 'oneOf' && !condition.negated && condition.values.length > 0) {
    return [{ term: condition.term, values: condition.values }];
  }
  return [];
}
