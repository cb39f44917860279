import { fold } from '@outpost/model';
import { dateMatches, fiscal, type Moment, wall, weekOfYear } from './calendar.ts';
import {
  type ConditionSpec,
  type FilterSpec,
  keyOf,
  type LinkSpec,
  type NodeSpec,
  type Spec,
  targets,
  types,
} from './spec.ts';
import type { Row, World } from './world.ts';

export interface Environment extends Moment {
  readonly userId: string;
  readonly teamIds: readonly string[];
}
type Value = Row[string] | undefined;
type Binding = ReadonlyMap<string, Row | null>;
export interface Answer {
  /** Rows as the result shows them, in order. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Ids of the root rows, in order; null where rows are no rows of a table. */
  readonly ids: readonly string[] | null;
  /** Whether it is said which rows these are, and their order: rows of a join that repeat one row tie with each other. */
  readonly once: boolean;
}

const labels: Readonly<Record<number, string>> = { 1: 'Hot', 2: 'warm', 3: 'Änderung', 4: 'hot' };

/** Evaluates a query the slow way: nested loops over rows, one condition after another. */
export function evaluate(spec: Spec, world: World, env: Environment): Answer {
  const { root } = spec;
  let bindings: Binding[] = (world[root.table] ?? []).map((row) => new Map([[root.alias, row]]));
  const nodes: NodeSpec[] = [root];
  const join = (link: LinkSpec, parent: string) => {
    if (!['inner', 'outer', 'matchfirstrowusingcrossapply'].includes(link.type)) return;
    nodes.push(link);
    bindings = bindings.flatMap((binding) => {
      const above = binding.get(parent) ?? null;
      let found = matches(link, parent, above, world).filter((row) => {
        const bound = new Map(binding).set(link.alias, row);
        return nodeHolds(link, bound, world, env);
      });
      if (link.type === 'matchfirstrowusingcrossapply') {
        found = [...found]
          .sort((a, b) => (String(a[keyOf(link.table)]) < String(b[keyOf(link.table)]) ? -1 : 1))
          .slice(0, 1);
      }
      if (found.length === 0 && link.type === 'outer')
        return [new Map(binding).set(link.alias, null)];
      return found.map((row) => new Map(binding).set(link.alias, row));
    });
    for (const inner of link.links) join(inner, link.alias);
  };
  for (const link of root.links) join(link, root.alias);
  bindings = bindings.filter((binding) => nodeHolds(root, binding, world, env));
  if (spec.aggregate) return { rows: aggregate(nodes, bindings, env), ids: null, once: false };
  const orders = nodes.flatMap((node) => node.orders.map((order) => ({ ...order, node })));
  const keys = (binding: Binding) =>
    orders.map(({ node, column }) =>
      orderKey(node.table, column, binding.get(node.alias) ?? null, world, spec.rawOrder),
    );
  const rootId = (binding: Binding) => String(binding.get(root.alias)?.[keyOf(root.table)]);
  const sorted = bindings
    .map((binding) => ({ binding, keys: keys(binding), id: rootId(binding) }))
    .sort((a, b) => {
      for (const [i, order] of orders.entries()) {
        const difference = compare(a.keys[i] ?? null, b.keys[i] ?? null);
        if (difference !== 0) return order.descending ? -difference : difference;
      }
      return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
    });
  const shown = (binding: Binding) => {
    const row: Record<string, unknown> = {};
    for (const node of nodes) {
      for (const { column } of node.columns) {
        const value = binding.get(node.alias)?.[column] ?? null;
        const key = node === root ? column : `${node.alias}.${column}`;
        if (value !== null) row[key] = value;
      }
    }
    return row;
  };
  if (!spec.distinct) {
    const cut = spec.top === null ? sorted : sorted.slice(0, spec.top);
    const ids = cut.map((one) => one.id);
    // The last row that is shown may tie with the first that is not.
    const next = sorted.at(cut.length)?.id;
    const once = new Set(ids).size === ids.length && !ids.includes(next ?? '');
    return { rows: cut.map(({ binding }) => shown(binding)), ids, once };
  }
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const { binding, keys: sortKeys } of sorted) {
    const row = shown(binding);
    const folded = Object.entries(row).map(([key, value]) => [
      key,
      isText(key, nodes) ? fold(String(value)) : value,
    ]);
    const key = JSON.stringify([folded, sortKeys]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const rows = [...groups.values()].map((members) => {
    const row: Record<string, unknown> = { ...members[0] };
    for (const key of Object.keys(row)) {
      if (isText(key, nodes)) row[key] = smallest(members.map((one) => String(one[key])));
    }
    return row;
  });
  return { rows, ids: null, once: false };
}

function isText(key: string, nodes: readonly NodeSpec[]): boolean {
  const [first, second] = key.split('.');
  const node = second === undefined ? nodes[0] : nodes.find((one) => one.alias === first);
  return types[node?.table ?? '']?.[second ?? first ?? ''] === 'text';
}

export function compareText(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i]?.codePointAt(0) ?? -1) - (y[i]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
const smallest = (list: readonly string[]) => [...list].sort(compareText)[0];

function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b));
}

