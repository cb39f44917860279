import type { Condition } from '@outpost/model';
import { type Clause, clausesOf } from './condition.ts';

/** What a condition demands of one column, as far as literals tell. */
interface Constraint {
  readonly data: 'has' | 'none' | 'any';
  /** Values it may have; null: whichever. */
  readonly values: ReadonlySet<string> | null;
  readonly excluded: ReadonlySet<string>;
  readonly above: Bound | null;
  readonly below: Bound | null;
}
interface Bound {
  readonly at: number | string;
  readonly inclusive: boolean;
}

/** Demands by column of a condition that is a list of demands; null: it is more than that. */
export type Constraints = ReadonlyMap<string, Constraint>;

const free: Constraint = {
  data: 'any',
  values: null,
  excluded: new Set(),
  above: null,
  below: null,
};

/** Reads a condition in which everything must hold. `isWhole`: nothing in it was left out. */
export function constraintsOf(
  condition: Condition,
): { readonly constraints: Constraints; readonly isWhole: boolean } | null {
  if (!isConjunction(condition)) return null;
  const constraints = new Map<string, Constraint>();
  let isWhole = true;
  for (const clause of clausesOf(condition)) {
    const next = narrowed(constraints.get(clause.column) ?? free, clause);
    if (next === null) {
      isWhole = false;
      // A comparison never holds for an empty column.
      const known = constraints.get(clause.column) ?? free;
      constraints.set(clause.column, withData(known, 'has'));
    } else constraints.set(clause.column, next);
  }
  return { constraints, isWhole };
}

function isConjunction(condition: Condition): boolean {
  if ('all' in condition) return condition.all.every(isConjunction);
  return 'column' in condition;
}

/** No row can meet the demands. */
export function isImpossible(constraints: Constraints): boolean {
  return [...constraints.values()].some(({ data, values, excluded, above, below }) => {
    if (data === 'none' && (values !== null || above !== null || below !== null)) return true;
    if (values !== null && [...values].every((one) => excluded.has(one))) return true;
    if (data === 'none' && excluded.size > 0) return true;
    return above !== null && below !== null && isEmptyRange(above, below);
  });
}

/** Every row that meets `strict` meets `loose`. Says true only when it is sure. */
export function implies(strict: Constraints, loose: Constraints): boolean {
  return [...loose].every(([column, wanted]) => {
    const has = strict.get(column) ?? free;
    return (
      (wanted.data === 'any' || dataOf(has) === wanted.data) &&
      (wanted.values === null ||
        (has.values !== null && [...has.values].every((one) => wanted.values?.has(one)))) &&
      [...wanted.excluded].every(
        (one) => has.excluded.has(one) || (has.values !== null && !has.values.has(one)),
      ) &&
      (wanted.excluded.size === 0 || dataOf(has) === 'has') &&
      isWithin(has.above, wanted.above, 1) &&
      isWithin(has.below, wanted.below, -1)
    );
  });
}

/** A comparison that holds shows that there is data. */
function dataOf({ data, values, excluded, above, below }: Constraint): Constraint['data'] {
  return values !== null || excluded.size > 0 || above !== null || below !== null ? 'has' : data;
}

function isWithin(strict: Bound | null, loose: Bound | null, direction: 1 | -1): boolean {
  if (loose === null) return true;
  if (strict === null || typeof strict.at !== typeof loose.at) return false;
  if (strict.at === loose.at) return loose.inclusive || !strict.inclusive;
  return direction === 1 ? strict.at > loose.at : strict.at < loose.at;
}

function isEmptyRange(above: Bound, below: Bound): boolean {
  if (typeof above.at !== typeof below.at) return false;
  if (above.at === below.at) return !(above.inclusive && below.inclusive);
  return above.at > below.at;
}

function narrowed(known: Constraint, { op, operands }: Clause): Constraint | null {
  if (op === 'hasData') return withData(known, 'has');
  if (op === 'noData') return withData(known, 'none');
  const literals = operands.map((one) => ('literal' in one ? one.literal : null));
  if (literals.some((one) => one === null)) return null;
  const keys = new Set(literals.map((one) => JSON.stringify(one)));
  const [only] = literals;
  const bound = typeof only === 'number' || typeof only === 'string' ? only : null;
  switch (op) {
    case 'equals': {
      const { values } = known;
      return {
        ...known,
        values: values === null ? keys : new Set([...values].filter((one) => keys.has(one))),
      };
    }
    case 'notEquals':
      return { ...known, excluded: new Set([...known.excluded, ...keys]) };
    case 'greater':
    case 'greaterOrEqual': {
      if (bound === null || literals.length > 1) return null;
      const next = { at: bound, inclusive: op === 'greaterOrEqual' };
      return isWithin(known.above, next, 1) ? known : { ...known, above: next };
    }
    case 'less':
    case 'lessOrEqual': {
      if (bound === null || literals.length > 1) return null;
      const next = { at: bound, inclusive: op === 'lessOrEqual' };
      return isWithin(known.below, next, -1) ? known : { ...known, below: next };
    }
    default:
      return null;
  }
}

/** With and without data at once is impossible: an empty set of values says so. */
function withData(known: Constraint, data: 'has' | 'none'): Constraint {
  return known.data === 'any' || known.data === data
    ? { ...known, data }
    : { ...known, data: 'none', values: new Set() };
}
