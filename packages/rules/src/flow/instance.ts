import { dataverseErrors, isLookupValue, type RowValues } from '@outpost/model';
import type { CompiledFlow } from './compiled-flow.ts';

/** Where a row stands in a flow, as its instance row says. */
export interface FlowInstance {
  readonly activeStageId: string | null;
  /** Ids of the visited stages, first to active, joined by commas. */
  readonly traversedPath: string;
  readonly state: 'active' | 'finished' | 'aborted';
}

/** What is wrong with an instance, or with a move. */
export interface FlowFault {
  readonly code: string;
  readonly message: string;
}

/** Characters of a traversed path. (Dataverse: `traversedpath` of an instance table.) */
const maxPath = 1250;

/** State and status of an instance row. */
const stateColumns = {
  active: { statecode: 0, statuscode: 1 },
  finished: { statecode: 1, statuscode: 2 },
  aborted: { statecode: 1, statuscode: 3 },
} as const;

/** The instance of a row that enters the flow. */
export function startInstance({ first }: CompiledFlow): FlowInstance {
  return { activeStageId: first.id, traversedPath: first.id, state: 'active' };
}

/** Reads an instance from the columns of its row. */
export function readInstance(values: RowValues): FlowInstance {
  const active = values['activestageid'] ?? null;
  const stage = isLookupValue(active) ? active.id : active;
  const path = values['traversedpath'];
  return {
    activeStageId: typeof stage === 'string' && stage !== '' ? stage : null,
    traversedPath: typeof path === 'string' ? path : '',
    state:
      (values['statecode'] ?? 0) === 0
        ? 'active'
        : values['statuscode'] === stateColumns.aborted.statuscode
          ? 'aborted'
          : 'finished',
  };
}

/** Columns of the instance row that differ between two instances. */
export function instanceChanges(before: FlowInstance, after: FlowInstance): RowValues {
  return {
    ...(before.activeStageId === after.activeStageId ? {} : { activestageid: after.activeStageId }),
    ...(before.traversedPath === after.traversedPath ? {} : { traversedpath: after.traversedPath }),
    ...(before.state === after.state ? {} : stateColumns[after.state]),
  };
}

/** Columns of a new instance row. */
export function instanceColumns({ activeStageId, traversedPath }: FlowInstance): RowValues {
  return { activestageid: activeStageId, traversedpath: traversedPath };
}

export function stagesOfPath({ traversedPath }: FlowInstance): readonly string[] {
  return traversedPath === '' ? [] : traversedPath.split(',');
}

/** What is wrong with where an instance stands; null: nothing. (Dataverse: rules of business process flow instances.) */
export function checkInstance(flow: CompiledFlow, instance: FlowInstance): FlowFault | null {
  const { activeStageId, traversedPath } = instance;
  const fault = (name: keyof typeof dataverseErrors, message: string): FlowFault => ({
    code: dataverseErrors[name],
    message: `${flow.definition.name}: ${message}`,
  });
  if (activeStageId === null) return fault('activeStageEmpty', 'the active stage is empty.');
  if (flow.stage(activeStageId) === undefined) {
    return fault('stageNotInProcess', `stage ${activeStageId} is not one of its stages.`);
  }
  const path = traversedPath.split(',');
  if (traversedPath.length > maxPath || path.some((id) => id === '' || id.trim() !== id)) {
    return fault('pathMalformed', 'the traversed path is a list of stage ids, joined by commas.');
  }
  const stranger = path.find((id) => flow.stage(id) === undefined);
  if (stranger !== undefined) {
    return fault('pathStageNotInProcess', `the path has stage ${stranger}, which it lacks.`);
  }
  if (path[0] !== flow.first.id) {
    return fault('pathStartsElsewhere', `the path does not begin with "${flow.first.name}".`);
  }
  if (path.at(-1) !== activeStageId) {
    return fault('pathEndsElsewhere', 'the path does not end with the active stage.');
  }
  for (let i = 1; i < path.length; i++) {
    const from = flow.stage(path[i - 1] ?? '');
    if (from !== undefined && flow.following(from).includes(path[i] ?? '')) continue;
    const to = flow.stage(path[i] ?? '')?.name;
    return fault('stageNotInActivePath', `"${to}" does not follow "${from?.name}".`);
  }
  return null;
}

/**
 * Checks a write of an instance row, on the device and again in the organization. Several moves may have become one
 * write, so every path that the flow allows is taken. Null for `before`: the row is new.
 */
export function checkInstanceWrite(
  flow: CompiledFlow,
  before: FlowInstance | null,
  after: FlowInstance,
): FlowFault | null {
  const isMoved =
    before === null ||
    before.activeStageId !== after.activeStageId ||
    before.traversedPath !== after.traversedPath;
  if (!isMoved) return null;
  if (before !== null && before.state !== 'active' && after.state !== 'active') {
    return inactiveFault(flow, before);
  }
  return checkInstance(flow, after);
}

export function inactiveFault(flow: CompiledFlow, { state }: FlowInstance): FlowFault {
  return {
    code: dataverseErrors.flowInactive,
    message: `${flow.definition.name}: the flow of this row is ${state}.`,
  };
}
