import type { BusinessRule, Diagnostic, RuleAction } from '@outpost/model';
import { actionsOf, triggersOf } from './compiled-rule.ts';
import { constraintsOf, implies, isImpossible } from './constraint.ts';

/** Active rules of one table. (Power Apps: at most 150.) */
const maxRules = 150;

/**
 * What rules that are each sound do to each other, and what in them never happens. Warnings only: real apps have rules
 * that trigger each other and come to rest.
 */
export function analyzeRules(rules: readonly BusinessRule[]): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (
    code: string,
    rule: BusinessRule,
    message: string,
    path = '',
    severity: Diagnostic['severity'] = 'warning',
  ) =>
    found.push({
      severity,
      code: `rule.${code}`,
      message,
      location: `rule "${rule.name}" ${path}`.trimEnd(),
    });
  if (rules.length > maxRules && rules[0] !== undefined) {
    const message = `The table has ${rules.length} active rules, more than ${maxRules}.`;
    report('tooManyRules', rules[0], message);
  }
  for (const rule of rules) {
    reportBranches(rule, report);
    reportActions(rule, rules, report);
    const own = writesOf(rule).find((column) => triggersOf(rule).includes(column));
    if (own !== undefined) {
      const message = `The rule reads and writes column "${own}"; its own writes do not trigger it.`;
      report('selfWrite', rule, message, '', 'info');
    }
  }
  reportShadowed(rules, report);
  for (const cycle of cyclesOf(rules)) {
    const [first] = cycle;
    if (first === undefined) continue;
    const path = [...cycle, first].map((one) => `"${one.name}"`).join(' -> ');
    report('cycle', first, `Rules trigger each other: ${path}.`);
  }
  return found;
}

type Report = (
  code: string,
  rule: BusinessRule,
  message: string,
  path?: string,
  severity?: Diagnostic['severity'],
) => void;

/** Branches that can never be chosen. */
function reportBranches(rule: BusinessRule, report: Report): void {
  const read = rule.branches.map((one) => constraintsOf(one.when));
  for (const [i, own] of read.entries()) {
    const path = `/branches/${i}`;
    if (own !== null && isImpossible(own.constraints)) {
      report('contradiction', rule, 'The condition can never be true.', `${path}/when`);
      continue;
    }
    const earlier = read
      .slice(0, i)
      .findIndex(
        (one, j) =>
          JSON.stringify(rule.branches[j]?.when) === JSON.stringify(rule.branches[i]?.when) ||
          (own !== null && one?.isWhole === true && implies(own.constraints, one.constraints)),
      );
    if (earlier < 0) continue;
    const message = `Whenever this branch could be chosen, branch ${earlier} is.`;
    report('unreachableBranch', rule, message, path);
  }
}

function reportActions(rule: BusinessRule, rules: readonly BusinessRule[], report: Report): void {
  const lists = [...rule.branches.map((one) => one.then), rule.otherwise ?? []];
  for (const [i, actions] of lists.entries()) {
    const path = i < rule.branches.length ? `/branches/${i}/then` : '/otherwise';
    for (const action of actions) {
      const isHidden = actions.some(
        (one) => one.kind === 'visible' && !one.visible && one.column === action.column,
      );
      if (action.kind === 'require' && action.level === 'required' && isHidden) {
        const message = `Column "${action.column}" is required and hidden at once.`;
        report('requiredHidden', rule, message, path);
      }
      const reverse = reverseOf(action);
      if (reverse === null) continue;
      const isReversed = rules.flatMap(actionsOf).some((one) => reverse(one));
      if (isReversed) continue;
      const message = `What is said of column "${action.column}" is never taken back: no branch says otherwise.`;
      report('noReverse', rule, message, path);
    }
  }
}

/** Tells actions that take back what an action does to the form; null: nothing is to be taken back. */
function reverseOf(action: RuleAction): ((other: RuleAction) => boolean) | null {
  const { column } = action;
  if (action.kind === 'visible' && !action.visible) {
    return (one) => one.kind === 'visible' && one.column === column && one.visible;
  }
  if (action.kind === 'lock' && action.locked) {
    return (one) => one.kind === 'lock' && one.column === column && !one.locked;
  }
  if (action.kind === 'require' && action.level === 'required') {
    return (one) => one.kind === 'require' && one.column === column && one.level !== 'required';
  }
  return null;
}

/** Rules that write one column under one condition: the later always wins. */
function reportShadowed(rules: readonly BusinessRule[], report: Report): void {
  const writers = new Map<string, BusinessRule>();
  for (const rule of rules) {
    const [first] = rule.branches;
    for (const action of first?.then ?? []) {
      if (action.kind !== 'setValue' && action.kind !== 'clear') continue;
      const key = JSON.stringify([first?.when, action.column]);
      const earlier = writers.get(key);
      if (earlier !== undefined && earlier !== rule) {
        const message = `Column "${action.column}" is written under the same condition by the later rule "${rule.name}", which wins.`;
        report('shadowedWrite', earlier, message);
      }
      writers.set(key, rule);
    }
  }
}

function writesOf(rule: BusinessRule): readonly string[] {
  return actionsOf(rule)
    .filter(({ kind }) => kind === 'setValue' || kind === 'setDefault' || kind === 'clear')
    .map(({ column }) => column);
}

/** Circles of rules each of which writes what the next one looks at; one for each group that hangs together. */
function cyclesOf(rules: readonly BusinessRule[]): readonly (readonly BusinessRule[])[] {
  const next = rules.map((rule) => {
    const written = new Set(writesOf(rule));
    return rules.flatMap((other, i) =>
      other !== rule && triggersOf(other).some((column) => written.has(column)) ? [i] : [],
    );
  });
  const found: BusinessRule[][] = [];
  const done = new Set<number>();
  for (let start = 0; start < rules.length; start++) {
    if (done.has(start)) continue;
    const path = pathBack(start, next);
    if (path === null) continue;
    for (const one of path) done.add(one);
    found.push(path.flatMap((one) => rules[one] ?? []));
  }
  return found;
}

/** The shortest way from a rule back to itself; null: there is none. */
function pathBack(start: number, next: readonly (readonly number[])[]): readonly number[] | null {
  const from = new Map<number, number>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const to of next[at] ?? []) {
      if (to === start) {
        const path = [at];
        while (path[0] !== start) path.unshift(from.get(path[0] ?? start) ?? start);
        return path;
      }
      if (from.has(to)) continue;
      from.set(to, at);
      queue.push(to);
    }
  }
  return null;
}
