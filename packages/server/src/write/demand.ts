import { can, type Privilege, type Table } from '@outpost/model';
import { readShares } from '../security/shares.ts';
import { Refusal } from './refusal.ts';
import type { RowAccess, WriteScope } from './write-env.ts';

/** Throws a `Refusal` unless the writer has the privilege on a row; `id` null: the row is about to be created. */
export async function demand(
  { tx, writer }: Pick<WriteScope, 'tx' | 'writer'>,
  privilege: Privilege,
  { name, ownership, label }: Table,
  { owner, businessUnit }: RowAccess,
  id: string | null,
): Promise<void> {
  if (writer.kind === 'system') return;
  const row = { table: name, ownership, owner, businessUnit };
  let decision = can(writer.context, privilege, row);
  if (!decision.allowed && decision.reason === 'noAccess' && id !== null) {
    const shares = await readShares(tx, name, id);
    decision = can(writer.context, privilege, { ...row, shares });
  }
  if (decision.allowed) return;
  const what =
    decision.reason === 'noPrivilege'
      ? `No role grants ${privilege} on ${label}.`
      : `The ${label} row is outside the reach of your ${privilege} privilege.`;
  throw new Refusal('privilegeDenied', what);
}
