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

/** How far a privilege reaches: 0 none, 1 user, 2 business unit, 3 parent and child business units, 4 organization. */
export type Depth = 0 | 1 | 2 | 3 | 4;

export type TablePrivileges = Readonly<Partial<Record<Privilege, Depth>>>;

export interface Role {
  readonly id: string;
  readonly name: string;
  /** By table logical name. */
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
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
