import {
  type ColumnValue,
  isLookupValue,
  type LookupValue,
  type RowValues,
  type Table,
} from '@outpost/model';
import { name } from '@outpost/query';
import type { ReadTx } from '../store/server-store.ts';
import { demand } from './demand.ts';
import { readRow, type StoredRow } from './row-access.ts';
import type { RowAccess, WriteScope } from './write-env.ts';

/** A new row belongs to its creator unless it says otherwise; giving a row away needs the right to assign it. */
export async function setOwner(
  { env, tx, writer }: WriteScope,
  table: Table,
  id: string,
  values: Record<string, ColumnValue>,
  before: StoredRow | null,
): Promise<void> {
  if (table.ownership !== 'user') return;
  if ((values['ownerid'] ?? null) === null && writer.kind === 'user') {
    const { context, name: userName } = writer;
    values['ownerid'] = { table: 'systemuser', id: context.userId, name: userName };
  }
  const owner = values['ownerid'] ?? null;
  if (!isLookupValue(owner)) return;
  if (before !== null && before.owner !== owner.id) {
    await demand({ env, tx, writer }, 'assign', table, before, id);
  }
  if (before !== null && before.owner === owner.id) return;
  const unit = await businessUnitOf(tx, owner);
  if (unit !== null) values['owningbusinessunit'] = { table: 'businessunit', id: unit };
}

async function businessUnitOf(tx: ReadTx, { table, id }: LookupValue): Promise<string | null> {
  if (table !== 'systemuser' && table !== 'team') return null;
  const row = await tx.all(
    `SELECT businessunitid FROM ${name(table)} WHERE ${name(`${table}id`)} = ?`,
    [id],
  );
  const unit = row[0]?.[0];
  return unit === null || unit === undefined ? null : String(unit);
}

/** Owner and business unit that access to the row follows; rows without an owner follow their parent. */
export async function accessOf(
  { env, tx }: WriteScope,
  table: Table,
  id: string,
  values: RowValues,
): Promise<RowAccess> {
  const idOf = (column: string): string | null => {
    const value = values[column] ?? null;
    return isLookupValue(value) ? value.id : null;
  };
  if (table.name === 'businessunit') return { owner: null, businessUnit: id };
  if (table.name === 'systemuser' || table.name === 'team') {
    return { owner: id, businessUnit: idOf('businessunitid') };
  }
  if (table.ownership === 'user') {
    return { owner: idOf('ownerid'), businessUnit: idOf('owningbusinessunit') };
  }
  if (table.ownership !== 'none') return { owner: null, businessUnit: null };
  for (const { column, cascade } of env.index.referencing(table.name)) {
    const parent = values[column] ?? null;
    if (cascade.delete !== 'cascade' || !isLookupValue(parent)) continue;
    const definition = env.index.table(parent.table);
    const row = definition === undefined ? null : await readRow(tx, definition, parent.id);
    if (row !== null) return { owner: row.owner, businessUnit: row.businessUnit };
  }
  return { owner: null, businessUnit: null };
}
