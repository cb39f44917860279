import {
  type ColumnRights,
  type FieldSecurityProfile,
  mergeColumnRights,
} from './column-security.ts';
import { type Directory, withDescendants } from './directory.ts';
import { type HierarchyReach, type HierarchySettings, hierarchyReach } from './hierarchy.ts';
import { type Privilege, privileges, type Role, type TablePrivileges } from './role.ts';

/** How far a user reaches with one privilege on one table, all roles together. */
export interface Reach {
  /** Every row of the table. */
  readonly organization: boolean;
  /** Rows of the user and of the user's teams. */
  readonly own: boolean;
  /** Teams whose rows are within reach, even where `own` is false. */
  readonly teams: readonly string[];
  /** Business units whose rows are within reach. */
  readonly businessUnits: readonly string[];
}

/** Who asks, with everything a decision needs. Built once per user and security version. */
export interface SecurityContext {
  readonly userId: string;
  readonly businessUnitId: string;
  /** Teams of any kind; rows can be owned by them or shared with them. */
  readonly teamIds: readonly string[];
  /** By table and privilege; absent: no role grants it. */
  readonly reach: Readonly<Record<string, Readonly<Partial<Record<Privilege, Reach>>>>>;
  readonly hierarchy: HierarchyReach;
  readonly hierarchyExcluded: readonly string[];
  /** What the user may do with secured columns. */
  readonly columns: ColumnRights;
}

export interface ContextInput {
  readonly userId: string;
  readonly directory: Directory;
  /** Roles of the user. */
  readonly roles: readonly Role[];
  /** Roles by owner team. */
  readonly teamRoles: ReadonlyMap<string, readonly Role[]>;
  readonly hierarchy: HierarchySettings;
  /** Those the user or one of the user's teams is a member of. Default: none. */
  readonly fieldSecurityProfiles?: readonly FieldSecurityProfile[];
}

/** What a role means for a user: who holds it decides which business unit it counts from. */
interface Grant {
  readonly role: Role;
  readonly businessUnitId: string;
  /** The team that holds the role; null: the user does. */
  readonly teamId: string | null;
}

/** Null: the user is unknown or disabled. */
export function buildSecurityContext(input: ContextInput): SecurityContext | null {
  const { directory, userId } = input;
  const user = directory.users.find((one) => one.id === userId);
  if (user === undefined || user.disabled) return null;
  const teams = directory.teams.filter((team) => team.memberIds.includes(userId));
  const grants: Grant[] = input.roles.map((role) => ({
    role,
    businessUnitId: user.businessUnitId,
    teamId: null,
  }));
  for (const team of teams) {
    // An access team holds no roles.
    const held = team.type === 'owner' ? (input.teamRoles.get(team.id) ?? []) : [];
    for (const role of held) {
      grants.push({ role, businessUnitId: team.businessUnitId, teamId: team.id });
    }
  }
  return {
    userId,
    businessUnitId: user.businessUnitId,
    teamIds: teams.map((team) => team.id).sort(),
    reach: reachOf(grants, directory),
    hierarchy: hierarchyReach(directory, userId, input.hierarchy),
    hierarchyExcluded: input.hierarchy.excludedTables,
    columns: mergeColumnRights(input.fieldSecurityProfiles ?? []),
  };
}

/** A context from merged depths alone: no team roles of a special kind, no hierarchy. */
export function contextFromDepths(input: {
  readonly userId: string;
  readonly businessUnitId: string;
  /** The user's business unit and all below it. */
  readonly businessUnitTree: readonly string[];
  readonly teamIds: readonly string[];
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
}): SecurityContext {
  const { userId, businessUnitId, businessUnitTree, teamIds } = input;
  const role: Role = { id: '', name: '', privileges: input.privileges };
  const directory: Directory = {
    users: [],
    teams: [],
    businessUnits: businessUnitTree.map((id) => ({
      id,
      parentId: id === businessUnitId ? null : businessUnitId,
    })),
    positions: [],
  };
  return {
    userId,
    businessUnitId,
    teamIds,
    reach: reachOf([{ role, businessUnitId, teamId: null }], directory),
    hierarchy: { direct: [], further: [] },
    hierarchyExcluded: [],
    columns: {},
  };
}

function reachOf(grants: readonly Grant[], directory: Directory): SecurityContext['reach'] {
  const reach: Record<string, Partial<Record<Privilege, Reach>>> = {};
  const trees = new Map<string, readonly string[]>();
  const tree = (unit: string): readonly string[] => {
    const known = trees.get(unit) ?? withDescendants(directory.businessUnits, unit);
    trees.set(unit, known);
    return known;
  };
  for (const { role, businessUnitId, teamId } of grants) {
    for (const [table, depths] of Object.entries(role.privileges)) {
      const target = reach[table] ?? {};
      reach[table] = target;
      for (const privilege of privileges) {
        const depth = depths[privilege] ?? 0;
        if (depth === 0) continue;
        const forTeam = teamId !== null && role.inheritance === 'teamOnly';
        const units = depth === 2 ? [businessUnitId] : depth === 3 ? tree(businessUnitId) : [];
        target[privilege] = union(target[privilege], {
          organization: depth === 4,
          own: !forTeam,
          teams: forTeam ? [teamId] : [],
          businessUnits: units,
        });
      }
    }
  }
  return reach;
}

function union(one: Reach | undefined, two: Reach): Reach {
  if (one === undefined) return two;
  return {
    organization: one.organization || two.organization,
    own: one.own || two.own,
    teams: sortedUnion(one.teams, two.teams),
    businessUnits: sortedUnion(one.businessUnits, two.businessUnits),
  };
}

function sortedUnion(one: readonly string[], two: readonly string[]): readonly string[] {
  return two.length === 0 ? one : [...new Set([...one, ...two])].sort();
}
