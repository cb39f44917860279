import { isLookup } from '../column.ts';
import { isLookupValue, type LookupValue } from '../value/column-value.ts';
import {
  type CommandInput,
  type CommandPlan,
  refusedCommand,
  statusOf,
  writableValues,
} from './command-plan.ts';

/**
 * Makes a case of an activity: the case is for the customer that the activity regards, the activity is completed and
 * regards the case from then on.
 */
export function convertToCase(input: CommandInput, customer?: LookupValue): CommandPlan {
  const { index, table, id, values, newId } = input;
  if (index.table('incident') === undefined) {
    return refusedCommand('unknownTable', 'The app has no cases.');
  }
  if ((values['statecode'] ?? 0) !== 0) {
    return refusedCommand('inactiveRow', 'The activity is closed already.', 'statecode');
  }
  const regarding = values['regardingobjectid'] ?? null;
  const found = customer ?? (isLookupValue(regarding) ? customerOf(input, regarding) : null);
  if (found === null) {
    const message =
      'A case needs a customer: the activity regards neither an account nor a contact.';
    return refusedCommand('requiredFieldMissing', message, 'customerid');
  }
  const caseId = newId();
  const subject = typeof values['subject'] === 'string' ? values['subject'] : 'Case';
  const incident: LookupValue = { table: 'incident', id: caseId, name: subject };
  return {
    kind: 'ok',
    intents: [
      {
        op: 'create',
        table: 'incident',
        id: caseId,
        values: writableValues(index, 'incident', {
          title: subject,
          customerid: found,
          description: values['description'],
        }),
      },
      {
        op: 'update',
        table,
        id,
        values: {
          ...writableValues(index, table, { regardingobjectid: incident }),
          ...statusOf(index, table, 1),
        },
      },
    ],
  };
}

/** The customer that a regarded row is or has. */
function customerOf(input: CommandInput, regarding: LookupValue): LookupValue | null {
  if (regarding.table === 'account' || regarding.table === 'contact') return regarding;
  const values = input.read(regarding.table, regarding.id);
  const customer = values?.['customerid'] ?? null;
  return isLookupValue(customer) ? customer : null;
}

/** Completes an activity, or closes any other row: state 1 with its default status. */
export function markComplete(input: CommandInput): CommandPlan {
  const { index, table, id, values } = input;
  if (index.column(table, 'statecode') === undefined) {
    return refusedCommand('invalidState', 'The table has no states.');
  }
  if ((values['statecode'] ?? 0) !== 0) {
    return refusedCommand('inactiveRow', 'The row is closed already.', 'statecode');
  }
  const closed = statusOf(index, table, 1);
  return { kind: 'ok', intents: [{ op: 'update', table, id, values: closed }] };
}

/** Makes an opportunity of a row of a custom table, for the account or contact that the row points at. */
export function convertToOpportunity(input: CommandInput): CommandPlan {
  const { index, table: name, values, newId } = input;
  const table = index.table(name);
  if (index.table('opportunity') === undefined || table === undefined) {
    return refusedCommand('unknownTable', 'The app has no opportunities.');
  }
  const lookups = table.columns.filter((column) => isLookup(column) && column.readOnly !== true);
  const pointsAt = (target: string): LookupValue | null => {
    for (const column of lookups) {
      const value = values[column.name] ?? null;
      if (isLookupValue(value) && value.table === target) return value;
    }
    return null;
  };
  const account = pointsAt('account');
  const contact = pointsAt('contact');
  const title = table.primaryName === null ? null : (values[table.primaryName] ?? null);
  const row = writableValues(index, 'opportunity', {
    name: typeof title === 'string' ? title : table.label,
    parentaccountid: account,
    parentcontactid: contact,
    customerid: account ?? contact,
  });
  return {
    kind: 'ok',
    intents: [{ op: 'create', table: 'opportunity', id: newId(), values: row }],
  };
}
