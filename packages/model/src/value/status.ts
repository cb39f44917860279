import type { ChoiceOption } from '../column.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import type { Table } from '../table.ts';
import type { RowValues } from './column-value.ts';
import type { InvalidValue } from './parse-value.ts';

/** The status a row gets when it enters a state; null when the table does not say. */
export function defaultStatus(table: Table, state: number): number | null {
  const option = optionsOf(table, 'state').find((one) => one.value === state);
  if (option?.defaultStatus !== undefined) return option.defaultStatus;
  return optionsOf(table, 'status').find((one) => one.state === state)?.value ?? null;
}

/**
 * State and status belong together: a status given alone brings its state, a new state given alone its default status.
 * Answers what to add to the row's `values` (before the change: `before`, null for a new row), or why they do not fit.
 */
export function fitStatus(
  table: Table,
  values: RowValues,
  given: RowValues,
  before: RowValues | null,
): { readonly add: RowValues; readonly error: InvalidValue | null } {
  const state = table.columns.find((column) => column.type === 'state')?.name;
  const status = table.columns.find((column) => column.type === 'status')?.name;
  if (state === undefined || status === undefined) return { add: {}, error: null };
  const add: Record<string, number> = {};
  const givenState = given[state];
  const givenStatus = given[status];
  if (givenStatus !== undefined && givenState === undefined) {
    const own = optionsOf(table, 'status').find((one) => one.value === givenStatus)?.state;
    if (own !== undefined) add[state] = own;
  } else if (typeof givenState === 'number' && givenStatus === undefined) {
    const entered = givenState !== (before?.[state] ?? null);
    const preset = entered ? defaultStatus(table, givenState) : null;
    if (preset !== null) add[status] = preset;
  }
  const row = { ...values, ...add };
  const option = optionsOf(table, 'status').find((one) => one.value === row[status]);
  const current = row[state] ?? null;
  if (option?.state === undefined || current === null || option.state === current) {
    return { add, error: null };
  }
  const message = `Status "${option.label}" does not belong to state ${String(current)}.`;
  const error = { column: status, code: dataverseErrors.invalidStatusForState, message };
  return { add, error };
}

function optionsOf(table: Table, type: 'state' | 'status'): readonly ChoiceOption[] {
  return table.columns.find((column) => column.type === type)?.options ?? [];
}
