import {
  type Cell,
  type Column,
  type ColumnValue,
  cellsToValue,
  columnSlots,
  fold,
  isLookup,
  isText,
  precisionOf,
  type Result,
} from '@outpost/model';
import type { FetchQuery } from '../fetch-xml/ast.ts';
import { queryLimits } from '../fetch-xml/parse.ts';
import { kindOf } from '../operators/operands.ts';
import { guidOrderKey } from '../operators/operator-table.ts';
import { sourcesOf } from '../plan/condition.ts';
import { type ResolveOptions, resolveQuery } from '../plan/resolve.ts';
import type { Order, Output, ResolvedQuery, TimeDependency } from '../plan/resolved-query.ts';
import { labelRanks, type Term } from '../plan/term.ts';
import { QueryError } from '../query-error.ts';
import { type CookieRow, type PagingCookie, parseCookie } from '../web-api/paging-cookie.ts';
import { type Dialect, sqlite } from './dialect.ts';
import { ConditionEmitter, type EmitOptions } from './emit-condition.ts';
import { type KeysetTerm, keysetAfter } from './keyset.ts';
import { concat, join, name, type Sql, sql } from './sql-text.ts';

export interface CompileOptions
  extends ResolveOptions,
    Pick<EmitOptions, 'restrict' | 'isFolded' | 'hasTable'> {
  /** Default: SQLite. */
  readonly dialect?: Dialect;
}

export interface OutputColumn {
  /** `column`, `alias.column` of a link, or the alias of an attribute. */
  readonly key: string;
  readonly table: string;
  readonly column: Column;
  readonly output: Output;
}

/** A row as a query gives it. */
export interface QueryRow {
  readonly table: string;
  /** Empty for aggregate and distinct rows, which are no rows of a table. */
  readonly id: string;
  readonly values: Readonly<Record<string, ColumnValue>>;
}

/** A decoded row with the cells of its order, for cookies. */
export interface DecodedRow extends QueryRow {
  readonly order: readonly Cell[];
}

/** A query over rows that somebody else has found, named by their `_rid` on this device. */
export interface AmongRows {
  /**
   * Those of the rows that pass, lower ranks first and in order within a rank. A place is the `_rid` plus the rank times
   * `rankUnit`; the last cell of a row repeats it.
   */
  rows(places: readonly number[], limit: number): Sql;
  /** How many pass, counted up to `most`. */
  count(rids: readonly number[], most: number): Sql;
  /** `_rid`s of all rows that pass, in order. */
  readonly walk: Sql;
}

const rankBits = 40;
/** What a rank counts in a place. */
export const rankUnit: number = 2 ** rankBits;

/** A query as SQL, ready to run. */
export interface QueryPlan {
  readonly table: string;
  readonly columns: readonly OutputColumn[];
  /** Tables that must be there, whose changes can change the result. */
  readonly tables: ReadonlySet<string>;
  /** Tables that give names of lookups, where they are there. */
  readonly nameTables: ReadonlySet<string>;
  readonly resolved: ResolvedQuery;
  readonly times: readonly TimeDependency[];
  /** Rows of one page, and whether there are more. */
  readonly size: number;
  readonly offset: number;
  /** True: the page stands before a cookie, so rows come backwards. */
  readonly reversed: boolean;
  /** `top` was asked for: there is never another page. */
  readonly last: boolean;
  /** Whether the order can be continued after a row by its values. */
  readonly keyset: boolean;
  /** Columns of the order, as cookies name them. */
  readonly orderColumns: readonly string[];
  /** Rows in order. */
  rows(limit: number, offset: number): Sql;
  readonly count: Sql;
  /** Counts the input of an aggregate query up to one more than its limit; null where there is no limit. */
  readonly guard: { readonly statement: Sql; readonly limit: number } | null;
  /** Primary keys only, unordered: for use inside another statement. */
  readonly keys: Sql;
  decode(cells: readonly Cell[]): DecodedRow;
  /** What a row is ordered by, as the order's terms compare. */
  keysOf(row: DecodedRow): readonly Cell[];
  /** The query over given rows of its table; null for distinct and aggregate queries. */
  readonly among: AmongRows | null;
  /** Rows after a row with these keys; not of distinct and aggregate queries. */
  rowsAfter(keys: readonly Cell[], id: string, limit: number): Sql;
}

