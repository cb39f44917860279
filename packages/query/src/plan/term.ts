import type { Column, Table } from '@outpost/model';

/** One occurrence of a table in a query. */
export interface Source {
  readonly table: Table;
  /** As the query names it. */
  readonly alias: string;
  /** As SQL names it. */
  readonly sql: string;
}

/** A value computed from a row, the same in SQL and in JavaScript. */
export type Term =
  /** As stored. */
  | { readonly kind: 'cell'; readonly source: Source; readonly slot: string }
  /** A text without case and accents. */
  | { readonly kind: 'folded'; readonly source: Source; readonly slot: string }
  /** Folded primary name of a lookup's target; the stored name when the target is not here. */
  | { readonly kind: 'targetName'; readonly source: Source; readonly column: Column }
  /** Folded label of a choice or boolean; labels of a multi-select choice joined by `; `. */
  | { readonly kind: 'label'; readonly source: Source; readonly column: Column }
  /** Place of a choice's label in alphabetical order; equal folded labels share a place. */
  | { readonly kind: 'rank'; readonly source: Source; readonly column: Column }
  /** A GUID in the order of SQL Server's uniqueidentifier. */
  | { readonly kind: 'guidOrder'; readonly source: Source; readonly slot: string };

/** Places of a choice's options by their labels. */
export function labelRanks(
  { options = [] }: Column,
  fold: (text: string) => string,
): ReadonlyMap<number, number> {
  const labels = [...new Set(options.map((option) => fold(option.label)))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  return new Map(options.map((option) => [option.value, labels.indexOf(fold(option.label))]));
}

/** Groups of hexadecimal digits of a GUID's text in the order in which SQL Server compares them: [from, length]. */
export const guidOrderGroups: readonly (readonly [from: number, length: number])[] = [
  [24, 12],
  [19, 4],
  [16, 2],
  [14, 2],
  [11, 2],
  [9, 2],
  [6, 2],
  [4, 2],
  [2, 2],
  [0, 2],
];
