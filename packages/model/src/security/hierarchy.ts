import { type Directory, type DirectoryUser, withDescendants } from './directory.ts';

/** Hierarchy security: managers reach the rows of those below them. Off by default, as in Dataverse. */
export interface HierarchySettings {
  /** `manager` follows the manager of a user; `position` follows the parent of a position. */
  readonly model: 'off' | 'manager' | 'position';
  /** Levels below that are reached. */
  readonly depth: number;
  /** Tables without hierarchy access. */
  readonly excludedTables: readonly string[];
  /** Manager model: a manager must be in the business unit of the report or in one above it. Default true. */
  readonly sameOrParentBusinessUnit: boolean;
}

export const hierarchyOff: HierarchySettings = {
  model: 'off',
  depth: 3,
  excludedTables: [],
  sameOrParentBusinessUnit: true,
};

/** Users below somebody, with their owner teams: rows of these principals are within reach. */
export interface HierarchyReach {
  /** One level below: read, write, append, append to. */
  readonly direct: readonly string[];
  /** Further down: read only. */
  readonly further: readonly string[];
}

export function hierarchyReach(
  directory: Directory,
  userId: string,
  settings: HierarchySettings,
): HierarchyReach {
  const levels = reportLevels(directory, userId, settings);
  const direct = new Set<string>();
  const further = new Set<string>();
  for (const [reportId, level] of levels) {
    const reach = level === 1 ? direct : further;
    reach.add(reportId);
    for (const team of directory.teams) {
      if (team.type === 'owner' && team.memberIds.includes(reportId)) reach.add(team.id);
    }
  }
  return {
    direct: [...direct].sort(),
    further: [...further].filter((id) => !direct.has(id)).sort(),
  };
}

/** Level of every enabled user below `userId`, 1 for direct reports, up to the depth of the settings. */
function reportLevels(
  directory: Directory,
  userId: string,
  settings: HierarchySettings,
): ReadonlyMap<string, number> {
  const user = directory.users.find((one) => one.id === userId);
  if (user === undefined || settings.model === 'off') return new Map();
  const levels =
    settings.model === 'manager' ? managerLevels(directory, user) : positionLevels(directory, user);
  const reached = new Map<string, number>();
  for (const [report, level] of levels) {
    if (report.disabled || level > settings.depth) continue;
    const restricted = settings.model === 'manager' && settings.sameOrParentBusinessUnit;
    if (restricted && !isAbove(directory, user.businessUnitId, report.businessUnitId)) continue;
    reached.set(report.id, level);
  }
  return reached;
}

function managerLevels(
  directory: Directory,
  user: DirectoryUser,
): readonly (readonly [DirectoryUser, number])[] {
  const levels = new Map<string, number>([[user.id, 0]]);
  const found: (readonly [DirectoryUser, number])[] = [];
  for (const [id, level] of levels) {
    for (const report of directory.users) {
      if (report.managerId !== id || levels.has(report.id)) continue;
      levels.set(report.id, level + 1);
      found.push([report, level + 1]);
    }
  }
  return found;
}

function positionLevels(
  directory: Directory,
  user: DirectoryUser,
): readonly (readonly [DirectoryUser, number])[] {
  if (user.positionId === null) return [];
  const levels = new Map<string, number>([[user.positionId, 0]]);
  for (const [id, level] of levels) {
    for (const position of directory.positions) {
      if (position.parentId === id && !levels.has(position.id)) levels.set(position.id, level + 1);
    }
  }
  return directory.users.flatMap((report) => {
    const level = report.positionId === null ? undefined : levels.get(report.positionId);
    return level === undefined || level === 0 ? [] : [[report, level] as const];
  });
}

function isAbove(directory: Directory, unit: string, below: string): boolean {
  return withDescendants(directory.businessUnits, unit).includes(below);
}
