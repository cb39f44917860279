/** A FetchXML query as a readonly tree. XML words are translated to table and column here and nowhere else. */
export interface FetchQuery {
  readonly root: EntityNode;
  readonly top: number | null;
  /** Rows per page. */
  readonly count: number | null;
  readonly page: number;
  readonly distinct: boolean;
}

export interface EntityNode {
  readonly table: string;
  readonly alias: string;
  readonly select: readonly SelectItem[] | 'all';
  readonly orders: readonly OrderItem[];
  readonly filter: FilterNode | null;
  readonly links: readonly LinkNode[];
}

export interface SelectItem {
  readonly column: string;
  readonly alias: string | null;
}

export interface OrderItem {
  readonly column: string;
  readonly descending: boolean;
  /** Alias of a link; null: the node the order stands in. */
  readonly alias: string | null;
}

export type LinkType = 'inner' | 'outer' | 'exists' | 'in' | 'any' | 'not any' | 'all' | 'not all';

export interface LinkNode extends EntityNode {
  readonly from: string;
  readonly to: string;
  readonly linkType: LinkType;
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
}
