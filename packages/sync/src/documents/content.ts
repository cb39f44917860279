/** Contents of documents inside the device database, in parts, named by their hash. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { documentReferenceText, parseDocumentReference } from '@outpost/model';
import type { SqlValue, WriteTx } from '@outpost/store';
import type { Reader } from '../outbox/entry.ts';
import { partBytes } from '../protocol/index.ts';

export function referenceOf(bytes: Uint8Array): string {
  return documentReferenceText({ hash: bytesToHex(sha256(bytes)), bytes: bytes.length });
}

/** Keeps the content of a document, in the transaction of the row that names it. */
export function putContent(tx: WriteTx, reference: string, bytes: Uint8Array, at: number): void {
  dropContent(tx, reference);
  for (let start = 0; start < bytes.length; start += partBytes) {
    appendPart(tx, reference, start, bytes.subarray(start, start + partBytes), at);
  }
}

/** Bytes of a document that are here; null: none were ever asked for. */
export function bytesHere(reader: Reader, reference: string): number | null {
  const row = reader.all('SELECT have FROM "$document" WHERE reference = ?', [reference])[0];
  return row === undefined ? null : Number(row[0]);
}

export function isHere(reader: Reader, reference: string): boolean {
  const size = parseDocumentReference(reference)?.bytes;
  return size !== undefined && bytesHere(reader, reference) === size;
}

/** The content; null: it is not here, or not all of it. */
export function readContent(reader: Reader, reference: string): Uint8Array | null {
  if (!isHere(reader, reference)) return null;
  const content = new Uint8Array(parseDocumentReference(reference)?.bytes ?? 0);
  for (const { at, bytes } of parts(reader, reference)) content.set(bytes, at);
  return content;
}

/** Bytes from an offset on, at most a part. */
export function readPart(reader: Reader, reference: string, at: number): Uint8Array {
  const row = reader.all(
    'SELECT at, bytes FROM "$document_part" WHERE reference = ? AND at <= ? ORDER BY at DESC LIMIT 1',
    [reference, at],
  )[0];
  return blob(row?.[1]).subarray(at - Number(row?.[0] ?? 0));
}

export function appendPart(
  tx: WriteTx,
  reference: string,
  at: number,
  bytes: Uint8Array,
  now: number,
): void {
  const size = parseDocumentReference(reference)?.bytes ?? 0;
  tx.sql
    .prepare('INSERT INTO "$document_part" (reference, at, bytes) VALUES (?, ?, ?)')
    .run([reference, at, bytes]);
  tx.sql
    .prepare(
      `INSERT INTO "$document" (reference, size, have, used_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (reference) DO UPDATE SET have = excluded.have`,
    )
    .run([reference, size, at + bytes.length, now]);
}

/** Whether what has come is what its reference names. */
export function isGenuine(reader: Reader, reference: string): boolean {
  const hash = sha256.create();
  for (const { bytes } of parts(reader, reference)) hash.update(bytes);
  return bytesToHex(hash.digest()) === parseDocumentReference(reference)?.hash;
}

export function dropContent(tx: WriteTx, reference: string): void {
  tx.sql.prepare('DELETE FROM "$document" WHERE reference = ?').run([reference]);
  tx.sql.prepare('DELETE FROM "$document_part" WHERE reference = ?').run([reference]);
}

function* parts(
  reader: Reader,
  reference: string,
): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  const sql = 'SELECT at FROM "$document_part" WHERE reference = ? ORDER BY at';
  for (const [at] of reader.all(sql, [reference])) {
    yield { at: Number(at), bytes: readPart(reader, reference, Number(at)) };
  }
}

function blob(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
