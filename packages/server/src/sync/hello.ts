import { join, name, sql } from '@outpost/query';
import type { ConflictPolicy, HelloResponse, PlanTable } from '@outpost/sync/protocol';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

/** Who the caller is and what belongs on their device. */
export async function hello(env: SyncEnv, tx: ReadTx, caller: Caller): Promise<HelloResponse> {
  const plan: PlanTable[] = [];
  for (const view of caller.views) {
    const count = join(
      [sql(`SELECT count(*) FROM ${name(view.table)} v WHERE `), view.predicate],
      '',
    );
    const rows = Number((await tx.all(count.text, count.params))[0]?.[0] ?? 0);
    plan.push({ table: view.table, rows, view: view.hash, intervalMinutes: view.intervalMinutes });
  }
  const { userId, businessUnitId, teamIds, hierarchy } = caller.context;
  const below = hierarchy.direct.length + hierarchy.further.length;
  return {
    now: new Date(env.now()).toISOString(),
    feed: (await readState(tx, 'feed')) ?? '',
    app: env.appHash,
    user: { id: userId, name: caller.name, businessUnitId, teamIds },
    conflictPolicy: await conflictPolicy(tx),
    privileges: caller.privileges,
    beyondRoles: below > 0 || caller.shareStamps.size > 0,
    securedColumns: caller.context.columns,
    plan,
  };
}

export async function conflictPolicy(tx: ReadTx): Promise<ConflictPolicy> {
  const policy = await readState(tx, 'conflictPolicy');
  return policy === 'on' || policy === 'merge' ? policy : 'off';
}
