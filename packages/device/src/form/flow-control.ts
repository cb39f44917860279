import type { ProcessFlow, ProcessStage, RowValues } from '@outpost/model';
import {
  type CompiledFlow,
  checkFlow,
  checkInstance,
  type FlowCommand,
  type FlowInstance,
  type FlowSubject,
  type FlowUnavailable,
  flowAvailability,
  flowCommands,
  flowPath,
  instanceColumns,
  type MissingColumn,
  missingColumns,
  readInstance,
  type StageView,
  startInstance,
  step,
} from '@outpost/rules';
import { createRow, type SaveResult, updateRow } from '../save/save-row.ts';
import type { Session } from '../session.ts';

/** A flow of a table, with every reason why it cannot be used on this device. */
export interface OfferedFlow {
  readonly flow: ProcessFlow;
  readonly reasons: readonly {
    readonly reason: FlowUnavailable | 'noPrivilege' | 'invalid';
    readonly message: string;
  }[];
}

/** Where a row stands in its process flow. */
export interface FlowState {
  readonly flow: ProcessFlow;
  /** The active stage. */
  readonly stage: ProcessStage;
  /** Visited stages, the active one, and those that would follow with the row as it is. */
  readonly stages: readonly StageView[];
  readonly instance: FlowInstance;
  /** What can be done now; some of it may be blocked by `missing`. */
  readonly commands: readonly FlowCommand[];
  /** Empty columns of required steps up to the active stage. */
  readonly missing: readonly MissingColumn[];
}

/** Flows of a table, the first to be offered first. */
export function offeredFlows(session: Session, table: string): readonly OfferedFlow[] {
  return session.model.flows
    .filter((flow) => flow.table === table)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((flow) => ({ flow, reasons: reasonsOf(session, flow) }));
}

function reasonsOf(session: Session, flow: ProcessFlow): OfferedFlow['reasons'] {
  const reasons: OfferedFlow['reasons'][number][] = [
    ...flowAvailability(flow, session.model, session.tables, session.host),
  ];
  const { hello } = session.sync;
  if (hello !== null && (hello.privileges[flow.instanceTable]?.read ?? 0) === 0) {
    const message = `${flow.name}: your roles do not allow reading its instances.`;
    reasons.push({ reason: 'noPrivilege', message });
  }
  if (session.flow(flow) === null) {
    const findings = checkFlow(flow, session.index.table);
    const message = findings.map((one) => one.message).join(' ');
    reasons.push({ reason: 'invalid', message: `${flow.name}: ${message}` });
  }
  return reasons;
}

interface Found {
  readonly flow: CompiledFlow;
  readonly instance: FlowInstance;
  /** Id of the instance row; null: there is none yet. */
  readonly row: string | null;
}

/** The flow that a row is in; else the first that its table offers. */
function findFlow(session: Session, table: string, id: string): Found | null {
  const usable = offeredFlows(session, table).flatMap(({ flow, reasons }) => {
    const compiled = reasons.length > 0 ? null : session.flow(flow);
    return compiled === null ? [] : [compiled];
  });
  for (const flow of usable) {
    const row = findInstance(session, flow.definition, id);
    const values = row === null ? null : session.values(flow.definition.instanceTable, row);
    if (values !== null) return { flow, instance: readInstance(values), row };
  }
  const [first] = usable;
  return first === undefined ? null : { flow: first, instance: startInstance(first), row: null };
}

/**
 * The flow of a row, or null when its table has none that works on this device. `edited`: values and hidden columns of an
 * open form.
 */
export function readFlow(
  session: Session,
  table: string,
  id: string,
  edited: Partial<FlowSubject> = {},
): FlowState | null {
  const found = findFlow(session, table, id);
  const row = edited.row ?? session.values(table, id);
  if (found === null || row === null) return null;
  const { flow, instance } = found;
  const stage = flow.stage(instance.activeStageId ?? '');
  if (stage === undefined || checkInstance(flow, instance) !== null) return null;
  const subject: FlowSubject = { online: session.sync.currentStatus.online, ...edited, row };
  return {
    flow: flow.definition,
    stage,
    stages: flowPath(flow, instance, row),
    instance,
    commands: flowCommands(flow, instance, subject),
    missing: missingColumns(flow, instance, subject),
  };
}

/** Moves a row in its flow: an ordinary edit of the flow's instance row. */
export function moveFlow(
  session: Session,
  table: string,
  id: string,
  command: FlowCommand,
  visible: FlowSubject['visible'] = {},
): SaveResult {
  const found = findFlow(session, table, id);
  const row = session.values(table, id);
  if (found === null || row === null) {
    const why = offeredFlows(session, table).flatMap((one) => one.reasons);
    const message = [
      `${table} ${id} has no process flow on this device.`,
      ...why.map((one) => one.message),
    ].join(' ');
    return { kind: 'refused', reasons: [{ kind: 'rowMissing', message }] };
  }
  const { flow, instance } = found;
  const result = step(
    flow,
    instance,
    { row, visible, online: session.sync.currentStatus.online },
    command,
  );
  if (result.kind === 'refused') {
    const { code, message } = result;
    return { kind: 'refused', reasons: [{ kind: 'flow', code, message }] };
  }
  if (result.kind === 'blocked') {
    const needed = result.missing.map(({ label, stage }) => `${label} (${stage})`).join(', ');
    const message = `The flow stays at ${flow.stage(instance.activeStageId ?? '')?.name}. Needed: ${needed}.`;
    const columns = result.missing.map((one) => one.column);
    return { kind: 'refused', reasons: [{ kind: 'stageGate', columns, message }] };
  }
  const { instanceTable, instanceColumn } = flow.definition;
  if (found.row !== null) return updateRow(session, instanceTable, found.row, result.changes);
  return createRow(session, instanceTable, newInstance(result.instance, instanceColumn, table, id));
}

function newInstance(instance: FlowInstance, column: string, table: string, id: string): RowValues {
  return { ...instanceColumns(instance), [column]: { table, id } };
}

function findInstance(session: Session, flow: ProcessFlow, id: string): string | null {
  const primary = session.table(flow.instanceTable).primaryId;
  const rows = session.store.all(
    `SELECT "${primary}" FROM "${flow.instanceTable}" WHERE "${flow.instanceColumn}" = ? ORDER BY 1 LIMIT 1`,
    [id],
  );
  return rows[0] === undefined ? null : String(rows[0][0]);
}
