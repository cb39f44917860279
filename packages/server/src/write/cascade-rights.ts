/**
 * What a cascade may do to the rows that it reaches: no more than its writer could do to each of them by hand.
 *
 * Dataverse documents which rows an action reaches, and that nobody gives away rights they do not have; it does not
 * document what happens to a row that the caller may not touch. Here a deletion or an assignment is refused as a whole,
 * because its relationship says that such rows go with their parent, and a share leaves them out, because it is no
 * worse for being smaller.
 * https://learn.microsoft.com/power-apps/developer/data-platform/configure-entity-relationship-cascading-behavior
 * https://learn.microsoft.com/power-apps/developer/data-platform/security-sharing-assigning
 * https://learn.microsoft.com/power-platform/admin/how-record-access-determined
 */
import { type Privilege, syncErrorTable, type Table } from '@outpost/model';
import { decide } from './demand.ts';
import { Refusal } from './refusal.ts';
import type { RowAccess, WriteScope } from './write-env.ts';

/** Throws a `Refusal` unless the writer may read a row that goes with another one, and has the privilege on it. */
export async function demandCascade(
  scope: WriteScope,
  privilege: 'assign' | 'delete',
  table: Table,
  access: RowAccess,
  id: string,
): Promise<void> {
  if (belongsToParent(scope, table)) return;
  for (const right of [privilege, 'read'] as const) {
    const decision = await decide(scope, right, table, access, id);
    if (decision.allowed) continue;
    // The row is not named: its name is not for everybody.
    const message =
      decision.reason === 'noPrivilege'
        ? `${table.pluralLabel} go with it, and no role grants ${right} on ${table.label}.`
        : `A ${table.label} row goes with it that is outside the reach of your ${right} privilege.`;
    throw new Refusal('privilegeDenied', message);
  }
}

/**
 * Which of the rights a share may carry on to a row below the shared one; null: the row, and what is below it, is left
 * out. No rights, which ends a share, needs the right to share alone.
 */
export async function sharedOn(
  scope: WriteScope,
  rights: readonly Privilege[],
  table: Table,
  access: RowAccess,
  id: string,
): Promise<readonly Privilege[] | null> {
  const may = async (right: Privilege) => (await decide(scope, right, table, access, id)).allowed;
  if (!(await may('share')) || !(await may('read'))) return null;
  const given: Privilege[] = [];
  for (const right of rights) if (await may(right)) given.push(right);
  return given.length === 0 && rights.length > 0 ? null : given;
}

/** Rows without an owner of their own are part of their parent; those that the platform keeps are nobody's to ask for. */
function belongsToParent({ env }: WriteScope, { name, ownership }: Table): boolean {
  return ownership === 'none' || name === syncErrorTable.name || env.flows.has(name);
}
