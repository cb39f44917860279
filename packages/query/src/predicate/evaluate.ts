import { type Cell, compareCodePoints, fold } from '@outpost/model';
import { patternTest } from '../operators/like-pattern.ts';
import { guidOrderKey } from '../operators/operator-table.ts';
import type { Condition, Sign } from '../plan/condition.ts';
import type { Order, ResolvedQuery } from '../plan/resolved-query.ts';
import { labelRanks, type Term } from '../plan/term.ts';
import { datePart } from '../time/date-part.ts';

/**
 * Cells of one row of a query: of its table and of the rows its unique links lead to. `source` is the SQL name of the
 * occurrence; a reader of the table alone may ignore it.
 */
export interface RowReader {
  cell(slot: string, source: string): Cell;
  /** Primary name of a lookup's target; null where it is not known. */
  targetName(column: string, source: string): string | null;
  /** The stored folded copy of a text; undefined where none is stored. */
  folded?(slot: string, source: string): Cell | undefined;
}

export type Predicate = (row: RowReader) => boolean;
export type Comparator = (a: RowReader, b: RowReader) => number;

type Read = (row: RowReader) => Cell;

/** The filter of a query as a function of one row; null where it needs more than the row. */
export function predicateOf({ root, joins, where }: ResolvedQuery): Predicate | null {
  if (joins.some((join) => join.type !== 'outer' || !join.unique)) return null;
  return where === null ? () => true : conditionPredicate(where, new Set([root.sql]));
}

/** A condition as a function of a row; null where it reads other occurrences than these. */
export function conditionPredicate(
  condition: Condition,
  sources: ReadonlySet<string>,
): Predicate | null {
  return isLocal(condition, sources) ? compileCondition(condition) : null;
}

/** The order of a query as a comparison of two rows, the primary key last; null where it needs more than the rows. */
export function comparatorOf({
  root,
  orders,
  distinct,
  aggregate,
}: ResolvedQuery): Comparator | null {
  if (distinct || aggregate || orders.some(({ term }) => term.source.sql !== root.sql)) return null;
  const keys = sortKeysOf(orders);
  const primary = root.table.primaryId;
  return (a, b) =>
    compareKeys(orders, keys(a), keys(b)) ||
    compareCells(a.cell(primary, root.sql), b.cell(primary, root.sql));
}

/** What rows are ordered by, as cells that compare like SQLite's. */
export function sortKeysOf(orders: readonly Order[]): (row: RowReader) => readonly Cell[] {
  const reads = orders.map(({ term }) => compileTerm(term));
  return (row) => reads.map((read) => read(row));
}

export function compareKeys(
  orders: readonly Pick<Order, 'descending'>[],
  a: readonly Cell[],
  b: readonly Cell[],
): number {
  for (const [i, { descending }] of orders.entries()) {
    const difference = compareCells(a[i] ?? null, b[i] ?? null);
    if (difference !== 0) return descending ? -difference : difference;
  }
  return 0;
}

/** As SQLite orders: NULL first, numbers by value, text by code point. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b);
  return typeof a === 'number' ? -1 : 1;
}

/** Conditions that the rows of these occurrences decide. */
function isLocal(condition: Condition, sources: ReadonlySet<string>): boolean {
  switch (condition.kind) {
    case 'constant':
      return true;
    case 'and':
    case 'or':
      return condition.items.every((item) => isLocal(item, sources));
    case 'terms':
      return sources.has(condition.left.source.sql) && sources.has(condition.right.source.sql);
    case 'exists':
    case 'inHierarchy':
    case 'inUserHierarchy':
    case 'inTeamsOf':
      return false;
    default:
      return sources.has(condition.term.source.sql);
  }
}

