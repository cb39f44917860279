import {
  type Column,
  dataverseErrors,
  isChoice,
  isLookup,
  isText,
  type ManyToOne,
  type ModelIndex,
  type Result,
  type Table,
  versionColumn,
} from '@outpost/model';
import type {
  ConditionNode,
  EntityNode,
  FetchQuery,
  FilterItem,
  FilterNode,
  LinkNode,
  OrderItem,
  SelectItem,
} from '../fetch-xml/ast.ts';
import { kindOf } from '../operators/operands.ts';
import { calendarOf, columnSigns, type Operator, operators } from '../operators/operator-table.ts';
import type { QueryContext } from '../query-context.ts';
import { type Position, QueryError, type QueryErrorCode } from '../query-error.ts';
import { and, type Condition, or } from './condition.ts';
import type { Join, Order, Output, ResolvedQuery, TimeDependency } from './resolved-query.ts';
import type { Source, Term } from './term.ts';

export interface ResolveOptions {
  readonly model: ModelIndex;
  readonly context: QueryContext;
  /** Columns that do not exist for the caller. Default: none. */
  readonly hidden?: (table: string, column: Column) => boolean;
}

/** Binds a query to a model: all errors of the first stage with errors (names, then operators and values). */
export function resolveQuery(
  query: FetchQuery,
  options: ResolveOptions,
): Result<ResolvedQuery, QueryError> {
  const resolver = new Resolver(query, options);
  const resolved = resolver.resolve();
  for (const stage of ['limit', 'metadata', 'context', 'operator', 'value', 'schema'] as const) {
    const errors = resolver.errors.filter((error) => error.code === stage);
    if (errors.length > 0) return { kind: 'invalid', errors };
  }
  return { kind: 'ok', value: resolved };
}

/** A name that resolves to nothing; the query is refused, so what it stands for does not matter. */
const nothing: Column = { name: '', label: '', type: 'string', required: 'none' };
const nowhere: Table = {
  name: '',
  label: '',
  pluralLabel: '',
  setName: '',
  primaryId: '',
  primaryName: null,
  ownership: 'none',
  columns: [],
  availableOffline: false,
  changeTracking: false,
};

interface ColumnRef {
  readonly column: Column;
  /** The name of a lookup's target or the label of a choice, addressed as `columnname`. */
  readonly virtual: boolean;
}

interface Scope extends Source {
  readonly node: EntityNode;
  readonly named: boolean;
}

const labelTypes: ReadonlySet<Column['type']> = new Set(['boolean', 'choices']);

class Resolver {
  readonly errors: QueryError[] = [];
  readonly #query: FetchQuery;
  readonly #options: ResolveOptions;
  /** Occurrences that conditions and orders can name, in document order. */
  #scopes: Scope[] = [];
  readonly #tables = new Set<string>();
  readonly #nameTables = new Set<string>();
  readonly #columns = new Map<string, Set<string>>();
  readonly #times: TimeDependency[] = [];
  #count = 0;

  constructor(query: FetchQuery, options: ResolveOptions) {
    this.#query = query;
    this.#options = options;
  }

  resolve(): ResolvedQuery {
    const { root: node, aggregate, distinct } = this.#query;
    const root = this.#scope(node, true);
    const joined = this.#openLinks(node.links, root);
    const where: Condition[] = [];
    const own = this.#nodeFilter(node, root);
    if (own !== null) where.push(own);
    const joins = joined.flatMap((one) => this.#join(one, where));
    const outputs = this.#outputs(root);
    const orders = aggregate ? [] : this.#orders(root);
    return {
      root,
      joins,
      where: where.length === 0 ? null : and(where),
      outputs,
      orders,
      outputOrders: aggregate ? this.#outputOrders(outputs) : [],
      distinct,
      aggregate,
      times: this.#times,
      columns: this.#columns,
      nameTables: this.#nameTables,
      tables: this.#tables,
    };
  }

  // Occurrences and links

  #scope(node: EntityNode, named: boolean): Scope {
    const { model } = this.#options;
    const table = model.table(node.table);
    if (table === undefined) {
      const message = `Table "${node.table}" does not exist.`;
      const fix = 'Use the logical name of a table of the app.';
      this.#fail('metadata', message, fix, dataverseErrors.unknownTable, node.at);
    } else this.#tables.add(table.name);
    const scope: Scope = {
      table: table ?? nowhere,
      alias: node.alias,
      sql: `t${this.#count++}`,
      node,
      named,
    };
    this.#scopes.push(scope);
    return scope;
  }

