import type { Diagnostic, ProcessFlow, ProcessStage, RowValues, Table } from '@outpost/model';
import { type Cells, Slots } from '../rule/cells.ts';
import { DecisionCompiler } from '../rule/decision.ts';
import { checkFlow } from './check-flow.ts';
import { nextOf } from './next-of.ts';

/** A flow ready to run. */
export interface CompiledFlow {
  readonly definition: ProcessFlow;
  readonly first: ProcessStage;
  stage(id: string): ProcessStage | undefined;
  /** Stages that may follow a stage, whatever the row says. */
  following(stage: ProcessStage): readonly string[];
  /** The stage that follows for a row; null at the end. */
  next(stage: ProcessStage, row: RowValues): ProcessStage | null;
}

/**
 * Compiles a flow. Null with diagnostics where its definition is wrong: a flow is never partly at work. Exceeded limits
 * of the platform are warnings.
 */
export function compileFlow(
  flow: ProcessFlow,
  tables: (name: string) => Table | undefined,
): { readonly flow: CompiledFlow | null; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = checkFlow(flow, tables);
  const [first] = flow.stages;
  if (first === undefined || diagnostics.some((one) => one.severity === 'error')) {
    return { flow: null, diagnostics };
  }
  const byId = new Map(flow.stages.map((stage) => [stage.id, stage]));
  const defaults = new Map(flow.stages.map((stage, i) => [stage.id, nextOf(flow, i)]));
  const branches = new Map(
    flow.stages.map((stage) => [stage.id, compileBranches(stage, tables(stage.table))]),
  );
  const compiled: CompiledFlow = {
    definition: flow,
    first,
    stage: (id) => byId.get(id),
    following: (stage) =>
      [...(stage.branches ?? []).map((one) => one.next), defaults.get(stage.id)].filter(
        (id) => id !== undefined && id !== null,
      ),
    next(stage, row) {
      const chosen = branches.get(stage.id)?.(row);
      return byId.get(chosen ?? defaults.get(stage.id) ?? '') ?? null;
    },
  };
  return { flow: compiled, diagnostics };
}

/** The stage that the first branch that holds for a row leads to; undefined: none does. */
function compileBranches(
  { branches = [] }: ProcessStage,
  table: Table | undefined,
): (row: RowValues) => string | undefined {
  if (branches.length === 0 || table === undefined) return () => undefined;
  const slots = new Slots();
  const compiler = new DecisionCompiler(table, slots, { emptyNotEquals: false });
  const entry = compiler.compile(
    branches.map((one) => one.when),
    false,
  );
  const { columns } = slots;
  const decisions = compiler.finish(columns.length);
  return (row) => {
    const cells: Cells = columns.map((column) => row[column] ?? null);
    return branches[decisions.choose(entry, cells, decisions.keys(cells))]?.next;
  };
}
