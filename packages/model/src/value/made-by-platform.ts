import type { Column } from '../column.ts';
import type { Table } from '../table.ts';

const madeTypes: ReadonlySet<Column['type']> = new Set(['owner', 'state', 'status']);

/**
 * Whether a new row gets its value of a column from the platform where nobody gives one: keys, dates and users of creation
 * and change, versions, auto-numbers, computed columns, the owner, state and status. Nobody is asked for it.
 */
export function isMadeByPlatform(table: Table, column: Column): boolean {
  return (
    column.readOnly === true ||
    column.name === table.primaryId ||
    column.autoNumberFormat !== undefined ||
    madeTypes.has(column.type)
  );
}