function orderKey(
  table: string,
  column: string,
  row: Row | null,
  world: World,
  raw: boolean,
): string | number | null {
  const value = row?.[column] ?? null;
  if (value === null) return null;
  switch (types[table]?.[column]) {
    case 'text':
      return fold(String(value));
    case 'lookup': {
      const name = targetName(table, column, String(value), world);
      return name === null ? null : fold(name);
    }
    case 'choice':
      return raw ? Number(value) : fold(labels[Number(value)] ?? '');
    case 'boolean':
      return value === true ? 1 : 0;
    case 'id':
      return guidKey(String(value));
    default:
      return typeof value === 'number' ? value : String(value);
  }
}

function targetName(table: string, column: string, id: string, world: World): string | null {
  const target = targets[`${table}.${column}`] ?? targets[column] ?? '';
  const row = (world[target] ?? []).find((one) => one[keyOf(target)] === id);
  const name = row?.[target === 'person' ? 'name' : 'title'] ?? null;
  return name === null ? null : String(name);
}

/** SQL Server compares the last group first, then the others backwards, the first three byte by byte reversed. */
function guidKey(id: string): string {
  const bytes = id.replaceAll('-', '').match(/../g) ?? [];
  const stored = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((i) => bytes[i] ?? '');
  return [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3]
    .map((i) => stored[i] ?? '')
    .join('');
}

function matches(link: LinkSpec, parent: string, above: Row | null, world: World): readonly Row[] {
  const value = above?.[link.to] ?? null;
  if (value === null) return [];
  const text = types[link.table]?.[link.from] === 'text';
  const same = (other: Value) =>
    other !== null &&
    other !== undefined &&
    (text ? fold(String(other)) === fold(String(value)) : other === value);
  void parent;
  return (world[link.table] ?? []).filter((row) => same(row[link.from]));
}

/** The filter of a node and the links beside it that only test. */
function nodeHolds(node: NodeSpec, binding: Binding, world: World, env: Environment): boolean {
  const row = binding.get(node.alias) ?? null;
  const tests = node.links.filter(
    (one) => !['inner', 'outer', 'matchfirstrowusingcrossapply'].includes(one.type),
  );
  return (
    (node.filter === null || filterHolds(node.filter, node, row, binding, world, env)) &&
    tests.every((link) => testHolds(link, node.alias, binding, world, env))
  );
}

function filterHolds(
  filter: FilterSpec,
  node: NodeSpec,
  row: Row | null,
  binding: Binding,
  world: World,
  env: Environment,
): boolean {
  const holds = (item: FilterSpec['items'][number]): boolean => {
    if ('operator' in item) return conditionHolds(item, node.table, row, world, env);
    if ('kind' in item) return filterHolds(item, node, row, binding, world, env);
    return testHolds(item, node.alias, binding, world, env);
  };
  return filter.kind === 'and' ? filter.items.every(holds) : filter.items.some(holds);
}

