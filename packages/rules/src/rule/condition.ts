import type { Condition, RuleOperator, Table } from '@outpost/model';
import { type Cells, isEmpty, type Slots } from './cells.ts';
import { compileCompare } from './compare.ts';
import { compileOperand, operandColumns } from './operand.ts';

/** A single comparison of a rule. Equal ones are shared by all rules of a program. */
export interface Atom {
  readonly test: (cells: Cells) => boolean;
  /** Slots it reads. */
  readonly reads: readonly number[];
  readonly clause: Clause;
}

export type Clause = Extract<Condition, { readonly column: string }>;

/** What is known of the atoms: 0 not computed, 1 false, 2 true. */
export type Bits = Uint8Array;

/** A condition over the atoms of a program. Computes the atoms it needs. */
export type Test = (cells: Cells, bits: Bits) => boolean;

/** How a program reads conditions. */
export interface ConditionOptions {
  /** Whether `notEquals` holds for an empty column. Default false: only `hasData` and `noData` tell emptiness. */
  readonly emptyNotEquals: boolean;
}

/** Compiles the conditions of one program. */
export class ConditionCompiler {
  readonly atoms: Atom[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #table: Table;
  readonly #slots: Slots;
  readonly #options: ConditionOptions;

  constructor(table: Table, slots: Slots, options: ConditionOptions) {
    this.#table = table;
    this.#slots = slots;
    this.#options = options;
  }

  compile(condition: Condition): Test {
    if ('all' in condition) {
      const parts = condition.all.map((one) => this.compile(one));
      return (cells, bits) => {
        for (const part of parts) if (!part(cells, bits)) return false;
        return true;
      };
    }
    if ('any' in condition) {
      const parts = condition.any.map((one) => this.compile(one));
      return (cells, bits) => {
        for (const part of parts) if (part(cells, bits)) return true;
        return false;
      };
    }
    if ('not' in condition) {
      const part = this.compile(condition.not);
      return (cells, bits) => !part(cells, bits);
    }
    const number = this.#atom(condition);
    const { test } = this.atoms[number] as Atom;
    return (cells, bits) => {
      const known = bits[number];
      if (known !== 0) return known === 2;
      const holds = test(cells);
      bits[number] = holds ? 2 : 1;
      return holds;
    };
  }

  #atom(clause: Clause): number {
    const key = JSON.stringify([clause.column, clause.op, clause.operands]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const columns = [clause.column, ...clause.operands.flatMap(operandColumns)];
    const reads = [...new Set(columns)].map((one) => this.#slots.slotOf(one));
    this.atoms.push({ test: this.#test(clause), reads, clause });
    this.#numbers.set(key, this.atoms.length - 1);
    return this.atoms.length - 1;
  }

  #test({ column: name, op, operands }: Clause): (cells: Cells) => boolean {
    const slot = this.#slots.slotOf(name);
    if (op === 'hasData') return (cells) => !isEmpty(cells[slot]);
    if (op === 'noData') return (cells) => isEmpty(cells[slot]);
    const column = this.#table.columns.find((one) => one.name === name);
    if (column === undefined) return () => false;
    const compare = compileCompare(op, column);
    const reads = operands.map((operand) => compileOperand(operand, this.#slots));
    const [only] = operands;
    if (
      operands.length === 1 &&
      only !== undefined &&
      'literal' in only &&
      !isEmpty(only.literal)
    ) {
      const { literal } = only;
      const empty = op === 'notEquals' && this.#options.emptyNotEquals;
      return (cells) => {
        const value = cells[slot];
        if (value === null || value === undefined || value === '') return empty;
        return compare(value, literal);
      };
    }
    const every = isNegative(op);
    const empty = op === 'notEquals' && this.#options.emptyNotEquals;
    return (cells) => {
      const value = cells[slot] ?? null;
      if (isEmpty(value)) return empty;
      for (const read of reads) {
        const other = read(cells);
        const holds = isEmpty(other) ? empty : compare(value, other);
        if (holds !== every) return holds;
      }
      return every;
    };
  }
}

/** Of several operands, a negative operator must hold for all, another one for any. */
function isNegative(op: RuleOperator): boolean {
  return op.startsWith('not');
}

/** Columns a condition reads. */
export function conditionColumns(condition: Condition): readonly string[] {
  return clausesOf(condition).flatMap(({ column, operands }) => [
    column,
    ...operands.flatMap(operandColumns),
  ]);
}

/** Every single comparison inside a condition. */
export function clausesOf(condition: Condition): readonly Clause[] {
  if ('all' in condition) return condition.all.flatMap(clausesOf);
  if ('any' in condition) return condition.any.flatMap(clausesOf);
  if ('not' in condition) return clausesOf(condition.not);
  return [condition];
}

/** Whether clauses are joined in more than one way. */
export function mixesAndOr(condition: Condition): boolean {
  const kinds = new Set<string>();
  const visit = (one: Condition): void => {
    if ('not' in one) return visit(one.not);
    if ('column' in one) return;
    const [kind, parts] = 'all' in one ? ['all', one.all] : ['any', one.any];
    if (parts.length > 1) kinds.add(kind);
    for (const part of parts) visit(part);
  };
  visit(condition);
  return kinds.size > 1;
}
