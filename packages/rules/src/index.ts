/**
 * Business rules and process flows without a form and without a server: the same program gives the same verdict on the
 * device and in the organization.
 *
 * ```ts
 * const { program } = compileRules(model.rules, leadTable, null);
 * const { effects } = program.load({ leadqualitycode: 1 }, 'create');
 * ```
 */
export {
  type FlowMove,
  type FlowPosition,
  missingColumns,
  type StepResult,
  startPosition,
  step,
} from './flow/step.ts';
export { operatorFits } from './rule/condition.ts';
export {
  type CompiledRules,
  compileRules,
  type Effects,
  type Program,
  type Recommendation,
  type RuleRefusal,
  type RuleRun,
  type TableScopeResult,
} from './rule/program.ts';
