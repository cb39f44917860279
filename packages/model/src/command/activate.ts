import { closedRow } from '../capability/closed-rows.ts';
import { type CommandInput, type CommandPlan, refusedCommand, statusOf } from './command-plan.ts';

/** Opens a closed row again: its first open state, with the default status of that. */
export function activate({ index, table, id, values }: CommandInput): CommandPlan {
  const definition = index.table(table);
  const closed = definition === undefined ? null : closedRow(definition, values);
  if (closed === null) return refusedCommand('invalidState', 'The row is open.', 'statecode');
  const [state = 0] = closed.rule.openStates;
  if (closed.rule.activate === null) {
    const message = 'A closed row of this table cannot be opened again.';
    return refusedCommand('invalidState', message, 'statecode');
  }
  const opened = statusOf(index, table, state);
  return { kind: 'ok', intents: [{ op: 'update', table, id, values: opened }] };
}
