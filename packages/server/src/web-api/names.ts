import {
  type Column,
  isLookup,
  type ModelIndex,
  type Relationship,
  type Table,
} from '@outpost/model';
import { findCollection, findManyToOne } from '@outpost/query';
import { notFound } from './errors.ts';

/** A lookup as a navigation property leads along it. */
export interface SingleNavigation {
  readonly kind: 'single';
  readonly column: Column;
  /** Tables the other row may be of. */
  readonly targets: readonly string[];
}

export interface CollectionNavigation {
  readonly kind: 'collection';
  readonly relationship: Relationship;
  /** Table of the rows of the collection. */
  readonly table: string;
}

export type Navigation = SingleNavigation | CollectionNavigation;

/** The table behind a name in an address. Throws the 404 of an unknown one. */
export function tableOfSet(index: ModelIndex, setName: string): Table {
  const table = index.model.tables.find((one) => one.setName === setName);
  if (table !== undefined) return table;
  throw notFound(`Resource not found for the segment '${setName}'.`);
}

/** What a navigation property leads to; schema names may be written in any case. Null: it is none. */
export function findNavigation(
  index: ModelIndex,
  table: Table,
  property: string,
): Navigation | null {
  for (const name of new Set([property, property.toLowerCase()])) {
    const single = findManyToOne(index, table.name, name);
    const named = single?.column ?? name;
    const column = table.columns.find((one) => one.name === named && isLookup(one));
    if (column !== undefined) {
      const all = column.targets ?? ['systemuser', 'team'];
      const isOne = single !== undefined && name === `${single.column}_${single.target}`;
      return { kind: 'single', column, targets: isOne ? [single.target] : all };
    }
  }
  const relationship = index.model.relationships.find(
    (one) => one.name.toLowerCase() === property.toLowerCase(),
  );
  const found = findCollection(index, table.name, relationship?.name ?? property);
  if (found === undefined) return null;
  if (found.kind === 'manyToOne') {
    return { kind: 'collection', relationship: found, table: found.table };
  }
  const other = found.table1 === table.name ? found.table2 : found.table1;
  return { kind: 'collection', relationship: found, table: other };
}

/** A column by its name in the Web API: `_ownerid_value` is the lookup `ownerid`. */
export function columnNamed(table: Table, property: string): Column | undefined {
  const lookup = /^_(\w+)_value$/.exec(property)?.[1];
  return table.columns.find((one) => one.name === (lookup ?? property));
}

/** How the navigation property of a lookup is called where its target is known. */
export function navigationName(
  index: ModelIndex,
  table: string,
  column: Column,
  target: string,
): string {
  const isCustomer = column.type === 'customer' || (column.targets?.length ?? 0) > 1;
  if (column.type === 'owner' || !isCustomer) return column.name;
  const known = index
    .referencing(table)
    .some((one) => one.column === column.name && one.target === target);
  return known ? `${column.name}_${target}` : column.name;
}
