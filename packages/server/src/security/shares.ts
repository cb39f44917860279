import {
  accessRightBits,
  accessRightsMask,
  type Privilege,
  privileges,
  type Share,
} from '@outpost/model';
import { concat } from '@outpost/query';
import type { ReadTx, WriteTx } from '../store/server-store.ts';

/** Stands for everybody in the organization. */
export const everybody = '';

/** Shares of one row. */
export async function readShares(tx: ReadTx, table: string, id: string): Promise<readonly Share[]> {
  const rows = await tx.all(
    'SELECT principal, rights FROM "$share" WHERE tbl = ? AND pk = ? ORDER BY principal',
    [table, id],
  );
  return rows.map(([principal, mask]) => ({
    principal: principal === everybody ? null : String(principal),
    rights: privileges.filter((one) => (Number(mask) & accessRightBits[one]) !== 0),
  }));
}

/** Principals that a row is shared with, as the log names them. */
export async function sharedWith(
  tx: ReadTx,
  table: string,
  id: string,
): Promise<readonly string[]> {
  const rows = await tx.all('SELECT principal FROM "$share" WHERE tbl = ? AND pk = ?', [table, id]);
  return rows.map((row) => String(row[0]));
}

/** Replaces the rights of a principal on a row; no rights: the share ends. */
export async function writeShare(
  tx: WriteTx,
  table: string,
  id: string,
  principal: string | null,
  rights: readonly Privilege[],
): Promise<void> {
  const who = principal ?? everybody;
  if (rights.length === 0) {
    await tx.run('DELETE FROM "$share" WHERE tbl = ? AND pk = ? AND principal = ?', [
      table,
      id,
      who,
    ]);
  } else {
    await tx.run(
      'INSERT INTO "$share" (tbl, pk, principal, rights) VALUES (?, ?, ?, ?) ON CONFLICT (tbl, pk, principal) DO UPDATE SET rights = excluded.rights',
      [table, id, who, accessRightsMask(rights)],
    );
  }
  await noteChange(tx, table, who);
}

/** Ends all shares of a row that is being deleted. */
export async function removeShares(tx: WriteTx, table: string, id: string): Promise<void> {
  for (const { principal } of await readShares(tx, table, id)) {
    await writeShare(tx, table, id, principal, []);
  }
}

/** Shares of a table with a principal changed: devices of whoever it concerns read the table again. */
async function noteChange(tx: WriteTx, table: string, principal: string): Promise<void> {
  await tx.run(
    'INSERT INTO "$share_version" (principal, tbl, version) VALUES (?, ?, 1) ON CONFLICT (principal, tbl) DO UPDATE SET version = "$share_version".version + 1',
    [principal, table],
  );
}

/** By table, a text that differs whenever shares with one of the principals, or with everybody, changed. */
export async function shareStamps(
  tx: ReadTx,
  principals: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { text, params } = concat(
    'SELECT tbl, principal, version FROM "$share_version" WHERE ',
    tx.engine.dialect.inList('principal', [...principals, everybody]),
    ' ORDER BY tbl, principal',
  );
  const rows = await tx.all(text, params);
  const stamps = new Map<string, string>();
  for (const [table, principal, version] of rows) {
    const name = String(table);
    stamps.set(name, `${stamps.get(name) ?? ''}${String(principal)}:${String(version)};`);
  }
  return stamps;
}