function testHolds(
  link: LinkSpec,
  parent: string,
  binding: Binding,
  world: World,
  env: Environment,
): boolean {
  const above = binding.get(parent) ?? null;
  const linked = matches(link, parent, above, world);
  const passing = linked.filter((row) => {
    const bound = new Map(binding).set(link.alias, row);
    return nodeHolds(link, bound, world, env) && innerExist(link, bound, world, env);
  });
  const hasFilter = link.filter !== null || link.links.some((one) => one.type !== 'outer');
  switch (link.type) {
    case 'not any':
      return passing.length === 0;
    case 'all':
      return hasFilter ? linked.length > 0 && passing.length === 0 : false;
    default:
      return passing.length > 0;
  }
}

/** Whether joins below a tested link leave any row. */
function innerExist(link: LinkSpec, binding: Binding, world: World, env: Environment): boolean {
  let bindings: Binding[] = [binding];
  const join = (one: LinkSpec, parent: string) => {
    if (!['inner', 'outer', 'matchfirstrowusingcrossapply'].includes(one.type)) return;
    bindings = bindings.flatMap((bound) => {
      const found = matches(one, parent, bound.get(parent) ?? null, world).filter((row) =>
        nodeHolds(one, new Map(bound).set(one.alias, row), world, env),
      );
      if (found.length === 0 && one.type === 'outer') return [new Map(bound).set(one.alias, null)];
      return found.map((row) => new Map(bound).set(one.alias, row));
    });
    for (const inner of one.links) join(inner, one.alias);
  };
  for (const inner of link.links) join(inner, link.alias);
  return bindings.length > 0;
}

const negatives = new Set([
  'ne',
  'neq',
  'not-like',
  'not-begin-with',
  'not-end-with',
  'not-contain-values',
  'ne-userid',
]);

function conditionHolds(
  { column, operator, values, of }: ConditionSpec,
  table: string,
  row: Row | null,
  world: World,
  env: Environment,
): boolean {
  const type = types[table]?.[column] ?? '';
  const cell = row?.[column] ?? null;
  if (operator === 'null') return cell === null;
  if (operator === 'not-null') return cell !== null;
  if (cell === null) return negatives.has(operator);
  if (of !== undefined) {
    const other = row?.[of] ?? null;
    if (other === null) return false;
    return signed(operator, compareCells(type, cell, other));
  }
  switch (operator) {
    case 'eq':
    case 'ne':
    case 'neq':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return signed(operator, compareCells(type, cell, parse(type, values, env)));
    case 'between':
    case 'not-between': {
      const low = compareCells(type, cell, parse(type, values.slice(0, 1), env));
      const high = compareCells(type, cell, parse(type, values.slice(1), env));
      return (low >= 0 && high <= 0) === (operator === 'between');
    }
    case 'in':
    case 'not-in': {
      const found =
        type === 'choices'
          ? compareCells(type, cell, parse(type, values, env)) === 0
          : values.some((value) => compareCells(type, cell, parse(type, [value], env)) === 0);
      return found === (operator === 'in');
    }
    case 'contain-values':
    case 'not-contain-values': {
      const wanted = values.flatMap((value) => value.split(/[,;]/)).map(Number);
      return (
        (cell as readonly number[]).some((one) => wanted.includes(one)) ===
        (operator === 'contain-values')
      );
    }
    case 'eq-userid':
      return cell === env.userId;
    case 'ne-userid':
      return cell !== env.userId;
    case 'eq-userteams':
      return env.teamIds.includes(String(cell));
    case 'eq-useroruserteams':
      return [env.userId, ...env.teamIds].includes(String(cell));
    case 'under':
    case 'eq-or-under':
    case 'not-under':
    case 'above':
    case 'eq-or-above':
      return inHierarchy(String(cell), operator, String(parse('id', values, env)), world);
    default:
  }
  const pattern = values[0] ?? '';
  const shown = type === 'lookup' ? targetName(table, column, String(cell), world) : String(cell);
  const like = (text: string) =>
    shown !== null && likeMatches([...fold(shown)], tokens(fold(text)));
  switch (operator) {
    case 'like':
      return like(pattern);
    case 'not-like':
      return shown !== null && !like(pattern);
    case 'begins-with':
      return like(`${pattern}%`);
    case 'not-begin-with':
      return shown !== null && !like(`${pattern}%`);
    case 'ends-with':
      return like(`%${pattern}`);
    case 'not-end-with':
      return shown !== null && !like(`%${pattern}`);
    default:
      return dateMatches(type, String(cell), operator, values, env);
  }
}

