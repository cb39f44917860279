import { dataverseErrors } from '../dataverse-error.ts';
import type { Ownership } from '../table.ts';
import type { Privilege } from './role.ts';
import type { Reach, SecurityContext } from './security-context.ts';

/** Rights on one row given to a user, a team, or (principal null) everybody in the organization. */
export interface Share {
  readonly principal: string | null;
  readonly rights: readonly Privilege[];
}

/** What access to a row is computed from. */
export interface RowOwnership {
  readonly table: string;
  readonly ownership: Ownership;
  readonly owner: string | null;
  readonly businessUnit: string | null;
  readonly shares?: readonly Share[];
}

/** By what right: `via` names the team, business unit, principal of the share, or report. */
export type AccessRight =
  | { readonly by: 'organization' }
  | { readonly by: 'owner' }
  | { readonly by: 'team'; readonly via: string }
  | { readonly by: 'businessUnit'; readonly via: string }
  | { readonly by: 'share'; readonly via: string | null }
  | { readonly by: 'hierarchy'; readonly via: string };

export type AccessDecision =
  | ({ readonly allowed: true } & AccessRight)
  | { readonly allowed: false; readonly code: string; readonly reason: 'noPrivilege' | 'noAccess' };

/** Privileges that a direct manager has on rows of a report; further up it is read only. */
const directReportPrivileges: ReadonlySet<Privilege> = new Set([
  'read',
  'write',
  'append',
  'appendTo',
]);

/**
 * Decides and explains: first a role must grant the privilege at all, then the row must be within reach by ownership,
 * depth, share or hierarchy. (Dataverse: "How access to a record is determined".)
 */
export function can(
  context: SecurityContext,
  privilege: Privilege,
  row: RowOwnership,
): AccessDecision {
  const code = dataverseErrors.privilegeDenied;
  const reach = context.reach[row.table]?.[privilege];
  if (reach === undefined) return { allowed: false, code, reason: 'noPrivilege' };
  const right =
    byRole(context, reach, row) ??
    byShare(context, privilege, row) ??
    byHierarchy(context, privilege, row);
  return right === null
    ? { allowed: false, code, reason: 'noAccess' }
    : { allowed: true, ...right };
}

function byRole(context: SecurityContext, reach: Reach, row: RowOwnership): AccessRight | null {
  const { owner, businessUnit } = row;
  if (reach.organization) return { by: 'organization' };
  if (owner !== null) {
    if (reach.own && owner === context.userId) return { by: 'owner' };
    if (reach.own && context.teamIds.includes(owner)) return { by: 'team', via: owner };
    if (reach.teams.includes(owner)) return { by: 'team', via: owner };
  }
  if (businessUnit !== null && reach.businessUnits.includes(businessUnit)) {
    return { by: 'businessUnit', via: businessUnit };
  }
  return null;
}

function byShare(
  context: SecurityContext,
  privilege: Privilege,
  row: RowOwnership,
): AccessRight | null {
  const share = row.shares?.find(
    ({ principal, rights }) =>
      rights.includes(privilege) &&
      (principal === null || principal === context.userId || context.teamIds.includes(principal)),
  );
  return share === undefined ? null : { by: 'share', via: share.principal };
}

/** Rows that a report owns, or that are shared with the report. */
function byHierarchy(
  context: SecurityContext,
  privilege: Privilege,
  row: RowOwnership,
): AccessRight | null {
  const principals = hierarchyPrincipals(context, privilege, row.table);
  if (row.owner !== null && principals.has(row.owner)) return { by: 'hierarchy', via: row.owner };
  for (const { principal, rights } of row.shares ?? []) {
    if (principal !== null && principals.has(principal) && rights.includes(privilege)) {
      return { by: 'hierarchy', via: principal };
    }
  }
  return null;
}

/** Principals below the user whose rows the privilege reaches; none without the right to read one's own rows. */
function hierarchyPrincipals(
  context: SecurityContext,
  privilege: Privilege,
  table: string,
): ReadonlySet<string> {
  const { hierarchy, hierarchyExcluded } = context;
  if (hierarchyExcluded.includes(table) || context.reach[table]?.read === undefined) {
    return new Set();
  }
  const direct = directReportPrivileges.has(privilege) ? hierarchy.direct : [];
  return new Set(privilege === 'read' ? [...direct, ...hierarchy.further] : direct);
}

/** The rows of a table that a privilege reaches, as data a server compiles to SQL. Agrees with `can` on every row. */
export type AccessScope =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'some';
      readonly privilege: Privilege;
      readonly owners: readonly string[];
      readonly businessUnits: readonly string[];
      /** A share with one of these, or with everybody, that contains the privilege. */
      readonly sharedWith: readonly string[];
    };

export function accessScope(
  context: SecurityContext,
  privilege: Privilege,
  table: string,
): AccessScope {
  const reach = context.reach[table]?.[privilege];
  if (reach === undefined) return { kind: 'none' };
  if (reach.organization) return { kind: 'all' };
  const own = [context.userId, ...context.teamIds];
  const below = hierarchyPrincipals(context, privilege, table);
  return {
    kind: 'some',
    privilege,
    owners: [...new Set([...(reach.own ? own : []), ...reach.teams, ...below])].sort(),
    businessUnits: reach.businessUnits,
    sharedWith: [...new Set([...own, ...below])].sort(),
  };
}