/** Compiles a query. Identifiers come from the model, values are parameters. */
export function compileQuery(
  query: FetchQuery,
  options: CompileOptions,
): Result<QueryPlan, QueryError> {
  const resolved = resolveQuery(query, options);
  if (resolved.kind === 'invalid') return resolved;
  try {
    return { kind: 'ok', value: new Compiler(query, resolved.value, options).compile() };
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'invalid', errors: [error] };
    throw error;
  }
}

/** A place in the order of the rows. */
interface Place {
  readonly keys: readonly Cell[];
  readonly id: string;
}

/** A piece of the select list. */
interface Selected {
  readonly sql: Sql;
  /** Of distinct and aggregate queries: what the row stands for. */
  readonly group: Sql | null;
}

class Compiler {
  readonly #query: FetchQuery;
  readonly #resolved: ResolvedQuery;
  readonly #dialect: Dialect;
  readonly #emit: ConditionEmitter;

  constructor(query: FetchQuery, resolved: ResolvedQuery, options: CompileOptions) {
    this.#query = query;
    this.#resolved = resolved;
    this.#dialect = options.dialect ?? sqlite;
    this.#emit = new ConditionEmitter({ ...options, dialect: this.#dialect });
  }

  compile(): QueryPlan {
    const { root, outputs, orders, distinct, aggregate } = this.#resolved;
    const { top, count, page, pagingCookie } = this.#query;
    const cookie = pagingCookie === null ? null : this.#cookie(pagingCookie);
    const ahead = cookie !== null && page === cookie.page + 1 ? cookie : null;
    const back = cookie !== null && page === cookie.page - 1 ? cookie : null;
    const size = Math.min(top ?? count ?? queryLimits.page, queryLimits.page);
    const grouped = distinct || aggregate;
    const keyset = !grouped && orders.every((one) => one.term.source === root);
    const finish = (statement: Sql) => this.#dialect.finish(statement);
    const decode = this.#decoder();
    const limit = this.#query.aggregateLimit ?? queryLimits.aggregateRows;
    const primary = name(root.table.primaryId);
    return {
      table: root.table.name,
      columns: outputs.map((output) => ({
        key: output.key,
        table: output.source.table.name,
        column: output.column,
        output,
      })),
      tables: this.#resolved.tables,
      nameTables: this.#resolved.nameTables,
      resolved: this.#resolved,
      times: this.#resolved.times,
      size,
      offset: top !== null || ahead !== null || back !== null ? 0 : (page - 1) * size,
      reversed: back !== null,
      last: top !== null,
      keyset,
      orderColumns: orders.map(({ column }) => column.name),
      rows: (rowLimit, offset) =>
        finish(
          grouped
            ? this.#groupedRows(rowLimit, offset)
            : this.#plainRows(
                rowLimit,
                offset,
                this.#place(ahead?.last ?? back?.first),
                back !== null,
              ),
        ),
      count: finish(this.#count()),
      guard: aggregate
        ? {
            limit,
            statement: finish(
              concat(
                'SELECT count(*) FROM (SELECT 1',
                this.#body(),
                sql(' LIMIT ?', limit + 1),
                ') c',
              ),
            ),
          }
        : null,
      keys: concat(`SELECT ${root.sql}.${primary}`, this.#body()),
      decode,
      among: grouped || this.#dialect !== sqlite ? null : this.#among(),
      keysOf: (row) =>
        orders.map((order, i) => {
          const cell = row.order[i] ?? null;
          return cell === null ? null : cursorCell(order, cell);
        }),
      rowsAfter: (keys, id, rowLimit) => finish(this.#plainRows(rowLimit, 0, { keys, id }, false)),
    };
  }

  /** A row of a cookie as a place in the order. */
  #place(row: CookieRow | null | undefined): Place | null {
    if (row === null || row === undefined) return null;
    const keys = this.#resolved.orders.map((order, i) => {
      const cell = row.cells[i] ?? null;
      return cell === null ? null : cursorCell(order, cell);
    });
    return { keys, id: row.id };
  }

  #cookie(text: string): PagingCookie {
    return parseCookie(
      text,
      this.#resolved.orders.map(({ column }) => column.name),
      this.#resolved.root.table.primaryId,
    );
  }

  /** FROM and WHERE with all joins. */
  #body(extra: Sql | null = null): Sql {
    const { root, joins } = this.#resolved;
    return concat(
      ` FROM ${name(root.table.name)} ${root.sql}`,
      this.#emit.joins(joins),
      this.#where(extra),
    );
  }

  #where(extra: Sql | null): Sql {
    const { root, where } = this.#resolved;
    const tests = [
      this.#emit.restriction(root),
      where === null ? null : this.#emit.condition(where),
      extra,
    ];
    const found = tests.filter((one) => one !== null);
    if (this.#query.retained) found.push(sql('1 = 0'));
    return found.length === 0 ? sql('') : concat(' WHERE ', join(found, ' AND '));
  }

  /** Joins that cannot change which rows there are do not count. */
  #count(): Sql {
    const { distinct, aggregate } = this.#resolved;
    if (distinct || aggregate) return concat('SELECT count(*) FROM (', this.#groups(), ') c');
    return concat('SELECT count(*)', this.#needed(), this.#where(null));
  }

  /** FROM with the joins that decide which rows there are. */
  #needed(): Sql {
    const { root, joins } = this.#resolved;
    const needed = joins.every((one) => this.#isIdle(one)) ? [] : joins;
    return concat(` FROM ${name(root.table.name)} ${root.sql}`, this.#emit.joins(needed));
  }

  #isTested(alias: string): boolean {
    const { where, orders } = this.#resolved;
    return (
      (where !== null && sourcesOf(where).has(alias)) ||
      orders.some(({ term }) => term.source.sql === alias)
    );
  }

  // Plain rows

  #plainRows(limit: number, offset: number, cursor: Place | null, backwards: boolean): Sql {
    const { root, joins, outputs, orders } = this.#resolved;
    const primary = `${root.sql}.${name(root.table.primaryId)}`;
    const selected = [
      sql(primary),
      ...outputs.flatMap((output) => this.#plainOutput(output)),
      ...orders.map(({ term }) => this.#orderCell(term)),
    ];
    const list = join(selected, ', ');
    const terms = orders.map(({ term, descending }) => ({
      term: this.#emit.term(term),
      descending: descending !== backwards,
    }));
    const order = (withTies: readonly Sql[]) => concat(' ORDER BY ', join(withTies, ', '));
    const ordered = [
      ...terms.map(({ term, descending }) => this.#direction(term, descending)),
      sql(`${primary}${backwards ? ' DESC' : ''}`),
    ];
    const after = cursor === null ? null : this.#after(cursor, terms, backwards);
    const page = sql(' LIMIT ? OFFSET ?', limit, offset);
    if (!this.#isLate()) return concat('SELECT ', list, this.#body(after), order(ordered), page);
    // The page first, then its joins: a join of every row would be thrown away by the limit.
    const from = ` FROM ${name(root.table.name)} ${root.sql}`;
    const inner = concat(`SELECT ${primary} AS id`, from, this.#where(after), order(ordered), page);
    return concat(
      'SELECT ',
      list,
      ' FROM (',
      inner,
      `) k JOIN ${name(root.table.name)} ${root.sql} ON ${primary} = k.id`,
      this.#emit.joins(joins),
      order(ordered),
    );
  }

  #among(): AmongRows {
    const finish = (statement: Sql) => this.#dialect.finish(statement);
    const { root } = this.#resolved;
    const rid = `${root.sql}."_rid"`;
    const given = (rids: readonly number[]) =>
      sql(`${rid} IN (SELECT value FROM json_each(?))`, JSON.stringify(rids));
    return {
      rows: (places, limit) => finish(this.#rowsAmong(places, limit)),
      count: (rids, most) => {
        const rows = concat('SELECT 1', this.#needed(), this.#where(given(rids)));
        return finish(concat('SELECT count(*) FROM (', rows, sql(' LIMIT ?) c', most)));
      },
      walk: finish(concat(`SELECT ${rid}`, this.#body(), this.#ordered())),
    };
  }

  #rowsAmong(places: readonly number[], limit: number): Sql {
    const { root, joins, outputs, orders } = this.#resolved;
    const primary = `${root.sql}.${name(root.table.primaryId)}`;
    const table = `${name(root.table.name)} ${root.sql}`;
    const list = join(
      [
        sql(primary),
        ...outputs.flatMap((output) => this.#plainOutput(output)),
        ...orders.map(({ term }) => this.#orderCell(term)),
      ],
      ', ',
    );
    const found = concat(
      sql(' FROM json_each(?) p', JSON.stringify(places)),
      ` CROSS JOIN ${table} ON ${root.sql}."_rid" = (p.value & ${rankUnit - 1})`,
    );
    const page = sql(' LIMIT ?', limit);
    const order = (place: string) => this.#ordered(`${place} >> ${rankBits}, `);
    // What is shown is read for the rows that stay; the others are sorted by what they are ordered by alone.
    const isLate = joins.length === 0 || this.#isLate();
    if (!isLate) {
      return concat(
        'SELECT ',
        list,
        ', p.value',
        found,
        this.#emit.joins(joins),
        this.#where(null),
        order('p.value'),
        page,
      );
    }
    const inner = concat(
      `SELECT p.value AS place, ${root.sql}."_rid" AS rid`,
      found,
      this.#where(null),
      order('p.value'),
      page,
    );
    return concat(
      'SELECT ',
      list,
      ', k.place FROM (',
      inner,
      `) k CROSS JOIN ${table} ON ${root.sql}."_rid" = k.rid`,
      this.#emit.joins(joins),
      order('k.place'),
    );
  }

  #ordered(before = ''): Sql {
    const { root, orders } = this.#resolved;
    const terms = orders.map(({ term, descending }) =>
      this.#direction(this.#emit.term(term), descending),
    );
    const primary = sql(`${root.sql}.${name(root.table.primaryId)}`);
    return concat(` ORDER BY ${before}`, join([...terms, primary], ', '));
  }

  /** A join that neither adds nor removes rows, and that nothing but the select list reads. */
  #isIdle({ type, unique, source }: ResolvedQuery['joins'][number]): boolean {
    return type === 'outer' && unique && !this.#isTested(source.sql);
  }

  /** Joins may come after the page is cut. */
  #isLate(): boolean {
    const { joins } = this.#resolved;
    return joins.length > 0 && joins.every((one) => this.#isIdle(one));
  }

  #direction(term: Sql, descending: boolean): Sql {
    return { text: this.#dialect.order(term.text, descending), params: term.params };
  }

  #after(
    cursor: Place,
    terms: readonly { readonly term: Sql; readonly descending: boolean }[],
    backwards: boolean,
  ): Sql {
    const { root } = this.#resolved;
    const keys = terms.map(
      (one, i): KeysetTerm => ({ ...one, value: cursor.keys[i] ?? null, nullable: true }),
    );
    const primary: KeysetTerm = {
      term: sql(`${root.sql}.${name(root.table.primaryId)}`),
      descending: backwards,
      value: cursor.id,
      nullable: false,
    };
    return keysetAfter([...keys, primary], (left, right) => this.#dialect.same(left, right));
  }

  #plainOutput({ source, column, value }: Output): readonly Sql[] {
    switch (value.kind) {
      case 'column':
        return columnSlots(column).map((slot) => sql(this.#emit.cell(source, slot.name)));
      case 'text':
        return [this.#emit.shown(value.term)];
      case 'children':
        return [
          sql(
            this.#children(
              source.table.name,
              value.parent,
              `${source.sql}.${name(source.table.primaryId)}`,
            ),
          ),
        ];
      default:
        throw new RangeError(value.kind);
    }
  }

  #children(table: string, parent: string, id: string): string {
    return `(SELECT count(*) FROM ${name(table)} c WHERE c.${name(parent)} = ${id})`;
  }

  /** What a cookie remembers of a row: the value itself, of lookups the name. */
  #orderCell(term: Term): Sql {
    switch (term.kind) {
      case 'targetName':
      case 'label':
        return this.#emit.shown(term);
      case 'rank':
        return sql(this.#emit.cell(term.source, term.column.name));
      default:
        return sql(this.#emit.cell(term.source, term.slot));
    }
  }

  // Distinct and aggregate rows

  /** The groups alone: their keys, no order. */
  #groups(): Sql {
    const { keys } = this.#groupedList();
    const list = keys.length === 0 ? sql('count(*) AS n') : join(keys, ', ');
    const by = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
    return concat('SELECT ', list, this.#body(), by);
  }

  #groupedRows(limit: number, offset: number): Sql {
    const { keys, values } = this.#groupedList();
    const list = join([...keys, ...values], ', ');
    const by = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
    const orders = [
      ...this.#resolved.outputOrders.map(({ output, descending }) =>
        this.#direction(this.#groupOrder(output), descending),
      ),
      ...this.#resolved.orders.map(({ term, descending }) =>
        this.#direction(concat('min(', this.#emit.term(term), ')'), descending),
      ),
      ...keys.map((_, i) => sql(this.#dialect.order(String(i + 1), false))),
    ];
    const order = orders.length === 0 ? sql('') : concat(' ORDER BY ', join(orders, ', '));
    return concat(
      'SELECT ',
      list,
      this.#body(),
      by,
      order,
      sql(' LIMIT ? OFFSET ?', limit, offset),
    );
  }

  #groupedList(): { readonly keys: readonly Sql[]; readonly values: readonly Sql[] } {
    const { outputs, orders, distinct, aggregate } = this.#resolved;
    const selected = outputs.flatMap((output) => this.#groupedOutput(output));
    const keys = selected.flatMap(({ group }) => (group === null ? [] : [group]));
    // A distinct row is also told apart by what it is ordered by.
    const extra = distinct && !aggregate ? orders.map(({ term }) => this.#emit.term(term)) : [];
    return { keys: [...keys, ...extra], values: selected.map((one) => one.sql) };
  }

  #groupedOutput(output: Output): readonly Selected[] {
    const { source, column, value } = output;
    switch (value.kind) {
      case 'column':
        return this.#groupedColumn(output, this.#groupTerm(output));
      case 'text': {
        const group = this.#emit.term(value.term);
        return [{ sql: concat('min(', this.#emit.shown(value.term), ')'), group }];
      }
      case 'children': {
        const id = `${source.sql}.${name(source.table.primaryId)}`;
        const count = sql(this.#children(source.table.name, value.parent, id));
        return [{ sql: concat('min(', count, ')'), group: count }];
      }
      case 'group':
        return this.#groupedColumn(output, this.#emit.term(value.term));
      case 'datePart': {
        const part = this.#dialect.datePart(
          this.#emit.cell(source, value.slot),
          value.part,
          value.calendar,
        );
        return [{ sql: concat('min(', part, ')'), group: part }];
      }
      case 'aggregate':
        return [
          { sql: this.#aggregate(output.value as typeof value, column, source.sql), group: null },
        ];
      default:
        return value satisfies never;
    }
  }

  #groupTerm({ source, column }: Output): Sql {
    return isText(column)
      ? sql(this.#emit.folded(source, column.name))
      : sql(this.#emit.cell(source, column.name));
  }

  /** A group shows the smallest of the spellings that count as one. */
  #groupedColumn({ source, column }: Output, group: Sql): readonly Selected[] {
    return columnSlots(column).map((slot, i) => ({
      sql: sql(`min(${this.#emit.cell(source, slot.name)})`),
      group: i === 0 ? group : null,
    }));
  }

  #groupOrder({ source, column, value }: Output): Sql {
    if (value.kind === 'aggregate') return this.#aggregate(value, column, source.sql);
    const min = (term: Term) => concat('min(', this.#emit.term(term), ')');
    if (value.kind === 'datePart') {
      const part = this.#dialect.datePart(
        this.#emit.cell(source, value.slot),
        value.part,
        value.calendar,
      );
      return concat('min(', part, ')');
    }
    if (value.kind === 'group') {
      if (isLookup(column)) return min({ kind: 'targetName', source, column });
      if (kindOf(column) === 'choice' && !this.#query.rawChoiceOrder) {
        return min({ kind: 'rank', source, column });
      }
      return min(value.term);
    }
    return sql(`min(${this.#emit.cell(source, column.name)})`);
  }

  #aggregate(
    { fn, distinct, term }: Extract<Output['value'], { kind: 'aggregate' }>,
    column: Column,
    _alias: string,
  ): Sql {
    const inner = this.#emit.term(term);
    switch (fn) {
      case 'count':
        return sql('count(*)');
      case 'countcolumn':
        return concat(`count(${distinct ? 'DISTINCT ' : ''}`, inner, ')');
      case 'sum':
        return concat('COALESCE(sum(', inner, '), 0)');
      case 'avg':
        return column.type === 'integer' || column.type === 'bigint'
          ? { text: this.#dialect.wholeAverage(inner.text), params: inner.params }
          : concat('avg(', inner, ')');
      case 'min':
      case 'max': {
        if (term.kind !== 'folded') return concat(`${fn}(`, inner, ')');
        const raw = this.#emit.cell(term.source, term.slot);
        return concat(`${fn}(`, inner, ` || ${this.#dialect.separator} || ${raw})`);
      }
      default:
        return fn satisfies never;
    }
  }

  // Decoding

  #decoder(): QueryPlan['decode'] {
    const { root, outputs, orders, distinct, aggregate } = this.#resolved;
    const grouped = distinct || aggregate;
    const start = grouped ? this.#groupedList().keys.length : 1;
    const readers = outputs.map((output) => ({ key: output.key, ...reader(output) }));
    return (cells) => {
      const values: Record<string, ColumnValue> = {};
      let at = start;
      for (const { key, width, read } of readers) {
        const value = read(cells, at);
        if (value !== null) values[key] = value;
        at += width;
      }
      const order = grouped ? [] : orders.map((_, i) => cells[at + i] ?? null);
      return { table: root.table.name, id: grouped ? '' : String(cells[0]), values, order };
    };
  }
}

interface Reader {
  readonly width: number;
  read(cells: readonly Cell[], at: number): ColumnValue;
}

function reader({ column, value }: Output): Reader {
  switch (value.kind) {
    case 'column':
    case 'group': {
      const slots = columnSlots(column);
      return {
        width: slots.length,
        read: (cells, at) =>
          cellsToValue(column, (slot) => {
            const position = slots.findIndex((one) => one.name === slot);
            return position < 0 ? null : (cells[at + position] ?? null);
          }),
      };
    }
    case 'aggregate':
      return { width: 1, read: (cells, at) => aggregateValue(column, value.fn, cells[at] ?? null) };
    case 'text':
    case 'children':
    case 'datePart':
      return { width: 1, read: (cells, at) => cells[at] ?? null };
    default:
      return value satisfies never;
  }
}

function aggregateValue(column: Column, fn: string, cell: Cell): ColumnValue {
  if (cell === null) return null;
  // The text stands behind its folded form.
  if (isText(column)) return String(cell).slice(String(cell).indexOf('\u0001') + 1);
  if (kindOf(column) === 'date') return cell;
  const number = Number(cell);
  if (fn === 'count' || fn === 'countcolumn') return number;
  const digits =
    column.type === 'integer' || column.type === 'bigint' ? 0 : Math.min(precisionOf(column), 10);
  return Number(number.toFixed(digits));
}

/** A value of a cookie as the order compares it. */
function cursorCell({ term, column }: Order, cell: Cell): Cell {
  switch (term.kind) {
    case 'folded':
    case 'targetName':
    case 'label':
      return fold(String(cell));
    case 'rank':
      return labelRanks(column, fold).get(Number(cell)) ?? null;
    case 'guidOrder':
      return guidOrderKey(String(cell).toLowerCase());
    case 'cell':
      return ['number', 'choice', 'boolean'].includes(kindOf(column)) ? Number(cell) : cell;
    default:
      return term satisfies never;
  }
}
