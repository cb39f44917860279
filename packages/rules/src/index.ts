/**
 * Business rules and process flows without a form and without a server: the same program gives the same verdict on the
 * device and in the organization.
 *
 * ```ts
 * const { program } = compileRules(model.rules, leadTable, null);
 * const { session } = program.open({ leadqualitycode: 1 }, 'create');
 * const { required } = session.change({ leadqualitycode: 3 });
 * ```
 *
 * @packageDocumentation
 */
export {
  parseRuleCases,
  type RuleCase,
  type RuleCaseOutcome,
  type RuleExpectation,
  runRuleCase,
} from './conformance/rule-cases.ts';
export { type DeviceHost, type FlowUnavailable, flowAvailability } from './flow/availability.ts';
export { checkFlow, checkFlows } from './flow/check-flow.ts';
export { type CompiledFlow, compileFlow } from './flow/compiled-flow.ts';
export {
  checkInstance,
  checkInstanceWrite,
  type FlowFault,
  type FlowInstance,
  instanceColumns,
  readInstance,
  startInstance,
} from './flow/instance.ts';
export {
  type FlowCommand,
  type FlowSubject,
  flowCommands,
  flowPath,
  type MissingColumn,
  missingColumns,
  type StageView,
  type StepResult,
  step,
} from './flow/step.ts';
export { businessRulesFormat, businessRulesSchema } from './format/business-rules-schema.ts';
export { readBusinessRules, writeBusinessRules } from './format/read-rules.ts';
export type { JsonType, Shape } from './format/shape.ts';
export { analyzeRules } from './rule/analyze.ts';
export type {
  ClauseState,
  ColumnExplanation,
  Decision,
  Effects,
  EffectsDiff,
  Recommendation,
  RuleExplanation,
  RuleState,
} from './rule/effects.ts';
export {
  type ActivationError,
  activateRule,
  deactivateRule,
  editRule,
  RuleError,
} from './rule/lifecycle.ts';
export { lintRules, type RuleLintOptions } from './rule/lint.ts';
export {
  type CompiledRules,
  compileRules,
  type FormColumns,
  type Program,
  type RuleOptions,
  type RuleRefusal,
  type TableScopeResult,
} from './rule/program.ts';
export type { RuleSession, SessionOptions } from './rule/rule-session.ts';