function compileCondition(condition: Condition): Predicate {
  switch (condition.kind) {
    case 'constant': {
      const { value } = condition;
      return () => value;
    }
    case 'and': {
      const items = condition.items.map(compileCondition);
      return (row) => items.every((item) => item(row));
    }
    case 'or': {
      const items = condition.items.map(compileCondition);
      return (row) => items.some((item) => item(row));
    }
    case 'isNull': {
      const read = compileTerm(condition.term);
      const { negated } = condition;
      return (row) => (read(row) === null) !== negated;
    }
    case 'compare': {
      const read = compileTerm(condition.term);
      const { sign, value } = condition;
      return (row) => signHolds(sign, read(row), value);
    }
    case 'oneOf': {
      const read = compileTerm(condition.term);
      const values = new Set(condition.values);
      const { negated } = condition;
      if (values.size === 0) return () => negated;
      return (row) => {
        const cell = read(row);
        return cell !== null && values.has(cell) !== negated;
      };
    }
    case 'like': {
      const read = compileTerm(condition.term);
      const test = patternTest(condition.pattern);
      const { negated } = condition;
      return (row) => {
        const cell = read(row);
        return cell !== null && test(String(cell)) !== negated;
      };
    }
    case 'overlaps': {
      const read = compileTerm(condition.term);
      const { values, negated } = condition;
      return (row) => {
        const cell = read(row);
        if (cell === null) return false;
        return values.some((value) => String(cell).includes(`,${value},`)) !== negated;
      };
    }
    case 'terms': {
      const [left, right] = [compileTerm(condition.left), compileTerm(condition.right)];
      const { sign } = condition;
      return (row) => signHolds(sign, left(row), right(row));
    }
    case 'fiscalPeriod': {
      const read = compileTerm(condition.term);
      const { calendar, period } = condition;
      return (row) => {
        const part = datePart(read(row), 'fiscal-period', calendar);
        return part !== null && part % 100 === period;
      };
    }
    case 'inHierarchy':
    case 'inUserHierarchy':
    case 'inTeamsOf':
    case 'exists':
      throw new RangeError(condition.kind);
    default:
      return condition satisfies never;
  }
}

function signHolds(sign: Sign, left: Cell, right: Cell): boolean {
  if (left === null || right === null) return false;
  const difference = compareCells(left, right);
  switch (sign) {
    case '=':
      return difference === 0;
    case '<>':
      return difference !== 0;
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    default:
      return sign satisfies never;
  }
}

function compileTerm(term: Term): Read {
  const source = term.source.sql;
  switch (term.kind) {
    case 'cell': {
      const { slot } = term;
      return (row) => row.cell(slot, source);
    }
    case 'folded': {
      const { slot } = term;
      return (row) => {
        const stored = row.folded?.(slot, source);
        return stored === undefined ? folded(row.cell(slot, source)) : stored;
      };
    }
    case 'targetName': {
      const { name } = term.column;
      return (row) =>
        row.cell(name, source) === null ? null : folded(row.targetName(name, source));
    }
    case 'label': {
      const { column } = term;
      const labels = new Map((column.options ?? []).map((one) => [one.value, fold(one.label)]));
      if (column.type !== 'choices') {
        return (row) => labels.get(Number(row.cell(column.name, source) ?? Number.NaN)) ?? null;
      }
      return (row) => joinLabels(row.cell(column.name, source), (value) => labels.get(value));
    }
    case 'rank': {
      const ranks = labelRanks(term.column, fold);
      const { name } = term.column;
      return (row) => ranks.get(Number(row.cell(name, source) ?? Number.NaN)) ?? null;
    }
    case 'guidOrder': {
      const { slot } = term;
      return (row) => {
        const cell = row.cell(slot, source);
        return cell === null ? null : guidOrderKey(String(cell));
      };
    }
    default:
      return term satisfies never;
  }
}

function folded(cell: Cell): Cell {
  return cell === null ? null : fold(String(cell));
}

/** Labels of the options of a stored multi-select choice. */
export function joinLabels(
  cell: Cell,
  label: (value: number) => string | undefined,
): string | null {
  if (cell === null) return null;
  const values = String(cell)
    .split(',')
    .filter((part) => part !== '');
  return values.map((value) => label(Number(value)) ?? value).join('; ');
}
