import {
  type Cell,
  type Column,
  type ColumnValue,
  cellsToValue,
  columnSlots,
  dataverseErrors,
  fold,
  isChoice,
  isLookup,
  isText,
  type ModelIndex,
  type Result,
  versionColumn,
} from '@outpost/model';
import type {
  ConditionNode,
  EntityNode,
  FetchQuery,
  FilterItem,
  FilterNode,
  LinkNode,
} from '../fetch-xml/ast.ts';
import { conditionToSql } from '../operators/condition-sql.ts';
import type { QueryContext } from '../query-context.ts';
import { QueryError } from '../query-error.ts';
import { join, name, type Sql, sql } from './sql-text.ts';

export interface CompileOptions {
  readonly model: ModelIndex;
  readonly context: QueryContext;
  /** Added to every occurrence of a table; the organization restricts rows to what the caller may read. */
  readonly restrict?: (table: string, source: string) => Sql | null;
  /** Whether a slot of a table has a stored folded copy, named like it with `$f` appended. Default: none has. */
  readonly isFolded?: (table: string, slot: string) => boolean;
}

export interface OutputColumn {
  /** `column`, or `alias.column` of a link. */
  readonly key: string;
  readonly table: string;
  readonly column: Column;
}

/** A row as a query gives it. */
export interface QueryRow {
  readonly table: string;
  readonly id: string;
  readonly values: Readonly<Record<string, ColumnValue>>;
}

export interface QueryPlan {
  readonly table: string;
  readonly columns: readonly OutputColumn[];
  /** Tables whose changes can change the result. */
  readonly tables: ReadonlySet<string>;
  readonly rows: Sql;
  readonly count: Sql;
  /** Primary keys only, unordered: for use inside another statement. */
  readonly keys: Sql;
  decode(cells: readonly Cell[]): QueryRow;
}

