import { dataverseErrors, type Result } from '@outpost/model';
import { QueryError, type QueryErrorCode } from '../query-error.ts';
import {
  type AggregateFunction,
  type ConditionNode,
  type DateGrouping,
  type EntityNode,
  type FetchQuery,
  type FilterItem,
  type FilterNode,
  type LinkNode,
  type LinkType,
  linkTypes,
  nodesOf,
  type OrderItem,
  type SelectItem,
} from './ast.ts';
import { readXml, type XmlElement } from './read-xml.ts';

const aliasPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const testLinkTypes: ReadonlySet<string> = new Set(['any', 'not any', 'all', 'not all']);
const aggregates: ReadonlySet<string> = new Set([
  'count',
  'countcolumn',
  'sum',
  'avg',
  'min',
  'max',
] satisfies AggregateFunction[]);
const dateGroupings: ReadonlySet<string> = new Set([
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'fiscal-period',
  'fiscal-year',
] satisfies DateGrouping[]);

/** Limits of a query. (Dataverse: query limits of FetchXML.) */
export const queryLimits = {
  links: 15,
  conditions: 500,
  top: 5000,
  page: 5000,
  /** Rows that pages without a cookie may skip. */
  simplePaging: 50_000,
  aggregateRows: 50_000,
  /** Characters of a text in a list. */
  listText: 850,
} as const;

/** Attributes by element; `*` in front: accepted, without effect on rows. */
const known: Readonly<Record<string, string>> = {
  fetch:
    'count page paging-cookie top distinct aggregate aggregatelimit returntotalrecordcount useraworderby datasource *version *mapping *output-format *no-lock *latematerialize *options *min-active-row-version *utc-offset *savedqueryid',
  entity: 'name *enableprefiltering *prefilterparametername *alias',
  'link-entity': 'name from to alias link-type *intersect *visible *enableprefiltering',
  attribute:
    'name alias aggregate groupby dategrouping distinct usertimezone rowaggregate *build *addedby',
  'all-attributes': '',
  order: 'attribute alias descending entityname',
  filter:
    'type isquickfindfields *hint *overridequickfindrecordlimitenabled *overridequickfindrecordlimitdisabled *bypassquickfind',
  condition: 'attribute operator value valueof entityname *uiname *uitype *uihidden *column *alias',
  value: '*uiname *uitype',
};
const attributesOf = new Map(
  Object.entries(known).map(([element, names]) => [
    element,
    new Set(names.split(' ').map((name) => name.replace('*', ''))),
  ]),
);

/**
 * Parses FetchXML text. Never throws: failures are typed errors with their position, all of the first stage that has
 * any (XML, schema, limits, values, aliases).
 */
export function parseFetch(xml: string): Result<FetchQuery, QueryError> {
  let root: XmlElement;
  try {
    root = readXml(xml);
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
    throw error;
  }
  if (root.name !== 'fetch') {
    const message = `Expected <fetch>, found <${root.name}>.`;
    const fix = 'Send a FetchXML query.';
    return {
      kind: 'invalid',
      errors: [new QueryError('schema', message, fix, undefined, at(root))],
    };
  }
  const parser = new Parser();
  const query = parser.fetch(root);
  for (const stage of ['schema', 'limit', 'value'] as const) {
    const errors = parser.errors.filter((error) => error.code === stage);
    if (errors.length > 0) return { kind: 'invalid', errors };
  }
  return { kind: 'ok', value: query };
}

class Parser {
  readonly errors: QueryError[] = [];
  readonly #ignored: string[] = [];
  readonly #aliases = new Set<string>();
  readonly #linkCounts = new Map<string, number>();
  #links = 0;
  #conditions = 0;

