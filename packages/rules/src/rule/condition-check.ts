import {
  type Column,
  type ColumnValue,
  type Condition,
  isLookupValue,
  numberRanges,
  type Operand,
  type Table,
} from '@outpost/model';
import { isSupported, kindOfColumn, operatorFits } from './column-kind.ts';
import type { Clause } from './condition.ts';

/** Told of each finding: a code, what is wrong, and where, as a JSON pointer into the definition. */
export type ReportFinding = (code: string, message: string, path: string) => void;

/** Deeper conditions are refused: they would not be read by anyone. */
const maxDepth = 20;

/** Finds what makes conditions and values unusable before they run: columns, operators, types, options, ranges. */
export class ConditionCheck {
  readonly #table: Table;
  readonly #report: ReportFinding;
  readonly #columns: ReadonlyMap<string, Column>;

  constructor(table: Table, report: ReportFinding) {
    this.#table = table;
    this.#report = report;
    this.#columns = new Map(table.columns.map((column) => [column.name, column]));
  }

  checkCondition(condition: Condition, path: string, depth = 0): void {
    if (depth > maxDepth) {
      const message = `Conditions are nested more than ${maxDepth} deep.`;
      return this.#report('tooDeep', message, path);
    }
    if ('not' in condition) return this.checkCondition(condition.not, `${path}/not`, depth + 1);
    if ('column' in condition) return this.#checkClause(condition, path);
    const [kind, parts] =
      'all' in condition ? (['all', condition.all] as const) : (['any', condition.any] as const);
    if (parts.length === 0) this.#report('noCondition', `"${kind}" has no condition.`, path);
    for (const [i, part] of parts.entries()) {
      this.checkCondition(part, `${path}/${kind}/${i}`, depth + 1);
    }
  }

  #checkClause({ column: name, op, operands }: Clause, path: string): void {
    const column = this.column(name, path);
    if (column === null) return;
    if (!operatorFits(op, column)) {
      const message = `Operator "${op}" does not fit column "${name}" of type ${column.type}.`;
      this.#report('operatorNotForType', message, path);
      return;
    }
    const isUnary = op === 'hasData' || op === 'noData';
    if (!isUnary && operands.length === 0) {
      this.#report('typeMismatch', `Operator "${op}" compares with nothing.`, path);
    }
    if (!isUnary) {
      for (const [i, operand] of operands.entries()) {
        this.checkOperand(column, operand, `${path}/operands/${i}`);
      }
    }
  }

  /** A column that rules may use, or null with a finding. */
  column(name: string, path: string): Column | null {
    const column = this.#columns.get(name);
    if (column === undefined) {
      this.#report('unknownColumn', `Table "${this.#table.name}" has no column "${name}".`, path);
      return null;
    }
    if (isSupported(column)) return column;
    const message = `Rules cannot use column "${name}" of type ${column.type}.`;
    this.#report('unsupportedColumn', message, path);
    return null;
  }

  /** What is compared with a column or put into it. */
  checkOperand(column: Column, operand: Operand, path: string): void {
    if ('literal' in operand) return this.#checkLiteral(column, operand.literal, path);
    if ('column' in operand) {
      const other = this.column(operand.column, path);
      if (other !== null && kindOfColumn(other) !== kindOfColumn(column)) {
        this.#mismatch(column, `column "${other.name}" of type ${other.type}`, path);
      }
      return;
    }
    const kind = this.#formulaKind(operand, path);
    if (kind !== null && kind !== kindOfColumn(column)) {
      this.#mismatch(column, `a formula that gives a ${kind}`, path);
    }
  }

  /** What a formula gives; null with a finding where it gives nothing. */
  #formulaKind(operand: Operand, path: string): 'number' | 'date' | null {
    if ('literal' in operand) {
      if (typeof operand.literal === 'number') return 'number';
      if (typeof operand.literal === 'string' && Number.isFinite(Date.parse(operand.literal))) {
        return 'date';
      }
      this.#report('typeMismatch', 'A formula computes with numbers and dates only.', path);
      return null;
    }
    if ('column' in operand) {
      const column = this.column(operand.column, path);
      if (column === null) return null;
      const kind = kindOfColumn(column);
      if (kind === 'number' || kind === 'date') return kind;
      this.#report(
        'typeMismatch',
        `A formula cannot compute with column "${column.name}" of type ${column.type}.`,
        path,
      );
      return null;
    }
    const { left, op, right } = operand.formula;
    const [a, b] = [this.#formulaKind(left, path), this.#formulaKind(right, path)];
    if (a === null || b === null) return null;
    if (a === 'number' && b === 'number') return 'number';
    if (a === 'date' && b === 'number' && (op === '+' || op === '-')) return 'date';
    this.#report('typeMismatch', `A formula cannot compute ${a} ${op} ${b}.`, path);
    return null;
  }

  #checkLiteral(column: Column, literal: ColumnValue, path: string): void {
    if (literal === null) return;
    switch (kindOfColumn(column)) {
      case 'number':
        if (typeof literal !== 'number') return this.#mismatch(column, shown(literal), path);
        return this.#checkRange(column, literal, path);
      case 'choice': {
        if (typeof literal !== 'number') return this.#mismatch(column, shown(literal), path);
        const isKnown = column.options?.some((one) => one.value === literal) !== false;
        if (!isKnown) {
          const message = `Column "${column.name}" has no option ${literal}.`;
          this.#report('unknownOption', message, path);
        }
        return;
      }
      case 'boolean':
        if (typeof literal !== 'boolean') this.#mismatch(column, shown(literal), path);
        return;
      case 'date': {
        const isDate = typeof literal === 'string' && Number.isFinite(Date.parse(literal));
        if (!isDate) this.#mismatch(column, shown(literal), path);
        return;
      }
      case 'text': {
        if (typeof literal !== 'string') return this.#mismatch(column, shown(literal), path);
        if (column.maxLength !== undefined && literal.length > column.maxLength) {
          const message = `The text is longer than the ${column.maxLength} characters of column "${column.name}".`;
          this.#report('literalOutOfRange', message, path);
        }
        return;
      }
      case 'lookup':
        if (!isLookupValue(literal) && typeof literal !== 'string') {
          this.#mismatch(column, shown(literal), path);
        }
        return;
      default:
    }
  }

  #checkRange(column: Column, literal: number, path: string): void {
    const [least, most] = numberRanges[column.type] ?? [];
    const [min, max] = [column.min ?? least, column.max ?? most];
    const isOutside = (min !== undefined && literal < min) || (max !== undefined && literal > max);
    const isBroken =
      (column.type === 'integer' || column.type === 'bigint') && !Number.isInteger(literal);
    if (!isOutside && !isBroken && Number.isFinite(literal)) return;
    const message = `${literal} is outside of what column "${column.name}" holds.`;
    this.#report('literalOutOfRange', message, path);
  }

  #mismatch(column: Column, what: string, path: string): void {
    const message = `Column "${column.name}" of type ${column.type} cannot be compared with or set to ${what}.`;
    this.#report('typeMismatch', message, path);
  }
}

function shown(value: ColumnValue): string {
  return `${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}
