import { dataverseErrors, type ProcessStage, type RowValues } from '@outpost/model';
import type { CompiledFlow } from './compiled-flow.ts';
import {
  checkInstance,
  type FlowFault,
  type FlowInstance,
  inactiveFault,
  instanceChanges,
  stagesOfPath,
} from './instance.ts';

/** What a user can do with a flow. Offline: the first three. (Dataverse mobile offline: business process flows.) */
export type FlowCommand =
  | { readonly kind: 'nextStage' }
  | { readonly kind: 'previousStage' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'abandon' }
  | { readonly kind: 'reactivate' }
  | { readonly kind: 'setActiveStage'; readonly stage: string };

/** The row in its flow. */
export interface FlowSubject {
  readonly row: RowValues;
  /** Columns of the row that business rules show or hide; hidden ones are not asked for. */
  readonly visible?: Readonly<Record<string, boolean | null>>;
  /** Whether the organization can be reached. Default false. */
  readonly online?: boolean;
}

/** A column that a required step asks for. */
export interface MissingColumn {
  readonly stage: string;
  readonly column: string;
  readonly label: string;
}

export type StepResult =
  /** `changes`: columns of the instance row, to be saved like any other edit. */
  | { readonly kind: 'moved'; readonly instance: FlowInstance; readonly changes: RowValues }
  /** Required steps are empty: all of them are listed. */
  | { readonly kind: 'blocked'; readonly missing: readonly MissingColumn[] }
  | ({ readonly kind: 'refused' } & FlowFault);

/** A stage of the flow as it stands for a row. */
export interface StageView {
  readonly stage: ProcessStage;
  readonly state: 'visited' | 'active' | 'predicted';
}

/** Carries out a command. Pure: nothing but the result tells what happened. */
export function step(
  flow: CompiledFlow,
  instance: FlowInstance,
  subject: FlowSubject,
  command: FlowCommand,
): StepResult {
  const fault = refusal(flow, instance, subject, command);
  if (fault !== null) return { kind: 'refused', ...fault };
  const path = stagesOfPath(instance);
  const moved = (after: FlowInstance): StepResult => ({
    kind: 'moved',
    instance: after,
    changes: instanceChanges(instance, after),
  });
  const along = (stages: readonly string[]) =>
    moved({
      ...instance,
      activeStageId: stages.at(-1) ?? null,
      traversedPath: stages.join(','),
    });
  switch (command.kind) {
    case 'nextStage':
    case 'finish': {
      const missing = missingColumns(flow, instance, subject);
      if (missing.length > 0) return { kind: 'blocked', missing };
      if (command.kind === 'finish') return moved({ ...instance, state: 'finished' });
      return along([...path, nextStage(flow, instance, subject)?.id ?? '']);
    }
    case 'previousStage':
      return along(path.slice(0, -1));
    case 'setActiveStage': {
      const visited = path.indexOf(command.stage);
      if (visited >= 0) return along(path.slice(0, visited + 1));
      return step(flow, instance, subject, { kind: 'nextStage' });
    }
    case 'abandon':
      return moved({ ...instance, state: 'aborted' });
    case 'reactivate':
      return moved({ ...instance, state: 'active' });
    default:
      return command satisfies never;
  }
}

/** Commands that `step` does not refuse now; some may be blocked by required steps. */
export function flowCommands(
  flow: CompiledFlow,
  instance: FlowInstance,
  subject: FlowSubject,
): readonly FlowCommand[] {
  const next = nextStage(flow, instance, subject);
  const stages = [...stagesOfPath(instance), ...(next === null ? [] : [next.id])];
  const all: readonly FlowCommand[] = [
    { kind: 'nextStage' },
    { kind: 'previousStage' },
    ...stages.map((stage) => ({ kind: 'setActiveStage' as const, stage })),
    { kind: 'finish' },
    { kind: 'abandon' },
    { kind: 'reactivate' },
  ];
  return all.filter((command) => refusal(flow, instance, subject, command) === null);
}

/** The stages of a row: visited ones, the active one, and those that would follow with the row as it is. */
export function flowPath(
  flow: CompiledFlow,
  instance: FlowInstance,
  row: RowValues,
): readonly StageView[] {
  const path = stagesOfPath(instance).flatMap((id) => flow.stage(id) ?? []);
  const views = path.map((stage, i): StageView => {
    return { stage, state: i === path.length - 1 ? 'active' : 'visited' };
  });
  const seen = new Set(path);
  let at = path.at(-1) ?? null;
  while (at !== null) {
    at = flow.next(at, row);
    if (at === null || seen.has(at)) break;
    seen.add(at);
    views.push({ stage: at, state: 'predicted' });
  }
  return views;
}

/** Required steps of the stages up to the active one that have no data; a two-option step needs Yes. */
export function missingColumns(
  flow: CompiledFlow,
  instance: FlowInstance,
  { row, visible }: FlowSubject,
): readonly MissingColumn[] {
  return stagesOfPath(instance).flatMap((id) => {
    const stage = flow.stage(id);
    return (stage?.steps ?? [])
      .filter(({ required, column }) => {
        const value = row[column] ?? null;
        const isOpen = value === null || value === '' || value === false;
        return required && isOpen && visible?.[column] !== false;
      })
      .map(({ column, label }) => ({ stage: stage?.name ?? '', column, label }));
  });
}

function nextStage(
  flow: CompiledFlow,
  { activeStageId }: FlowInstance,
  { row }: FlowSubject,
): ProcessStage | null {
  const active = flow.stage(activeStageId ?? '');
  return active === undefined ? null : flow.next(active, row);
}

/** Why a command is not carried out, whatever the row holds; null: it may be. */
function refusal(
  flow: CompiledFlow,
  instance: FlowInstance,
  subject: FlowSubject,
  command: FlowCommand,
): FlowFault | null {
  const needsOrganization =
    command.kind === 'finish' || command.kind === 'abandon' || command.kind === 'reactivate';
  if (needsOrganization && subject.online !== true) {
    const message = `"${command.kind}" needs the organization: connect first.`;
    return { code: dataverseErrors.notAvailableOffline, message };
  }
  if (command.kind === 'reactivate') {
    if (instance.state !== 'active') return null;
    return notInPath(flow, 'it is active already.');
  }
  if (instance.state !== 'active') return inactiveFault(flow, instance);
  const fault = checkInstance(flow, instance);
  if (fault !== null) return fault;
  const next = nextStage(flow, instance, subject);
  switch (command.kind) {
    case 'nextStage':
      return next === null ? notInPath(flow, 'no stage follows.') : null;
    case 'previousStage':
      return stagesOfPath(instance).length > 1 ? null : notInPath(flow, 'this is the first stage.');
    case 'setActiveStage': {
      const { stage } = command;
      if (flow.stage(stage) === undefined) {
        const message = `${flow.definition.name}: stage ${stage} is not one of its stages.`;
        return { code: dataverseErrors.stageNotInProcess, message };
      }
      if (stage === instance.activeStageId) return notInPath(flow, 'this stage is active already.');
      if (stage === next?.id || stagesOfPath(instance).includes(stage)) return null;
      return notInPath(flow, 'a row moves to the next stage or back to a visited one.');
    }
    case 'finish':
      return next === null ? null : notInPath(flow, 'only the last stage can be finished.');
    case 'abandon':
      return null;
    default:
      return command satisfies never;
  }
}

function notInPath(flow: CompiledFlow, why: string): FlowFault {
  return {
    code: dataverseErrors.stageNotInActivePath,
    message: `${flow.definition.name}: ${why}`,
  };
}
