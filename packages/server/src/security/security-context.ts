import {
  buildSecurityContext,
  columnRightsOf,
  type Directory,
  type DirectoryTeam,
  type DirectoryUser,
  type FieldSecurityProfile,
  type HierarchySettings,
  hierarchyOff,
  type ModelIndex,
  mergePrivileges,
  type Role,
  type SecurityContext,
  syncErrorTable,
  type TablePrivileges,
} from '@outpost/model';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import { shareStamps } from './shares.ts';

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

/** Who a user is right now. */
export interface UserSecurity {
  readonly context: SecurityContext;
  readonly name: string;
  readonly hasRoles: boolean;
  /** Greatest depth by table and privilege, as a device shows and checks it. */
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
  /** By table: differs whenever shares that concern the user changed. */
  readonly shareStamps: ReadonlyMap<string, string>;
}

/** Roles, teams, business units, hierarchy, shares and secured columns of a user. Null: unknown or disabled. */
export async function readUserSecurity(
  tx: ReadTx,
  userId: string,
  index: ModelIndex,
): Promise<UserSecurity | null> {
  const fieldProfiles = index.model.fieldSecurityProfiles ?? [];
  const hierarchy = await readHierarchy(tx);
  const directory = await readDirectory(tx, userId, hierarchy.model !== 'off');
  const roles = await rolesOf(tx, 'systemuserroles', 'systemuserid', userId);
  const teamRoles = new Map<string, readonly Role[]>();
  for (const team of directory.teams.filter((one) => one.memberIds.includes(userId))) {
    teamRoles.set(team.id, await rolesOf(tx, 'teamroles', 'teamid', team.id));
  }
  const context = buildSecurityContext({
    userId,
    directory,
    roles: [everyone, ...roles],
    teamRoles,
    hierarchy,
    fieldSecurityProfiles: await membershipsOf(tx, userId, fieldProfiles),
  });
  if (context === null) return null;
  const granted = [...roles, ...[...teamRoles.values()].flat()];
  const name = await tx.all('SELECT fullname FROM "systemuser" WHERE systemuserid = ?', [userId]);
  const { direct, further } = context.hierarchy;
  return {
    context: { ...context, columns: columnRightsOf(index, context.columns) },
    name: String(name[0]?.[0] ?? ''),
    hasRoles: granted.length > 0,
    privileges: mergePrivileges([everyone, ...granted]),
    shareStamps: await shareStamps(tx, [userId, ...context.teamIds, ...direct, ...further]),
  };
}

export async function readHierarchy(tx: ReadTx): Promise<HierarchySettings> {
  const json = await readState(tx, 'hierarchy');
  return json === null ? hierarchyOff : (JSON.parse(json) as HierarchySettings);
}

/** The user and the user's teams; everybody and all teams when managers reach what is below them. */
async function readDirectory(tx: ReadTx, userId: string, whole: boolean): Promise<Directory> {
  const [where, params] = whole ? ['', []] : [' WHERE systemuserid = ?', [userId]];
  const users = await tx.all(
    `SELECT systemuserid, businessunitid, parentsystemuserid, positionid, isdisabled FROM "systemuser"${where}`,
    params,
  );
  const members = await tx.all(
    `SELECT m.systemuserid, t.teamid, t.businessunitid, t.teamtype FROM "teammembership" m JOIN "team" t ON t.teamid = m.teamid${where.replace('systemuserid', 'm.systemuserid')}`,
    params,
  );
  const units = await tx.all('SELECT businessunitid, parentbusinessunitid FROM "businessunit"');
  const positions = whole
    ? await tx.all('SELECT positionid, parentpositionid FROM "position"')
    : [];
  const text = (cell: unknown) => (cell === null || cell === undefined ? null : String(cell));
  const teams = new Map<string, { team: Omit<DirectoryTeam, 'memberIds'>; memberIds: string[] }>();
  for (const [user, id, unit, type] of members) {
    const key = String(id);
    const known = teams.get(key) ?? {
      team: { id: key, businessUnitId: String(unit ?? ''), type: type === 1 ? 'access' : 'owner' },
      memberIds: [],
    };
    known.memberIds.push(String(user));
    teams.set(key, known);
  }
  return {
    users: users.map(
      ([id, unit, manager, position, disabled]): DirectoryUser => ({
        id: String(id),
        businessUnitId: String(unit ?? ''),
        managerId: text(manager),
        positionId: text(position),
        disabled: disabled === 1,
      }),
    ),
    teams: [...teams.values()].map(({ team, memberIds }) => ({ ...team, memberIds })),
    businessUnits: units.map(([id, parent]) => ({ id: String(id), parentId: text(parent) })),
    positions: positions.map(([id, parent]) => ({ id: String(id), parentId: text(parent) })),
  };
}

/** The field security profiles that the user or one of the user's teams is a member of. */
async function membershipsOf(
  tx: ReadTx,
  userId: string,
  profiles: readonly FieldSecurityProfile[],
): Promise<readonly FieldSecurityProfile[]> {
  if (profiles.length === 0) return [];
  const rows = await tx.all(
    `SELECT fieldsecurityprofileid FROM "systemuserprofiles" WHERE systemuserid = ?
     UNION SELECT p.fieldsecurityprofileid FROM "teamprofiles" p JOIN "teammembership" m ON m.teamid = p.teamid WHERE m.systemuserid = ?`,
    [userId, userId],
  );
  const ids = new Set(rows.map((row) => String(row[0])));
  return profiles.filter((one) => ids.has(one.id));
}

async function rolesOf(
  tx: ReadTx,
  intersect: string,
  column: string,
  id: string,
): Promise<readonly Role[]> {
  const rows = await tx.all(
    `SELECT r.json FROM "${intersect}" x JOIN "$role" r ON r.id = x.roleid WHERE x.${column} = ? ORDER BY r.id`,
    [id],
  );
  return rows.map((row) => JSON.parse(String(row[0])) as Role);
}
