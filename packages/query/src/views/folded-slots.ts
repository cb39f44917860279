import { type AppModel, indexModel, isText } from '@outpost/model';
import { parseFetch } from '../fetch-xml/parse.ts';
import type { Condition } from '../plan/condition.ts';
import { resolveQuery } from '../plan/resolve.ts';
import type { Term } from '../plan/term.ts';
import type { QueryContext } from '../query-context.ts';
import { quickFindQuery } from './quick-find.ts';

/** Somebody to resolve for: who asks does not change which columns are compared. */
const nobody: QueryContext = {
  now: 0,
  timeZone: 'UTC',
  userId: '00000000-0000-0000-0000-000000000000',
  businessUnitId: '00000000-0000-0000-0000-000000000000',
  teamIds: [],
};

/**
 * Text slots by table that views compare, order or search by, and all primary names, by which lookups are ordered: they
 * deserve a stored folded copy. A view that does not compile asks for nothing.
 */
export function foldedSlots(model: AppModel): ReadonlyMap<string, ReadonlySet<string>> {
  const index = indexModel(model);
  const wanted = new Map<string, Set<string>>();
  const want = (table: string, slot: string) => {
    const slots = wanted.get(table) ?? new Set();
    wanted.set(table, slots.add(slot));
  };
  for (const { name, primaryName, columns } of model.tables) {
    const named = columns.find((column) => column.name === primaryName);
    if (named !== undefined && isText(named)) want(name, named.name);
  }
  const addTerm = (term: Term) => {
    if (term.kind === 'folded') want(term.source.table.name, term.slot);
  };
  const addCondition = (condition: Condition): void => {
    switch (condition.kind) {
      case 'constant':
        return;
      case 'and':
      case 'or':
        condition.items.forEach(addCondition);
        return;
      case 'terms':
        addTerm(condition.left);
        addTerm(condition.right);
        return;
      case 'exists':
        if (condition.filter !== null) addCondition(condition.filter);
        return;
      default:
        addTerm(condition.term);
    }
  };
  for (const view of model.savedQueries) {
    const parsed = parseFetch(view.fetchXml);
    if (parsed.kind === 'invalid') continue;
    const { query } = quickFindQuery(parsed.value, 'x', index);
    const resolved = resolveQuery(query, { model: index, context: nobody });
    if (resolved.kind === 'invalid') continue;
    const { where, joins, orders } = resolved.value;
    if (where !== null) addCondition(where);
    for (const { filter } of joins) if (filter !== null) addCondition(filter);
    for (const { term } of orders) addTerm(term);
  }
  return wanted;
}
