import {
  type BusinessRule,
  type Diagnostic,
  dataverseErrors,
  type Result,
  type Table,
} from '@outpost/model';
import { checkRule } from './check.ts';

/** A call that cannot be carried out on a rule as it is. */
export class RuleError extends Error {
  readonly code: 'rule.active';
  readonly fix: string;

  constructor(code: 'rule.active', message: string, fix: string) {
    super(message);
    this.name = 'RuleError';
    this.code = code;
    this.fix = fix;
  }
}

/** A finding that stands in the way of activation, with the number of Dataverse's own. */
export type ActivationError = Diagnostic & { readonly dataverseCode: string };

/** A draft becomes active when nothing in it is wrong. (Power Apps: a rule is validated when it is activated.) */
export function activateRule(
  rule: BusinessRule,
  table: Table,
): Result<BusinessRule, ActivationError> {
  const errors = checkRule(rule, table).filter((one) => one.severity === 'error');
  if (errors.length === 0) return { kind: 'ok', value: { ...rule, state: 'active' } };
  return {
    kind: 'invalid',
    errors: errors.map((one) => ({ ...one, dataverseCode: dataverseCodeOf(one.code) })),
  };
}

/** Only a draft can be edited. */
export function deactivateRule(rule: BusinessRule): BusinessRule {
  return { ...rule, state: 'draft' };
}

/** A rule with other parts. Throws `RuleError` for an active one. */
export function editRule(
  rule: BusinessRule,
  change: Partial<Omit<BusinessRule, 'id' | 'state'>>,
): BusinessRule {
  if (rule.state === 'active') {
    throw new RuleError(
      'rule.active',
      `Rule "${rule.name}" is active.`,
      'Deactivate it, edit it, and activate it again.',
    );
  }
  return { ...rule, ...change };
}

function dataverseCodeOf(code: string): string {
  if (code === 'rule.noCondition') return dataverseErrors.ruleWithoutCondition;
  if (code === 'rule.noAction') return dataverseErrors.ruleWithoutAction;
  return dataverseErrors.ruleInvalid;
}
