import { type DeviceIdentity, deviceIdentity } from './common.ts';
import { type Decoder, name, object, textUpTo, whole } from './decode.ts';
import { messageLimits } from './limits.ts';

/** Bytes in one part of a document. */
export const partBytes: number = messageLimits.partBytes;

/** Base64 of one part. */
const partText = textUpTo((partBytes / 3) * 4);

/** A part of a document that queued edits name. Without data: asks how much of it is there. */
export interface UploadRequest {
  readonly device: DeviceIdentity;
  readonly reference: string;
  /** Offset of the part in bytes. */
  readonly at: number;
  /** Base64. */
  readonly data: string;
}
export const uploadRequest: Decoder<UploadRequest> = object<UploadRequest>({
  device: deviceIdentity,
  reference: name,
  at: whole,
  data: partText,
});

export interface UploadResponse {
  readonly now: string;
  /** Bytes that are there: where the next part begins. */
  readonly have: number;
}
export const uploadResponse: Decoder<UploadResponse> = object<UploadResponse>({
  now: name,
  have: whole,
});

/** A part of a document that a row of V(T) names. */
export interface DocumentRequest {
  readonly device: DeviceIdentity;
  readonly table: string;
  readonly id: string;
  readonly column: string;
  /** What the device believes the column to hold. */
  readonly reference: string;
  readonly at: number;
}
export const documentRequest: Decoder<DocumentRequest> = object<DocumentRequest>({
  device: deviceIdentity,
  table: name,
  id: name,
  column: name,
  reference: name,
  at: whole,
});

export interface DocumentResponse {
  readonly now: string;
  /** Base64; at least one byte, at most one part. */
  readonly data: string;
}
export const documentResponse: Decoder<DocumentResponse> = object<DocumentResponse>({
  now: name,
  data: partText,
});
