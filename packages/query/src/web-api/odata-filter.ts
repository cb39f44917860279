import type { ManyToOne, ModelIndex, Relationship } from '@outpost/model';
import type { ConditionNode, FilterItem, FilterNode, LinkNode } from '../fetch-xml/ast.ts';
import { queryLimits } from '../fetch-xml/parse.ts';
import { escapePattern } from '../operators/like-pattern.ts';
import { operators } from '../operators/operator-table.ts';
import { type ODataToken, odataError, odataTokens } from './odata-tokens.ts';

/** The opposite of each operator that has one: `not` is pushed down to conditions. */
const opposites: ReadonlyMap<string, string> = new Map(
  [
    ['eq', 'ne'],
    ['gt', 'le'],
    ['ge', 'lt'],
    ['like', 'not-like'],
    ['begins-with', 'not-begin-with'],
    ['ends-with', 'not-end-with'],
    ['in', 'not-in'],
    ['between', 'not-between'],
    ['contain-values', 'not-contain-values'],
    ['null', 'not-null'],
    ['under', 'not-under'],
    ['eq-userid', 'ne-userid'],
    ['eq-businessid', 'ne-businessid'],
  ].flatMap(([one = '', two = '']): [string, string][] => [
    [one, two],
    [two, one],
  ]),
);
const comparisons: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
const maxDepth = 50;
const functionPrefix = 'Microsoft.Dynamics.CRM.';

/** Names of query functions that are not the operator's name without dashes. */
const renamed: Readonly<Record<string, string>> = {
  underorequal: 'eq-or-under',
  aboveorequal: 'eq-or-above',
  doesnotcontainvalues: 'not-contain-values',
  last7days: 'last-seven-days',
  next7days: 'next-seven-days',
  equaluserid: 'eq-userid',
  notequaluserid: 'ne-userid',
  notuserid: 'ne-userid',
  equalbusinessid: 'eq-businessid',
  notbusinessid: 'ne-businessid',
  equaluserteams: 'eq-userteams',
  equaluserorteams: 'eq-useroruserteams',
  equaluseroruserteams: 'eq-useroruserteams',
  equaluseroruserhierarchy: 'eq-useroruserhierarchy',
  equaluseroruserhierarchyandteams: 'eq-useroruserhierarchyandteams',
  equaluserlanguage: 'eq-userlanguage',
};

/** Query functions by name in lower case. (Dataverse: Web API query functions.) */
const functions: ReadonlyMap<string, string> = new Map([
  ...[...operators.keys()].map((name): [string, string] => [name.replaceAll('-', ''), name]),
  ...Object.entries(renamed),
]);

/** Links that filters and orders need, each once. */
export class ODataLinks {
  readonly links: LinkNode[] = [];
  readonly #model: ModelIndex;

  constructor(model: ModelIndex) {
    this.#model = model;
  }

  /** Alias of the outer link behind a navigation property of `table`. */
  follow(
    option: string,
    table: string,
    property: string,
    at: number,
  ): { readonly alias: string; readonly table: string } {
    const found = findManyToOne(this.#model, table, property);
    if (found === undefined) {
      throw odataError(
        option,
        `"${property}" is no single-valued navigation property of "${table}"`,
        at,
      );
    }
    const alias = `nav_${found.column}`;
    const target = this.#model.table(found.target);
    if (!this.links.some((one) => one.alias === alias)) {
      this.links.push({
        table: found.target,
        alias,
        select: [],
        orders: [],
        filter: null,
        links: [],
        from: target?.primaryId ?? '',
        to: found.column,
        linkType: 'outer',
      });
    }
    return { alias, table: found.target };
  }
}

/** By the name of the lookup or of the relationship. */
export function findManyToOne(
  model: ModelIndex,
  table: string,
  property: string,
): ManyToOne | undefined {
  const own = model.referencing(table);
  return (
    own.find((one) => one.column === property) ??
    own.find((one) => one.name === property) ??
    // A polymorphic lookup has a property for each target: `customerid_account`.
    own.find((one) => `${one.column}_${one.target}` === property)
  );
}

/** The relationship behind a collection-valued navigation property. */
export function findCollection(
  model: ModelIndex,
  table: string,
  property: string,
): Relationship | undefined {
  return model.model.relationships.find(
    (one) =>
      one.name === property &&
      (one.kind === 'manyToOne'
        ? one.target === table
        : one.table1 === table || one.table2 === table),
  );
}

/** Parses `$filter` of a table. Throws `QueryError`. */
export function parseODataFilter(
  text: string,
  table: string,
  model: ModelIndex,
  links: ODataLinks,
): FilterNode {
  const parser = new FilterParser(odataTokens('$filter', text), table, model, links);
  return parser.parse();
}

/** What a name in an expression stands for. */
interface Place {
  readonly table: string;
  /** Alias of a link; null: the table itself. */
  readonly alias: string | null;
  readonly column: string;
}

class FilterParser {
  readonly #tokens: readonly ODataToken[];
  readonly #model: ModelIndex;
  readonly #links: ODataLinks;
  #table: string;
  /** Variable of the collection test that is being read. */
  #variable: string | null = null;
  #at = 0;
  #depth = 0;
  #tests = 0;

