import { type DeviceIdentity, otherUserCode, type WhoResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

/** Whose token it is. */
export async function who(env: SyncEnv, tx: ReadTx, caller: Caller): Promise<WhoResponse> {
  return {
    now: new Date(env.now()).toISOString(),
    organization: await readState(tx, 'organization'),
    user: { id: caller.context.userId, name: caller.name },
  };
}

/** The message, unless it is of a database that belongs to another user: nothing of it may be done or answered. */
export function ofUser<T extends { readonly device: DeviceIdentity }>(
  message: T,
  userId: string,
): T {
  const { user } = message.device;
  if (user === null || user.toLowerCase() === userId.toLowerCase()) return message;
  throw new HttpError(
    409,
    otherUserCode,
    'The database that sends this belongs to another user than the token.',
  );
}
