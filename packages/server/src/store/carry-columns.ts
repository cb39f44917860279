import { formerNames, type Slot, type Table, tableSlots } from '@outpost/model';
import { name } from '@outpost/query';
import { ServerError } from '../server-error.ts';
import { indexName } from './index-name.ts';
import type { WriteTx } from './server-store.ts';

type Present = ReadonlyMap<string, Slot['sqlType']>;

/**
 * Brings the columns of a table that is there to the names and types they have now; values are kept. What is left out of
 * the model keeps its values too, in case it comes back.
 */
export async function carryColumns(
  tx: WriteTx,
  table: Table,
  before: Table | undefined,
): Promise<void> {
  for (const { name: to, former } of await renamesOf(tx, table, before)) {
    const present = await tx.engine.typesOf(tx, table.name);
    for (const part of partsOf(present, former)) {
      const target = `${to}${part.slice(former.length)}`;
      await tx.run(
        `ALTER TABLE ${name(table.name)} RENAME COLUMN ${name(part)} TO ${name(target)}`,
      );
    }
    await tx.run('UPDATE "$document" SET col = ? WHERE tbl = ? AND col = ?', [
      to,
      table.name,
      former,
    ]);
  }
  const present = await tx.engine.typesOf(tx, table.name);
  if (present.size === 0) return;
  for (const slot of tableSlots(table)) {
    const type = present.get(slot.name);
    if (type === undefined || type === slot.sqlType) continue;
    if (type === 'INTEGER' && slot.sqlType === 'REAL') {
      await tx.engine.widen(tx, table.name, slot.name);
      continue;
    }
    // An earlier column of this name was left out.
    await dropEmpty(tx, table, slot.column.name, present);
  }
}

/** Columns that are stored under a former name. */
async function renamesOf(
  tx: WriteTx,
  table: Table,
  before: Table | undefined,
): Promise<readonly { readonly name: string; readonly former: string }[]> {
  const present = await tx.engine.typesOf(tx, table.name);
  const renames: { name: string; former: string }[] = [];
  for (const column of table.columns) {
    const former = formerNames(column).find((one) => present.has(one));
    if (former === undefined) continue;
    if (present.has(column.name)) {
      if (before?.columns.some((one) => one.name === column.name) === true) {
        throw hasValues(table, column.name);
      }
      await dropEmpty(tx, table, column.name, present);
    }
    await dropIndex(tx, table, former);
    renames.push({ name: column.name, former });
  }
  return renames;
}

/** Removes a stored column that no row has a value in. */
async function dropEmpty(
  tx: WriteTx,
  table: Table,
  column: string,
  present: Present,
): Promise<void> {
  const used = await tx.all(
    `SELECT 1 FROM ${name(table.name)} WHERE ${name(column)} IS NOT NULL LIMIT 1`,
  );
  if (used.length > 0) throw hasValues(table, column);
  await dropIndex(tx, table, column);
  for (const part of partsOf(present, column)) {
    await tx.run(`ALTER TABLE ${name(table.name)} DROP COLUMN ${name(part)}`);
  }
}

/** It is made again under the name that the column has then. */
async function dropIndex(tx: WriteTx, table: Table, column: string): Promise<void> {
  await tx.run(`DROP INDEX IF EXISTS ${name(indexName(tx.engine, table.name, column))}`);
}

/** A column's own slot, and those of its target's table and name and of folded copies. */
function partsOf(present: Present, column: string): readonly string[] {
  return [...present.keys()].filter((one) => one === column || one.startsWith(`${column}$`));
}

function hasValues({ name: table }: Table, column: string): ServerError {
  return new ServerError(
    'model.invalid',
    `The database still has values of an earlier column ${table}.${column}.`,
    'Give the column another name.',
  );
}
