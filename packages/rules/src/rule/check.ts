import {
  type BusinessRule,
  type Column,
  type ColumnValue,
  type Diagnostic,
  isChoice,
  isLookupValue,
  numberRanges,
  type Operand,
  type RuleAction,
  type Table,
} from '@outpost/model';
import { isSupported, kindOfColumn, operatorFits } from './compare.ts';
import { clausesOf } from './condition.ts';

/** Branches of one rule. (Power Apps: at most ten if/else conditions.) */
const maxBranches = 10;

/** Finds what makes one rule unusable before it runs. Every finding names its place in the definition. */
export function checkRule(rule: BusinessRule, table: Table): readonly Diagnostic[] {
  return new RuleCheck(rule, table).run();
}

class RuleCheck {
  readonly #rule: BusinessRule;
  readonly #table: Table;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #found: Diagnostic[] = [];

  constructor(rule: BusinessRule, table: Table) {
    this.#rule = rule;
    this.#table = table;
    this.#columns = new Map(table.columns.map((column) => [column.name, column]));
  }

  run(): readonly Diagnostic[] {
    const { branches, otherwise } = this.#rule;
    if (branches.length === 0) {
      this.#report('noCondition', 'The rule has no condition.', '/branches');
    }
    if (branches.length > maxBranches) {
      const message = `The rule has ${branches.length} branches, more than ${maxBranches}.`;
      this.#report('tooManyBranches', message, '/branches');
    }
    for (const [i, { when, then }] of branches.entries()) {
      const path = `/branches/${i}`;
      if (then.length === 0) this.#report('noAction', 'The branch has no action.', `${path}/then`);
      const clauses = clausesOf(when);
      if (clauses.length === 0) {
        this.#report('noCondition', 'The branch has no condition.', `${path}/when`);
      }
      for (const { column, op, operands } of clauses) {
        this.#checkClause(column, op, operands, `${path}/when`);
      }
      for (const [j, action] of then.entries()) this.#checkAction(action, `${path}/then/${j}`);
    }
    for (const [j, action] of (otherwise ?? []).entries()) {
      this.#checkAction(action, `/otherwise/${j}`);
    }
    return this.#found;
  }

  #checkClause(
    name: string,
    op: Parameters<typeof operatorFits>[0],
    operands: readonly Operand[],
    path: string,
  ): void {
    const column = this.#column(name, path);
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
    if (!isUnary) for (const operand of operands) this.#checkOperand(column, operand, path);
  }

  #checkAction(action: RuleAction, path: string): void {
    const column = this.#column(action.column, path);
    if (column === null) return;
    const isWrite =
      action.kind === 'setValue' || action.kind === 'setDefault' || action.kind === 'clear';
    // State and status are written by real rules.
    if (isWrite && column.readOnly === true && !isChoice(column)) {
      this.#report('writeReadOnly', `Column "${column.name}" cannot be written.`, path);
    }
    if (action.kind === 'setValue' || action.kind === 'setDefault') {
      this.#checkOperand(column, action.value, path);
    }
    if (action.kind === 'recommend') {
      if (action.actions.length === 0) {
        this.#report('noAction', 'The recommendation does nothing.', path);
      }
      for (const [i, one] of action.actions.entries()) {
        if (one.kind === 'setValue' || one.kind === 'clear' || one.kind === 'setDefault') {
          this.#checkAction(one, `${path}/actions/${i}`);
        } else {
          this.#report(
            'typeMismatch',
            `A recommendation sets values; "${one.kind}" does not.`,
            `${path}/actions/${i}`,
          );
        }
      }
    }
  }

  /** A column that rules may use, or null with a finding. */
  #column(name: string, path: string): Column | null {
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

  #checkOperand(column: Column, operand: Operand, path: string): void {
    if ('literal' in operand) return this.#checkLiteral(column, operand.literal, path);
    if ('column' in operand) {
      const other = this.#column(operand.column, path);
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
      const column = this.#column(operand.column, path);
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

  #report(code: string, message: string, path: string): void {
    const location = `rule "${this.#rule.name}" ${path}`;
    this.#found.push({ severity: 'error', code: `rule.${code}`, message, location });
  }
}

function shown(value: ColumnValue): string {
  return `${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}
