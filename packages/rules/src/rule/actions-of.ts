import type { BusinessRule, RuleAction } from '@outpost/model';

/** Every action a rule may take, whichever branch is chosen. */
export function actionsOf(rule: BusinessRule): readonly RuleAction[] {
  return [...rule.branches.flatMap((branch) => branch.then), ...(rule.otherwise ?? [])];
}
