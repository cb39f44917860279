import { buildSecurityContext, hierarchyOff, type TablePrivileges } from '@outpost/model';
import type { Caller } from '../src/sync/sync-env.ts';

/** A user of the business unit "sales", member of the team "team", with one role. */
export function callerOf(
  userId: string,
  privileges: Readonly<Record<string, TablePrivileges>> = {},
): Caller {
  const context = buildSecurityContext({
    userId,
    directory: {
      users: [
        { id: userId, businessUnitId: 'sales', managerId: null, positionId: null, disabled: false },
      ],
      teams: [{ id: 'team', type: 'owner', businessUnitId: 'sales', memberIds: [userId] }],
      businessUnits: [
        { id: 'sales', parentId: null },
        { id: 'service', parentId: null },
      ],
      positions: [],
    },
    roles: [{ id: 'r', name: 'Role', privileges }],
    teamRoles: new Map(),
    hierarchy: hierarchyOff,
  });
  if (context === null) throw new Error(`${userId} is unknown.`);
  return {
    context,
    name: userId,
    hasRoles: true,
    privileges: {},
    shareStamps: new Map(),
    views: [],
  };
}
