import type { Table } from '../table.ts';
import type { RowValues } from '../value/column-value.ts';
import { closedRow } from './closed-rows.ts';
import { type Command, offlineCommands } from './command-matrix.ts';

/** What only makes sense on an open row. */
const ofOpenRows: ReadonlySet<Command> = new Set([
  'update',
  'qualify',
  'disqualify',
  'convertToCase',
  'markComplete',
]);

/** What a user may do with one row while offline: of a closed one no more than look, delete, and open it again. */
export function rowCommands(table: Table, values: RowValues): readonly Command[] {
  const offered = offlineCommands(table);
  const closed = closedRow(table, values);
  if (closed === null) return offered;
  const left = offered.filter((command) => !ofOpenRows.has(command));
  return closed.rule.activate !== null && offered.includes('update') ? [...left, 'activate'] : left;
}
