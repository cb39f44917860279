import {
  type Column,
  isChoice,
  isLookup,
  isText,
  type ModelIndex,
  queryTypes,
} from '@outpost/model';
import { type FetchQuery, type FilterNode, parseFetch, quickFindQuery } from '@outpost/query';
import { foldFingerprint } from '@outpost/store';
import { tokenizerVersion } from './tokenize.ts';

/** How a column is searched. */
export type SearchedAs = 'words' | 'phone' | 'number' | 'choice' | 'choices' | 'lookup';

export interface SearchedColumn {
  readonly column: Column;
  readonly as: SearchedAs;
  /** Its bit in masks. */
  readonly bit: number;
  /** False: only names of rows are looked up in it, by searches of other tables. */
  readonly isFindColumn: boolean;
  /** Stored cell that its terms come from. */
  readonly slot: string;
}

/** What of a table is searched, by its quick find view. */
export interface SearchedTable {
  readonly table: string;
  readonly columns: readonly SearchedColumn[];
  /** Find columns that are never searched. */
  readonly unsearchable: readonly { readonly column: string; readonly reason: string }[];
  /** The quick find view's query; null: the table has none, and only its names are indexed. */
  readonly view: FetchQuery | null;
  /** Bits of the find columns. */
  readonly findMask: number;
  /** Bit of the primary name; 0: it is not indexed. */
  readonly nameMask: number;
  /** The find filter says no more than "one of the find columns is like the term": an index can answer it. */
  readonly isPlain: boolean;
  /** What an index of the table depends on: another fingerprint makes it unusable. */
  readonly fingerprint: string;
}

/** Bits of a mask that stay positive. */
const maxColumns = 29;

/** The tables of a database that are searched, and those whose names searches of others look up. */
export function searchedTables(
  model: ModelIndex,
  tables: Iterable<string>,
): ReadonlyMap<string, SearchedTable> {
  const present = new Set(tables);
  const finds = new Map([...present].map((table) => [table, findOf(model, table)]));
  const targets = new Set<string>();
  for (const [table, find] of finds) {
    for (const name of find?.columns ?? []) {
      const column = model.column(table, name);
      if (column !== undefined && isLookup(column)) {
        for (const target of column.targets ?? []) targets.add(target);
      }
    }
  }
  const found = new Map<string, SearchedTable>();
  for (const table of present) {
    const find = finds.get(table) ?? null;
    if (find === null && !targets.has(table)) continue;
    found.set(table, describe(model, table, find, targets.has(table)));
  }
  return found;
}

interface Find {
  readonly view: FetchQuery;
  readonly columns: readonly string[];
  readonly isPlain: boolean;
}

function findOf(model: ModelIndex, table: string): Find | null {
  const view = model.savedQueries(table).find((one) => one.queryType === queryTypes.quickFind);
  if (view === undefined) return null;
  const parsed = parseFetch(view.fetchXml);
  if (parsed.kind === 'invalid') return null;
  const { filter } = parsed.value.root;
  const filters = filter === null ? [] : quickFindFilters(filter, true);
  const [only] = filters;
  const columns = new Set<string>();
  for (const { node } of filters) {
    for (const item of node.items) {
      if (item.kind === 'condition') columns.add(item.condition.column);
    }
  }
  const isPlain =
    filters.length === 1 &&
    only !== undefined &&
    only.isRequired &&
    (only.node.kind === 'or' || only.node.items.length === 1) &&
    only.node.items.every(
      (item) =>
        item.kind === 'condition' &&
        item.condition.alias === null &&
        model.column(table, item.condition.column) !== undefined,
    );
  return { view: parsed.value, columns: [...columns], isPlain };
}

/** Quick find filters of a filter; `isRequired`: rows that fail it are not in the result. */
function quickFindFilters(
  node: FilterNode,
  isRequired: boolean,
): readonly { readonly node: FilterNode; readonly isRequired: boolean }[] {
  if (node.quickFind) return [{ node, isRequired }];
  const inside = isRequired && (node.kind === 'and' || node.items.length === 1);
  return node.items.flatMap((item) =>
    item.kind === 'filter' ? quickFindFilters(item.filter, inside) : [],
  );
}