  fetch(element: XmlElement): FetchQuery {
    this.#checkElement(element);
    const aggregate = this.#flag(element, 'aggregate');
    const [entity, ...others] = element.children;
    if (entity !== undefined) this.#checkElement(entity);
    if (entity === undefined || entity.name !== 'entity' || others.length > 0) {
      this.#schema(element, '<fetch> needs exactly one <entity>.');
    }
    const top = this.#positive(element, 'top');
    const count = this.#positive(element, 'count');
    const page = this.#positive(element, 'page');
    const countTotal = this.#flag(element, 'returntotalrecordcount');
    if (top !== null && (count !== null || page !== null || countTotal)) {
      this.#schema(element, 'top cannot be combined with count, page or returntotalrecordcount.');
    }
    if (top !== null && top > queryLimits.top) {
      this.#fail(element, 'limit', `top is at most ${queryLimits.top}.`, 'Use pages.');
    }
    const aggregateLimit = this.#positive(element, 'aggregatelimit');
    if (aggregateLimit !== null && aggregateLimit > queryLimits.aggregateRows) {
      const message = `aggregatelimit is at most ${queryLimits.aggregateRows}.`;
      this.#fail(element, 'limit', message, 'Lower it.');
    }
    const root = entity?.name === 'entity' ? this.#entity(entity, 'root', aggregate) : emptyEntity;
    if (aggregate && nodesOf(root).every(({ select }) => select.length === 0)) {
      this.#schema(element, 'An aggregate query needs at least one attribute.');
    }
    if (this.#links > queryLimits.links) {
      const message = `${this.#links} link-entity elements; ${queryLimits.links} are allowed.`;
      this.#fail(element, 'limit', message, 'Split the query.', dataverseErrors.tooManyLinks);
    }
    if (this.#conditions + this.#links > queryLimits.conditions) {
      const message = `${this.#conditions + this.#links} conditions and links; ${queryLimits.conditions} are allowed.`;
      this.#fail(element, 'limit', message, 'Split the query.', dataverseErrors.tooManyConditions);
    }
    return {
      root,
      top,
      count,
      page: page ?? 1,
      pagingCookie: element.attributes['paging-cookie'] ?? null,
      distinct: this.#flag(element, 'distinct'),
      aggregate,
      aggregateLimit,
      countTotal,
      rawChoiceOrder: this.#flag(element, 'useraworderby'),
      retained: element.attributes['datasource']?.toLowerCase() === 'retained',
      ignored: this.#ignored,
    };
  }

