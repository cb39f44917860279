import { createHash } from 'node:crypto';
import { base64ToBytes, parseDocumentReference } from '@outpost/model';
import { messageLimits, type UploadRequest, type UploadResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx, WriteTx } from '../store/server-store.ts';
import type { Caller, SyncEnv } from '../sync/sync-env.ts';
import { checkFence } from '../sync/versions.ts';

/** Largest part in bytes. */
const maxPartBytes = messageLimits.partBytes;
/** Bytes that a user may have here before an edit names them; the oldest make room. */
const maxUserBytes = 64 * 1024 * 1024;

/**
 * Takes in a part of a document for an edit to come. It is the user's own until a row names it: nobody learns from it
 * what others have. Complete when all bytes are there and have the hash they were named by.
 */
export async function upload(
  env: SyncEnv,
  tx: WriteTx,
  caller: Caller,
  { device, reference, at, data }: UploadRequest,
): Promise<UploadResponse> {
  await checkFence(tx, caller, device);
  const parsed = parseDocumentReference(reference);
  if (parsed === null || parsed.bytes === 0) {
    throw new HttpError(400, 'outpost:document', `"${reference}" names no document.`);
  }
  if (parsed.bytes > env.maxDocumentBytes) {
    const message = `A document has at most ${env.maxDocumentBytes} bytes.`;
    throw new HttpError(413, 'outpost:documentTooLarge', message);
  }
  const now = new Date(env.now()).toISOString();
  return { now, have: await takePart(env, tx, caller.context.userId, { reference, at, data }) };
}

/** Keeps a part of something that has a name by its content. Answers how many bytes of it are there. */
export async function takePart(
  env: SyncEnv,
  tx: WriteTx,
  userId: string,
  { reference, at, data }: Pick<UploadRequest, 'reference' | 'at' | 'data'>,
): Promise<number> {
  const parsed = parseDocumentReference(reference);
  const bytes = base64ToBytes(data);
  if (parsed === null || bytes === null || bytes.length > maxPartBytes) {
    const message = `A part is Base64 of at most ${maxPartBytes} bytes.`;
    throw new HttpError(400, 'outpost:documentPart', message);
  }
  const have = (await uploadedBytes(tx, userId, reference)) ?? 0;
  if (bytes.length === 0 || at !== have || have === parsed.bytes) return have;
  if (at + bytes.length > parsed.bytes) {
    throw new HttpError(400, 'outpost:documentPart', 'The part goes past the end of the document.');
  }
  await makeRoom(tx, userId, reference, bytes.length);
  await tx.run('INSERT INTO "$upload_part" (user_id, reference, at, data) VALUES (?, ?, ?, ?)', [
    userId,
    reference,
    at,
    data,
  ]);
  await tx.run(
    `INSERT INTO "$upload" (user_id, reference, have, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (user_id, reference) DO UPDATE SET have = excluded.have, at = excluded.at`,
    [userId, reference, at + bytes.length, env.now()],
  );
  if (at + bytes.length < parsed.bytes) return at + bytes.length;
  const content = await uploadedContent(tx, userId, reference);
  if (createHash('sha256').update(content).digest('hex') === parsed.hash) return parsed.bytes;
  await dropUpload(tx, userId, reference);
  return 0;
}

/** What a user has uploaded under this name, complete; null: not all of it is there. */
export async function uploaded(
  tx: ReadTx,
  userId: string,
  reference: string,
): Promise<Buffer | null> {
  const have = await uploadedBytes(tx, userId, reference);
  if (have === null || have !== parseDocumentReference(reference)?.bytes) return null;
  return uploadedContent(tx, userId, reference);
}

/** Forgets uploads that no part was added to since `beforeMs`. */
export async function pruneUploads(tx: WriteTx, beforeMs: number): Promise<void> {
  const old = await tx.all('SELECT user_id, reference FROM "$upload" WHERE at < ?', [beforeMs]);
  for (const [userId, reference] of old) await dropUpload(tx, String(userId), String(reference));
}

async function uploadedBytes(
  tx: ReadTx,
  userId: string,
  reference: string,
): Promise<number | null> {
  const row = (
    await tx.all('SELECT have FROM "$upload" WHERE user_id = ? AND reference = ?', [
      userId,
      reference,
    ])
  )[0];
  return row === undefined ? null : Number(row[0]);
}

async function uploadedContent(tx: ReadTx, userId: string, reference: string): Promise<Buffer> {
  const rows = await tx.all(
    'SELECT data FROM "$upload_part" WHERE user_id = ? AND reference = ? ORDER BY at',
    [userId, reference],
  );
  return Buffer.concat(rows.map((row) => Buffer.from(String(row[0]), 'base64')));
}

async function makeRoom(
  tx: WriteTx,
  userId: string,
  reference: string,
  bytes: number,
): Promise<void> {
  const others = await tx.all(
    'SELECT reference, have FROM "$upload" WHERE user_id = ? ORDER BY at, reference',
    [userId],
  );
  let over = others.reduce((sum, row) => sum + Number(row[1]), bytes) - maxUserBytes;
  for (const [one, have] of others) {
    if (over <= 0) break;
    if (one === reference) continue;
    await dropUpload(tx, userId, String(one));
    over -= Number(have);
  }
}

/** Forgets what a user has uploaded under this name. */
export async function dropUpload(tx: WriteTx, userId: string, reference: string): Promise<void> {
  for (const table of ['"$upload"', '"$upload_part"']) {
    await tx.run(`DELETE FROM ${table} WHERE user_id = ? AND reference = ?`, [userId, reference]);
  }
}
