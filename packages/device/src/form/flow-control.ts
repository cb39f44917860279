import { isLookupValue, type ProcessFlow, type ProcessStage } from '@outpost/model';
import { type FlowMove, type FlowPosition, startPosition, step } from '@outpost/rules';
import { createRow, type SaveResult, updateRow } from '../save/save-row.ts';
import type { Session } from '../session.ts';

/** Where a row stands in its process flow. */
export interface FlowState {
  readonly flow: ProcessFlow;
  readonly stage: ProcessStage;
  readonly position: FlowPosition;
}

/** The flow of a row, or null when its table has none or the flow's instances are not on the device. */
export function readFlow(session: Session, table: string, id: string): FlowState | null {
  const flow = session.model.flows.find((one) => one.table === table);
  if (flow === undefined || !session.tables.has(flow.instanceTable)) return null;
  const instance = findInstance(session, flow, id);
  const values = instance === null ? null : session.values(flow.instanceTable, instance);
  const position = values === null ? startPosition(flow) : storedPosition(values);
  const stage = flow.stages.find((one) => one.id === position?.activeStageId);
  return position === null || stage === undefined ? null : { flow, stage, position };
}

/** Moves a row to another stage: an ordinary edit of the flow's instance row. */
export function moveFlow(session: Session, table: string, id: string, move: FlowMove): SaveResult {
  const state = readFlow(session, table, id);
  const row = session.values(table, id);
  if (state === null || row === null) {
    const message = `${table} ${id} has no process flow on this device.`;
    return { kind: 'refused', reasons: [{ kind: 'rowMissing', message }] };
  }
  const { flow, position } = state;
  const result = step(flow, position, move, row);
  if (result.kind === 'refused') {
    const needs = result.columns.length > 0 ? ` Needed: ${result.columns.join(', ')}.` : '';
    const message = `The flow stays at ${state.stage.name} (${result.reason}).${needs}`;
    return { kind: 'refused', reasons: [{ kind: 'stageGate', columns: result.columns, message }] };
  }
  const values = {
    activestageid: result.position.activeStageId,
    traversedpath: result.position.traversedPath.join(','),
  };
  const instance = findInstance(session, flow, id);
  if (instance !== null) return updateRow(session, flow.instanceTable, instance, values);
  return createRow(session, flow.instanceTable, {
    ...values,
    [flow.instanceColumn]: { table, id },
  });
}

function findInstance(session: Session, flow: ProcessFlow, id: string): string | null {
  const primary = session.table(flow.instanceTable).primaryId;
  const rows = session.store.all(
    `SELECT "${primary}" FROM "${flow.instanceTable}" WHERE "${flow.instanceColumn}" = ? ORDER BY 1 LIMIT 1`,
    [id],
  );
  return rows[0] === undefined ? null : String(rows[0][0]);
}

function storedPosition(values: Readonly<Record<string, unknown>>): FlowPosition | null {
  const active = values['activestageid'];
  const stage = isLookupValue(active) ? active.id : active;
  const path = values['traversedpath'];
  if (typeof stage !== 'string') return null;
  const traversedPath = typeof path === 'string' && path !== '' ? path.split(',') : [stage];
  return { activeStageId: stage, traversedPath };
}
