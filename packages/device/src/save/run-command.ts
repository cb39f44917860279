import type { Command, CommandInput, CommandPlan, RowIntent } from '@outpost/model';
import type { Session } from '../session.ts';
import {
  commandReasons,
  type Prepared,
  prepareCreate,
  prepareDelete,
  prepareUpdate,
  type RefusalReason,
  type SaveResult,
} from './save-row.ts';

/**
 * Runs a command of a row: every row change it plans is checked like a change by hand, and all of them commit together
 * or none does.
 */
export function runCommand(
  session: Session,
  table: string,
  id: string,
  command: Command,
  plan: (input: CommandInput) => CommandPlan,
): SaveResult {
  const reasons = commandReasons(session.table(table), command);
  if (reasons.length > 0) return { kind: 'refused', reasons };
  const values = session.values(table, id);
  if (values === null) {
    const message = `Record Not Found: ${session.table(table).label} ${id} is not on this device.`;
    return { kind: 'refused', reasons: [{ kind: 'rowMissing', message }] };
  }
  const input: CommandInput = {
    index: session.index,
    table,
    id,
    values,
    newId: () => session.system.ids.next(),
    read: (other, otherId) => session.values(other, otherId),
  };
  return carryOut(session, plan(input));
}

/** Commits the planned changes of a command together. The result names the last row. */
export function carryOut(session: Session, plan: CommandPlan): SaveResult {
  if (plan.kind === 'refused') return { kind: 'refused', reasons: [refusal(plan)] };
  const ready: Extract<Prepared, { kind: 'ready' }>[] = [];
  const reasons: RefusalReason[] = [];
  let last = '';
  for (const intent of plan.intents) {
    const prepared = prepare(session, intent);
    last = intent.id;
    if (prepared.kind === 'ready') ready.push(prepared);
    else if (prepared.kind === 'refused') reasons.push(...prepared.reasons);
  }
  if (reasons.length > 0) return { kind: 'refused', reasons };
  if (ready.length === 0) return { kind: 'unchanged', id: last };
  const { commit } = session.store.write({ origin: 'local' }, (tx) => {
    for (const one of ready) one.apply(tx);
    session.sync.outbox.effects.carryOut(tx);
  });
  return { kind: 'saved', id: last, commit };
}

function prepare(session: Session, { op, table, id, values }: RowIntent): Prepared {
  switch (op) {
    case 'create':
      return prepareCreate(session, table, id, values);
    case 'update':
      return prepareUpdate(session, table, id, values);
    case 'delete':
      return prepareDelete(session, table, id);
    default:
      return op satisfies never;
  }
}

function refusal({
  code,
  column,
  message,
}: Extract<CommandPlan, { kind: 'refused' }>): RefusalReason {
  return { kind: 'invalidValue', column: column ?? '', code, message };
}
