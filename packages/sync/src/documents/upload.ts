import { bytesToBase64, parseDocumentReference } from '@outpost/model';
import type { DeviceStore } from '@outpost/store';
import { take } from '../engine/cycle-stop.ts';
import { type DeviceIdentity, partBytes } from '../protocol/index.ts';
import type { Failure, SyncTransport } from '../transport.ts';
import { isHere, readPart } from './content.ts';

/** What an upload of documents works with. */
export interface UploadContext {
  readonly store: DeviceStore;
  readonly transport: Pick<SyncTransport, 'upload'>;
  readonly device: DeviceIdentity;
  /** After every part. */
  readonly report: () => void;
}

/**
 * Brings a document to the organization, from where an earlier attempt ended. One that is not on this device is left
 * to the organization, which may have it; one that it does not accept, to the verdict on the edit. Throws `CycleStop`.
 */
export async function uploadDocument(
  { store, transport, device, report }: UploadContext,
  reference: string,
  signal: AbortSignal,
): Promise<void> {
  const size = parseDocumentReference(reference)?.bytes ?? 0;
  if (!isHere(store, reference)) return;
  // A small one is sent as a whole; of a large one some may be there.
  let have = size <= partBytes ? 0 : null;
  while (have === null || have < size) {
    const data = have === null ? '' : bytesToBase64(readPart(store, reference, have));
    const request = { device, reference, at: have ?? 0, data };
    const reply = await transport.upload(request, signal);
    if (reply.kind === 'failed' && isRefused(reply.failure)) return;
    const answered = take(reply).value.have;
    // The content is not what its name says, or the organization does not keep it.
    if (have !== null && answered <= have) return;
    have = answered;
    report();
  }
}

/** The content will never be taken: what is too large is so for whoever stands in the way, too. */
function isRefused({ class: kind, status }: Failure): boolean {
  return status === 413 || (status === 400 && kind !== 'network');
}
