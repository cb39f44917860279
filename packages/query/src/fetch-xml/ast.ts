import type { Position } from '../query-error.ts';

/** A FetchXML query as a readonly tree. XML words are translated to table and column here and nowhere else. */
export interface FetchQuery {
  readonly root: EntityNode;
  /** Instead of pages: the first rows only. */
  readonly top: number | null;
  /** Rows per page. */
  readonly count: number | null;
  /** From 1. */
  readonly page: number;
  readonly pagingCookie: string | null;
  readonly distinct: boolean;
  readonly aggregate: boolean;
  /** Input rows that an aggregate query may have; null: the most there is. */
  readonly aggregateLimit: number | null;
  /** `returntotalrecordcount`. */
  readonly countTotal: boolean;
  /** `useraworderby`: choices are ordered by number instead of label. */
  readonly rawChoiceOrder: boolean;
  /** `datasource="retained"`: rows of the long term archive, of which a device has none. */
  readonly retained: boolean;
  /** Attributes that are not known, as `element/attribute`. */
  readonly ignored: readonly string[];
}

export interface EntityNode {
  readonly table: string;
  readonly alias: string;
  readonly select: readonly SelectItem[] | 'all';
  readonly orders: readonly OrderItem[];
  readonly filter: FilterNode | null;
  readonly links: readonly LinkNode[];
  readonly at?: Position;
}

export type AggregateFunction = 'count' | 'countcolumn' | 'sum' | 'avg' | 'min' | 'max';
export type DateGrouping =
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'fiscal-period'
  | 'fiscal-year';

export interface SelectItem {
  readonly column: string;
  /** Name of the value in the result; null: the column's. */
  readonly alias: string | null;
  readonly aggregate?: AggregateFunction;
  /** Of `countcolumn`: different values only. */
  readonly distinct?: boolean;
  readonly groupBy?: boolean;
  readonly dateGrouping?: DateGrouping;
  /** Of a date grouping: false counts in UTC. Default true. */
  readonly userTimeZone?: boolean;
  /** `CountChildren`: direct children in the table's hierarchy. */
  readonly rowAggregate?: boolean;
  readonly at?: Position;
}

export interface OrderItem {
  /** A column, or with `output` the alias of an aggregate query's value. */
  readonly column: string;
  readonly output?: boolean;
  readonly descending: boolean;
  /** Alias of a link; null: the node the order stands in. */
  readonly alias: string | null;
  readonly at?: Position;
}

export const linkTypes = [
  'inner',
  'outer',
  'exists',
  'in',
  'matchfirstrowusingcrossapply',
  'any',
  'not any',
  'all',
  'not all',
] as const;
export type LinkType = (typeof linkTypes)[number];

export interface LinkNode extends EntityNode {
  /** Column of the linked table; null: that of the only relationship between the two tables. */
  readonly from: string | null;
  /** Column of the table above. */
  readonly to: string | null;
  readonly linkType: LinkType;
  /** Whether the text names the alias; made-up ones cannot be told from table names. */
  readonly hasAlias?: boolean;
}

export interface FilterNode {
  readonly kind: 'and' | 'or';
  readonly quickFind: boolean;
  readonly items: readonly FilterItem[];
}

export type FilterItem =
  | { readonly kind: 'condition'; readonly condition: ConditionNode }
  | { readonly kind: 'filter'; readonly filter: FilterNode }
  | { readonly kind: 'link'; readonly link: LinkNode };

export interface ConditionNode {
  readonly column: string;
  readonly operator: string;
  readonly operands: readonly string[];
  /** Alias of another node of the query; null: the node the condition stands in. */
  readonly alias: string | null;
  /** Column to compare with instead of a value. */
  readonly valueOf: string | null;
  readonly at?: Position;
}

/** Every node of a query: its own, links, and those tested inside filters. */
export function nodesOf(node: EntityNode): readonly EntityNode[] {
  const tested = node.filter === null ? [] : linksIn(node.filter);
  return [node, ...[...node.links, ...tested].flatMap(nodesOf)];
}

function linksIn(filter: FilterNode): readonly LinkNode[] {
  return filter.items.flatMap((item) => {
    if (item.kind === 'link') return [item.link];
    return item.kind === 'filter' ? linksIn(item.filter) : [];
  });
}

/** Conditions of a node's own filter, nested filters included, links tested inside it not. */
export function ownConditions({ filter }: EntityNode): readonly ConditionNode[] {
  const inFilter = ({ items }: FilterNode): readonly ConditionNode[] =>
    items.flatMap((item) => {
      if (item.kind === 'condition') return [item.condition];
      return item.kind === 'filter' ? inFilter(item.filter) : [];
    });
  return filter === null ? [] : inFilter(filter);
}
