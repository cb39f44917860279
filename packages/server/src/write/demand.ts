import { type AccessDecision, can, type Privilege, type Table } from '@outpost/model';
import { readShares } from '../security/shares.ts';
import { Refusal } from './refusal.ts';
import type { RowAccess, WriteScope } from './write-env.ts';

type Asking = Pick<WriteScope, 'tx' | 'writer'>;

/** Whether the writer has the privilege on a row; `id` null: the row is about to be created. */
export async function decide(
  { tx, writer }: Asking,
  privilege: Privilege,
  { name, ownership }: Table,
  { owner, businessUnit }: RowAccess,
  id: string | null,
): Promise<AccessDecision> {
  if (writer.kind === 'system') return { allowed: true, by: 'organization' };
  const row = { table: name, ownership, owner, businessUnit };
  const decision = can(writer.context, privilege, row);
  if (decision.allowed || decision.reason !== 'noAccess' || id === null) return decision;
  return can(writer.context, privilege, { ...row, shares: await readShares(tx, name, id) });
}

/** Throws a `Refusal` unless the writer has the privilege on a row; `id` null: the row is about to be created. */
export async function demand(
  asking: Asking,
  privilege: Privilege,
  table: Table,
  access: RowAccess,
  id: string | null,
): Promise<void> {
  const decision = await decide(asking, privilege, table, access, id);
  if (decision.allowed) return;
  const what =
    decision.reason === 'noPrivilege'
      ? `No role grants ${privilege} on ${table.label}.`
      : `The ${table.label} row is outside the reach of your ${privilege} privilege.`;
  throw new Refusal('privilegeDenied', what);
}
