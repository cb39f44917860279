import type { ColumnValue, Condition, RowValues, RuleOperator, Table } from '@outpost/model';
import { type Cells, isEmpty, type SlotSource } from './cells.ts';
import { compileCompare } from './compare.ts';
import type { Clause } from './condition.ts';
import { type KeyReader, keyReader, Words } from './key.ts';
import { compileOperand } from './operand.ts';

/** How a program reads conditions. */
export interface ConditionOptions {
  /** Whether `notEquals` holds for an empty column. Default false: only `hasData` and `noData` tell emptiness. */
  readonly emptyNotEquals: boolean;
}

/** Where a rule begins in the code of its program. */
export type Entry = number;

/** No branch of a rule is chosen. */
export const noBranch = -1;

/** What an instruction asks of the key of its slot; `test` asks the cells. */
const instruction = {
  same: 0,
  other: 1,
  otherOrEmpty: 2,
  above: 3,
  aboveOrSame: 4,
  below: 5,
  belowOrSame: 6,
  data: 7,
  test: 8,
} as const;
type Instruction = (typeof instruction)[keyof typeof instruction];

/**
 * Conditions as code: one comparison an instruction, which says where to go on when it holds and when it does not. A
 * place below zero is the end: the number of the chosen branch. One loop over numbers runs it; there are no calls but for
 * comparisons with other columns, formulas, dates and parts of texts.
 */
export class Decisions {
  readonly #kinds: Uint8Array;
  readonly #slots: Int32Array;
  readonly #literals: Float64Array;
  readonly #yes: Int32Array;
  readonly #no: Int32Array;
  readonly #tests: readonly ((cells: Cells) => boolean)[];
  readonly #keys: readonly (KeyReader | null)[];
  readonly #noKeys: readonly number[];

  constructor(code: Code, keys: readonly (KeyReader | null)[]) {
    this.#kinds = Uint8Array.from(code.kinds);
    this.#slots = Int32Array.from(code.slots);
    this.#literals = Float64Array.from(code.literals);
    this.#yes = Int32Array.from(code.yes);
    this.#no = Int32Array.from(code.no);
    this.#tests = code.tests;
    this.#keys = keys;
    this.#noKeys = keys.map(() => Number.NaN);
  }

  /** What the comparisons compare, for every cell; NaN for a cell that is empty, or that nothing compares. */
  keys(cells: Cells): number[] {
    const keys = this.#noKeys.slice();
    const readers = this.#keys;
    for (let slot = 0; slot < readers.length; slot++) {
      const read = readers[slot];
      if (read !== null && read !== undefined) keys[slot] = read(cells[slot] ?? null);
    }
    return keys;
  }

  /** The same for a row, by the columns of the slots. */
  keysOf(row: RowValues, columns: readonly string[]): number[] {
    const keys = this.#noKeys.slice();
    const readers = this.#keys;
    for (let slot = 0; slot < readers.length; slot++) {
      const read = readers[slot];
      if (read !== null && read !== undefined) keys[slot] = read(row[columns[slot] ?? ''] ?? null);
    }
    return keys;
  }

  /** Whether the cells are asked for, besides the keys. */
  get readsCells(): boolean {
    return this.#kinds.some((kind) => kind >= instruction.data);
  }

  key(slot: number, value: ColumnValue): number {
    return this.#keys[slot]?.(value) ?? Number.NaN;
  }

