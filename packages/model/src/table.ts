import type { Column } from './column.ts';

/** How rows of a table are owned; decides which depths a privilege may have. */
export type Ownership = 'user' | 'organization' | 'business' | 'none';

/** Columns whose values together name one row. */
export interface AlternateKey {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface Table {
  /** Logical name, `[a-z0-9_]+`. */
  readonly name: string;
  readonly label: string;
  readonly pluralLabel: string;
  /** Name in Web API addresses. */
  readonly setName: string;
  readonly primaryId: string;
  readonly primaryName: string | null;
  readonly ownership: Ownership;
  readonly columns: readonly Column[];
  /** Further ways to name a row, each unique. */
  readonly alternateKeys?: readonly AlternateKey[];
  readonly isActivity?: boolean;
  /** Rows connect two other tables (N:N). */
  readonly isIntersect?: boolean;
  readonly isCustom?: boolean;
  /** Its rows live in another system; never offline. */
  readonly isVirtual?: boolean;
  /** "Can be taken offline". */
  readonly availableOffline: boolean;
  readonly changeTracking: boolean;
}

export type CascadeKind =
  | 'noCascade'
  | 'cascade'
  | 'active'
  | 'userOwned'
  | 'removeLink'
  | 'restrict';

/** What an action on a row does to the rows that point at it. Absent: nothing. */
export interface Cascade {
  readonly assign: CascadeKind;
  readonly delete: CascadeKind;
  readonly merge?: CascadeKind;
  readonly reparent?: CascadeKind;
  readonly share?: CascadeKind;
  readonly unshare?: CascadeKind;
}

/** Deleting, assigning, sharing the parent does the same to its children. */
export const parentalCascade: Cascade = {
  assign: 'cascade',
  delete: 'cascade',
  merge: 'cascade',
  reparent: 'cascade',
  share: 'cascade',
  unshare: 'cascade',
};

/** Everything cascades: at most one relationship between two tables may. */
export function isParental({ cascade }: ManyToOne): boolean {
  return (['assign', 'delete', 'reparent', 'share', 'unshare'] as const).every(
    (action) => cascade[action] === 'cascade',
  );
}

/** Many rows of `table` point at one row of `target` through `column`. */
export interface ManyToOne {
  readonly kind: 'manyToOne';
  /** Schema name. */
  readonly name: string;
  readonly table: string;
  readonly column: string;
  readonly target: string;
  readonly cascade: Cascade;
  readonly hierarchical?: boolean;
}

export interface ManyToMany {
  readonly kind: 'manyToMany';
  readonly name: string;
  /** Intersect table. */
  readonly intersect: string;
  readonly table1: string;
  readonly column1: string;
  readonly table2: string;
  readonly column2: string;
}

export type Relationship = ManyToOne | ManyToMany;
