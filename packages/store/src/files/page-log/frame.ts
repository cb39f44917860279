import { crc32 } from './crc32.ts';

/**
 * One commit in the page log. Header of 36 bytes, little endian: magic, salt, sequence, number of pages, database
 * length (8 bytes), CRC-32 of the payload, zero, CRC-32 of the header before it. Payload: page numbers, then pages.
 */
export interface Frame {
  /** Differs after every checkpoint, so that what an older log left behind is never replayed. */
  readonly salt: number;
  /** 1 for the first frame after a checkpoint. */
  readonly sequence: number;
  /** Bytes of the database after the commit. */
  readonly length: number;
  readonly pages: readonly number[];
  /** The pages' bytes, one after the other. */
  readonly content: Uint8Array<ArrayBuffer>;
}

export const pageBytes = 4096;
const headerBytes = 36;
const magic = 0x4c474450;

export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const count = frame.pages.length;
  const bytes = new Uint8Array(headerBytes + count * 4 + count * pageBytes);
  const view = new DataView(bytes.buffer);
  frame.pages.forEach((page, i) => {
    view.setUint32(headerBytes + 4 * i, page, true);
  });
  bytes.set(frame.content, headerBytes + count * 4);
  view.setUint32(0, magic, true);
  view.setUint32(4, frame.salt, true);
  view.setUint32(8, frame.sequence, true);
  view.setUint32(12, count, true);
  view.setFloat64(16, frame.length, true);
  view.setUint32(24, crc32(bytes.subarray(headerBytes)), true);
  view.setUint32(32, crc32(bytes.subarray(0, 32)), true);
  return bytes;
}

/** The whole frame at the start of `log`, and its size; null when it is torn, damaged or not there. */
export function decodeFrame(
  log: Uint8Array<ArrayBuffer>,
  at: number,
): { readonly frame: Frame; readonly size: number } | null {
  if (at + headerBytes > log.length) return null;
  const view = new DataView(log.buffer, log.byteOffset + at);
  if (view.getUint32(0, true) !== magic) return null;
  if (view.getUint32(32, true) !== crc32(log.subarray(at, at + 32))) return null;
  const count = view.getUint32(12, true);
  const size = headerBytes + count * (4 + pageBytes);
  if (at + size > log.length) return null;
  if (view.getUint32(24, true) !== crc32(log.subarray(at + headerBytes, at + size))) return null;
  const pages = Array.from({ length: count }, (_, i) => view.getUint32(headerBytes + 4 * i, true));
  const content = log.subarray(at + headerBytes + count * 4, at + size);
  const frame = {
    salt: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    length: view.getFloat64(16, true),
    pages,
    content,
  };
  return { frame, size };
}
