import { parseDocumentReference } from '@outpost/model';
import { messageLimits, type PartRequest } from '@outpost/sync/protocol';
import { dropUpload, takePart, uploaded } from '../documents/upload.ts';
import { textOf } from '../http/answer.ts';
import { parseJson } from '../http/json.ts';
import { HttpError } from '../server-error.ts';
import type { ServerStore } from '../store/server-store.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { checkFence } from './versions.ts';

/** What is there of a push that comes in parts; `whole`: its message, as it would have come at once. */
export interface ReceivedPart {
  readonly have: number;
  readonly whole: unknown;
}

/** Keeps a part of a push. Parts are the user's own, and are kept beside documents that were uploaded, within the same room. */
export async function receivePart(
  env: SyncEnv,
  store: ServerStore,
  caller: Caller,
  { device, reference, at, data }: PartRequest,
): Promise<ReceivedPart> {
  const size = parseDocumentReference(reference)?.bytes ?? 0;
  if (size === 0) throw new HttpError(400, 'outpost:part', `"${reference}" names no push.`);
  if (size > messageLimits.transactionBytes) {
    const message = `The edits of a transaction have at most ${messageLimits.transactionBytes} bytes.`;
    throw new HttpError(413, 'outpost:transactionTooLarge', message);
  }
  const { userId } = caller.context;
  const have = await store.write(async (tx) => {
    await checkFence(tx, caller, device);
    return takePart(env, tx, userId, { reference, at, data });
  });
  if (have < size) return { have, whole: undefined };
  const bytes = await store.read((tx) => uploaded(tx, userId, reference));
  return { have, whole: bytes === null ? undefined : parseJson(textOf(bytes)) };
}

/** The push was carried out: its results are recorded, and its parts are not needed any more. */
export function forgetParts(
  store: ServerStore,
  caller: Caller,
  { reference }: PartRequest,
): Promise<void> {
  return store.write((tx) => dropUpload(tx, caller.context.userId, reference));
}
