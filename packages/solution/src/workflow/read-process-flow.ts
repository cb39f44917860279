import type { ProcessFlow, ProcessStage, ProcessStep, StageBranch } from '@outpost/model';
import { ConditionReader, UnknownActivity, unknown } from './condition-reader.ts';
import { type Activity, activitiesOf, entryOf, entryText, readXaml, stepLabel } from './xaml.ts';

export type FlowHeader = Omit<ProcessFlow, 'stages'>;

export interface ReadFlow {
  /** Null: the definition is not understood. */
  readonly flow: ProcessFlow | null;
  /** Workflows that would run when a stage is entered; they need the organization. */
  readonly ignoredActions: number;
  readonly problem: string | null;
}

type FoundStage = ProcessStage & { readonly next: string | null };

/** Reads the definition of a business process flow: stages by table, each with the columns it asks for. */
export function readProcessFlow(
  xaml: string,
  file: string,
  header: FlowHeader,
  language: string,
): ReadFlow {
  try {
    return readStages(readXaml(xaml, file), header, language);
  } catch (error) {
    if (!(error instanceof UnknownActivity)) throw error;
    return { flow: null, ignoredActions: 0, problem: error.message };
  }
}

function readStages(root: Activity, header: FlowHeader, language: string): ReadFlow {
  const workflow = root.children.find((child) => child.name === 'Workflow');
  const stages: FoundStage[] = [];
  let ignoredActions = 0;
  for (const entity of workflow?.children ?? []) {
    if (entity.name === 'StageRelationshipCollectionComposite') continue;
    if (entity.name !== 'EntityComposite') throw unknown(entity);
    // The table stands behind the number of the step.
    const table = /: *(\w+)$/.exec(entity.attributes['DisplayName'] ?? '')?.[1] ?? header.table;
    for (const stage of activitiesOf(entity)) {
      if (stage.name !== 'StageComposite') throw unknown(stage);
      const inside = activitiesOf(stage);
      ignoredActions += inside.filter(({ name }) => name === 'ActionComposite').length;
      const steps = inside.filter(({ name }) => name === 'StepComposite');
      const others = inside.filter(
        ({ name }) => name !== 'StepComposite' && name !== 'ActionComposite',
      );
      const branches = others.flatMap(branchesOf);
      const next = entryOf(stage, 'NextStageId');
      const category = Number(entryText(stage, 'StageCategory') || '-1');
      stages.push({
        id: entryText(stage, 'StageId').toLowerCase(),
        name: stepLabel(entryOf(stage, 'StepLabels'), language) ?? '',
        table: table.toLowerCase(),
        ...(Number.isInteger(category) && category >= 0 ? { category } : {}),
        ...(branches.length === 0 ? {} : { branches }),
        steps: steps.flatMap((step) => stepOf(step, language)),
        next: next === undefined || next.name === 'Null' ? null : next.text.toLowerCase(),
      });
    }
  }
  const ordered = inOrder(stages);
  if (ordered === null) {
    throw new UnknownActivity('The stages do not follow one another.', 'NextStageId');
  }
  return { flow: { ...header, stages: ordered }, ignoredActions, problem: null };
}

/** Other next stages under conditions, written like those of a business rule. */
function branchesOf(sequence: Activity): readonly StageBranch[] {
  if (sequence.name !== 'ConditionSequence') throw unknown(sequence);
  const conditions = new ConditionReader();
  return activitiesOf(sequence).flatMap((activity): StageBranch[] => {
    if (activity.name !== 'ConditionBranch') {
      if (!conditions.define(activity)) throw unknown(activity);
      return [];
    }
    const [action, ...more] = activitiesOf(entryOf(activity, 'Then'));
    const next = action?.attributes['StageId']?.toLowerCase() ?? '';
    if (action?.name !== 'SetNextStage' || next === '' || more.length > 0) {
      throw new UnknownActivity('A branch of a stage names no next stage.', activity.name);
    }
    return [{ when: conditions.condition(entryText(activity, 'Condition'), activity), next }];
  });
}

function stepOf(step: Activity, language: string): readonly ProcessStep[] {
  const [control] = activitiesOf(step).flatMap((sequence) =>
    sequence.children.filter(({ name }) => name === 'Control'),
  );
  const column = control?.attributes['DataFieldName']?.toLowerCase();
  if (column === undefined || column === '') return [];
  const label =
    stepLabel(entryOf(step, 'StepLabels'), language) ??
    control?.attributes['ControlDisplayName'] ??
    column;
  return [{ column, label, required: entryText(step, 'IsProcessRequired') === 'True' }];
}

/**
 * Stages with each before those that follow it. One path becomes a plain list; older definitions have no `NextStageId`
 * and go by their place. Null: no order is one.
 */
function inOrder(stages: readonly FoundStage[]): readonly ProcessStage[] | null {
  const plain = ({ next: _, ...stage }: FoundStage): ProcessStage => stage;
  const isBranched = stages.some((stage) => stage.branches !== undefined);
  if (stages.length === 0) return null;
  if (!isBranched && stages.every(({ next }) => next === null)) return stages.map(plain);
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const waysOf = (stage: FoundStage) => [
    ...(stage.branches ?? []).map((one) => one.next),
    ...(stage.next === null ? [] : [stage.next]),
  ];
  const followed = new Set(stages.flatMap(waysOf));
  const [first, ...others] = stages.filter(({ id }) => !followed.has(id));
  if (first === undefined || others.length > 0) return null;
  const placed = new Map<string, FoundStage>();
  const waiting = [first];
  for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) {
    placed.set(stage.id, stage);
    for (const id of waysOf(stage)) {
      const next = byId.get(id);
      if (next === undefined) return null;
      const isReady = stages.every((one) => placed.has(one.id) || !waysOf(one).includes(id));
      if (isReady && !placed.has(id) && !waiting.includes(next)) waiting.push(next);
    }
  }
  if (placed.size !== stages.length) return null;
  return isBranched ? [...placed.values()] : [...placed.values()].map(plain);
}
