import {
  type BusinessRule,
  type Diagnostic,
  isChoice,
  type RuleAction,
  type Table,
} from '@outpost/model';
import { ConditionCheck } from './condition-check.ts';

/** Branches of one rule. (Power Apps: at most ten if/else conditions.) */
const maxBranches = 10;

/** Finds what makes one rule unusable before it runs. Every finding names its place in the definition. */
export function checkRule(rule: BusinessRule, table: Table): readonly Diagnostic[] {
  return new RuleCheck(rule, table).run();
}

class RuleCheck {
  readonly #rule: BusinessRule;
  readonly #check: ConditionCheck;
  readonly #found: Diagnostic[] = [];

  constructor(rule: BusinessRule, table: Table) {
    this.#rule = rule;
    this.#check = new ConditionCheck(table, (code, message, path) =>
      this.#report(code, message, path),
    );
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
      this.#check.checkCondition(when, `${path}/when`);
      for (const [j, action] of then.entries()) this.#checkAction(action, `${path}/then/${j}`);
    }
    for (const [j, action] of (otherwise ?? []).entries()) {
      this.#checkAction(action, `/otherwise/${j}`);
    }
    return this.#found;
  }

  #checkAction(action: RuleAction, path: string): void {
    const column = this.#check.column(action.column, path);
    if (column === null) return;
    const isWrite =
      action.kind === 'setValue' || action.kind === 'setDefault' || action.kind === 'clear';
    // State and status are written by real rules.
    if (isWrite && column.readOnly === true && !isChoice(column)) {
      this.#report('writeReadOnly', `Column "${column.name}" cannot be written.`, path);
    }
    if (action.kind === 'setValue' || action.kind === 'setDefault') {
      this.#check.checkOperand(column, action.value, `${path}/value`);
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

  #report(code: string, message: string, path: string): void {
    const location = `rule "${this.#rule.name}" ${path}`;
    this.#found.push({ severity: 'error', code: `rule.${code}`, message, location });
  }
}
