import type { BusinessRule, Diagnostic, Table } from '@outpost/model';
import { analyzeRules } from './analyze.ts';
import { checkRule } from './check.ts';
import { mixesAndOr } from './condition.ts';

export interface RuleLintOptions {
  /** Whether a condition may join clauses by AND and by OR at once, which the designer does not offer. Default true. */
  readonly mixedAndOr?: boolean;
}

/** Everything to be said about the rules of an app: each alone, and all active ones of a table together. */
export function lintRules(
  rules: readonly BusinessRule[],
  tables: readonly Table[],
  { mixedAndOr = true }: RuleLintOptions = {},
): readonly Diagnostic[] {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const found: Diagnostic[] = [];
  const sound = new Map<string, BusinessRule[]>();
  for (const rule of rules) {
    const table = byName.get(rule.table);
    const own = table === undefined ? [unknownTable(rule)] : [...checkRule(rule, table)];
    if (!mixedAndOr) own.push(...mixedConditions(rule));
    found.push(...own);
    const isSound = own.every((one) => one.severity !== 'error');
    if (rule.state !== 'active' || !isSound) continue;
    sound.set(rule.table, [...(sound.get(rule.table) ?? []), rule]);
  }
  for (const list of sound.values()) {
    found.push(...analyzeRules(list.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))));
  }
  return found;
}

function unknownTable(rule: BusinessRule): Diagnostic {
  return {
    severity: 'error',
    code: 'rule.unknownTable',
    message: `There is no table "${rule.table}".`,
    location: `rule "${rule.name}" /table`,
  };
}

function mixedConditions(rule: BusinessRule): readonly Diagnostic[] {
  return rule.branches.flatMap(({ when }, i): readonly Diagnostic[] => {
    if (!mixesAndOr(when)) return [];
    const message = 'One condition joins clauses by AND or by OR, not by both.';
    const location = `rule "${rule.name}" /branches/${i}/when`;
    return [{ severity: 'error', code: 'rule.mixedAndOr', message, location }];
  });
}
