import { bytesToBase64 } from '@outpost/model';
import { referenceOf } from '../documents/content.ts';
import {
  type DeviceIdentity,
  messageLimits,
  type PartRequest,
  type PartResponse,
  type PushRequest,
  type PushResponse,
} from '../protocol/index.ts';
import type { Reply } from '../transport.ts';
import { failed } from './failure.ts';

/** How a push is sent. */
export interface PushSender {
  whole(request: PushRequest): Promise<Reply<PushResponse>>;
  part(request: PartRequest): Promise<Reply<PartResponse>>;
}

/**
 * A push in one request, or in parts where it is too large for one, or where something on the way says that it is. What
 * can be sent neither way fails with 413 and says which limit it is beyond.
 */
export async function pushInParts(
  sender: PushSender,
  request: PushRequest,
): Promise<Reply<PushResponse>> {
  const { transactionEntries, transactionBytes, bodyBytes } = messageLimits;
  if (request.entries.length > transactionEntries) {
    return tooLarge(`A transaction has at most ${transactionEntries} edits.`);
  }
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  if (bytes.length > transactionBytes) {
    return tooLarge(`The edits of a transaction have at most ${transactionBytes} bytes.`);
  }
  if (bytes.length <= bodyBytes) {
    const reply = await sender.whole(request);
    const isTooLarge = reply.kind === 'failed' && reply.failure.status === 413;
    // That the organization takes fewer entries is no matter of bytes.
    if (!isTooLarge || reply.failure.code === 'outpost:tooManyEntries') return reply;
  }
  return sendParts(sender, request.device, bytes);
}

async function sendParts(
  sender: PushSender,
  device: DeviceIdentity,
  bytes: Uint8Array,
): Promise<Reply<PushResponse>> {
  const reference = referenceOf(bytes);
  let have: number | null = null;
  for (let received = 0; ; ) {
    const part: Uint8Array =
      have === null ? new Uint8Array() : bytes.subarray(have, have + messageLimits.partBytes);
    const request = { device, reference, at: have ?? 0, data: bytesToBase64(part) };
    const reply: Reply<PartResponse> = await sender.part(request);
    if (reply.kind === 'failed') return reply;
    const { value } = reply;
    received += reply.bytes;
    if (value.pushed !== null) return { kind: 'ok', value: value.pushed, bytes: received };
    if (have !== null && value.have <= have) {
      return failed('server', 200, null, 'The organization does not keep the parts of a push.');
    }
    have = value.have;
  }
}

function tooLarge(message: string) {
  return failed('protocol', 413, 'outpost:transactionTooLarge', message);
}
