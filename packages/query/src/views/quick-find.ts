import type { EntityNode, FetchQuery, FilterItem, FilterNode } from '../fetch-xml/ast.ts';
import { escapePattern } from '../sql/like-pattern.ts';

/**
 * The query of a quick find view for a typed term: the whole column value begins with the term, `*` is the wildcard,
 * other pattern characters are literal. An empty term is the view without its quick find filter.
 */
export function quickFindQuery(view: FetchQuery, term: string): FetchQuery {
  const text = term.trim();
  return { ...view, root: fillNode(view.root, text) };
}

function fillNode(node: EntityNode, term: string): EntityNode {
  return { ...node, filter: node.filter === null ? null : fillFilter(node.filter, term) };
}

function fillFilter(filter: FilterNode, term: string): FilterNode | null {
  if (filter.quickFind) {
    if (term === '') return null;
    const pattern = `${term.split('*').map(escapePattern).join('%')}%`;
    return {
      ...filter,
      items: filter.items.map((item) =>
        item.kind === 'condition'
          ? { kind: 'condition', condition: { ...item.condition, operands: [pattern] } }
          : item,
      ),
    };
  }
  const items: FilterItem[] = [];
  for (const item of filter.items) {
    const filled = item.kind === 'filter' ? fillFilter(item.filter, term) : null;
    if (item.kind !== 'filter') items.push(item);
    else if (filled !== null) items.push({ kind: 'filter', filter: filled });
  }
  return { ...filter, items };
}
