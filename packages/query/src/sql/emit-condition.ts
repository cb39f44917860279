import { type Cell, fold, type ModelIndex } from '@outpost/model';
import type { LikePattern } from '../operators/like-pattern.ts';
import type { Condition, Hierarchy, Sign } from '../plan/condition.ts';
import type { Join } from '../plan/resolved-query.ts';
import { guidOrderGroups, labelRanks, type Source, type Term } from '../plan/term.ts';
import type { Dialect } from './dialect.ts';
import { beginsWith } from './prefix-range.ts';
import { concat, join, name, type Sql, sql } from './sql-text.ts';

/** What pieces of SQL depend on besides the query. */
export interface EmitOptions {
  readonly model: ModelIndex;
  readonly dialect: Dialect;
  /** Added to every occurrence of a table; the organization restricts rows to what the caller may read. */
  readonly restrict?: (table: string, source: string) => Sql | null;
  /** Whether a slot has a stored folded copy, named like it with `$f` appended. Default: none has. */
  readonly isFolded?: (table: string, slot: string) => boolean;
  /** Whether a table is in the database. Default: all are. */
  readonly hasTable?: (table: string) => boolean;
}

/** Longer lists are one parameter. */
const maxInline = 500;

/** Emits terms and conditions of one query. */
export class ConditionEmitter {
  readonly #options: EmitOptions;
  readonly #dialect: Dialect;

  constructor(options: EmitOptions) {
    this.#options = options;
    this.#dialect = options.dialect;
  }

  cell(source: Source, slot: string): string {
    return `${source.sql}.${name(slot)}`;
  }

  /** The folded text of a slot: its stored copy where there is one. */
  folded(source: Source, slot: string): string {
    return this.#options.isFolded?.(source.table.name, slot) === true
      ? this.cell(source, `${slot}$f`)
      : this.#dialect.fold(this.cell(source, slot));
  }

  /** The SQL of a term. Terms with parameters (labels) are complete pieces, too. */
  term(term: Term): Sql {
    switch (term.kind) {
      case 'cell':
        return sql(this.cell(term.source, term.slot));
      case 'folded':
        return sql(this.folded(term.source, term.slot));
      case 'targetName':
        return this.#targetName(term, true);
      case 'label':
        return this.#label(term, true);
      case 'rank':
        return sql(this.#rank(term));
      case 'guidOrder':
        return sql(this.#guidOrder(this.cell(term.source, term.slot)));
      default:
        return term satisfies never;
    }
  }

  /** A text to show: a name or label as it is written. */
  shown(term: Term): Sql {
    if (term.kind === 'targetName') return this.#targetName(term, false);
    if (term.kind === 'label') return this.#label(term, false);
    if (term.kind === 'folded') return sql(this.cell(term.source, term.slot));
    return this.term(term);
  }

  /**
   * The current name of the target; what the row remembers where the target is not here. Where rows are restricted, a name
   * is that of a row that may be read, and nothing is remembered of tables that are here.
   */
  #targetName({ source, column }: Extract<Term, { kind: 'targetName' }>, folded: boolean): Sql {
    const { model, hasTable, restrict } = this.#options;
    const text = (of: Source, slot: string) =>
      folded ? this.folded(of, slot) : this.cell(of, slot);
    const stored = text(source, `${column.name}$n`);
    const id = this.cell(source, column.name);
    // A lookup without targets leads anywhere.
    const anywhere = restrict === undefined ? [] : model.model.tables.map((one) => one.name);
    const { targets: own = [] } = column;
    const targets = own.length > 0 ? own : anywhere;
    const names = targets.flatMap((target): (readonly [string, Sql])[] => {
      const table = model.table(target);
      const present = hasTable?.(target) ?? true;
      if (table === undefined || table.primaryName === null || !present) return [];
      if (model.column(target, table.primaryName) === undefined) {
        return restrict === undefined ? [] : [[target, sql('NULL')]];
      }
      const named: Source = { table, alias: '', sql: 'n' };
      const select = `SELECT ${text(named, table.primaryName)} FROM ${name(table.name)} n WHERE n.${name(table.primaryId)} = ${id}`;
      const restriction = this.restriction(named);
      const tests = restriction === null ? sql('') : concat(' AND ', restriction);
      return [[target, concat(`(${select}`, tests, ')')]];
    });
    const [only, ...others] = names;
    if (only === undefined) return sql(stored);
    const isWhole = names.length === targets.length;
    const type = this.cell(source, `${column.name}$t`);
    const cases = names.map(([target, select]) =>
      concat(`WHEN '${target.replaceAll("'", "''")}' THEN `, select),
    );
    const byType = concat(`CASE ${type} `, join(cases, ' '));
    if (restrict === undefined) {
      const current = others.length === 0 ? only[1] : concat(byType, ' END');
      return concat('COALESCE(', current, `, ${stored})`);
    }
    if (!isWhole) return concat(byType, ` ELSE ${stored} END`);
    return others.length === 0 ? only[1] : concat(byType, ' END');
  }

  #label({ source, column }: Extract<Term, { kind: 'label' }>, folded: boolean): Sql {
    const text = (label: string) => (folded ? fold(label) : label);
    const cell = this.cell(source, column.name);
    const options = column.options ?? [];
    if (column.type === 'choices') {
      const labels = Object.fromEntries(options.map((one) => [one.value, text(one.label)]));
      return this.#dialect.labels(cell, JSON.stringify(labels));
    }
    if (options.length === 0) return sql('NULL');
    const cases = options.map((one) => sql(`WHEN ${Number(one.value)} THEN ?`, text(one.label)));
    return concat(`CASE ${cell} `, join(cases, ' '), ' END');
  }

