import {
  closedRow,
  dataverseErrors,
  type RowValues,
  stateColumns,
  type Table,
} from '@outpost/model';
import type { Session } from '../session.ts';
import type { RefusalReason } from './save-row.ts';

/** Why the form of a row is read-only. */
export interface ReadOnly {
  readonly reason: string;
}

/** Null: the row can be edited as far as its state goes. */
export function readOnlyOf(session: Session, table: Table, row: RowValues): ReadOnly | null {
  // Instances of process flows are closed and opened by their own rules.
  if (session.model.flows.some((flow) => flow.instanceTable === table.name)) return null;
  const closed = closedRow(table, row);
  return closed === null ? null : { reason: `Read-only. This record's status: ${closed.label}.` };
}

/** A closed row is not edited. Its state may change; opened again, it may be edited in the same save. */
export function closedReasons(
  session: Session,
  table: Table,
  before: RowValues,
  after: RowValues,
  changed: readonly string[],
): readonly RefusalReason[] {
  const readOnly = readOnlyOf(session, table, before);
  if (readOnly === null || readOnlyOf(session, table, after) === null) return [];
  const free = stateColumns(table);
  if (changed.every((column) => free.has(column))) return [];
  const closed = closedRow(table, before);
  const refused = closed?.rule.refused ?? null;
  const isRefused = closed !== null && refused?.states.includes(closed.state) === true;
  const code = dataverseErrors[isRefused && refused !== null ? refused.error : 'inactiveRow'];
  return [{ kind: 'inactiveRow', code, message: readOnly.reason }];
}
