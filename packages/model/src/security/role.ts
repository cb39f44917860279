/** Privileges as Dataverse has them. */
export const privileges = [
  'create',
  'read',
  'write',
  'delete',
  'append',
  'appendTo',
  'assign',
  'share',
] as const;
export type Privilege = (typeof privileges)[number];

/** Bits of an access rights mask (`AccessRights` of the Dataverse SDK). */
export const accessRightBits: Readonly<Record<Privilege, number>> = {
  read: 1,
  write: 2,
  append: 4,
  appendTo: 16,
  create: 32,
  delete: 65_536,
  share: 262_144,
  assign: 524_288,
};

/** The mask of some rights. */
export function accessRightsMask(rights: readonly Privilege[]): number {
  return rights.reduce((mask, right) => mask | accessRightBits[right], 0);
}

/** How far a privilege reaches: 0 none, 1 user, 2 business unit, 3 parent and child business units, 4 organization. */
export type Depth = 0 | 1 | 2 | 3 | 4;

/** Names of the depths above none, as solution files have them. */
export const depthNames: Readonly<Record<Exclude<Depth, 0>, string>> = {
  1: 'Basic',
  2: 'Local',
  3: 'Deep',
  4: 'Global',
};

export type TablePrivileges = Readonly<Partial<Record<Privilege, Depth>>>;

export interface Role {
  readonly id: string;
  readonly name: string;
  /** By table logical name. */
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
  /**
   * What a team's role means for its members. `direct` (default): as if they had it themselves. `teamOnly`: they reach
   * what the team reaches; at user depth only rows owned by the team.
   */
  readonly inheritance?: 'direct' | 'teamOnly';
}

/** Union of several roles: the greatest depth wins. */
export function mergePrivileges(roles: readonly Role[]): Readonly<Record<string, TablePrivileges>> {
  const merged: Record<string, Partial<Record<Privilege, Depth>>> = {};
  for (const role of roles) {
    for (const [table, depths] of Object.entries(role.privileges)) {
      const target = merged[table] ?? {};
      merged[table] = target;
      for (const privilege of privileges) {
        const depth = depths[privilege] ?? 0;
        if (depth > (target[privilege] ?? 0)) target[privilege] = depth;
      }
    }
  }
  return merged;
}
