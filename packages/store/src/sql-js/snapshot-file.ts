import { crc32 } from '../files/page-log/crc32.ts';
import { pageBytes } from '../files/page-log/frame.ts';
import type { SyncFile, SyncFiles } from '../files/sync-files.ts';
import { StoreError } from '../store-error.ts';

/**
 * A snapshot is written to one of two files by turns, so that the other stays whole while it is written. Header, little
 * endian: magic, generation, length, CRC-32 of the bytes, CRC-32 of the header before it; then the SQLite file.
 */
const magic = 0x4f53_4e50;
const headerSize = 20;
const slots = ['-snapshot-a', '-snapshot-b'] as const;

interface Stored {
  readonly generation: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The newest whole snapshot; without one, the database file itself; null when there is nothing. */
export function readSnapshot(files: SyncFiles, name: string): Uint8Array<ArrayBuffer> | null {
  const newest = newestOf(slots.map((slot) => readSlot(files, name + slot)));
  if (newest !== null) return newest.bytes;
  if (!files.exists(name)) return null;
  if (fileSize(files, `${name}-wal`) > 0) {
    throw new StoreError(
      'store.selfCheck',
      'The database has a write-ahead log that this engine cannot read.',
      'Open it once with a tested version of sql.js, or with node:sqlite.',
    );
  }
  const bytes = readAll(files, name);
  // A database last used in WAL mode says so in its header; in memory there is no such log.
  if (bytes.length > 20) bytes.fill(1, 18, 20);
  return bytes.length === 0 ? null : bytes;
}

/** Writes a snapshot durably; the one before stays until this one is whole. */
export function writeSnapshot(files: SyncFiles, name: string, bytes: Uint8Array): void {
  if (files.commitLog !== undefined) {
    writeChanged(files, name, bytes);
    return;
  }
  const stored = slots.map((slot) => readSlot(files, name + slot));
  const newest = newestOf(stored);
  const slot = newest !== null && newest === stored[0] ? slots[1] : slots[0];
  const file = opened(files, name + slot);
  try {
    const header = new DataView(new ArrayBuffer(headerSize));
    header.setUint32(0, magic, true);
    header.setUint32(4, (newest?.generation ?? 0) + 1, true);
    header.setUint32(8, bytes.length, true);
    header.setUint32(12, crc32(bytes), true);
    header.setUint32(16, crc32(new Uint8Array(header.buffer, 0, 16)), true);
    file.write(new Uint8Array(header.buffer), 0);
    file.write(bytes, headerSize);
    file.truncate(headerSize + bytes.length);
    file.sync();
  } finally {
    file.close();
  }
}

/** Files with a log of their own make one sync a whole commit: only what differs needs to go there. */
function writeChanged(files: SyncFiles, name: string, bytes: Uint8Array): void {
  const file = opened(files, name);
  const before = new Uint8Array(file.size());
  file.read(before, 0);
  for (let from = 0; from < bytes.length; from += pageBytes) {
    const page = bytes.subarray(from, from + pageBytes);
    const old = before.subarray(from, from + pageBytes);
    if (page.length !== old.length || page.some((byte, i) => byte !== old[i])) {
      file.write(page, from);
    }
  }
  file.truncate(bytes.length);
  file.sync();
  file.close();
}

function opened(files: SyncFiles, name: string): SyncFile {
  const file = files.open(name, true);
  if (file !== null) return file;
  throw new StoreError('sql.io', `${name} cannot be created.`, 'Check the storage.');
}

function newestOf(stored: readonly (Stored | null)[]): Stored | null {
  let newest: Stored | null = null;
  for (const one of stored) {
    if (one !== null && (newest === null || one.generation > newest.generation)) newest = one;
  }
  return newest;
}

function readSlot(files: SyncFiles, name: string): Stored | null {
  const all = readAll(files, name);
  if (all.length < headerSize) return null;
  const header = new DataView(all.buffer, 0, headerSize);
  const sound =
    header.getUint32(0, true) === magic &&
    header.getUint32(16, true) === crc32(all.subarray(0, 16)) &&
    header.getUint32(8, true) <= all.length - headerSize;
  if (!sound) return null;
  const bytes = all.slice(headerSize, headerSize + header.getUint32(8, true));
  if (crc32(bytes) !== header.getUint32(12, true)) return null;
  return { generation: header.getUint32(4, true), bytes };
}

function readAll(files: SyncFiles, name: string): Uint8Array<ArrayBuffer> {
  const file = files.exists(name) ? files.open(name, false) : null;
  if (file === null) return new Uint8Array(0);
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

function fileSize(files: SyncFiles, name: string): number {
  const file = files.exists(name) ? files.open(name, false) : null;
  const size = file?.size() ?? 0;
  file?.close();
  return size;
}