const maxPage = 5000;
/** Operators that may compare two columns. */
const comparisonSigns: ReadonlyMap<string, string> = new Map([
  ['eq', '='],
  ['ne', 'IS NOT'],
  ['gt', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['le', '<='],
]);

/** Compiles a query to SQLite. Identifiers come from the model, values are parameters. */
export function compileQuery(
  query: FetchQuery,
  options: CompileOptions,
): Result<QueryPlan, QueryError> {
  try {
    return { kind: 'ok', value: new Compiler(options).compile(query) };
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
    throw error;
  }
}

interface Source {
  readonly node: EntityNode;
  readonly sqlAlias: string;
}

class Compiler {
  readonly #options: CompileOptions;
  readonly #sources: Source[] = [];
  readonly #tables = new Set<string>();
  #aliasCount = 0;

  constructor(options: CompileOptions) {
    this.#options = options;
  }

  compile(query: FetchQuery): QueryPlan {
    const root = this.#addSource(query.root);
    const where: Sql[] = [];
    const restriction = this.#restriction(root);
    if (restriction !== null) where.push(restriction);
    const joins = this.#joins(query.root.links, root, where);
    if (query.root.filter !== null) where.push(this.#filter(query.root.filter, root));
    const table = this.#tableOf(query.root);
    const columns = this.#outputColumns(query.root);
    const selected = columns.flatMap(({ source, column }) =>
      columnSlots(column).map((slot) => `${source.sqlAlias}.${name(slot.name)}`),
    );
    const primary = `${root.sqlAlias}.${name(table.primaryId)}`;
    const from = join([sql(` FROM ${name(table.name)} ${root.sqlAlias}`), ...joins], '');
    const filter = where.length === 0 ? sql('') : prefixed(' WHERE ', join(where, ' AND '));
    const body = join([from, filter], '');
    const distinct = query.distinct ? 'DISTINCT ' : '';
    const order = this.#order(query.root, root, primary);
    const size = Math.min(query.top ?? query.count ?? maxPage, maxPage);
    const offset = query.top === null ? (query.page - 1) * size : 0;
    const plan: QueryPlan = {
      table: table.name,
      columns: columns.map(({ key, column, source }) => ({
        key,
        column,
        table: source.node.table,
      })),
      tables: this.#tables,
      rows: join(
        [
          sql(`SELECT ${distinct}${primary}${selected.map((one) => `, ${one}`).join('')}`),
          body,
          order,
          sql(' LIMIT ? OFFSET ?', size, offset),
        ],
        '',
      ),
      count: prefixed('SELECT count(*)', body),
      keys: prefixed(`SELECT ${primary}`, body),
      decode: (cells) => decodeRow(table.name, plan.columns, cells),
    };
    return plan;
  }

  #tableOf(node: EntityNode) {
    const table = this.#options.model.table(node.table);
    if (table === undefined) {
      throw new QueryError(
        'metadata',
        `Table "${node.table}" does not exist.`,
        'Use the logical name of a table of the app.',
        dataverseErrors.unknownTable,
      );
    }
    return table;
  }

  #column(node: EntityNode, column: string): Column {
    const found = this.#options.model.column(node.table, column);
    if (found !== undefined) return found;
    if (column === versionColumn.name) return versionColumn;
    throw new QueryError(
      'metadata',
      `Table "${node.table}" has no column "${column}".`,
      'Use the logical name of a column.',
      dataverseErrors.unknownColumn,
    );
  }

  #addSource(node: EntityNode): Source {
    this.#tableOf(node);
    this.#tables.add(node.table);
    const source = { node, sqlAlias: `t${this.#aliasCount++}` };
    this.#sources.push(source);
    return source;
  }

  #restriction(source: Source): Sql | null {
    return this.#options.restrict?.(source.node.table, source.sqlAlias) ?? null;
  }

  #joins(links: readonly LinkNode[], parent: Source, where: Sql[]): Sql[] {
    return links.flatMap((link): Sql[] => {
      if (link.linkType !== 'inner' && link.linkType !== 'outer') {
        where.push(this.#semiJoin(link, parent));
        return [];
      }
      const source = this.#addSource(link);
      const on = [this.#linkCondition(link, source, parent)];
      const restriction = this.#restriction(source);
      if (restriction !== null) on.push(restriction);
      if (link.filter !== null) on.push(this.#filter(link.filter, source));
      const keyword = link.linkType === 'inner' ? ' JOIN' : ' LEFT JOIN';
      const head = sql(`${keyword} ${name(link.table)} ${source.sqlAlias} ON `);
      return [join([head, join(on, ' AND ')], ''), ...this.#joins(link.links, source, where)];
    });
  }

  #linkCondition(link: LinkNode, source: Source, parent: Source): Sql {
    const from = this.#column(link, link.from);
    const to = this.#column(parent.node, link.to);
    return sql(`${source.sqlAlias}.${name(from.name)} = ${parent.sqlAlias}.${name(to.name)}`);
  }

  /** A link that only tests: the parent row appears once and the link adds no columns. */
  #semiJoin(link: LinkNode, parent: Source): Sql {
    const depth = this.#sources.length;
    const source = this.#addSource(link);
    const tests = [this.#linkCondition(link, source, parent)];
    const restriction = this.#restriction(source);
    if (restriction !== null) tests.push(restriction);
    const inner = link.filter === null ? null : this.#filter(link.filter, source);
    const nested: Sql[] = [];
    const joins = this.#joins(link.links, source, nested);
    tests.push(...nested);
    this.#sources.length = depth;
    const exists = (conditions: readonly Sql[]): Sql => {
      const head = sql(`EXISTS (SELECT 1 FROM ${name(link.table)} ${source.sqlAlias}`);
      return join([head, ...joins, prefixed(' WHERE ', join(conditions, ' AND ')), sql(')')], '');
    };
    const matching = inner === null ? tests : [...tests, inner];
    switch (link.linkType) {
      case 'not any':
        return prefixed('NOT ', exists(matching));
      case 'all':
        // Dataverse's "all": some linked row exists and none satisfies the filter.
        return inner === null
          ? sql('0')
          : join([exists(tests), prefixed('NOT ', exists(matching))], ' AND ');
      default:
        return exists(matching);
    }
  }

  #filter(filter: FilterNode, source: Source): Sql {
    if (filter.items.length === 0) return sql('1');
    const items = filter.items.map((item) => this.#filterItem(item, source, filter.quickFind));
    const all = join(items, filter.kind === 'and' ? ' AND ' : ' OR ');
    return { ...all, text: `(${all.text})` };
  }

  #filterItem(item: FilterItem, source: Source, quickFind: boolean): Sql {
    switch (item.kind) {
      case 'condition':
        return this.#condition(item.condition, source, quickFind);
      case 'filter':
        return this.#filter(item.filter, source);
      case 'link':
        return this.#semiJoin(item.link, source);
      default:
        return item satisfies never;
    }
  }

  #condition(condition: ConditionNode, source: Source, quickFind: boolean): Sql {
    const target = condition.alias === null ? source : this.#sourceNamed(condition.alias);
    const column = this.#column(target.node, condition.column);
    if (condition.valueOf !== null) return this.#valueOf(condition, target, column);
    const input = {
      column,
      source: target.sqlAlias,
      operator: condition.operator,
      operands: condition.operands,
      context: this.#options.context,
      folded: (slot: string) => this.#folded(target, slot),
      quickFind,
    };
    return conditionToSql(input);
  }

  #valueOf(condition: ConditionNode, target: Source, column: Column): Sql {
    const sign = comparisonSigns.get(condition.operator);
    if (sign === undefined) {
      throw new QueryError(
        'operator',
        `Operator "${condition.operator}" does not allow valueof.`,
        'Use eq, ne, gt, ge, lt or le.',
        dataverseErrors.unknownOperator,
      );
    }
    const [alias, other] = splitKey(condition.valueOf ?? '');
    const right = alias === null ? target : this.#sourceNamed(alias);
    const otherColumn = this.#column(right.node, other);
    const comparable = (source: Source, one: Column) =>
      isText(column) ? this.#folded(source, one.name) : `${source.sqlAlias}.${name(one.name)}`;
    return sql(`${comparable(target, column)} ${sign} ${comparable(right, otherColumn)}`);
  }

  /** The folded text of a slot: its stored copy where there is one. */
  #folded(source: Source, slot: string): string {
    return this.#options.isFolded?.(source.node.table, slot) === true
      ? `${source.sqlAlias}.${name(`${slot}$f`)}`
      : `outpost_fold(${source.sqlAlias}.${name(slot)})`;
  }

  /** Text by fold, lookups by name, choices by label; NULL first ascending, as SQLite sorts it. */
  #orderExpression(column: Column, source: Source): Sql {
    if (isText(column)) return sql(this.#folded(source, column.name));
    if (isLookup(column)) return sql(this.#folded(source, `${column.name}$n`));
    const cell = `${source.sqlAlias}.${name(column.name)}`;
    const options = column.options ?? [];
    if (!isChoice(column) || options.length === 0) return sql(cell);
    const ranked = [...options].sort((a, b) => (fold(a.label) < fold(b.label) ? -1 : 1));
    const cases = ranked
      .map((option, rank) => `WHEN ${Number(option.value)} THEN ${rank}`)
      .join(' ');
    return sql(`CASE ${cell} ${cases} END`);
  }

  #sourceNamed(alias: string): Source {
    const source =
      this.#sources.find((one) => one.node.alias === alias) ??
      this.#sources.find((one) => one.node.table === alias);
    if (source === undefined) {
      throw new QueryError(
        'schema',
        `The query has no link "${alias}".`,
        'Use the alias of a link.',
      );
    }
    return source;
  }

  #outputColumns(root: EntityNode): { key: string; column: Column; source: Source }[] {
    const found: { key: string; column: Column; source: Source }[] = [];
    const keys = new Set<string>();
    for (const source of this.#sources) {
      const { node } = source;
      const isRoot = node === root;
      const select =
        node.select === 'all' || (isRoot && node.select.length === 0)
          ? this.#tableOf(node).columns.map((column) => ({ column: column.name, alias: null }))
          : node.select;
      for (const item of select) {
        const column = this.#column(node, item.column);
        const key = item.alias ?? (isRoot ? column.name : `${node.alias}.${column.name}`);
        if (keys.has(key)) continue;
        keys.add(key);
        found.push({ key, column, source });
      }
    }
    return found;
  }

  #order(root: EntityNode, source: Source, primary: string): Sql {
    const terms: Sql[] = [];
    const add = (item: EntityNode['orders'][number], from: Source) => {
      const target = item.alias === null ? from : this.#sourceNamed(item.alias);
      const column = this.#column(target.node, item.column);
      const expression = this.#orderExpression(column, target);
      terms.push(item.descending ? { ...expression, text: `${expression.text} DESC` } : expression);
    };
    for (const item of root.orders) add(item, source);
    for (const linked of this.#sources.slice(1))
      for (const item of linked.node.orders) add(item, linked);
    terms.push(sql(primary));
    return prefixed(' ORDER BY ', join(terms, ', '));
  }
}

function prefixed(prefix: string, part: Sql): Sql {
  return { ...part, text: prefix + part.text };
}

function splitKey(key: string): readonly [string | null, string] {
  const dot = key.indexOf('.');
  return dot < 0 ? [null, key] : [key.slice(0, dot), key.slice(dot + 1)];
}

function decodeRow(
  table: string,
  columns: readonly OutputColumn[],
  cells: readonly Cell[],
): QueryRow {
  const values: Record<string, ColumnValue> = {};
  let at = 1;
  for (const { key, column } of columns) {
    const slots = columnSlots(column);
    const from = at;
    const read = (slot: string): Cell => {
      const position = slots.findIndex((one) => one.name === slot);
      return position < 0 ? null : (cells[from + position] ?? null);
    };
    const value = cellsToValue(column, read);
    if (value !== null) values[key] = value;
    at += slots.length;
  }
  return { table, id: String(cells[0]), values };
}
