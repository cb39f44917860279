import { dataverseErrors } from '../dataverse-error.ts';
import type { Ownership } from '../table.ts';
import type { Depth, Privilege, TablePrivileges } from './role.ts';

/** Who asks, with everything a decision needs. Built once per user and security version. */
export interface SecurityContext {
  readonly userId: string;
  readonly businessUnitId: string;
  /** The user's business unit and all below it. */
  readonly businessUnitTree: readonly string[];
  readonly teamIds: readonly string[];
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
}

/** What access to a row is computed from. */
export interface RowOwnership {
  readonly table: string;
  readonly ownership: Ownership;
  readonly owner: string | null;
  readonly businessUnit: string | null;
}

export type AccessDecision =
  | { readonly allowed: true; readonly by: 'owner' | 'team' | 'depth' }
  | { readonly allowed: false; readonly code: string; readonly reason: 'noPrivilege' | 'noAccess' };

export function depthOf(context: SecurityContext, privilege: Privilege, table: string): Depth {
  return context.privileges[table]?.[privilege] ?? 0;
}

/**
 * Decides and explains: first a role must grant the privilege at all, then the row must be within reach by ownership
 * or depth. (Dataverse: "How access to a record is determined".)
 */
export function can(
  context: SecurityContext,
  privilege: Privilege,
  row: RowOwnership,
): AccessDecision {
  const code = dataverseErrors.privilegeDenied;
  const depth = depthOf(context, privilege, row.table);
  if (depth === 0) return { allowed: false, code, reason: 'noPrivilege' };
  if (depth === 4) return { allowed: true, by: 'depth' };
  if (row.owner !== null && row.owner === context.userId) return { allowed: true, by: 'owner' };
  if (row.owner !== null && context.teamIds.includes(row.owner))
    return { allowed: true, by: 'team' };
  const unit = row.businessUnit;
  const reach =
    depth === 3 ? context.businessUnitTree : depth === 2 ? [context.businessUnitId] : [];
  if (unit !== null && reach.includes(unit)) return { allowed: true, by: 'depth' };
  return { allowed: false, code, reason: 'noAccess' };
}

/** The rows of a table a user may read, as data a server compiles to SQL. */
export type ReadScope =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'some';
      readonly owners: readonly string[];
      readonly businessUnits: readonly string[];
    };

export function readScope(context: SecurityContext, table: string): ReadScope {
  const depth = depthOf(context, 'read', table);
  if (depth === 0) return { kind: 'none' };
  if (depth === 4) return { kind: 'all' };
  return {
    kind: 'some',
    owners: [context.userId, ...context.teamIds],
    businessUnits:
      depth === 3 ? context.businessUnitTree : depth === 2 ? [context.businessUnitId] : [],
  };
}
