import { createHash } from 'node:crypto';
import type { DeviceIdentity, HelloResponse, Versions } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import { conflictPolicy } from './conflict-policy.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

/** What `hello` answers besides rows and time: rights, settings, plan. */
export type Access = Omit<HelloResponse, 'now' | 'feed' | 'current' | 'organization' | 'plan'>;

export async function readAccess(tx: ReadTx, caller: Caller): Promise<Access> {
  const { userId, businessUnitId, teamIds, hierarchy } = caller.context;
  const below = hierarchy.direct.length + hierarchy.further.length;
  return {
    user: { id: userId, name: caller.name, businessUnitId, teamIds },
    conflictPolicy: await conflictPolicy(tx),
    privileges: caller.privileges,
    beyondRoles: below > 0 || caller.shareStamps.size > 0,
    securedColumns: caller.context.columns,
  };
}

/** Hashes of the definitions, and of everything a device learns by `hello` besides rows and time. */
export async function readVersions(env: SyncEnv, tx: ReadTx, caller: Caller): Promise<Versions> {
  const plan = caller.views.map((view) => [view.table, view.intervalMinutes, view.columns]);
  const text = JSON.stringify([await readAccess(tx, caller), plan]);
  const access = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { app: env.appHash, access };
}

/** Definitions that the device does not have yet make its data requests wait. */
export function checkApp(app: string, seen: Versions): void {
  if (app === seen.app) return;
  throw new HttpError(
    409,
    'outpost:appChanged',
    'The app has other definitions: say hello and fetch them first.',
  );
}

/** Only the newest life of a device's database may sync. */
export async function checkFence(
  tx: ReadTx,
  caller: Caller,
  device: DeviceIdentity,
): Promise<void> {
  const epoch = await readEpoch(tx, caller, device.id);
  if (epoch === null || epoch === device.epoch) return;
  throw new HttpError(
    409,
    'outpost:fenced',
    'Another opening of this database synchronizes: close it, or open this one again.',
  );
}

/** The epoch that the organization has confirmed for a device. */
export async function readEpoch(
  tx: ReadTx,
  caller: Caller,
  device: string,
): Promise<string | null> {
  const row = (
    await tx.all('SELECT epoch FROM "$device" WHERE user_id = ? AND device = ?', [
      caller.context.userId,
      device,
    ])
  )[0];
  return row === undefined ? null : String(row[0]);
}
