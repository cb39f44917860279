import { type AppModel, formerNames, keepsValues, type ModelIndex } from '@outpost/model';
import type { WriteTx } from '@outpost/store';

/**
 * Tables in which a column gets a type that may not hold its values are read again. Noted with the definitions, before the
 * columns change: a crash in between loses no more than time.
 */
export function recheckRetyped(tx: WriteTx, before: ModelIndex | null, after: AppModel): void {
  for (const { name, columns } of after.tables) {
    const isRetyped = columns.some((column) => {
      const known = [column.name, ...formerNames(column)]
        .map((one) => before?.column(name, one))
        .find((one) => one !== undefined);
      return known !== undefined && !keepsValues(known, column);
    });
    if (!isRetyped) continue;
    // A check finds that what was read with other columns differs; what is being read is checked after it.
    tx.sql
      .prepare(
        `UPDATE "$sync_table" SET columns = NULL, ranges = NULL, again = CASE state WHEN 'load' THEN 1 ELSE again END,
         state = CASE state WHEN 'ready' THEN 'check' ELSE state END WHERE table_name = ?`,
      )
      .run([name]);
  }
}
