import { type DeviceIdentity, deviceIdentity } from './common.ts';
import { type Decoder, object, text, whole } from './decode.ts';

/** Bytes in one part of a document; a multiple of 3, so that no part needs padding but the last. */
export const partBytes: number = 3 * 65_536;

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
  reference: text,
  at: whole,
  data: text,
});

export interface UploadResponse {
  readonly now: string;
  /** Bytes that are there: where the next part begins. */
  readonly have: number;
}
export const uploadResponse: Decoder<UploadResponse> = object<UploadResponse>({
  now: text,
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
  table: text,
  id: text,
  column: text,
  reference: text,
  at: whole,
});

export interface DocumentResponse {
  readonly now: string;
  /** Base64; at least one byte, at most one part. */
  readonly data: string;
}
export const documentResponse: Decoder<DocumentResponse> = object<DocumentResponse>({
  now: text,
  data: text,
});
