import {
  autoNumber,
  autoNumberSeed,
  type Column,
  type ColumnValue,
  parseAutoNumber,
  sequenceIn,
  type Table,
} from '@outpost/model';
import { name } from '@outpost/query';
import type { WriteTx } from '../store/server-store.ts';
import type { WriteScope } from './write-env.ts';

/**
 * Fills the auto-number columns of a new row that gives them no value; one that is given stays, as in Dataverse. Loaded
 * rows keep what they bring.
 */
export async function setAutoNumbers(
  { env, tx, writer }: WriteScope,
  table: Table,
  values: Record<string, ColumnValue>,
): Promise<void> {
  if (writer.kind === 'system') return;
  for (const column of table.columns) {
    const { autoNumberFormat } = column;
    if (autoNumberFormat === undefined || (values[column.name] ?? null) !== null) continue;
    const parts = parseAutoNumber(autoNumberFormat);
    const counts = parts.some((part) => part.kind === 'sequence');
    const sequence = counts ? await nextInSequence(tx, table, column) : 0;
    values[column.name] = autoNumber(parts, sequence, env.now(), env.random);
  }
}

/** The sequence of a column, in the transaction: a number that is not stored is not used up. */
async function nextInSequence(tx: WriteTx, table: Table, column: Column): Promise<number> {
  const key = `autoNumber/${table.name}/${column.name}`;
  const read = async () => (await tx.all('SELECT value FROM "$state" WHERE key = ?', [key]))[0];
  const first = (await read()) === undefined ? await firstInSequence(tx, table, column) : 0;
  await tx.run(
    `INSERT INTO "$state" (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = CAST(CAST("$state".value AS BIGINT) + 1 AS TEXT)`,
    [key, String(first)],
  );
  return Number((await read())?.[0]);
}

/** Above every number that loaded rows have. */
async function firstInSequence(tx: WriteTx, table: Table, column: Column): Promise<number> {
  const parts = parseAutoNumber(column.autoNumberFormat ?? '');
  const rows = await tx.all(
    `SELECT ${name(column.name)} FROM ${name(table.name)} WHERE ${name(column.name)} IS NOT NULL`,
  );
  let first = autoNumberSeed;
  for (const [value] of rows) {
    const used = sequenceIn(parts, String(value));
    if (used !== null) first = Math.max(first, used + 1);
  }
  return first;
}
