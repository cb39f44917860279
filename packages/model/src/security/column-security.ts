import type { Column } from '../column.ts';

/** What may be done with a secured column. */
export const columnRights = ['create', 'read', 'update'] as const;
export type ColumnRight = (typeof columnRights)[number];

/** Rights of one field security profile on one secured column. */
export interface ColumnPermission {
  readonly table: string;
  readonly column: string;
  readonly rights: readonly ColumnRight[];
}

/** Rights on secured columns for its members: users (`systemuserprofiles`) and teams (`teamprofiles`). */
export interface FieldSecurityProfile {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly ColumnPermission[];
}

/**
 * Rights on secured columns by table and column; a secured column that is absent grants nothing. One that is not secured
 * and stands here is restricted all the same: its twin is, see `columnRightsOf`.
 */
export type ColumnRights = Readonly<
  Record<string, Readonly<Record<string, readonly ColumnRight[]>>>
>;

/** Union of the profiles somebody is a member of. */
export function mergeColumnRights(profiles: readonly FieldSecurityProfile[]): ColumnRights {
  const merged: Record<string, Record<string, readonly ColumnRight[]>> = {};
  for (const { table, column, rights } of profiles.flatMap((one) => one.permissions)) {
    const target = merged[table] ?? {};
    merged[table] = target;
    const all = [...(target[column] ?? []), ...rights];
    target[column] = columnRights.filter((right) => all.includes(right));
  }
  return merged;
}

/** Everybody may do everything with a column that is not secured, nor shows what is. */
export function mayUseColumn(
  rights: ColumnRights,
  right: ColumnRight,
  table: string,
  column: Column,
): boolean {
  const granted = rights[table]?.[column.name];
  if (column.secured !== true && granted === undefined) return true;
  return granted?.includes(right) === true;
}