  #entity(element: XmlElement, alias: string, aggregate: boolean): EntityNode {
    const table = this.#required(element, 'name');
    const select: SelectItem[] = [];
    const orders: OrderItem[] = [];
    const filters: FilterNode[] = [];
    const links: LinkNode[] = [];
    let all = false;
    for (const child of element.children) {
      this.#checkElement(child);
      switch (child.name) {
        case 'attribute':
          select.push(this.#attribute(child, aggregate));
          break;
        case 'all-attributes':
          if (aggregate) {
            this.#schema(child, 'An aggregate query names each of its attributes.');
          }
          all = true;
          break;
        case 'order':
          orders.push(this.#order(child, aggregate));
          break;
        case 'filter':
          filters.push(this.#filter(child, aggregate));
          break;
        case 'link-entity':
          links.push(this.#link(child, aggregate, false));
          break;
        default:
          this.#schema(child, `<${child.name}> is not allowed in <${element.name}>.`);
      }
    }
    const filter = filters.length <= 1 ? (filters[0] ?? null) : both(filters);
    return { table, alias, select: all ? 'all' : select, orders, filter, links, at: at(element) };
  }

  #attribute(element: XmlElement, aggregate: boolean): SelectItem {
    this.#leaf(element);
    const { attributes } = element;
    const column = this.#required(element, 'name');
    const alias = attributes['alias'] ?? null;
    if (alias !== null && !aliasPattern.test(alias)) {
      this.#schema(element, `"${alias}" is not a valid alias.`);
    }
    const item = { column, alias, at: at(element) };
    const functionName = attributes['aggregate'];
    const groupBy = this.#flag(element, 'groupby');
    if (functionName !== undefined && !aggregates.has(functionName)) {
      this.#schema(element, `Unknown aggregate "${functionName}".`);
    }
    if (aggregate) {
      if (alias === null)
        this.#schema(element, 'An attribute of an aggregate query needs an alias.');
      if ((functionName === undefined) === !groupBy) {
        this.#schema(
          element,
          'An attribute of an aggregate query has either aggregate or groupby.',
        );
      }
    } else if (functionName !== undefined || groupBy) {
      this.#schema(element, 'aggregate and groupby need <fetch aggregate="true">.');
    }
    const grouping = attributes['dategrouping'];
    if (grouping !== undefined && !dateGroupings.has(grouping)) {
      const message = `Unknown dategrouping "${grouping}".`;
      this.#fail(element, 'schema', message, 'Use day, week, month, ...', '0x80041135');
    }
    if (grouping !== undefined && !groupBy) {
      this.#schema(element, 'dategrouping needs groupby="true".');
    }
    const rowAggregate = attributes['rowaggregate'];
    if (rowAggregate !== undefined && rowAggregate !== 'CountChildren') {
      this.#schema(element, `Unknown rowaggregate "${rowAggregate}".`);
    }
    return {
      ...item,
      ...(functionName === undefined ? {} : { aggregate: functionName as AggregateFunction }),
      ...(groupBy ? { groupBy } : {}),
      ...(grouping === undefined ? {} : { dateGrouping: grouping as DateGrouping }),
      ...(this.#flag(element, 'distinct') ? { distinct: true } : {}),
      ...(this.#flag(element, 'usertimezone', 'true') ? {} : { userTimeZone: false }),
      ...(rowAggregate === undefined ? {} : { rowAggregate: true }),
    };
  }

  #order(element: XmlElement, aggregate: boolean): OrderItem {
    this.#leaf(element);
    const { attribute, alias, entityname } = element.attributes;
    if (aggregate && attribute !== undefined) {
      const message = 'An aggregate query is ordered by alias.';
      this.#fail(element, 'schema', message, 'Name the alias of a value.', '0x80041134');
    }
    if (!aggregate && attribute === undefined && alias !== undefined) {
      const message = 'Only an aggregate query is ordered by alias.';
      this.#fail(element, 'schema', message, 'Name a column.', '0x80041132');
    }
    return {
      column: this.#required(element, aggregate ? 'alias' : 'attribute'),
      ...(aggregate ? { output: true } : {}),
      descending: this.#flag(element, 'descending'),
      alias: entityname ?? null,
      at: at(element),
    };
  }

  #link(element: XmlElement, aggregate: boolean, inFilter: boolean): LinkNode {
    this.#links += 1;
    const text = element.attributes['link-type'] ?? 'inner';
    const linkType = linkTypes.find((one) => one === text) ?? 'inner';
    if (linkType !== text) {
      const message = `Unknown link-type "${text}".`;
      this.#fail(element, 'schema', message, 'Use inner, outer, any, ...', '0x80041121');
    } else if (inFilter && !testLinkTypes.has(text)) {
      this.#schema(
        element,
        `A link inside a filter is any, not any, all or not all, not "${text}".`,
      );
    }
    const table = this.#required(element, 'name');
    const count = (this.#linkCounts.get(table) ?? 0) + 1;
    this.#linkCounts.set(table, count);
    const given = element.attributes['alias'];
    const alias = given ?? `${table}${count}`;
    if (!aliasPattern.test(alias)) this.#schema(element, `"${alias}" is not a valid alias.`);
    if (this.#aliases.has(alias)) {
      const message = `Alias "${alias}" occurs twice.`;
      this.#fail(element, 'schema', message, 'Give each link its own alias.', '0x80041130');
    }
    this.#aliases.add(alias);
    const { from, to } = element.attributes;
    if ((from === undefined) !== (to === undefined) || from === '' || to === '') {
      this.#schema(element, '<link-entity> needs both "from" and "to", or neither.');
    }
    const node = this.#entity(element, alias, aggregate);
    return {
      ...node,
      from: from ?? null,
      to: to ?? null,
      linkType: linkType satisfies LinkType,
      hasAlias: given !== undefined,
    };
  }

  #filter(element: XmlElement, aggregate: boolean): FilterNode {
    const type = element.attributes['type'] ?? 'and';
    if (type !== 'and' && type !== 'or') {
      const message = `Unknown filter type "${type}".`;
      this.#fail(element, 'schema', message, 'Use and, or.', '0x80041122');
    }
    const items = element.children.flatMap((child): FilterItem[] => {
      this.#checkElement(child);
      switch (child.name) {
        case 'condition':
          return [{ kind: 'condition', condition: this.#condition(child) }];
        case 'filter':
          return [{ kind: 'filter', filter: this.#filter(child, aggregate) }];
        case 'link-entity':
          return [{ kind: 'link', link: this.#link(child, aggregate, true) }];
        default:
          this.#schema(child, `<${child.name}> is not allowed in <filter>.`);
          return [];
      }
    });
    const kind = type === 'or' ? 'or' : 'and';
    return { kind, quickFind: this.#flag(element, 'isquickfindfields'), items };
  }

  #condition(element: XmlElement): ConditionNode {
    this.#conditions += 1;
    const values = element.children.flatMap((child) => {
      if (child.name !== 'value') {
        this.#schema(child, `<${child.name}> is not allowed in <condition>.`);
        return [];
      }
      this.#leaf(child);
      return [child.text];
    });
    const value = element.attributes['value'];
    return {
      column: this.#required(element, 'attribute'),
      operator: this.#required(element, 'operator'),
      operands: values.length > 0 ? values : value === undefined ? [] : [value],
      alias: element.attributes['entityname'] ?? null,
      valueOf: element.attributes['valueof'] ?? null,
      at: at(element),
    };
  }

  /** Text stands in values only; attributes that are not known are noted. */
  #checkElement(element: XmlElement): void {
    if (element.text.trim() !== '') {
      this.#schema(element, `Text is not allowed in <${element.name}>.`);
    }
    const names = attributesOf.get(element.name);
    if (names === undefined) return;
    for (const name of Object.keys(element.attributes)) {
      if (!names.has(name)) this.#ignored.push(`${element.name}/${name}`);
    }
  }

  #leaf(element: XmlElement): void {
    for (const child of element.children) {
      this.#schema(child, `<${child.name}> is not allowed in <${element.name}>.`);
    }
  }

  #required(element: XmlElement, name: string): string {
    const value = element.attributes[name] ?? '';
    if (value === '') this.#schema(element, `<${element.name}> needs the attribute "${name}".`);
    return value;
  }

  #flag(element: XmlElement, name: string, preset = 'false'): boolean {
    const value = (element.attributes[name] ?? preset).toLowerCase();
    if (value === 'true' || value === '1') return true;
    if (value !== 'false' && value !== '0') {
      const message = `${name}="${value}" is not a boolean.`;
      this.#fail(element, 'value', message, 'Use true or false.');
    }
    return false;
  }

  #positive(element: XmlElement, name: string): number | null {
    const value = element.attributes[name];
    if (value === undefined) return null;
    if (/^0*[1-9]\d{0,8}$/.test(value)) return Number(value);
    this.#fail(element, 'value', `${name}="${value}" is not a positive number.`, 'Use digits.');
    return null;
  }

  #schema(element: XmlElement, message: string): void {
    this.#fail(element, 'schema', message, 'Correct the FetchXML.');
  }

  #fail(
    element: XmlElement,
    code: QueryErrorCode,
    message: string,
    fix: string,
    dataverseCode?: string,
  ): void {
    this.errors.push(new QueryError(code, message, fix, dataverseCode, at(element)));
  }
}

/** Stands for an entity that is missing; the query is refused. */
const emptyEntity: EntityNode = {
  table: '',
  alias: 'root',
  select: [],
  orders: [],
  filter: null,
  links: [],
};

function at({ line, column }: XmlElement) {
  return { line, column };
}

function both(filters: readonly FilterNode[]): FilterNode {
  return {
    kind: 'and',
    quickFind: false,
    items: filters.map((filter) => ({ kind: 'filter', filter })),
  };
}
