import { join, name, sql } from '@outpost/query';
import type { HelloRequest, HelloResponse, PlanTable } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx, WriteTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import type { DeviceView } from '../view/device-view.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { readAccess, readEpoch, readVersions } from './versions.ts';

/** Who the caller is and what belongs on their device. */
export async function hello(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  { uncounted }: HelloRequest,
): Promise<HelloResponse> {
  const plan: PlanTable[] = [];
  for (const view of caller.views) {
    const { table, hash, intervalMinutes } = view;
    const rows = uncounted.includes(table) ? null : await countRows(tx, view);
    plan.push({ table, rows, view: hash, intervalMinutes });
  }
  return {
    now: new Date(env.now()).toISOString(),
    feed: (await readState(tx, 'feed')) ?? '',
    current: await readVersions(env, tx, caller),
    organization: await readState(tx, 'organization'),
    ...(await readAccess(tx, caller)),
    plan,
  };
}

async function countRows(tx: ReadTx, { table, predicate }: DeviceView): Promise<number> {
  const count = join([sql(`SELECT count(*) FROM ${name(table)} v WHERE `), predicate], '');
  return Number((await tx.all(count.text, count.params))[0]?.[0] ?? 0);
}

/** Confirms the epoch of a device: the one it had, one that follows it, or any when the device takes over. */
export async function confirmEpoch(
  env: SyncEnv,
  tx: WriteTx,
  caller: Caller,
  { device, previous, takeOver }: HelloRequest,
): Promise<void> {
  const known = await readEpoch(tx, caller, device.id);
  const follows = known === null || known === device.epoch || previous.includes(known);
  if (!follows && !takeOver) {
    throw new HttpError(
      409,
      'outpost:fenced',
      'The organization knows a newer life of this database: it was restored, or another process has it.',
    );
  }
  await tx.run(
    `INSERT INTO "$device" (user_id, device, epoch, seen_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (user_id, device) DO UPDATE SET epoch = excluded.epoch, seen_at = excluded.seen_at`,
    [caller.context.userId, device.id, device.epoch, env.now()],
  );
  if (known === null) await forgetDevices(tx, caller.context.userId);
}

/** Devices that one user may have. */
export const maxDevices = 1000;

/** Those that were not seen for longest make room. */
async function forgetDevices(tx: WriteTx, userId: string): Promise<void> {
  for (const [table, time] of [
    ['"$device"', 'seen_at'],
    ['"$reached"', 'at'],
  ]) {
    const [count] = await tx.all(`SELECT count(*) FROM ${table} WHERE user_id = ?`, [userId]);
    const over = Number(count?.[0] ?? 0) - maxDevices;
    if (over <= 0) continue;
    const oldest = await tx.all(
      `SELECT device FROM ${table} WHERE user_id = ? ORDER BY ${time}, device LIMIT ?`,
      [userId, over],
    );
    for (const [device] of oldest) {
      await tx.run(`DELETE FROM ${table} WHERE user_id = ? AND device = ?`, [
        userId,
        device ?? null,
      ]);
    }
  }
}