  /** All occurrences of joined links first: a filter may name a link that comes later. */
  #openLinks(links: readonly LinkNode[], parent: Scope): readonly OpenLink[] {
    return links.flatMap((link): OpenLink[] => {
      if (isTest(link)) return [];
      const scope = this.#scope(link, link.hasAlias !== false);
      return [{ link, parent, scope }, ...this.#openLinks(link.links, scope)];
    });
  }

  #join({ link, parent, scope }: OpenLink, where: Condition[]): readonly Join[] {
    const on = this.#linkTerms(link, scope, parent);
    const first = link.linkType === 'matchfirstrowusingcrossapply';
    const candidate: Source | null = first ? { ...scope, sql: `${scope.sql}f` } : null;
    const inside = candidate === null ? scope : { ...scope, sql: candidate.sql };
    const filter = this.#nodeFilter(link, inside);
    const fromColumn = on[0].kind === 'cell' ? on[0].slot : '';
    const join: Join = {
      source: scope,
      type: first ? 'first' : link.linkType === 'outer' ? 'outer' : 'inner',
      on,
      filter: link.linkType === 'inner' ? null : filter,
      candidate,
      unique: first || fromColumn === scope.table.primaryId,
    };
    // The condition of an inner link restricts the result wherever it stands.
    if (link.linkType === 'inner' && filter !== null) where.push(filter);
    return [join];
  }

  #linkTerms(link: LinkNode, scope: Source, parent: Source): readonly [Term, Term] {
    const names = this.#linkColumns(link, scope.table, parent.table);
    const from = this.#column(scope, names.from, link.at).column;
    const to = this.#column(parent, names.to, link.at).column;
    for (const column of [from, to]) {
      if (!['image', 'file', 'partyList', 'choices'].includes(column.type)) continue;
      const message = `Tables cannot be linked by column "${column.name}" (${column.type}).`;
      this.#fail('value', message, 'Link by an id, text, number or date.', undefined, link.at);
    }
    const bothText = isText(from) && isText(to);
    const term = (source: Source, column: Column): Term =>
      bothText
        ? { kind: 'folded', source, slot: column.name }
        : { kind: 'cell', source, slot: column.name };
    return [term(scope, from), term(parent, to)];
  }

  /** Columns of a link; without any named, those of the only relationship between the two tables. */
  #linkColumns({ from, to, at }: LinkNode, own: Table, parent: Table) {
    if (from !== null && to !== null) return { from, to };
    const { model } = this.#options;
    const between = (holder: Table, target: Table) =>
      model.referencing(holder.name).filter((one) => one.target === target.name);
    const up = between(parent, own).map((one: ManyToOne) => ({
      from: own.primaryId,
      to: one.column,
    }));
    const down = between(own, parent).map((one) => ({ from: one.column, to: parent.primaryId }));
    const [only, ...others] = [...up, ...down];
    if (only !== undefined && others.length === 0) return only;
    const message = `There ${only === undefined ? 'is no relationship' : 'are several relationships'} between "${parent.name}" and "${own.name}".`;
    this.#fail('metadata', message, 'Give the link "from" and "to".', undefined, at);
    return { from: own.primaryId, to: parent.primaryId };
  }

  /** A link that only tests: the row above appears once and the link adds no columns. */
  #exists(link: LinkNode, parent: Scope): Condition {
    const outer = this.#scopes;
    this.#scopes = [...outer];
    const scope = this.#scope(link, link.hasAlias !== false);
    const on = this.#linkTerms(link, scope, parent);
    const joined = this.#openLinks(link.links, scope);
    const where: Condition[] = [];
    const filter = this.#nodeFilter(link, scope);
    const joins = joined.flatMap((one) => this.#join(one, where));
    this.#scopes = outer;
    const tests = [...(filter === null ? [] : [filter]), ...where];
    const { linkType } = link;
    return {
      kind: 'exists',
      source: scope,
      on,
      joins,
      filter: tests.length === 0 ? null : and(tests),
      mode: linkType === 'all' ? 'all' : 'any',
      negated: linkType === 'not any',
    };
  }

  // Columns

  #column(source: Source, name: string, at: Position | undefined): ColumnRef {
    const { table } = source;
    const found = this.#find(table, name);
    if (found !== undefined) {
      this.#depend(table.name, found.column.name);
      return found;
    }
    if (table !== nowhere) {
      const message = `Table "${table.name}" has no column "${name}".`;
      const fix = 'Use the logical name of a column.';
      this.#fail('metadata', message, fix, dataverseErrors.unknownColumn, at);
    }
    return { column: nothing, virtual: false };
  }

  #find(table: Table, name: string): ColumnRef | undefined {
    const { model, hidden } = this.#options;
    const visible = (column: Column | undefined) =>
      column === undefined || hidden?.(table.name, column) === true ? undefined : column;
    const column = visible(model.column(table.name, name));
    if (column !== undefined) return { column, virtual: false };
    if (name === versionColumn.name) return { column: versionColumn, virtual: false };
    if (!name.endsWith('name')) return undefined;
    const base = visible(model.column(table.name, name.slice(0, -4)));
    const named =
      base !== undefined && (isLookup(base) || isChoice(base) || labelTypes.has(base.type));
    return named ? { column: base, virtual: true } : undefined;
  }

  #depend(table: string, column: string): void {
    const columns = this.#columns.get(table) ?? new Set();
    this.#columns.set(table, columns.add(column));
  }

  /** The text of a column: its own, the name of a lookup's target, or a label. */
  #text(source: Source, column: Column): Term {
    if (isText(column)) return { kind: 'folded', source, slot: column.name };
    if (!isLookup(column)) return { kind: 'label', source, column };
    for (const name of column.targets ?? []) {
      const target = this.#options.model.table(name);
      if (target?.primaryName === null || target === undefined) continue;
      this.#nameTables.add(name);
      this.#depend(name, target.primaryName);
    }
    return { kind: 'targetName', source, column };
  }

  // Filters

  /** The filter of an entity or link; links beside it that only test are members of it. */
  #nodeFilter(node: EntityNode, scope: Scope): Condition | null {
    const tests = node.links.filter(isTest).map((link) => this.#exists(link, scope));
    if (node.filter !== null) tests.unshift(this.#filter(node.filter, scope));
    return tests.length === 0 ? null : and(tests);
  }

  #filter(filter: FilterNode, scope: Scope): Condition {
    const items = filter.items.map((item) => this.#filterItem(item, scope, filter.quickFind));
    return filter.kind === 'and' ? and(items) : or(items);
  }

  #filterItem(item: FilterItem, scope: Scope, quickFind: boolean): Condition {
    switch (item.kind) {
      case 'condition':
        return this.#condition(item.condition, scope, quickFind);
      case 'filter':
        return this.#filter(item.filter, scope);
      case 'link':
        return this.#exists(item.link, scope);
      default:
        return item satisfies never;
    }
  }

  #condition(node: ConditionNode, scope: Scope, quickFind: boolean): Condition {
    const source = node.alias === null ? scope : this.#named(node.alias, node.at);
    const { column, virtual } = this.#column(source, node.column, node.at);
    if (source.table === nowhere || column === nothing) return and([]);
    try {
      if (node.valueOf !== null) return this.#valueOf(node, source, column, node.valueOf);
      const operator = operators.get(node.operator);
      if (operator === undefined) {
        const message = `Operator "${node.operator}" is not known.`;
        const fix = 'Use an operator of FetchXML.';
        throw new QueryError('operator', message, fix, dataverseErrors.unknownOperator);
      }
      const operands = checkOperands(operator, node);
      const asText = virtual ? textColumn(column) : column;
      checkKind(operator, asText, quickFind);
      const input = {
        source,
        column: asText,
        text: this.#textFor(source, column, operator, virtual),
        operands,
        context: this.#options.context,
        index: this.#options.model,
        onTime: (name: string, amount: number) => this.#times.push({ operator: name, amount }),
        onTable: (table: string, columns: readonly string[]) => this.#require(table, columns),
      };
      const test = virtual
        ? virtualCondition(operator, input, operands)
        : operator.build(input, operator.name);
      const sqlNulls = this.#options.context.nullInNegation === 'sql';
      if (!operator.matchesNull || sqlNulls) return test;
      const term: Term = { kind: 'cell', source, slot: column.name };
      return or([{ kind: 'isNull', term, negated: false }, test]);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const { code, message, fix, dataverseCode } = error;
      this.#fail(code, message, fix, dataverseCode ?? undefined, node.at);
      return and([]);
    }
  }

  #textFor(source: Source, column: Column, { byText }: Operator, virtual: boolean): Term {
    // Names of targets are a dependency only where a text is really compared.
    return byText || virtual
      ? this.#text(source, column)
      : { kind: 'cell', source, slot: column.name };
  }

  #require(table: string, columns: readonly string[]): void {
    if (this.#options.model.table(table) === undefined) {
      throw new QueryError(
        'context',
        `The query needs table "${table}", which the app does not have.`,
        'Use another operator.',
      );
    }
    this.#tables.add(table);
    for (const column of columns) this.#depend(table, column);
  }

  #valueOf(node: ConditionNode, source: Source, column: Column, path: string): Condition {
    const sign = columnSigns.get(node.operator);
    if (sign === undefined) {
      throw new QueryError(
        'operator',
        `Operator "${node.operator}" does not compare columns.`,
        'Use eq, ne, gt, ge, lt or le with valueof.',
        dataverseErrors.unknownOperator,
      );
    }
    const dot = path.indexOf('.');
    const other = dot < 0 ? source : this.#named(path.slice(0, dot), node.at);
    const name = path.slice(dot + 1);
    const right = this.#column(other, name, node.at).column;
    if (right === nothing) return and([]);
    if (kindOf(column) !== kindOf(right) || kindOf(column) === 'other') {
      const message = `Columns "${column.name}" (${column.type}) and "${right.name}" (${right.type}) cannot be compared.`;
      throw new QueryError('value', message, 'Compare columns of the same type.');
    }
    const kind = kindOf(column);
    const term = (of: Source, one: Column): Term =>
      kind === 'text'
        ? { kind: 'folded', source: of, slot: one.name }
        : kind === 'id' && sign !== '=' && sign !== '<>'
          ? { kind: 'guidOrder', source: of, slot: one.name }
          : { kind: 'cell', source: of, slot: one.name };
    const test: Condition = {
      kind: 'terms',
      left: term(source, column),
      sign,
      right: term(other, right),
    };
    if (sign !== '<>' || this.#options.context.nullInNegation === 'sql') return test;
    const left: Term = { kind: 'cell', source, slot: column.name };
    return or([{ kind: 'isNull', term: left, negated: false }, test]);
  }

  /** By alias; else an unnamed link by its table; else the root by its table. */
  #named(alias: string, at: Position | undefined): Scope {
    const byAlias = this.#scopes.find((one, i) => i > 0 && one.alias === alias);
    const byTable = this.#scopes.find((one, i) => i > 0 && !one.named && one.table.name === alias);
    const [root] = this.#scopes;
    const found = byAlias ?? byTable ?? (root?.table.name === alias ? root : undefined);
    if (found !== undefined) return found;
    this.#fail(
      'schema',
      `The query has no link "${alias}".`,
      'Use the alias of a link.',
      undefined,
      at,
    );
    return { table: nowhere, alias, sql: 't0', node: this.#query.root, named: true };
  }

  // Results

  #outputs(root: Scope): readonly Output[] {
    const outputs: Output[] = [];
    const byKey = new Map<string, SelectItem>();
    for (const scope of this.#scopes) {
      const isRoot = scope === root;
      for (const item of this.#selection(scope, isRoot)) {
        const output = this.#output(scope, item, isRoot);
        const known = byKey.get(output.key);
        byKey.set(output.key, item);
        // The same column twice is the same value; anything else under one name is a mistake.
        if (known === undefined) outputs.push(output);
        else if (known.alias !== null || item.alias !== null || known.aggregate !== undefined) {
          const message = `The result has two values named "${output.key}".`;
          this.#fail('schema', message, 'Give each its own alias.', '0x80041130', item.at);
        }
      }
    }
    return outputs;
  }

  #selection({ node, table }: Scope, isRoot: boolean): readonly SelectItem[] {
    const { select } = node;
    if (select !== 'all' && (select.length > 0 || !isRoot || this.#query.aggregate)) return select;
    const { hidden } = this.#options;
    const columns = table.columns.filter((column) => hidden?.(table.name, column) !== true);
    return columns.map((column) => ({ column: column.name, alias: null }));
  }

  #output(source: Scope, item: SelectItem, isRoot: boolean): Output {
    const { column, virtual } = this.#column(source, item.column, item.at);
    const name = virtual ? item.column : column.name;
    const key = item.alias ?? (isRoot ? name : `${source.alias}.${name}`);
    const base = { key, source };
    if (item.rowAggregate === true) {
      const parent = this.#options.model
        .referencing(source.table.name)
        .find((one) => one.hierarchical === true && one.target === source.table.name)?.column;
      if (parent === undefined) {
        const message = `Table "${source.table.name}" has no hierarchy to count children in.`;
        this.#fail('metadata', message, 'Use a hierarchical relationship.', '0x80047020', item.at);
      } else this.#depend(source.table.name, parent);
      return {
        ...base,
        column: numberColumn(key),
        value: { kind: 'children', parent: parent ?? '' },
      };
    }
    if (item.aggregate !== undefined) return this.#aggregate(base, item, source, column);
    if (item.groupBy === true) return this.#group(base, item, source, column);
    if (!virtual) return { ...base, column, value: { kind: 'column' } };
    const label = { ...textColumn(column), name: item.column };
    return { ...base, column: label, value: { kind: 'text', term: this.#text(source, column) } };
  }

  #aggregate(
    base: Pick<Output, 'key' | 'source'>,
    item: SelectItem,
    source: Source,
    column: Column,
  ): Output {
    const { aggregate: fn = 'count', distinct = false } = item;
    const kind = kindOf(column);
    const numeric = kind === 'number';
    const ordered = numeric || kind === 'date' || kind === 'text';
    if ((['sum', 'avg'].includes(fn) && !numeric) || (['min', 'max'].includes(fn) && !ordered)) {
      const message = `Column "${column.name}" (${column.type}) has no ${fn}.`;
      this.#fail('value', message, 'Use count or countcolumn.', undefined, item.at);
    }
    const term: Term =
      kind === 'text'
        ? { kind: 'folded', source, slot: column.name }
        : { kind: 'cell', source, slot: column.name };
    const counted = fn === 'count' || fn === 'countcolumn';
    const result: Column = counted
      ? numberColumn(base.key)
      : {
          ...column,
          name: base.key,
          ...(fn === 'avg' && column.type !== 'integer' ? { precision: 10 } : {}),
        };
    return { ...base, column: result, value: { kind: 'aggregate', fn, distinct, term } };
  }

  #group(
    base: Pick<Output, 'key' | 'source'>,
    item: SelectItem,
    source: Source,
    column: Column,
  ): Output {
    const { context } = this.#options;
    const slot = column.name;
    if (item.dateGrouping !== undefined) {
      if (kindOf(column) !== 'date') {
        const message = `Column "${slot}" (${column.type}) has no dates to group by.`;
        this.#fail('value', message, 'Group by a date column.', undefined, item.at);
      }
      const calendar = calendarOf(column, context);
      const zoned = item.userTimeZone === false ? { ...calendar, timeZone: 'UTC' } : calendar;
      const value = { kind: 'datePart', part: item.dateGrouping, calendar: zoned, slot } as const;
      return { ...base, column: numberColumn(base.key), value };
    }
    const term: Term = isText(column)
      ? { kind: 'folded', source, slot }
      : { kind: 'cell', source, slot };
    return { ...base, column, value: { kind: 'group', term } };
  }

  /** Orders of the entity first, then those of its links. */
  #orders(root: Scope): readonly Order[] {
    return this.#scopes.flatMap((scope) => {
      const { orders } = scope === root ? this.#query.root : scope.node;
      return orders.map((item) => this.#order(item, scope));
    });
  }

  #order(item: OrderItem, scope: Scope): Order {
    const source = item.alias === null ? scope : this.#named(item.alias, item.at);
    const { column, virtual } = this.#column(source, item.column, item.at);
    const term = virtual ? this.#text(source, column) : this.#orderTerm(source, column);
    return { term, descending: item.descending, column };
  }

  #orderTerm(source: Source, column: Column): Term {
    if (isText(column) || isLookup(column)) return this.#text(source, column);
    if (column.type === 'guid') return { kind: 'guidOrder', source, slot: column.name };
    const labelled = isChoice(column) && (column.options?.length ?? 0) > 0;
    return labelled && !this.#query.rawChoiceOrder
      ? { kind: 'rank', source, column }
      : { kind: 'cell', source, slot: column.name };
  }

  #outputOrders(outputs: readonly Output[]) {
    const items = this.#scopes.flatMap(({ node }) => node.orders);
    return items.flatMap(({ column, descending, at }) => {
      const output = outputs.find((one) => one.key === column);
      if (output !== undefined) return [{ output, descending }];
      this.#fail(
        'schema',
        `The query has no value "${column}".`,
        'Order by an alias.',
        undefined,
        at,
      );
      return [];
    });
  }

  #fail(
    code: QueryErrorCode,
    message: string,
    fix: string,
    dataverseCode?: string,
    at?: Position,
  ): void {
    this.errors.push(new QueryError(code, message, fix, dataverseCode, at));
  }
}