function signed(operator: string, difference: number): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0;
    case 'ne':
    case 'neq':
      return difference !== 0;
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    default:
      return difference <= 0;
  }
}

function parse(type: string, values: readonly string[], env: Environment): Row[string] {
  const text = values[0] ?? '';
  switch (type) {
    case 'number':
    case 'choice':
      return Number(text);
    case 'boolean':
      return text === '1' || text.toLowerCase() === 'true';
    case 'choices':
      return [...new Set(values.flatMap((value) => value.split(/[,;]/)).map(Number))].sort();
    case 'id':
    case 'lookup':
      return text.replace(/[{}]/g, '').toLowerCase();
    case 'instant':
      return text.length === 10 ? midnight(text, env.zone) : text;
    case 'clock':
      return text.length === 10 ? `${text}T00:00:00Z` : text;
    case 'day':
      return text.slice(0, 10);
    default:
      return text;
  }
}

/** The first instant whose clock shows the day. */
function midnight(day: string, zone: string): string {
  let at = Date.parse(`${day}T00:00:00Z`) - 15 * 3_600_000;
  while (wall(new Date(at).toISOString(), zone).slice(0, 10) < day) at += 15 * 60_000;
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function compareCells(type: string, a: Row[string], b: Row[string]): number {
  if (type === 'text') return compareText(fold(String(a)), fold(String(b)));
  if (type === 'choices') return JSON.stringify(a) === JSON.stringify(b) ? 0 : 1;
  if (type === 'id' || type === 'lookup')
    return compareText(guidKey(String(a)), guidKey(String(b)));
  if (type === 'instant') return Date.parse(String(a)) - Date.parse(String(b));
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean') return Number(a) - Number(b);
  return compareText(String(a), String(b));
}

function inHierarchy(cell: string, operator: string, reference: string, world: World): boolean {
  const people = world['person'] ?? [];
  const boss = new Map(
    people.map((row) => [
      String(row['personid']),
      row['bossid'] === null ? null : String(row['bossid']),
    ]),
  );
  const reached = new Set<string>();
  if (operator.endsWith('above')) {
    for (
      let at = boss.get(reference) ?? null;
      at !== null && !reached.has(at);
      at = boss.get(at) ?? null
    )
      reached.add(at);
  } else {
    const queue = [reference];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const [person, above] of boss) {
        if (above !== at || reached.has(person)) continue;
        reached.add(person);
        queue.push(person);
      }
    }
  }
  reached.delete(reference);
  if (operator === 'not-under') return !reached.has(cell);
  return reached.has(cell) || (operator.startsWith('eq-or') && cell === reference);
}

type Token =
  | '%'
  | '_'
  | { readonly negated: boolean; readonly members: readonly string[] }
  | { readonly text: string };

function tokens(pattern: string): readonly Token[] {
  const found: Token[] = [];
  const rest = [...pattern];
  while (rest.length > 0) {
    const one = rest.shift() ?? '';
    if (one === '%' || one === '_') found.push(one);
    else if (one === '[') {
      const negated = rest[0] === '^';
      const start = negated ? 1 : 0;
      const close = rest.findIndex((character, i) => character === ']' && i > start);
      if (close < 0) found.push({ text: one });
      else {
        found.push({ negated, members: rest.slice(start, close) });
        rest.splice(0, close + 1);
      }
    } else found.push({ text: one });
  }
  return found;
}

function likeMatches(text: readonly string[], pattern: readonly Token[]): boolean {
  const [token, ...others] = pattern;
  if (token === undefined) return text.length === 0;
  if (token === '%') {
    for (let i = 0; i <= text.length; i++) if (likeMatches(text.slice(i), others)) return true;
    return false;
  }
  const [first, ...rest] = text;
  if (first === undefined) return false;
  const fits =
    token === '_'
      ? true
      : 'text' in token
        ? token.text === first
        : inSet(first, token.members) !== token.negated;
  return fits && likeMatches(rest, others);
}

