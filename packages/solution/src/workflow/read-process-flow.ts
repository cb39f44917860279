import type { ProcessFlow, ProcessStage, ProcessStep } from '@outpost/model';
import { type Activity, activitiesOf, entryOf, entryText, readXaml, stepLabel } from './xaml.ts';

export type FlowHeader = Omit<ProcessFlow, 'stages'>;

export interface ReadFlow {
  /** Null: the definition is not understood. */
  readonly flow: ProcessFlow | null;
  /** Workflows that would run when a stage is entered; they need the organization. */
  readonly ignoredActions: number;
  readonly problem: string | null;
}

interface FoundStage extends ProcessStage {
  readonly next: string | null;
}

/** Reads the definition of a business process flow: stages by table, each with the columns it asks for. */
export function readProcessFlow(
  xaml: string,
  file: string,
  header: FlowHeader,
  language: string,
): ReadFlow {
  const root = readXaml(xaml, file);
  const workflow = root.children.find((child) => child.name === 'Workflow');
  const stages: FoundStage[] = [];
  let ignoredActions = 0;
  for (const entity of workflow?.children ?? []) {
    if (entity.name === 'StageRelationshipCollectionComposite') continue;
    if (entity.name !== 'EntityComposite') return refuse(`Element "${entity.name}" is not known.`);
    // The table stands behind the number of the step.
    const table = /: *(\w+)$/.exec(entity.attributes['DisplayName'] ?? '')?.[1] ?? header.table;
    for (const stage of activitiesOf(entity)) {
      if (stage.name !== 'StageComposite') return refuse(`Element "${stage.name}" is not known.`);
      const inside = activitiesOf(stage);
      ignoredActions += inside.filter(({ name }) => name === 'ActionComposite').length;
      const other = inside.find(
        ({ name }) => name !== 'StepComposite' && name !== 'ActionComposite',
      );
      if (other !== undefined) return refuse(`Element "${other.name}" is not known.`);
      const steps = inside.filter(({ name }) => name === 'StepComposite');
      const next = entryOf(stage, 'NextStageId');
      stages.push({
        id: entryText(stage, 'StageId').toLowerCase(),
        name: stepLabel(entryOf(stage, 'StepLabels'), language) ?? '',
        table: table.toLowerCase(),
        steps: steps.flatMap((step) => stepOf(step, language)),
        next: next === undefined || next.name === 'Null' ? null : next.text.toLowerCase(),
      });
    }
  }
  const ordered = inOrder(stages);
  if (ordered === null) return refuse('The stages do not follow one another.');
  return { flow: { ...header, stages: ordered }, ignoredActions, problem: null };
}

function refuse(problem: string): ReadFlow {
  return { flow: null, ignoredActions: 0, problem };
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

/** Stages along their `NextStageId`; older definitions have none and go by their place. */
function inOrder(stages: readonly FoundStage[]): readonly ProcessStage[] | null {
  const plain = ({ next: _, ...stage }: FoundStage): ProcessStage => stage;
  if (stages.length === 0) return null;
  if (stages.every(({ next }) => next === null)) return stages.map(plain);
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const followed = new Set(stages.map(({ next }) => next));
  const ordered: FoundStage[] = [];
  let stage = stages.find(({ id }) => !followed.has(id));
  while (stage !== undefined && ordered.length <= stages.length) {
    ordered.push(stage);
    stage = stage.next === null ? undefined : byId.get(stage.next);
  }
  return ordered.length === stages.length ? ordered.map(plain) : null;
}
