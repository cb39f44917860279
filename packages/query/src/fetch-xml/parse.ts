import { dataverseErrors, type Result } from '@outpost/model';
import { QueryError } from '../query-error.ts';
import type {
  ConditionNode,
  EntityNode,
  FetchQuery,
  FilterItem,
  FilterNode,
  LinkNode,
  LinkType,
  OrderItem,
  SelectItem,
} from './ast.ts';
import { readXml, type XmlElement } from './read-xml.ts';

const linkTypes: ReadonlySet<string> = new Set([
  'inner',
  'outer',
  'exists',
  'in',
  'any',
  'not any',
  'all',
  'not all',
]);
const aliasPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maxLinks = 15;
const maxConditions = 500;

/** Parses FetchXML text. Never throws: every failure is a typed error with its position. */
export function parseFetch(xml: string): Result<FetchQuery, QueryError> {
  try {
    return { kind: 'ok', value: new Parser().fetch(readXml(xml)) };
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
    throw error;
  }
}

class Parser {
  #links = 0;
  #conditions = 0;
  readonly #aliases = new Set<string>();
  readonly #linkCounts = new Map<string, number>();

  fetch(root: XmlElement): FetchQuery {
    if (root.name !== 'fetch') throw schema(root, `Expected <fetch>, found <${root.name}>.`);
    if (flag(root, 'aggregate')) {
      throw new QueryError(
        'unsupported',
        'Aggregate queries do not run on the device yet.',
        'Remove aggregate="true", or run the query online.',
      );
    }
    const [entity, ...others] = root.children;
    if (entity === undefined || entity.name !== 'entity' || others.length > 0) {
      throw schema(root, '<fetch> needs exactly one <entity>.');
    }
    const top = positive(root, 'top');
    const count = positive(root, 'count');
    const page = positive(root, 'page') ?? 1;
    if (top !== null && (count !== null || root.attributes['page'] !== undefined)) {
      throw schema(root, 'top cannot be combined with count or page.');
    }
    if (top !== null && top > 5000) {
      throw new QueryError('limit', 'top is at most 5000.', 'Use paging for more rows.');
    }
    const node = this.#entity(entity, 'root');
    return { root: node, top, count, page, distinct: flag(root, 'distinct') };
  }

  #entity(element: XmlElement, alias: string): EntityNode {
    const table = required(element, 'name');
    const select: SelectItem[] = [];
    const orders: OrderItem[] = [];
    const filters: FilterNode[] = [];
    const links: LinkNode[] = [];
    let all = false;
    for (const child of element.children) {
      switch (child.name) {
        case 'attribute':
          select.push({
            column: required(child, 'name'),
            alias: child.attributes['alias'] ?? null,
          });
          break;
        case 'all-attributes':
          all = true;
          break;
        case 'order':
          orders.push(this.#order(child));
          break;
        case 'filter':
          filters.push(this.#filter(child));
          break;
        case 'link-entity':
          links.push(this.#link(child));
          break;
        default:
          throw schema(child, `<${child.name}> is not allowed in <${element.name}>.`);
      }
    }
    const filter = filters.length <= 1 ? (filters[0] ?? null) : both(filters);
    return { table, alias, select: all ? 'all' : select, orders, filter, links };
  }

  #order(element: XmlElement): OrderItem {
    return {
      column: required(element, 'attribute'),
      descending: flag(element, 'descending'),
      alias: element.attributes['entityname'] ?? null,
    };
  }

  #link(element: XmlElement): LinkNode {
    this.#links += 1;
    if (this.#links > maxLinks) {
      throw new QueryError(
        'limit',
        `More than ${maxLinks} link-entity elements.`,
        'Split the query.',
        dataverseErrors.tooManyLinks,
      );
    }
    const linkType = element.attributes['link-type'] ?? 'inner';
    if (!linkTypes.has(linkType)) throw schema(element, `Unknown link-type "${linkType}".`);
    const table = required(element, 'name');
    const count = (this.#linkCounts.get(table) ?? 0) + 1;
    this.#linkCounts.set(table, count);
    const alias = element.attributes['alias'] ?? `${table}${count}`;
    if (!aliasPattern.test(alias)) throw schema(element, `"${alias}" is not a valid alias.`);
    if (this.#aliases.has(alias)) throw schema(element, `Alias "${alias}" occurs twice.`);
    this.#aliases.add(alias);
    const node = this.#entity(element, alias);
    const from = required(element, 'from');
    return { ...node, from, to: required(element, 'to'), linkType: linkType as LinkType };
  }

  #filter(element: XmlElement): FilterNode {
    const type = element.attributes['type'] ?? 'and';
    if (type !== 'and' && type !== 'or') throw schema(element, `Unknown filter type "${type}".`);
    const items = element.children.map((child): FilterItem => {
      switch (child.name) {
        case 'condition':
          return { kind: 'condition', condition: this.#condition(child) };
        case 'filter':
          return { kind: 'filter', filter: this.#filter(child) };
        case 'link-entity':
          return { kind: 'link', link: this.#link(child) };
        default:
          throw schema(child, `<${child.name}> is not allowed in <filter>.`);
      }
    });
    return { kind: type, quickFind: flag(element, 'isquickfindfields'), items };
  }

  #condition(element: XmlElement): ConditionNode {
    this.#conditions += 1;
    if (this.#conditions + this.#links > maxConditions) {
      throw new QueryError(
        'limit',
        `More than ${maxConditions} conditions.`,
        'Split the query.',
        dataverseErrors.tooManyConditions,
      );
    }
    const values = element.children.map((child) => {
      if (child.name !== 'value')
        throw schema(child, `<${child.name}> is not allowed in <condition>.`);
      return child.text;
    });
    const value = element.attributes['value'];
    return {
      column: required(element, 'attribute'),
      operator: required(element, 'operator'),
      operands: values.length > 0 ? values : value === undefined ? [] : [value],
      alias: element.attributes['entityname'] ?? null,
      valueOf: element.attributes['valueof'] ?? null,
    };
  }
}

function both(filters: readonly FilterNode[]): FilterNode {
  return {
    kind: 'and',
    quickFind: false,
    items: filters.map((filter) => ({ kind: 'filter', filter })),
  };
}

function schema(element: XmlElement, message: string): QueryError {
  const at = `line ${element.line}, column ${element.column}`;
  return new QueryError('schema', `${message} (${at})`, 'Correct the FetchXML.');
}

function required(element: XmlElement, name: string): string {
  const value = element.attributes[name];
  if (value === undefined || value === '') {
    throw schema(element, `<${element.name}> needs the attribute "${name}".`);
  }
  return value;
}

function flag(element: XmlElement, name: string): boolean {
  const value = (element.attributes[name] ?? 'false').toLowerCase();
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new QueryError('value', `"${value}" is not a boolean for "${name}".`, 'Use true or false.');
}

function positive(element: XmlElement, name: string): number | null {
  const value = element.attributes[name];
  if (value === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    throw new QueryError(
      'value',
      `${name}="${value}" is not a positive number.`,
      'Use digits only.',
    );
  }
  return Number(value);
}