function describe(
  model: ModelIndex,
  table: string,
  find: Find | null,
  isTarget: boolean,
): SearchedTable {
  const primaryName = model.table(table)?.primaryName ?? null;
  const columns: SearchedColumn[] = [];
  const unsearchable: { column: string; reason: string }[] = [];
  for (const name of find?.columns ?? []) {
    const column = model.column(table, name);
    const as = column === undefined ? 'it is not a column of the table.' : searchedAs(column);
    if (column === undefined || typeof as === 'string') {
      unsearchable.push({
        column: name,
        reason: `Column "${name}" is not searched: ${String(as)}`,
      });
      continue;
    }
    if (columns.length === maxColumns) {
      const reason = `Column "${name}" is not searched by words: an index covers ${maxColumns} columns.`;
      unsearchable.push({ column: name, reason });
      continue;
    }
    columns.push(describeColumn(column, as.as, columns.length, true));
  }
  const named = primaryName === null ? undefined : model.column(table, primaryName);
  if (isTarget && named !== undefined && isText(named)) {
    const isThere = columns.some(({ column }) => column.name === primaryName);
    if (!isThere) columns.push(describeColumn(named, 'words', columns.length, false));
  }
  const mask = (test: (one: SearchedColumn) => boolean) =>
    columns.filter(test).reduce((bits, one) => bits | (1 << one.bit), 0);
  return {
    table,
    columns,
    unsearchable,
    view: find?.view ?? null,
    findMask: mask((one) => one.isFindColumn),
    nameMask: mask((one) => one.column.name === primaryName && one.as === 'words'),
    isPlain: find?.isPlain === true && find.columns.length <= maxColumns,
    fingerprint: JSON.stringify([
      tokenizerVersion,
      foldFingerprint(),
      model.table(table)?.primaryId,
      ...columns.map(({ column, as }) => [column.name, column.type, as]),
    ]),
  };
}

/** Names of the columns by bit of an index with this fingerprint. */
export function columnsOfFingerprint(fingerprint: string): readonly string[] {
  const [, , , ...columns] = JSON.parse(fingerprint) as readonly (readonly string[])[];
  return columns.map(([name]) => name ?? '');
}

function describeColumn(
  column: Column,
  as: SearchedAs,
  bit: number,
  isFindColumn: boolean,
): SearchedColumn {
  return {
    column,
    as,
    bit,
    isFindColumn,
    slot: as === 'lookup' ? `${column.name}$n` : column.name,
  };
}

/** How a column is searched, or why it is not. */
function searchedAs(column: Column): { readonly as: SearchedAs } | string {
  if (isText(column)) return { as: column.format === 'phone' ? 'phone' : 'words' };
  if (isChoice(column) || column.type === 'boolean') return { as: 'choice' };
  if (isLookup(column)) return { as: 'lookup' };
  switch (column.type) {
    case 'choices':
      return { as: 'choices' };
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return { as: 'number' };
    case 'dateTime':
    case 'dateOnly':
      return 'dates are not searched offline.';
    default:
      return `values of type ${column.type} have no words.`;
  }
}

/**
 * The quick find view's query without its find filter, the find columns among its values, so that hits can be
 * highlighted. Null: the table has no quick find view.
 */
export function baseQuery({ view, columns }: SearchedTable, model: ModelIndex): FetchQuery | null {
  if (view === null) return null;
  const { query } = quickFindQuery(view, '', model);
  const { root } = query;
  if (root.select === 'all') return query;
  const selected = new Set(root.select.map((one) => one.alias ?? one.column));
  const added = columns
    .filter(({ column, isFindColumn }) => isFindColumn && !selected.has(column.name))
    .map(({ column }) => ({ column: column.name, alias: null }));
  return { ...query, root: { ...root, select: [...root.select, ...added] } };
}
