import {
  type Cells,
  type Column,
  type ColumnValue,
  cellsToValue,
  dateTimeText,
  fitStatus,
  isMadeByPlatform,
  mayUseColumn,
  parseValue,
  type RowValues,
  type Table,
  versionColumn,
} from '@outpost/model';
import { checkInstanceWrite, instanceColumns, readInstance, startInstance } from '@outpost/rules';
import { Refusal } from './refusal.ts';
import type { WriteEnv, Writer } from './write-env.ts';

/**
 * Values of the cells a client sent, checked column by column. What only the platform writes is ignored; a secured
 * column needs the right to set it.
 */
export function readValues(
  writer: Writer,
  table: Table,
  set: Cells,
  right: 'create' | 'update',
): Record<string, ColumnValue> {
  const values: Record<string, ColumnValue> = {};
  for (const slot of Object.keys(set)) {
    const columnName = slot.replace(/\$[tn]$/, '');
    const column = table.columns.find((one) => one.name === columnName);
    if (column === undefined) {
      if (columnName === versionColumn.name) continue;
      throw new Refusal('unknownColumn', `Table "${table.name}" has no column "${slot}".`);
    }
    if (slot !== columnName || columnName === table.primaryId) continue;
    if (column.readOnly === true && writer.kind === 'user') continue;
    if (
      writer.kind === 'user' &&
      !mayUseColumn(writer.context.columns, right, table.name, column)
    ) {
      const message = `No field security profile of yours grants ${right} on ${column.label}.`;
      throw new Refusal('privilegeDenied', message, 3, [column.name]);
    }
    const parsed = parseValue(
      column,
      cellsToValue(column, (one) => set[one] ?? null),
    );
    if (parsed.kind === 'invalid') throw invalidValue(parsed.code, parsed.message, column);
    values[columnName] = parsed.value;
  }
  return values;
}

/** Dates and users of creation and change; loaded rows keep those they bring. */
export function stamp(
  writer: Writer,
  nowMs: number,
  table: Table,
  values: Record<string, ColumnValue>,
  created: boolean,
): void {
  const now = dateTimeText(nowMs);
  const who: ColumnValue =
    writer.kind === 'user'
      ? { table: 'systemuser', id: writer.context.userId, name: writer.name }
      : null;
  const put = (column: string, value: ColumnValue, always: boolean) => {
    if (value === null || !table.columns.some((one) => one.name === column)) return;
    if (always || (values[column] ?? null) === null) values[column] = value;
  };
  const user = writer.kind === 'user';
  if (created) {
    put('createdon', now, user);
    put('createdby', who, user);
  }
  put('modifiedon', now, user);
  put('modifiedby', who, user);
}

/** Table-scope rules: they add values, or refuse the write. */
export function runRules(
  env: WriteEnv,
  writer: Writer,
  table: Table,
  before: RowValues | null,
  values: Record<string, ColumnValue>,
): void {
  if (writer.kind === 'system') return;
  const result = env.programs.get(table.name)?.runTableScope(before, values);
  if (result === undefined) return;
  if (result.kind === 'refused') {
    const messages = result.errors.map((error) => error.message).join(' ');
    throw new Refusal(
      'isvAborted',
      messages,
      3,
      result.errors.map((error) => error.column),
    );
  }
  Object.assign(values, result.values);
}

/** Where an instance row of a process flow stands must be allowed by the flow. A new one starts at the first stage. */
export function checkFlowInstance(
  env: WriteEnv,
  writer: Writer,
  table: Table,
  before: RowValues | null,
  values: Record<string, ColumnValue>,
): void {
  const flow = env.flows.get(table.name);
  if (flow === undefined || writer.kind === 'system') return;
  if (before === null && (values['activestageid'] ?? null) === null) {
    Object.assign(values, instanceColumns(startInstance(flow)));
  }
  const old = before === null ? null : readInstance(before);
  const fault = checkInstanceWrite(flow, old, readInstance(values));
  if (fault === null) return;
  const refusal = new Refusal('invalidArgument', fault.message, 3, ['activestageid']);
  throw Object.assign(refusal, { code: fault.code });
}

/** State and status of the row, completed; a status of another state is refused. */
export function completeStatus(
  table: Table,
  values: Record<string, ColumnValue>,
  given: RowValues,
  before: RowValues | null,
): void {
  const { add, error } = fitStatus(table, values, given, before);
  Object.assign(values, add);
  if (error !== null) throw new Refusal('invalidStatusForState', error.message, 3, [error.column]);
}

/** Columns the platform itself requires of a new row. */
export function checkRequired(table: Table, values: RowValues, writer: Writer): void {
  if (writer.kind === 'system') return;
  for (const column of table.columns) {
    if (column.required !== 'system' || isMadeByPlatform(table, column)) continue;
    if ((values[column.name] ?? null) !== null) continue;
    throw new Refusal('requiredFieldMissing', `${column.label} is required.`, 3, [column.name]);
  }
}

function invalidValue(code: string, message: string, column: Column): Refusal {
  const refusal = new Refusal('invalidArgument', message, 3, [column.name]);
  return Object.assign(refusal, { code });
}
