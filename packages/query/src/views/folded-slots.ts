import { type AppModel, indexModel, isLookup, isText, type ModelIndex } from '@outpost/model';
import type { EntityNode, FilterNode, LinkNode } from '../fetch-xml/ast.ts';
import { parseFetch } from '../fetch-xml/parse.ts';

/**
 * Text slots by table that views compare, order or search by: they deserve a stored folded copy. A view that does not
 * parse asks for nothing.
 */
export function foldedSlots(model: AppModel): ReadonlyMap<string, ReadonlySet<string>> {
  const index = indexModel(model);
  const wanted = new Map<string, Set<string>>();
  for (const view of model.savedQueries) {
    const parsed = parseFetch(view.fetchXml);
    if (parsed.kind === 'ok') collect(parsed.value.root, index, wanted);
  }
  return wanted;
}

function collect(root: EntityNode, index: ModelIndex, wanted: Map<string, Set<string>>): void {
  const tables = new Map(nodesOf(root).map((node) => [node.alias, node.table]));
  const want = (node: EntityNode, alias: string | null, name: string) => {
    const table = alias === null ? node.table : (tables.get(alias) ?? alias);
    const column = index.column(table, name);
    if (column === undefined || !(isText(column) || isLookup(column))) return;
    const slots = wanted.get(table) ?? new Set();
    slots.add(isLookup(column) ? `${name}$n` : name);
    wanted.set(table, slots);
  };
  const visit = (filter: FilterNode, node: EntityNode) => {
    for (const item of filter.items) {
      if (item.kind === 'filter') visit(item.filter, node);
      else if (item.kind === 'condition') want(node, item.condition.alias, item.condition.column);
    }
  };
  for (const node of nodesOf(root)) {
    for (const order of node.orders) want(node, order.alias, order.column);
    if (node.filter !== null) visit(node.filter, node);
  }
}

function nodesOf(node: EntityNode): readonly EntityNode[] {
  const inFilter = node.filter === null ? [] : linksIn(node.filter);
  return [node, ...[...node.links, ...inFilter].flatMap(nodesOf)];
}

function linksIn(filter: FilterNode): readonly LinkNode[] {
  return filter.items.flatMap((item) => {
    if (item.kind === 'link') return [item.link];
    return item.kind === 'filter' ? linksIn(item.filter) : [];
  });
}
