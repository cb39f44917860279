import {
  type AccessDecision,
  activityPointer,
  can,
  type Privilege,
  type Table,
  twinTables,
} from '@outpost/model';
import { readShares } from '../security/shares.ts';
import type { ReadTx } from '../store/server-store.ts';
import { Refusal } from './refusal.ts';
import { readRow } from './row-access.ts';
import type { RowAccess, WriteEnv, Writer } from './write-env.ts';

/** Where and for whom it is asked. */
export interface Asking {
  readonly env: Pick<WriteEnv, 'index'>;
  readonly tx: ReadTx;
  readonly writer: Writer;
}

/**
 * Whether the writer has the privilege on a row; `id` null: the row is about to be created. What `activitypointer` shows
 * is an activity of another table, in which the writer needs the privilege too.
 */
export async function decide(
  asking: Asking,
  privilege: Privilege,
  table: Table,
  access: RowAccess,
  id: string | null,
): Promise<AccessDecision> {
  const own = await decideInTable(asking, privilege, table, access, id);
  if (!own.allowed || table.name !== activityPointer || id === null) return own;
  for (const twin of twinTables(asking.env.index, table)) {
    const row = await readRow(asking.tx, twin, id);
    if (row === null) continue;
    const decision = await decideInTable(asking, privilege, twin, row, id);
    if (!decision.allowed) return decision;
  }
  return own;
}

async function decideInTable(
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
