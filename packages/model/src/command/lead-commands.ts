import { isLookupValue, type LookupValue, type RowValues } from '../value/column-value.ts';
import {
  type CommandInput,
  type CommandPlan,
  type RowIntent,
  refusedCommand,
  statusOf,
  writableValues,
} from './command-plan.ts';

export interface QualifyOptions {
  /** Rows to create besides; each only where the app has the table. Default: all three. */
  readonly account?: boolean;
  readonly contact?: boolean;
  readonly opportunity?: boolean;
}

const leadState = { qualified: 1, disqualified: 2 } as const;
/** Columns that account and contact share with the lead under the same names. */
const shared = [
  'telephone1',
  'emailaddress1',
  'websiteurl',
  'address1_line1',
  'address1_line2',
  'address1_city',
  'address1_stateorprovince',
  'address1_postalcode',
  'address1_country',
] as const;

/**
 * Qualifies a lead: it gets the state Qualified, and an account (from the company name), a contact (from the person) and
 * an opportunity, linked both ways. A process flow stays at its stage until the user moves it.
 */
export function qualifyLead(input: CommandInput, options: QualifyOptions = {}): CommandPlan {
  const closed = closedLead(input);
  if (closed !== null) return closed;
  const { index, values, id, newId } = input;
  const lead: LookupValue = { table: 'lead', id };
  const common = Object.fromEntries(shared.map((name) => [name, values[name]]));
  const intents: RowIntent[] = [];
  const create = (
    table: string,
    wanted: boolean | undefined,
    row: RowValues,
  ): LookupValue | null => {
    if (wanted === false || index.table(table) === undefined) return null;
    const created = newId();
    intents.push({ op: 'create', table, id: created, values: writableValues(index, table, row) });
    const name = index.table(table)?.primaryName;
    const label = name === null || name === undefined ? undefined : row[name];
    return typeof label === 'string' ? { table, id: created, name: label } : { table, id: created };
  };
  const known = (column: string): LookupValue | null => {
    const value = values[column] ?? null;
    return isLookupValue(value) ? value : null;
  };
  const company = values['companyname'];
  const account =
    known('parentaccountid') ??
    (typeof company === 'string'
      ? create('account', options.account, { ...common, name: company, originatingleadid: lead })
      : null);
  const person = [values['firstname'], values['lastname']].filter((one) => typeof one === 'string');
  const contact =
    known('parentcontactid') ??
    (typeof values['lastname'] === 'string'
      ? create('contact', options.contact, {
          ...common,
          fullname: person.join(' '),
          firstname: values['firstname'] ?? null,
          lastname: values['lastname'],
          jobtitle: values['jobtitle'] ?? null,
          mobilephone: values['mobilephone'] ?? null,
          parentcustomerid: account,
          originatingleadid: lead,
        })
      : null);
  const opportunity = create('opportunity', options.opportunity, {
    name: values['subject'] ?? company ?? person.join(' '),
    description: values['description'] ?? null,
    estimatedvalue: values['estimatedamount'] ?? values['estimatedvalue'] ?? null,
    estimatedclosedate: values['estimatedclosedate'] ?? null,
    budgetamount: values['budgetamount'] ?? null,
    parentaccountid: account,
    parentcontactid: contact,
    customerid: account ?? contact,
    originatingleadid: lead,
  });
  const links = {
    parentaccountid: account,
    parentcontactid: contact,
    qualifyingopportunityid: opportunity,
  };
  intents.push({
    op: 'update',
    table: 'lead',
    id,
    values: {
      ...writableValues(index, 'lead', links),
      ...statusOf(index, 'lead', leadState.qualified),
    },
  });
  return { kind: 'ok', intents };
}

/** Closes a lead with a reason: a status of the state Disqualified (4 lost, 5 cannot contact, 6 no longer interested, 7 canceled). */
export function disqualifyLead(input: CommandInput, reason: number): CommandPlan {
  const closed = closedLead(input);
  if (closed !== null) return closed;
  const options = input.index.column('lead', 'statuscode')?.options ?? [];
  const allowed = options.filter((one) => one.state === leadState.disqualified);
  if (!allowed.some((one) => one.value === reason)) {
    const names = allowed.map((one) => `${one.value} ${one.label}`).join(', ');
    const message = `"${reason}" is no reason to disqualify a lead; choose one of ${names}.`;
    return refusedCommand('invalidStatusForState', message, 'statuscode');
  }
  const values = { statecode: leadState.disqualified, statuscode: reason };
  return { kind: 'ok', intents: [{ op: 'update', table: 'lead', id: input.id, values }] };
}

function closedLead({ values }: CommandInput): CommandPlan | null {
  const state = values['statecode'] ?? 0;
  return state === 0
    ? null
    : refusedCommand('leadClosed', 'The lead is closed already.', 'statecode');
}
