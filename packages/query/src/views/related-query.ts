import type { ConditionNode, FetchQuery, FilterNode } from '../fetch-xml/ast.ts';
import { escapePattern } from '../operators/like-pattern.ts';

/** A query with a further filter. */
export function withFilter(query: FetchQuery, filter: FilterNode): FetchQuery {
  const { root } = query;
  const both: FilterNode =
    root.filter === null
      ? filter
      : {
          kind: 'and',
          quickFind: false,
          items: [
            { kind: 'filter', filter: root.filter },
            { kind: 'filter', filter },
          ],
        };
  return { ...query, root: { ...root, filter: both } };
}

function withCondition(
  query: FetchQuery,
  condition: Pick<ConditionNode, 'column' | 'operator' | 'operands'>,
): FetchQuery {
  const item = {
    kind: 'condition',
    condition: { ...condition, alias: null, valueOf: null },
  } as const;
  return withFilter(query, { kind: 'and', quickFind: false, items: [item] });
}

/** The rows of a view that point at one row: what an associated view shows on a form. */
export function associatedQuery(view: FetchQuery, column: string, id: string): FetchQuery {
  return withCondition(view, { column, operator: 'eq', operands: [id] });
}

/** The rows of a lookup view whose names begin with a term; `*` is the wildcard. */
export function lookupQuery(view: FetchQuery, primaryName: string, term: string): FetchQuery {
  const text = term.trim();
  if (text === '') return view;
  const pattern = `${text.split('*').map(escapePattern).join('%')}%`;
  return withCondition(view, { column: primaryName, operator: 'like', operands: [pattern] });
}