interface OpenLink {
  readonly link: LinkNode;
  readonly parent: Scope;
  readonly scope: Scope;
}

function isTest({ linkType }: LinkNode): boolean {
  return !['inner', 'outer', 'matchfirstrowusingcrossapply'].includes(linkType);
}

function numberColumn(name: string): Column {
  return { name, label: name, type: 'integer', required: 'none' };
}

/** What a virtual name column is: a text. */
function textColumn({ name, label }: Column): Column {
  return { name, label, type: 'string', required: 'none' };
}

function checkOperands({ arity, name }: Operator, node: ConditionNode): readonly string[] {
  const { operands, column } = node;
  const wrong = (what: string) =>
    new QueryError(
      'value',
      `Operator "${name}" on "${column}" takes ${what}; found ${operands.length === 0 ? 'nothing' : operands.map((one) => `"${one.slice(0, 40)}"`).join(', ')}.`,
      'Correct the values of the condition.',
    );
  switch (arity) {
    case 'none':
      return [];
    case 'one':
      if (operands.length !== 1) throw wrong('one value');
      return operands;
    case 'two':
      if (operands.length !== 2) throw wrong('two values');
      return operands;
    case 'list':
      if (operands.length === 0) throw wrong('at least one value');
      return operands;
    case 'amount':
      if (operands.length !== 1 || !/^0*[1-9]\d{0,8}$/.test(operands[0]?.trim() ?? '')) {
        throw wrong('one positive whole number');
      }
      return operands;
    default:
      return arity satisfies never;
  }
}

function checkKind(operator: Operator, column: Column, quickFind: boolean): void {
  const kind = kindOf(column);
  // Labels are compared as text inside a quick find filter only; elsewhere the name column does that.
  const labelled = ['choice', 'boolean', 'choices'].includes(kind);
  const textual = kind === 'text' || (kind === 'id' && isLookup(column)) || (labelled && quickFind);
  if (operator.byText ? textual : operator.kinds.includes(kind)) return;
  const message = `Operator "${operator.name}" does not apply to column "${column.name}" (${column.type}).`;
  throw new QueryError('value', message, 'Use an operator of the column type.');
}

/** A condition on the text of a lookup or choice, by an operator of texts. */
function virtualCondition(
  operator: Operator,
  input: Parameters<Operator['build']>[0],
  operands: readonly string[],
): Condition {
  const built = operator.build({ ...input, operands }, operator.name);
  return replaceTerm(built, input.text);
}

function replaceTerm(condition: Condition, text: Term): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { ...condition, items: condition.items.map((item) => replaceTerm(item, text)) };
    case 'compare':
    case 'oneOf':
    case 'like':
    case 'isNull':
      return { ...condition, term: text };
    default:
      return condition;
  }
}
