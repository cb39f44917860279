import { closedRow, type RowValues, stateColumns, type Table } from '@outpost/model';
import { Refusal } from './refusal.ts';
import type { WriteEnv, Writer } from './write-env.ts';

/** Refuses to edit rows that the platform holds closed. Their state may change, and their owner. */
export function refuseClosed(
  env: WriteEnv,
  writer: Writer,
  table: Table,
  before: RowValues,
  given: RowValues,
): void {
  // Instances of process flows are closed and opened by their own rules.
  if (writer.kind === 'system' || env.flows.has(table.name)) return;
  const closed = closedRow(table, before);
  const refused = closed?.rule.refused ?? null;
  if (closed === null || refused === null || !refused.states.includes(closed.state)) return;
  const free = stateColumns(table);
  const edited = Object.keys(given).filter((column) => !free.has(column) && column !== 'ownerid');
  // A change of the state brings what belongs to it.
  if (edited.length === 0 || Object.keys(given).some((column) => free.has(column))) return;
  throw new Refusal(refused.error, `${table.label}: ${refused.message}`, 3, edited);
}