  /** The branch of a rule that the cells choose; `noBranch`: none. */
  choose(entry: Entry, cells: Cells, keys: readonly number[]): number {
    const [kinds, slots, literals] = [this.#kinds, this.#slots, this.#literals];
    const [yes, no] = [this.#yes, this.#no];
    let at = entry;
    while (at >= 0) {
      const slot = slots[at] as number;
      const key = keys[slot] as number;
      const literal = literals[at] as number;
      let holds = false;
      switch (kinds[at] as Instruction) {
        case instruction.same:
          holds = key === literal;
          break;
        case instruction.other:
          // NaN, which stands for an empty cell, is no number.
          holds = key < literal || key > literal;
          break;
        case instruction.otherOrEmpty:
          holds = key !== literal;
          break;
        case instruction.above:
          holds = key > literal;
          break;
        case instruction.aboveOrSame:
          holds = key >= literal;
          break;
        case instruction.below:
          holds = key < literal;
          break;
        case instruction.belowOrSame:
          holds = key <= literal;
          break;
        case instruction.data:
          holds = !isEmpty(cells[slot]);
          break;
        case instruction.test:
          holds = this.#tests[literal]?.(cells) ?? false;
          break;
        default:
      }
      at = (holds ? yes[at] : no[at]) as number;
    }
    return -2 - at;
  }
}

/** Code as it is written: the parts of each instruction, in lists of their own. */
interface Code {
  readonly kinds: number[];
  readonly slots: number[];
  readonly literals: number[];
  readonly yes: number[];
  readonly no: number[];
  readonly tests: ((cells: Cells) => boolean)[];
}

/** Operators on keys; of the others, the comparison is a test. */
const onKeys: Readonly<Partial<Record<RuleOperator, Instruction>>> = {
  equals: instruction.same,
  notEquals: instruction.other,
  greater: instruction.above,
  greaterOrEqual: instruction.aboveOrSame,
  less: instruction.below,
  lessOrEqual: instruction.belowOrSame,
};

/** Compiles the conditions of one program. */
export class DecisionCompiler {
  readonly #table: Table;
  readonly #slots: SlotSource;
  readonly #options: ConditionOptions;
  readonly #code: Code = { kinds: [], slots: [], literals: [], yes: [], no: [], tests: [] };
  /** How the slots are read that keys are compared of. */
  readonly #keyed = new Map<number, KeyReader>();
  readonly #words = new Words();

  constructor(table: Table, slots: SlotSource, options: ConditionOptions) {
    this.#table = table;
    this.#slots = slots;
    this.#options = options;
  }

  /** The first branch whose condition holds; else the one after them, if there is an `otherwise`. */
  compile(branches: readonly Condition[], hasOtherwise: boolean): Entry {
    let next = end(hasOtherwise ? branches.length : noBranch);
    for (let i = branches.length - 1; i >= 0; i--) {
      const condition = branches[i];
      if (condition !== undefined) next = this.#condition(condition, end(i), next);
    }
    return next;
  }

  /** Of a program with so many slots. */
  finish(slots: number): Decisions {
    const keys = Array.from({ length: slots }, (_, slot) => this.#keyed.get(slot) ?? null);
    return new Decisions(this.#code, keys);
  }

  /** Code that goes on at `yes` or at `no`; it is written from its end, so that both are known. */
  #condition(condition: Condition, yes: number, no: number): number {
    if ('not' in condition) return this.#condition(condition.not, no, yes);
    if ('all' in condition) {
      return condition.all.reduceRight((next, one) => this.#condition(one, next, no), yes);
    }
    if ('any' in condition) {
      return condition.any.reduceRight((next, one) => this.#condition(one, yes, next), no);
    }
    return this.#clause(condition, yes, no);
  }

  #clause(clause: Clause, yes: number, no: number): number {
    const { column: name, op, operands } = clause;
    const slot = this.#slots.slotOf(name);
    if (op === 'hasData') return this.#emit(instruction.data, slot, 0, yes, no);
    if (op === 'noData') return this.#emit(instruction.data, slot, 0, no, yes);
    const column = this.#table.columns.find((one) => one.name === name);
    if (column === undefined) return no;
    const kind = onKeys[op];
    const read = this.#keyed.get(slot) ?? keyReader(column, this.#words);
    const literals = operands.flatMap((one) => ('literal' in one ? [one.literal] : []));
    const isPlain = literals.length === operands.length && !literals.some(isEmpty);
    if (kind === undefined || read === null || !isPlain) {
      const test = this.#code.tests.push(this.#slowTest(clause)) - 1;
      return this.#emit(instruction.test, slot, test, yes, no);
    }
    this.#keyed.set(slot, read);
    for (const literal of literals) this.#words.add(literal);
    const isOther = kind === instruction.other && this.#options.emptyNotEquals;
    const used = isOther ? instruction.otherOrEmpty : kind;
    // Of several operands, a negative operator must hold for all, another one for any.
    return literals.reduceRight<number>(
      (next, literal) => {
        const key = read(literal);
        return isNegative(op)
          ? this.#emit(used, slot, key, next, no)
          : this.#emit(used, slot, key, yes, next);
      },
      isNegative(op) ? yes : no,
    );
  }

  #emit(kind: Instruction, slot: number, literal: number, yes: number, no: number): number {
    const { kinds, slots, literals, yes: yesOf, no: noOf } = this.#code;
    slots.push(slot);
    literals.push(literal);
    yesOf.push(yes);
    noOf.push(no);
    return kinds.push(kind) - 1;
  }

  /** A comparison with other columns, formulas or dates, or of parts of a text. */
  #slowTest({ column: name, op, operands }: Clause): (cells: Cells) => boolean {
    const slot = this.#slots.slotOf(name);
    const column = this.#table.columns.find((one) => one.name === name);
    if (column === undefined || op === 'hasData' || op === 'noData') return never;
    const compare = compileCompare(op, column);
    const reads = operands.map((operand) => compileOperand(operand, this.#slots));
    const every = isNegative(op);
    const empty = op === 'notEquals' && this.#options.emptyNotEquals;
    return (cells) => {
      const value = cells[slot] ?? null;
      if (isEmpty(value)) return empty;
      for (const read of reads) {
        const other = read(cells);
        const result = isEmpty(other) ? empty : compare(value, other);
        if (result !== every) return result;
      }
      return every;
    };
  }
}

function end(branch: number): number {
  return -2 - branch;
}

function never(): boolean {
  return false;
}

function isNegative(op: RuleOperator): boolean {
  return op.startsWith('not');
}
