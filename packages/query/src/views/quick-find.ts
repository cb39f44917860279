import type { Column, ModelIndex } from '@outpost/model';
import type {
  ConditionNode,
  EntityNode,
  FetchQuery,
  FilterItem,
  FilterNode,
} from '../fetch-xml/ast.ts';
import { escapePattern } from '../operators/like-pattern.ts';
import { kindOf } from '../operators/operands.ts';

export interface QuickFind {
  readonly query: FetchQuery;
  /** Find columns that are not searched, with the reason. */
  readonly notes: readonly string[];
}

/**
 * The query of a quick find view for a typed term: the whole column value begins with the term, `*` is the wildcard,
 * other pattern characters are literal. Lookups are searched by name, choices by label, numbers by equality, dates
 * never. An empty term is the view without its quick find filter.
 */
export function quickFindQuery(view: FetchQuery, term: string, model: ModelIndex): QuickFind {
  const notes: string[] = [];
  const text = term.trim();
  const root = fillNode(view.root, text, model, notes);
  return { query: { ...view, root }, notes };
}

function fillNode(node: EntityNode, term: string, model: ModelIndex, notes: string[]): EntityNode {
  if (node.filter === null) return node;
  const fill = (condition: ConditionNode): ConditionNode | null => {
    const column = model.column(node.table, condition.column);
    return column === undefined ? condition : fillCondition(condition, column, term, notes);
  };
  const primaryId = model.table(node.table)?.primaryId ?? '';
  return { ...node, filter: fillFilter(node.filter, term, fill, primaryId) };
}

function fillFilter(
  filter: FilterNode,
  term: string,
  fill: (condition: ConditionNode) => ConditionNode | null,
  primaryId: string,
): FilterNode | null {
  if (!filter.quickFind) {
    const items = filter.items.flatMap((item): FilterItem[] => {
      if (item.kind !== 'filter') return [item];
      const filled = fillFilter(item.filter, term, fill, primaryId);
      return filled === null ? [] : [{ kind: 'filter', filter: filled }];
    });
    return { ...filter, items };
  }
  if (term === '') return null;
  const items = filter.items.flatMap((item): FilterItem[] => {
    if (item.kind !== 'condition') return [item];
    const condition = fill(item.condition);
    return condition === null ? [] : [{ kind: 'condition', condition }];
  });
  if (items.length > 0) return { ...filter, items };
  // No column can hold the term.
  const never = { column: primaryId, operator: 'null', operands: [], alias: null, valueOf: null };
  return { ...filter, items: [{ kind: 'condition', condition: never }] };
}

/** The number that a typed term names in a column of numbers, without thousands separators; null: none. */
export function quickFindNumber(column: Column, term: string): string | null {
  const number = term.replaceAll('*', '').replaceAll(',', '');
  const whole = column.type === 'integer' || column.type === 'bigint';
  const pattern = whole ? /^[-+]?\d{1,15}$/ : /^[-+]?\d{1,15}(\.\d{1,10})?$/;
  return pattern.test(number) ? number : null;
}

function fillCondition(
  condition: ConditionNode,
  column: Column,
  term: string,
  notes: string[],
): ConditionNode | null {
  switch (kindOf(column)) {
    case 'date':
      notes.push(`${column.label} is a date: dates are not searched.`);
      return null;
    case 'number': {
      const number = quickFindNumber(column, term);
      return number === null ? null : { ...condition, operator: 'eq', operands: [number] };
    }
    case 'other':
      return null;
    case 'id':
      if (column.type === 'guid' || column.type === 'file') return null;
      break;
    default:
  }
  const pattern = `${term.split('*').map(escapePattern).join('%')}%`;
  return { ...condition, operator: 'like', operands: [pattern] };
}