function inSet(character: string, members: readonly string[]): boolean {
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? '';
    const to = members[i + 2];
    if (members[i + 1] === '-' && to !== undefined) {
      if (compareText(from, character) <= 0 && compareText(character, to) <= 0) return true;
      i += 2;
    } else if (from === character) return true;
  }
  return false;
}

// Aggregates

function aggregate(
  nodes: readonly NodeSpec[],
  bindings: readonly Binding[],
  env: Environment,
): readonly Readonly<Record<string, unknown>>[] {
  const items = nodes.flatMap((node) => node.columns.map((one) => ({ ...one, node })));
  const groups = items.filter((one) => one.group === true);
  const keyed = new Map<string, Binding[]>();
  for (const binding of bindings) {
    const key = JSON.stringify(groups.map((one) => groupKey(one, binding, env)));
    keyed.set(key, [...(keyed.get(key) ?? []), binding]);
  }
  if (groups.length === 0 && keyed.size === 0) keyed.set('', []);
  return [...keyed.values()].map((members) => {
    const row: Record<string, unknown> = {};
    for (const item of items) {
      const value = item.group === true ? groupValue(item, members, env) : total(item, members);
      if (value !== null && value !== undefined) row[item.alias ?? ''] = value;
    }
    return row;
  });
}

type Item = NodeSpec['columns'][number] & { readonly node: NodeSpec };

function cellOf({ node, column }: Item, binding: Binding): Row[string] {
  return binding.get(node.alias)?.[column] ?? null;
}

function groupKey(item: Item, binding: Binding, env: Environment): unknown {
  const cell = cellOf(item, binding);
  const type = types[item.node.table]?.[item.column];
  if (cell === null) return null;
  if (item.grouping !== undefined) return datePart(String(cell), type ?? '', item.grouping, env);
  return type === 'text' ? fold(String(cell)) : cell;
}

function groupValue(item: Item, members: readonly Binding[], env: Environment): unknown {
  const [first] = members;
  if (first === undefined) return null;
  const text = types[item.node.table]?.[item.column] === 'text';
  if (!text) return groupKey(item, first, env);
  const cells = members.flatMap((binding) => cellOf(item, binding) ?? []);
  return cells.length === 0 ? null : smallest(cells.map(String));
}

function total(item: Item, members: readonly Binding[]): unknown {
  const type = types[item.node.table]?.[item.column];
  if (item.aggregate === 'count') return members.length;
  const cells = members.map((binding) => cellOf(item, binding)).filter((cell) => cell !== null);
  const key = (cell: Row[string]) => (type === 'text' ? fold(String(cell)) : JSON.stringify(cell));
  if (item.aggregate === 'countcolumn') {
    return item.distinct === true ? new Set(cells.map(key)).size : cells.length;
  }
  const numbers = cells.map(Number);
  const sum = numbers.reduce((left, right) => left + right, 0);
  if (item.aggregate === 'sum') return sum;
  if (cells.length === 0) return null;
  const whole = item.column === 'age' || item.column === 'zone';
  if (item.aggregate === 'avg') return whole ? Math.trunc(sum / cells.length) : sum / cells.length;
  const sorted = [...cells].sort((a, b) => {
    const difference = compareCells(type ?? '', a, b);
    return difference !== 0 || type !== 'text' ? difference : compareText(String(a), String(b));
  });
  return item.aggregate === 'min' ? sorted[0] : sorted.at(-1);
}

function datePart(cell: string, type: string, grouping: string, env: Environment): number {
  const day = type === 'instant' ? wall(cell, env.zone).slice(0, 10) : cell.slice(0, 10);
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const { year: fiscalYear, period } = fiscal(day, env);
  switch (grouping) {
    case 'day':
      return date;
    case 'week':
      return weekOfYear(day);
    case 'month':
      return month;
    case 'quarter':
      return Math.ceil(month / 3);
    case 'year':
      return year;
    case 'fiscal-year':
      return fiscalYear;
    default:
      return fiscalYear * 100 + period;
  }
}
