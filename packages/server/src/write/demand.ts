import { can, type Privilege, type Table } from '@outpost/model';
import { Refusal } from './refusal.ts';
import type { RowAccess, Writer } from './write-env.ts';

/** Throws a `Refusal` unless the writer has the privilege on a row. */
export function demand(
  writer: Writer,
  privilege: Privilege,
  { name, ownership, label }: Table,
  { owner, businessUnit }: RowAccess,
): void {
  if (writer.kind === 'system') return;
  const row = { table: name, ownership, owner, businessUnit };
  const decision = can(writer.context, privilege, row);
  if (decision.allowed) return;
  const what =
    decision.reason === 'noPrivilege'
      ? `No role grants ${privilege} on ${label}.`
      : `The ${label} row is outside the reach of your ${privilege} privilege.`;
  throw new Refusal('privilegeDenied', what);
}
