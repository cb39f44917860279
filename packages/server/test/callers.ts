import { buildSecurityContext, type Depth, hierarchyOff } from '@outpost/model';
import type { Caller } from '../src/sync/sync-env.ts';

/** A user of the business unit "sales", member of the team "team", with a depth of reading by table. */
export function callerOf(userId: string, reads: Readonly<Record<string, Depth>> = {}): Caller {
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
    roles: [
      {
        id: 'r',
        name: 'Reads',
        privileges: Object.fromEntries(
          Object.entries(reads).map(([table, depth]) => [table, { read: depth }]),
        ),
      },
    ],
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