  constructor(tokens: readonly ODataToken[], table: string, model: ModelIndex, links: ODataLinks) {
    this.#tokens = tokens;
    this.#table = table;
    this.#model = model;
    this.#links = links;
  }

  parse(): FilterNode {
    const item = this.#or(false);
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw odataError('$filter', `unexpected "${left.text}"`, left.at);
    return asFilter(item);
  }

  #or(negated: boolean): FilterItem {
    const items = [this.#and(negated)];
    while (this.#word('or')) items.push(this.#and(negated));
    return combine(negated ? 'and' : 'or', items);
  }

  #and(negated: boolean): FilterItem {
    const items = [this.#not(negated)];
    while (this.#word('and')) items.push(this.#not(negated));
    return combine(negated ? 'or' : 'and', items);
  }

  #not(negated: boolean): FilterItem {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw odataError('$filter', `nested deeper than ${maxDepth}`);
    const item = this.#word('not') ? this.#not(!negated) : this.#primary(negated);
    this.#depth -= 1;
    return item;
  }

  #primary(negated: boolean): FilterItem {
    if (this.#mark('(')) {
      const inside = this.#or(negated);
      this.#expect(')');
      return inside;
    }
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name') throw this.#unexpected();
    if (token.text.startsWith(functionPrefix)) return this.#function(negated);
    if (
      this.#next(1)?.text === '(' &&
      ['contains', 'startswith', 'endswith'].includes(token.text)
    ) {
      return this.#textFunction(token.text, negated);
    }
    return this.#comparison(negated);
  }

  #textFunction(name: string, negated: boolean): FilterItem {
    this.#at += 1;
    this.#expect('(');
    const place = this.#place();
    this.#expect(',');
    const text = escapePattern(this.#literal());
    this.#expect(')');
    const operator =
      { contains: 'like', startswith: 'begins-with', endswith: 'ends-with' }[name] ?? 'like';
    return this.#condition(place, operator, [name === 'contains' ? `%${text}%` : text], negated);
  }

