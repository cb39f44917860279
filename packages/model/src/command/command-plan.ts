import type { ModelIndex } from '../app-model.ts';
import { type DataverseErrorName, dataverseErrors } from '../dataverse-error.ts';
import type { ColumnValue, RowValues } from '../value/column-value.ts';
import { defaultStatus } from '../value/status.ts';

/** One ordinary row change of a command. */
export interface RowIntent {
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

/** What a command does: row changes that belong together, in order, or why it cannot be carried out. */
export type CommandPlan =
  | { readonly kind: 'ok'; readonly intents: readonly RowIntent[] }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly column: string | null;
      readonly message: string;
    };

/** The row a command is called on, and what making new rows takes. */
export interface CommandInput {
  readonly index: ModelIndex;
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
  readonly newId: () => string;
  /** Values of another row, or null when it is not there. */
  readonly read: (table: string, id: string) => RowValues | null;
}

export function refusedCommand(
  name: DataverseErrorName,
  message: string,
  column: string | null = null,
): CommandPlan {
  return { kind: 'refused', code: dataverseErrors[name], column, message };
}

/** The values that a user may write to the table's columns, cut to their length; the rest is left out. */
export function writableValues(
  index: ModelIndex,
  table: string,
  values: Readonly<Record<string, ColumnValue | undefined>>,
): RowValues {
  const kept: Record<string, ColumnValue> = {};
  for (const [name, value] of Object.entries(values)) {
    const column = index.column(table, name);
    if (column === undefined || column.readOnly === true) continue;
    if (value === undefined || value === null) continue;
    kept[name] = typeof value === 'string' ? value.slice(0, column.maxLength) : value;
  }
  return kept;
}

/** The status a row gets when it enters a state. */
export function statusOf(index: ModelIndex, table: string, state: number): RowValues {
  const definition = index.table(table);
  const status = definition === undefined ? null : defaultStatus(definition, state);
  return { statecode: state, statuscode: status };
}
