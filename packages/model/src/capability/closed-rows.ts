import type { DataverseErrorName } from '../dataverse-error.ts';
import type { Table } from '../table.ts';
import type { RowValues } from '../value/column-value.ts';

/** How a table treats rows that are not open any more: completed, resolved, qualified, won, inactive. */
export interface ClosedRowRule {
  /** States in which a row is worked on; in every other one its form is read-only. */
  readonly openStates: readonly number[];
  /** What the command that opens a row again is called; null: there is none. */
  readonly activate: string | null;
  /** States whose rows the organization lets nobody edit, and what it answers; null: only forms are read-only. */
  readonly refused: {
    readonly states: readonly number[];
    readonly error: DataverseErrorName;
    readonly message: string;
  } | null;
}

/**
 * Most rows can be edited through the API while they are inactive: only their forms are read-only
 * (github.com/jordimontana82/fake-xrm-easy/issues/214, markcarrington.dev "MSDyn365 Internals: Read-Only Sales Entities").
 */
const inactive: ClosedRowRule = { openStates: [0], activate: 'Activate', refused: null };

/**
 * Open and scheduled activities are worked on. "Cannot update Closed or Cancelled Activity" is the platform's refusal, with
 * the state to be changed by itself (github.com/seanmcne/Microsoft.Xrm.Data.PowerShell/issues/222); its number is not
 * known, ours is that of an inactive row. Forms have no command that opens an activity again.
 */
const activity: ClosedRowRule = {
  openStates: [0, 3],
  activate: null,
  refused: {
    states: [1, 2],
    error: 'inactiveRow',
    message: 'A closed or cancelled activity cannot be updated.',
  },
};

const rules: Readonly<Record<string, ClosedRowRule>> = {
  // Resolved: CaseAlreadyResolved (learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes,
  // github.com/context-and-oss/XrmMockup/issues/78). Of cancelled cases nothing is known, so they are not refused.
  incident: {
    openStates: [0],
    activate: 'Reactivate Case',
    refused: {
      states: [1],
      error: 'caseAlreadyResolved',
      message: 'This case has already been resolved.',
    },
  },
  // Whether the platform refuses to update closed leads and opportunities is not documented: they are not refused.
  lead: { ...inactive, activate: 'Reactivate Lead' },
  opportunity: { ...inactive, activate: 'Reopen Opportunity' },
};

/** Rows whose states are those of the platform's own work. */
const withoutForms: ReadonlySet<string> = new Set(['syncerror']);

export function closedRowRule(table: Table): ClosedRowRule {
  return rules[table.name] ?? (table.isActivity === true ? activity : inactive);
}

/** A row that is not worked on any more. */
export interface ClosedRow {
  readonly rule: ClosedRowRule;
  readonly state: number;
  /** Label of the state. */
  readonly label: string;
}

/** Null: the row is open, or its table has no states. */
export function closedRow(table: Table, values: RowValues): ClosedRow | null {
  const column = table.columns.find((one) => one.type === 'state');
  const state = column === undefined ? null : (values[column.name] ?? null);
  if (column === undefined || typeof state !== 'number' || withoutForms.has(table.name))
    return null;
  const rule = closedRowRule(table);
  if (rule.openStates.includes(state)) return null;
  const label = column.options?.find((one) => one.value === state)?.label ?? String(state);
  return { rule, state, label };
}

/** Columns of the state of a row: what is changed to close it, or to open it again. */
export function stateColumns(table: Table): ReadonlySet<string> {
  return new Set(
    table.columns
      .filter(({ type }) => type === 'state' || type === 'status')
      .map((column) => column.name),
  );
}