  /** `Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=7)`. */
  #function(negated: boolean): FilterItem {
    const token = this.#tokens[this.#at];
    const name = token?.text.slice(functionPrefix.length).toLowerCase() ?? '';
    const operator = functions.get(name);
    if (operator === undefined)
      throw odataError('$filter', `unknown function "${token?.text}"`, token?.at);
    this.#at += 1;
    this.#expect('(');
    const values: string[] = [];
    let property = '';
    do {
      const key = this.#name();
      this.#expect('=');
      if (key === 'PropertyName') property = columnOf(this.#literal());
      else if (this.#mark('[')) {
        do values.push(this.#literal());
        while (this.#mark(','));
        this.#expect(']');
      } else values.push(this.#literal());
    } while (this.#mark(','));
    this.#expect(')');
    return this.#condition(
      { table: this.#table, alias: null, column: property },
      operator,
      values,
      negated,
    );
  }

  #comparison(negated: boolean): FilterItem {
    const start = this.#tokens[this.#at];
    const path = [this.#name()];
    while (this.#mark('/')) path.push(this.#name());
    const last = path.at(-1);
    if ((last === 'any' || last === 'all') && this.#next(0)?.text === '(') {
      return this.#collection(path.slice(0, -1), last, negated, start?.at ?? 0);
    }
    const place = this.#resolve(path, start?.at ?? 0);
    const operator = this.#name();
    if (operator === 'in') {
      this.#expect('(');
      const values = [this.#literal()];
      while (this.#mark(',')) values.push(this.#literal());
      this.#expect(')');
      return this.#condition(place, 'in', values, negated);
    }
    if (!comparisons.has(operator))
      throw odataError('$filter', `unknown operator "${operator}"`, start?.at);
    const right = this.#tokens[this.#at];
    if (right?.kind === 'name') {
      const other = this.#place();
      const compared = other.alias === null ? other.column : `${other.alias}.${other.column}`;
      return this.#condition(place, operator, [], negated, compared);
    }
    if (right?.kind === 'literal' && right.text === 'null' && !right.quoted) {
      this.#at += 1;
      if (operator !== 'eq' && operator !== 'ne')
        throw odataError('$filter', `null cannot be compared with ${operator}`, right.at);
      return this.#condition(place, operator === 'eq' ? 'null' : 'not-null', [], negated);
    }
    return this.#condition(place, operator, [this.#literal()], negated);
  }

  /** `tasks/any(t: t/subject eq 'x')`. */
  #collection(
    path: readonly string[],
    quantifier: 'any' | 'all',
    negated: boolean,
    at: number,
  ): FilterItem {
    const [property, ...more] = path;
    const relationship =
      property === undefined ? undefined : findCollection(this.#model, this.#table, property);
    if (relationship === undefined || more.length > 0) {
      throw odataError('$filter', `"${path.join('/')}" is no collection of "${this.#table}"`, at);
    }
    this.#expect('(');
    const outer = { table: this.#table, variable: this.#variable };
    this.#tests += 1;
    if (this.#tests > queryLimits.links) {
      throw odataError('$filter', `more than ${queryLimits.links} tests of collections`, at);
    }
    const alias = `any${this.#tests}`;
    const link = collectionLink(relationship, this.#table, alias, this.#model);
    let filter: FilterNode | null = null;
    if (!this.#mark(')')) {
      const variable = this.#name();
      this.#expect(':');
      this.#table = link.inner.table;
      this.#variable = variable;
      // "All satisfy" is "none does not": the filter is negated inside.
      filter = asFilter(this.#or(quantifier === 'all'));
      this.#table = outer.table;
      this.#variable = outer.variable;
      this.#expect(')');
    }
    const none = (quantifier === 'all') !== negated;
    return { kind: 'link', link: link.make(filter, none ? 'not any' : 'any') };
  }

  #condition(
    { alias, column }: Place,
    operator: string,
    operands: readonly string[],
    negated: boolean,
    compared: string | null = null,
  ): FilterItem {
    const effective = negated ? opposites.get(operator) : operator;
    if (effective === undefined) throw odataError('$filter', `"${operator}" has no opposite`);
    const condition: ConditionNode = {
      column,
      operator: effective,
      operands,
      alias,
      valueOf: compared,
    };
    return { kind: 'condition', condition };
  }

  #place(): Place {
    const at = this.#tokens[this.#at]?.at ?? 0;
    const path = [this.#name()];
    while (this.#mark('/')) path.push(this.#name());
    return this.#resolve(path, at);
  }

  #resolve(path: readonly string[], at: number): Place {
    const names = path[0] === this.#variable ? path.slice(1) : path;
    const [first = '', second, ...more] = names;
    if (more.length > 0) throw odataError('$filter', `"${path.join('/')}" is too long a path`, at);
    if (second === undefined) return { table: this.#table, alias: null, column: columnOf(first) };
    if (this.#variable !== null)
      throw odataError('$filter', 'a collection test names columns of its rows only', at);
    const { alias, table } = this.#links.follow('$filter', this.#table, first, at);
    return { table, alias, column: columnOf(second) };
  }

  #literal(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'literal') throw this.#unexpected();
    this.#at += 1;
    return token.text;
  }

  #name(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name') throw this.#unexpected();
    this.#at += 1;
    return token.text;
  }

  #word(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #mark(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'mark' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #next(offset: number): ODataToken | undefined {
    return this.#tokens[this.#at + offset];
  }

  #expect(text: string): void {
    if (!this.#mark(text)) throw this.#unexpected(text);
  }

  #unexpected(wanted?: string): Error {
    const token = this.#tokens[this.#at];
    const found = token === undefined ? 'end' : `"${token.text}"`;
    const message =
      wanted === undefined ? `unexpected ${found}` : `expected "${wanted}", found ${found}`;
    return odataError('$filter', message, token?.at);
  }
}

/** `_ownerid_value` is how the Web API names the lookup `ownerid`. */
export function columnOf(property: string): string {
  return /^_(\w+)_value$/.exec(property)?.[1] ?? property;
}

function combine(kind: 'and' | 'or', items: readonly FilterItem[]): FilterItem {
  const [only, ...others] = items;
  if (only !== undefined && others.length === 0) return only;
  return { kind: 'filter', filter: { kind, quickFind: false, items } };
}

function asFilter(item: FilterItem): FilterNode {
  return item.kind === 'filter' ? item.filter : { kind: 'and', quickFind: false, items: [item] };
}

/** Links to the rows of a collection, tested inside a filter. */
function collectionLink(
  relationship: Relationship,
  table: string,
  alias: string,
  model: ModelIndex,
): {
  readonly inner: { readonly table: string };
  make(filter: FilterNode | null, linkType: 'any' | 'not any'): LinkNode;
} {
  const base = { alias, select: [], orders: [], links: [] } as const;
  const keyOf = (name: string) => model.table(name)?.primaryId ?? '';
  if (relationship.kind === 'manyToOne') {
    const { table: own, column } = relationship;
    return {
      inner: { table: own },
      make: (filter, linkType) => ({
        ...base,
        table: own,
        filter,
        linkType,
        from: column,
        to: keyOf(table),
      }),
    };
  }
  const { intersect, table1, table2, column1, column2 } = relationship;
  const [here, there, other] =
    table1 === table ? [column1, column2, table2] : [column2, column1, table1];
  return {
    inner: { table: other },
    make: (filter, linkType) => {
      const target: LinkNode = {
        ...base,
        alias: `${alias}t`,
        table: other,
        filter,
        linkType: 'inner',
        from: keyOf(other),
        to: there,
      };
      return {
        ...base,
        table: intersect,
        filter: null,
        linkType,
        from: here,
        to: keyOf(table),
        links: [target],
      };
    },
  };
}
