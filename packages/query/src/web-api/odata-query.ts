import { dataverseErrors, type ModelIndex, type Relationship, type Result } from '@outpost/model';
import type { EntityNode, FetchQuery, LinkNode, OrderItem } from '../fetch-xml/ast.ts';
import { queryLimits } from '../fetch-xml/parse.ts';
import { QueryError } from '../query-error.ts';
import {
  columnOf,
  findCollection,
  findManyToOne,
  ODataLinks,
  parseODataFilter,
} from './odata-filter.ts';
import { odataError } from './odata-tokens.ts';

/** Query options of the Web API as they stand in an address, decoded. */
export interface ODataOptions {
  readonly $select?: string;
  readonly $filter?: string;
  readonly $orderby?: string;
  readonly $top?: string;
  readonly $expand?: string;
  readonly $count?: string;
}

/** A property that is expanded. */
export type ODataExpand =
  /** Its columns are those of the link in the query's rows: `alias.column`. */
  | {
      readonly kind: 'single';
      readonly property: string;
      readonly alias: string;
      readonly table: string;
      /** What is expanded inside. */
      readonly expand: readonly ODataExpand[];
    }
  /** Rows of its own, of all parents; the caller restricts them with `withFilter`. */
  | {
      readonly kind: 'collection';
      readonly property: string;
      readonly relationship: Relationship;
      readonly query: FetchQuery;
    };

export interface ODataQuery {
  readonly query: FetchQuery;
  readonly expand: readonly ODataExpand[];
}

const maxExpand = 15;

/** Translates query options to the tree of FetchXML queries. */
export function parseODataQuery(
  table: string,
  options: ODataOptions,
  model: ModelIndex,
): Result<ODataQuery, QueryError> {
  try {
    return { kind: 'ok', value: readQuery(table, options, model, true) };
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
    throw error;
  }
}

function readQuery(
  table: string,
  options: ODataOptions,
  model: ModelIndex,
  outermost: boolean,
): ODataQuery {
  if (model.table(table) === undefined) {
    const message = `Table "${table}" does not exist.`;
    throw new QueryError(
      'metadata',
      message,
      'Use a table of the app.',
      dataverseErrors.unknownTable,
    );
  }
  for (const name of Object.keys(options)) {
    if (!['$select', '$filter', '$orderby', '$top', '$expand', '$count'].includes(name)) {
      throw odataError(name, 'is not supported');
    }
  }
  const links = new ODataLinks(model);
  const filter =
    options.$filter === undefined ? null : parseODataFilter(options.$filter, table, model, links);
  const orders = options.$orderby === undefined ? [] : readOrders(options.$orderby, table, links);
  const expanded =
    options.$expand === undefined
      ? []
      : readExpand(options.$expand, table, model, outermost, 'expand');
  const singles = expanded.flatMap(({ link }) => (link === null ? [] : [link]));
  const root: EntityNode = {
    table,
    alias: 'root',
    select: readSelect(options.$select),
    orders,
    filter,
    links: [...links.links, ...singles],
  };
  return { query: queryOf(root, options), expand: expanded.map((one) => one.expand) };
}

function queryOf(root: EntityNode, { $top, $count }: ODataOptions): FetchQuery {
  const top = $top === undefined ? null : wholeNumber('$top', $top);
  if (top !== null && top > queryLimits.top) {
    throw new QueryError('limit', `$top is at most ${queryLimits.top}.`, 'Use pages.');
  }
  if ($count !== undefined && $count !== 'true' && $count !== 'false') {
    throw odataError('$count', `"${$count}" is not true or false`);
  }
  return {
    root,
    top,
    count: null,
    page: 1,
    pagingCookie: null,
    distinct: false,
    aggregate: false,
    aggregateLimit: null,
    countTotal: $count === 'true',
    rawChoiceOrder: true,
    retained: false,
    ignored: [],
  };
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text.trim())) return Number(text);
  throw new QueryError('value', `${option}: "${text}" is not a positive number.`, 'Use digits.');
}

function readSelect(text: string | undefined): EntityNode['select'] {
  if (text === undefined || text.trim() === '*') return 'all';
  const names = text.split(',').map((one) => one.trim());
  for (const name of names) {
    if (!/^\w+$/.test(name)) throw odataError('$select', `"${name}" is not a property`);
  }
  return [...new Set(names.map(columnOf))].map((column) => ({ column, alias: null }));
}

