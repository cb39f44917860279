import {
  dataverseErrors,
  type ProcessFlow,
  type ProcessStage,
  type RowValues,
} from '@outpost/model';

/** Where a row stands in a flow. */
export interface FlowPosition {
  readonly activeStageId: string;
  /** Visited stages, first to active. */
  readonly traversedPath: readonly string[];
}

export type FlowMove =
  | { readonly kind: 'next' }
  | { readonly kind: 'previous' }
  | { readonly kind: 'setActive'; readonly stageId: string };

export type StepResult =
  | { readonly kind: 'moved'; readonly position: FlowPosition; readonly stage: ProcessStage }
  | {
      readonly kind: 'refused';
      readonly reason: 'stageGate' | 'atEnd' | 'atStart' | 'notInPath' | 'unknownStage';
      readonly code: string;
      /** With `stageGate`: the empty required columns. */
      readonly columns: readonly string[];
    };

/** The position of a row that just entered the flow. */
export function startPosition(flow: ProcessFlow): FlowPosition | null {
  const [first] = flow.stages;
  return first === undefined ? null : { activeStageId: first.id, traversedPath: [first.id] };
}

/**
 * Moves a row to another stage. Next needs the required steps of the current stage filled (a two-option step needs
 * Yes); previous does not; set active goes back to a visited stage only. (Dataverse: business process flow rules.)
 */
export function step(
  flow: ProcessFlow,
  position: FlowPosition,
  move: FlowMove,
  row: RowValues,
): StepResult {
  const at = flow.stages.findIndex((stage) => stage.id === position.activeStageId);
  const current = flow.stages[at];
  if (current === undefined) return refuse('unknownStage', dataverseErrors.stageNotInProcess);
  switch (move.kind) {
    case 'next': {
      const columns = missingColumns(current, row);
      if (columns.length > 0)
        return refuse('stageGate', dataverseErrors.requiredFieldMissing, columns);
      const next = flow.stages[at + 1];
      if (next === undefined) return refuse('atEnd', dataverseErrors.stageNotInActivePath);
      return moved(next, [...position.traversedPath, next.id]);
    }
    case 'previous': {
      const path = position.traversedPath.slice(0, -1);
      const previous = flow.stages.find((stage) => stage.id === path.at(-1));
      if (previous === undefined) return refuse('atStart', dataverseErrors.stageNotInActivePath);
      return moved(previous, path);
    }
    case 'setActive': {
      const visited = position.traversedPath.indexOf(move.stageId);
      const stage = flow.stages.find((one) => one.id === move.stageId);
      if (stage === undefined) return refuse('unknownStage', dataverseErrors.stageNotInProcess);
      if (visited < 0) return refuse('notInPath', dataverseErrors.stageNotInActivePath);
      return moved(stage, position.traversedPath.slice(0, visited + 1));
    }
    default:
      return move satisfies never;
  }
}

/** Required steps of a stage that are still empty. */
export function missingColumns(stage: ProcessStage, row: RowValues): readonly string[] {
  return stage.steps
    .filter(({ required, column }) => {
      const value = row[column] ?? null;
      return required && (value === null || value === '' || value === false);
    })
    .map(({ column }) => column);
}

function moved(stage: ProcessStage, path: readonly string[]): StepResult {
  return { kind: 'moved', stage, position: { activeStageId: stage.id, traversedPath: path } };
}

function refuse(
  reason: Extract<StepResult, { kind: 'refused' }>['reason'],
  code: string,
  columns: readonly string[] = [],
): StepResult {
  return { kind: 'refused', reason, code, columns };
}