  #rank({ source, column }: Extract<Term, { kind: 'rank' }>): string {
    const cases = [...labelRanks(column, fold)].map(
      ([value, rank]) => `WHEN ${Number(value)} THEN ${rank}`,
    );
    return `CASE ${this.cell(source, column.name)} ${cases.join(' ')} END`;
  }

  #guidOrder(cell: string): string {
    return guidOrderGroups
      .map(([from, length]) => `substr(${cell}, ${from + 1}, ${length})`)
      .join(' || ');
  }

  condition(condition: Condition): Sql {
    switch (condition.kind) {
      case 'constant':
        return sql(condition.value ? '1 = 1' : '1 = 0');
      case 'and':
      case 'or': {
        const items = condition.items.map((item) => this.condition(item));
        return concat('(', join(items, condition.kind === 'and' ? ' AND ' : ' OR '), ')');
      }
      case 'isNull':
        return concat(this.term(condition.term), condition.negated ? ' IS NOT NULL' : ' IS NULL');
      case 'compare':
        return concat(this.term(condition.term), ` ${condition.sign} `, sql('?', condition.value));
      case 'oneOf':
        return this.#oneOf(this.term(condition.term), condition.values, condition.negated);
      case 'like':
        return this.#like(this.term(condition.term), condition.pattern, condition.negated);
      case 'overlaps':
        return this.#overlaps(this.term(condition.term).text, condition.values, condition.negated);
      case 'terms':
        return this.#terms(condition.left, condition.sign, condition.right);
      case 'fiscalPeriod': {
        const { term, calendar, period } = condition;
        const part = this.#dialect.datePart(this.term(term).text, 'fiscal-period', calendar);
        return concat(part, ' % 100 = ', sql('?', period));
      }
      case 'inHierarchy':
        return this.#inHierarchy(this.term(condition.term).text, condition);
      case 'inUserHierarchy':
        return this.#inUserHierarchy(this.term(condition.term).text, condition);
      case 'inTeamsOf':
        return sql(
          `${this.term(condition.term).text} IN (SELECT m."teamid" FROM "teammembership" m WHERE m."systemuserid" = ?)`,
          condition.userId,
        );
      case 'exists':
        return this.#exists(condition);
      default:
        return condition satisfies never;
    }
  }

  #oneOf(term: Sql, values: readonly Cell[], negated: boolean): Sql {
    if (values.length === 0) return sql(negated ? '1 = 1' : '1 = 0');
    const tests =
      values.length > maxInline
        ? this.#dialect.inList(term.text, values)
        : concat(term, ' IN (', sql(values.map(() => '?').join(', '), ...values), ')');
    const list =
      values.length > maxInline ? { ...tests, params: [...term.params, ...tests.params] } : tests;
    return negated ? concat('NOT (', list, ')') : list;
  }

  #like(term: Sql, pattern: LikePattern, negated: boolean): Sql {
    const { text, params } = term;
    const test = (piece: Sql): Sql => {
      const all = { text: piece.text, params: [...params, ...piece.params] };
      return negated ? concat('NOT (', all, ')') : all;
    };
    switch (pattern.form) {
      case 'anything':
        return negated ? sql('1 = 0') : concat(term, ' IS NOT NULL');
      case 'exact':
        return test(sql(`${text} = ?`, pattern.text));
      case 'contains':
        return test(this.#dialect.contains(text, pattern.text));
      case 'suffix':
        return test(this.#dialect.endsWith(text, pattern.text));
      case 'prefix': {
        const range = beginsWith(text, pattern.text);
        // The term stands twice in a range, and so do its parameters.
        const doubled = range.params.flatMap((value) => [...params, value]);
        const all = { text: range.text, params: doubled };
        return negated ? concat('NOT ', all) : all;
      }
      case 'tokens':
        return test(this.#dialect.matches(text, pattern.tokens));
      default:
        return pattern satisfies never;
    }
  }

  #overlaps(cell: string, values: readonly number[], negated: boolean): Sql {
    const tests = values.map((value) => this.#dialect.contains(cell, `,${value},`));
    const some = concat('(', join(tests, ' OR '), ')');
    return negated ? concat('NOT ', some) : some;
  }

  #terms(left: Term, sign: Sign, right: Term): Sql {
    return concat(this.term(left), ` ${sign} `, this.term(right));
  }

  #inHierarchy(
    cell: string,
    { hierarchy, negated }: { readonly hierarchy: Hierarchy; readonly negated: boolean },
  ): Sql {
    const { reference, inclusive } = hierarchy;
    const [table, key, parent] = [hierarchy.table, hierarchy.primaryId, hierarchy.parent].map(name);
    // UNION keeps each row once, so a circle ends.
    const walk =
      hierarchy.direction === 'under'
        ? `SELECT c.${key} FROM ${table} c WHERE c.${parent} = ? UNION SELECT c.${key} FROM ${table} c JOIN h ON c.${parent} = h.id`
        : `SELECT c.${parent} FROM ${table} c WHERE c.${key} = ? AND c.${parent} IS NOT NULL UNION SELECT c.${parent} FROM ${table} c JOIN h ON c.${key} = h.id WHERE c.${parent} IS NOT NULL`;
    const ids = sql(`WITH RECURSIVE h(id) AS (${walk}) SELECT id FROM h`, reference);
    const among = concat(`${cell} IN (`, ids, ')');
    if (negated) {
      // The reference itself is not under itself. Nothing is outside of an empty list, too.
      const outside = concat('NOT (', among, ')');
      const self = sql(`${cell} = ?`, reference);
      return concat(`(${cell} IS NOT NULL AND (`, outside, ' OR ', self, '))');
    }
    const self = sql(`${cell} ${inclusive ? '=' : '<>'} ?`, reference);
    return inclusive
      ? concat('(', self, ' OR ', among, ')')
      : concat('(', among, ' AND ', self, ')');
  }

  #inUserHierarchy(
    cell: string,
    {
      userId,
      depth,
      teams,
    }: { readonly userId: string; readonly depth: number; readonly teams: boolean },
  ): Sql {
    const users = sql(
      `WITH RECURSIVE h(id, level) AS (SELECT ${this.#dialect.textParameter}, 0 UNION SELECT u."systemuserid", h.level + 1 FROM "systemuser" u JOIN h ON u."parentsystemuserid" = h.id WHERE h.level < ?) `,
      userId,
      depth,
    );
    const ids = concat(users, 'SELECT id FROM h');
    if (!teams) return concat(`${cell} IN (`, ids, ')');
    const ofTeams = concat(
      users,
      'SELECT m."teamid" FROM "teammembership" m JOIN h ON m."systemuserid" = h.id',
    );
    return concat(`(${cell} IN (`, ids, `) OR ${cell} IN (`, ofTeams, '))');
  }

  #exists(condition: Extract<Condition, { kind: 'exists' }>): Sql {
    const { source, on, joins, filter, mode, negated } = condition;
    const base: Sql[] = [concat(this.term(on[0]), ' = ', this.term(on[1]))];
    const restriction = this.restriction(source);
    if (restriction !== null) base.push(restriction);
    const exists = (tests: readonly Sql[]) =>
      concat(
        `EXISTS (SELECT 1 FROM ${name(source.table.name)} ${source.sql}`,
        this.joins(joins),
        ' WHERE ',
        join(tests, ' AND '),
        ')',
      );
    const passing = exists(filter === null ? base : [...base, this.condition(filter)]);
    if (mode === 'all') {
      const linked = concat(
        `EXISTS (SELECT 1 FROM ${name(source.table.name)} ${source.sql} WHERE `,
        join(base, ' AND '),
        ')',
      );
      return concat('(', linked, ' AND NOT ', passing, ')');
    }
    return negated ? concat('NOT ', passing) : passing;
  }

  restriction(source: Source): Sql | null {
    return this.#options.restrict?.(source.table.name, source.sql) ?? null;
  }

  joins(joins: readonly Join[]): Sql {
    return join(
      joins.map((one) => this.#join(one)),
      '',
    );
  }

  #join(one: Join): Sql {
    const { source, type, on, filter, candidate } = one;
    const table = name(source.table.name);
    if (candidate !== null) {
      const key = name(source.table.primaryId);
      const [from, to] = on;
      const inside: Term = { ...from, source: candidate };
      const tests = [concat(this.term(inside), ' = ', this.term(to))];
      const restriction = this.restriction(candidate);
      if (restriction !== null) tests.push(restriction);
      if (filter !== null) tests.push(this.condition(filter));
      return concat(
        ` JOIN ${table} ${source.sql} ON ${source.sql}.${key} = (SELECT ${candidate.sql}.${key} FROM ${table} ${candidate.sql} WHERE `,
        join(tests, ' AND '),
        ` ORDER BY ${candidate.sql}.${key} LIMIT 1)`,
      );
    }
    const tests = [concat(this.term(on[0]), ' = ', this.term(on[1]))];
    const restriction = this.restriction(source);
    if (restriction !== null) tests.push(restriction);
    if (filter !== null) tests.push(this.condition(filter));
    const keyword = type === 'outer' ? ' LEFT JOIN ' : ' JOIN ';
    return concat(`${keyword}${table} ${source.sql} ON `, join(tests, ' AND '));
  }
}