function readOrders(text: string, table: string, links: ODataLinks): readonly OrderItem[] {
  return text.split(',').map((item): OrderItem => {
    const match = /^\s*(\w+)(?:\/(\w+))?(?:\s+(asc|desc))?\s*$/.exec(item);
    if (match === null) throw odataError('$orderby', `"${item.trim()}" is not an order`);
    const [, first = '', second, direction] = match;
    const descending = direction === 'desc';
    if (second === undefined) return { column: columnOf(first), descending, alias: null };
    const { alias } = links.follow('$orderby', table, first, 0);
    return { column: columnOf(second), descending, alias };
  });
}

interface Expanded {
  readonly expand: ODataExpand;
  readonly link: LinkNode | null;
}

function readExpand(
  text: string,
  table: string,
  model: ModelIndex,
  outermost: boolean,
  prefix: string,
): readonly Expanded[] {
  const items = splitOutside(text, ',');
  if (items.length > maxExpand) throw odataError('$expand', `more than ${maxExpand} properties`);
  return items.map((item): Expanded => {
    const match = /^(\w+)\s*(?:\((.*)\))?$/s.exec(item.trim());
    if (match === null) throw odataError('$expand', `"${item.trim()}" is not an expansion`);
    const [, property = '', inside] = match;
    const options = inside === undefined ? {} : readInner(inside);
    const single = findManyToOne(model, table, property);
    if (single !== undefined) return expandSingle(property, single, options, model, prefix);
    const relationship = findCollection(model, table, property);
    if (relationship === undefined) {
      throw odataError('$expand', `"${property}" is no navigation property of "${table}"`);
    }
    if (!outermost) throw odataError('$expand', 'a collection inside an expansion');
    return { expand: expandCollection(property, relationship, table, options, model), link: null };
  });
}

function expandSingle(
  property: string,
  { target, column }: { readonly target: string; readonly column: string },
  options: ODataOptions,
  model: ModelIndex,
  prefix: string,
): Expanded {
  const allowed = Object.keys(options).every((name) => name === '$select' || name === '$expand');
  if (!allowed) throw odataError('$expand', `"${property}" takes $select and $expand only`);
  const alias = `${prefix}_${property}`;
  const inner =
    options.$expand === undefined ? [] : readExpand(options.$expand, target, model, false, alias);
  const primaryId = model.table(target)?.primaryId ?? '';
  const selected = readSelect(options.$select);
  const withKey =
    selected === 'all' || selected.some((one) => one.column === primaryId)
      ? selected
      : [{ column: primaryId, alias: null }, ...selected];
  const link: LinkNode = {
    table: target,
    alias,
    select: withKey,
    orders: [],
    filter: null,
    links: inner.flatMap((one) => (one.link === null ? [] : [one.link])),
    from: primaryId,
    to: column,
    linkType: 'outer',
  };
  const expand = inner.map((one) => one.expand);
  return { expand: { kind: 'single', property, alias, table: target, expand }, link };
}

/** Rows of the other side; the server adds which parents they belong to. */
function expandCollection(
  property: string,
  relationship: Relationship,
  table: string,
  options: ODataOptions,
  model: ModelIndex,
): ODataExpand {
  const other =
    relationship.kind === 'manyToOne'
      ? relationship.table
      : relationship.table1 === table
        ? relationship.table2
        : relationship.table1;
  const { query } = readQuery(other, options, model, false);
  return { kind: 'collection', property, relationship, query };
}

/** Options inside an expansion, separated by semicolons. */
function readInner(text: string): ODataOptions {
  const options: Record<string, string> = {};
  for (const part of splitOutside(text, ';')) {
    const match = /^\s*(\$\w+)\s*=(.*)$/s.exec(part);
    if (match === null) throw odataError('$expand', `"${part.trim()}" is not an option`);
    options[match[1] ?? ''] = (match[2] ?? '').trim();
  }
  return options;
}

/** Splits where neither parentheses nor quotes are open. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (depth !== 0 || quoted) throw odataError('$expand', 'parentheses or quotes do not match');
  parts.push(text.slice(start));
  return parts;
}
