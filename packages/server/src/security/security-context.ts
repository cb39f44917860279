import { mergePrivileges, type Role, type SecurityContext, syncErrorTable } from '@outpost/model';
import type { ReadTx } from '../store/server-store.ts';

/** Everybody may handle the sync errors they caused. */
const everyone: Role = {
  id: 'everyone',
  name: 'Everyone',
  privileges: {
    [syncErrorTable.name]: {
      create: 1,
      read: 1,
      write: 1,
      delete: 1,
      append: 1,
      appendTo: 1,
      assign: 1,
    },
  },
};

/** Who a user is right now: roles, teams, business units. Null: unknown or disabled. */
export async function readSecurityContext(
  tx: ReadTx,
  userId: string,
): Promise<(SecurityContext & { readonly name: string; readonly hasRoles: boolean }) | null> {
  const user = (
    await tx.all(
      'SELECT fullname, businessunitid, isdisabled FROM "systemuser" WHERE systemuserid = ?',
      [userId],
    )
  )[0];
  if (user === undefined || user[2] === 1) return null;
  const businessUnitId = String(user[1] ?? '');
  const units = await tx.all(
    `WITH RECURSIVE tree(id) AS (SELECT ? UNION SELECT b.businessunitid FROM "businessunit" b JOIN tree ON b.parentbusinessunitid = tree.id)
     SELECT id FROM tree ORDER BY id`,
    [businessUnitId],
  );
  const teams = await tx.all(
    'SELECT teamid FROM "teammembership" WHERE systemuserid = ? ORDER BY teamid',
    [userId],
  );
  const roles = await tx.all(
    'SELECT r.json FROM "systemuserroles" u JOIN "$role" r ON r.id = u.roleid WHERE u.systemuserid = ? ORDER BY r.id',
    [userId],
  );
  const granted = roles.map((row) => JSON.parse(String(row[0])) as Role);
  return {
    userId,
    name: String(user[0] ?? ''),
    businessUnitId,
    businessUnitTree: units.map((row) => String(row[0])),
    teamIds: teams.map((row) => String(row[0])),
    privileges: mergePrivileges([everyone, ...granted]),
    hasRoles: granted.length > 0,
  };
}
