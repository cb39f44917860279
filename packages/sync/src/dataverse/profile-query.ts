import type { ModelIndex, OfflineProfileItem, PlannedTable, ProfileEdge } from '@outpost/model';

/** What V(T) is: a filter in FetchXML, without the element around it. The organization adds what the user may read. */
export interface TableFilter {
  readonly table: string;
  /** Content of a `<filter type="and">`; empty: every row. */
  readonly xml: string;
}

/** The filter of each table of a plan. `now` is in milliseconds: ages of rows count in whole days. */
export function profileFilters(
  index: ModelIndex,
  plan: readonly PlannedTable[],
  now: number,
): ReadonlyMap<string, TableFilter> {
  const byTable = new Map(plan.map((one) => [one.table, one]));
  return new Map(
    plan.map((one) => [one.table, { table: one.table, xml: filterOf(index, byTable, one, now) }]),
  );
}

function filterOf(
  index: ModelIndex,
  byTable: ReadonlyMap<string, PlannedTable>,
  { table, item, edges }: PlannedTable,
  now: number,
): string {
  const reasons = [criteriaOf(index, item)];
  for (const edge of edges) {
    const source = byTable.get(edge.source);
    if (source === undefined) continue;
    reasons.push(edgeOf(index, edge, table, filterOf(index, byTable, source, now)));
  }
  const recent = recentOf(index, item, now);
  // A reason that every row has leaves the others without a meaning.
  if (reasons.includes('')) return recent;
  return `<filter type="or">${reasons.join('')}</filter>${recent}`;
}

function criteriaOf(index: ModelIndex, item: OfflineProfileItem): string {
  const nobody = noRow(index, item.table);
  switch (item.criteria) {
    case 'all':
      return '';
    case 'related':
      return nobody;
    case 'other': {
      const tests = [
        item.mine === true ? '<condition attribute="ownerid" operator="eq-userid"/>' : '',
        item.myTeams === true ? '<condition attribute="ownerid" operator="eq-userteams"/>' : '',
        item.myBusinessUnit === true
          ? '<condition attribute="owningbusinessunit" operator="eq-businessid"/>'
          : '',
      ].filter((one) => one !== '');
      return tests.length === 0 ? nobody : tests.join('');
    }
    case 'custom':
      return `<filter type="and">${customOf(item.filter ?? '')}</filter>`;
    default:
      return item.criteria satisfies never;
  }
}

/** What stands inside the entity of a query: filters, and links as tests of related rows. */
function customOf(fetchXml: string): string {
  const start = /<entity\b[^<>]*>/.exec(fetchXml);
  if (start === null) return '';
  return fetchXml
    .slice(start.index + start[0].length, fetchXml.lastIndexOf('</entity>'))
    .replace(/<[^<>]*>/g, filterTag);
}

/** A tag of a query as a filter has it: no columns, no order, and rows of links are only tested. */
function filterTag(tag: string): string {
  switch (/^<\/?([\w-]+)/.exec(tag)?.[1]) {
    case 'attribute':
    case 'all-attributes':
    case 'order':
      return '';
    case 'link-entity':
      if (tag.startsWith('</')) return tag;
      return /\slink-type=/.test(tag)
        ? tag.replace(/\slink-type="inner"/, ' link-type="any"')
        : tag.replace('<link-entity', '<link-entity link-type="any"');
    default:
      return tag;
  }
}

function edgeOf(index: ModelIndex, edge: ProfileEdge, table: string, inner: string): string {
  const keyOf = (name: string) => index.table(name)?.primaryId ?? '';
  const test = inner === '' ? '' : `<filter type="and">${inner}</filter>`;
  const link = (name: string, from: string, to: string, type: string, content: string) =>
    `<link-entity name="${name}" from="${from}" to="${to}" link-type="${type}">${content}</link-entity>`;
  if (edge.direction === 'pair') {
    const { intersect } = edge.relationship;
    const source = link(edge.source, keyOf(edge.source), edge.sourceColumn, 'inner', test);
    return link(intersect, edge.ownColumn, keyOf(table), 'any', source);
  }
  const { column } = edge.relationship;
  return edge.direction === 'target'
    ? link(edge.source, column, keyOf(table), 'any', test)
    : link(edge.source, keyOf(edge.source), column, 'any', test);
}

/** Days are whole, as the organization's own endpoint has them. */
function recentOf(index: ModelIndex, { days, table }: OfflineProfileItem, now: number): string {
  if (days === undefined) return '';
  if (days === 0) return noRow(index, table);
  const midnight = Math.floor(now / 86_400_000) * 86_400_000;
  const since = new Date(midnight - days * 86_400_000).toISOString().slice(0, 19);
  return `<condition attribute="modifiedon" operator="ge" value="${since}Z"/>`;
}

/** A condition that no row meets. */
function noRow(index: ModelIndex, table: string): string {
  return `<condition attribute="${index.table(table)?.primaryId ?? ''}" operator="null"/>`;
}
