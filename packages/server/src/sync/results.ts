import { createHash } from 'node:crypto';
import {
  type EntryKey,
  type EntryResult,
  messageLimits,
  type PushEntry,
} from '@outpost/sync/protocol';
import type { ReadTx, WriteTx } from '../store/server-store.ts';
import type { Caller } from './sync-env.ts';

/** The verdict on an entry, kept under its key until the device will never ask again. */
export interface Recorded {
  readonly status: string;
  /** The version of the row after it, as its user knows the row: see `push`. */
  readonly version: number | null;
  readonly result: EntryResult;
  readonly hash: string;
  readonly userId: string;
}

export async function readResult(
  tx: ReadTx,
  device: string,
  key: EntryKey,
): Promise<Recorded | null> {
  const row = (
    await tx.all(
      'SELECT status, version, json, hash, user_id FROM "$result" WHERE device = ? AND epoch = ? AND seq = ?',
      [device, key[0], key[1]],
    )
  )[0];
  if (row === undefined) return null;
  return {
    status: String(row[0]),
    version: row[1] === null ? null : Number(row[1]),
    result: JSON.parse(String(row[2])) as EntryResult,
    hash: String(row[3]),
    userId: String(row[4]),
  };
}

export async function recordResult(
  tx: WriteTx,
  caller: Caller,
  device: string,
  entry: PushEntry,
  {
    result,
    version,
    position,
  }: {
    readonly result: EntryResult;
    readonly version: number | null;
    readonly position: number | null;
  },
): Promise<void> {
  await tx.run(
    `INSERT INTO "$result" (device, epoch, seq, user_id, tbl, hash, status, version, position, json)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      device,
      ...entry.key,
      caller.context.userId,
      entry.table,
      hashOf(entry),
      result.status,
      version,
      position,
      JSON.stringify(result),
    ],
  );
}

/** Names the content of an entry, without what may differ when it is sent again. */
export function hashOf(entry: PushEntry): string {
  const { op, table, id, set, base, baseVersion, baseOf, changeSet } = entry;
  const text = JSON.stringify([op, table, id, set, base, baseVersion, baseOf, changeSet]);
  return createHash('sha256').update(text).digest('hex');
}

/** Entries of an epoch below this number are finished. Marks are the user's own: nobody can finish edits of others. */
export async function lowMark(
  tx: ReadTx,
  caller: Caller,
  device: string,
  epoch: string,
): Promise<number> {
  const row = (
    await tx.all('SELECT low FROM "$mark" WHERE user_id = ? AND device = ? AND epoch = ?', [
      caller.context.userId,
      device,
      epoch,
    ])
  )[0];
  return Number(row?.[0] ?? 0);
}

/** Raises a low mark; the results below it are not needed any more. */
export async function raiseMark(
  tx: WriteTx,
  caller: Caller,
  device: string,
  [epoch, low]: EntryKey,
  now: number,
): Promise<void> {
  const { userId } = caller.context;
  const changed = await tx.run(
    `INSERT INTO "$mark" (user_id, device, epoch, low, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (user_id, device, epoch) DO UPDATE SET low = excluded.low, at = excluded.at WHERE excluded.low > "$mark".low`,
    [userId, device, epoch, low, now],
  );
  if (changed === 0) return;
  await tx.run('DELETE FROM "$result" WHERE device = ? AND epoch = ? AND seq < ? AND user_id = ?', [
    device,
    epoch,
    low,
    userId,
  ]);
}

/**
 * Marks that one user may have: those of as many openings, of all their devices. One that makes room for newer ones was
 * of a database that has been opened, and edited, so often since.
 */
export const maxMarks: number = 10 * messageLimits.epochs;

/** Forgets the oldest marks of a user who has too many. */
export async function pruneMarks(tx: WriteTx, caller: Caller): Promise<void> {
  const { userId } = caller.context;
  const [count] = await tx.all('SELECT count(*) FROM "$mark" WHERE user_id = ?', [userId]);
  const over = Number(count?.[0] ?? 0) - maxMarks;
  if (over <= 0) return;
  const oldest = await tx.all(
    'SELECT device, epoch FROM "$mark" WHERE user_id = ? ORDER BY at, device, epoch LIMIT ?',
    [userId, over],
  );
  for (const [device, epoch] of oldest) {
    await tx.run('DELETE FROM "$mark" WHERE user_id = ? AND device = ? AND epoch = ?', [
      userId,
      device ?? null,
      epoch ?? null,
    ]);
  }
}
