import { createHash } from 'node:crypto';
import { dateTimeText, isGuid, syncErrorTable } from '@outpost/model';
import {
  type ConflictPolicy,
  type EntryKey,
  type EntryResult,
  type PushEntry,
  type PushRequest,
  type PushResponse,
  syncErrorCells,
} from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ServerStore, WriteTx } from '../store/server-store.ts';
import { Refusal } from '../write/refusal.ts';
import { RowWriter } from '../write/row-writer.ts';
import type { RowWrite } from '../write/write-env.ts';
import { conflictPolicy } from './hello.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

const maxEntries = 100;

interface Recorded {
  readonly status: string;
  readonly version: number | null;
  readonly json: string;
  readonly hash: string;
  readonly userId: string;
}

/** Carries out queued edits in order, each in a transaction of its own that also records its result. */
export async function push(
  env: SyncEnv,
  store: ServerStore,
  caller: Caller,
  request: PushRequest,
): Promise<PushResponse> {
  if (request.entries.length > maxEntries) {
    throw new HttpError(
      413,
      'outpost:tooManyEntries',
      `At most ${maxEntries} entries in one request.`,
    );
  }
  const results: EntryResult[] = [];
  for (const entry of request.entries) {
    results.push(await pushEntry(env, store, caller, request.device.id, entry));
  }
  return { now: new Date(env.now()).toISOString(), results };
}

async function pushEntry(
  env: SyncEnv,
  store: ServerStore,
  caller: Caller,
  device: string,
  entry: PushEntry,
): Promise<EntryResult> {
  const { key } = entry;
  try {
    return await store.write((tx) => applyEntry(env, tx, caller, device, entry));
  } catch (error) {
    if (error instanceof HttpError) throw error;
    env.onFault(error);
    // An unexpected fault concerns this entry only; nothing of it was kept, the device sends it again.
    return { key, status: 'retryLater' };
  }
}

async function applyEntry(
  env: SyncEnv,
  tx: WriteTx,
  caller: Caller,
  device: string,
  entry: PushEntry,
): Promise<EntryResult> {
  const { key } = entry;
  const hash = createHash('sha256')
    .update(
      JSON.stringify([
        entry.op,
        entry.table,
        entry.id,
        entry.set,
        entry.base,
        entry.baseVersion,
        entry.baseOf,
      ]),
    )
    .digest('hex');
  const recorded = await readResult(tx, device, key);
  if (recorded !== null) {
    if (recorded.userId !== caller.context.userId) {
      throw new HttpError(403, '0x80040220', 'The entry belongs to another user.');
    }
    if (recorded.hash === hash) return JSON.parse(recorded.json) as EntryResult;
    return mismatch(env, key);
  }
  for (const dependency of entry.after) {
    if ((await readResult(tx, device, dependency))?.status !== 'applied')
      return { key, status: 'blocked' };
  }
  const writer = { kind: 'user', context: caller.context, name: caller.name } as const;
  try {
    const policy = await conflictPolicy(tx);
    const rows = new RowWriter(env, tx, writer);
    const version = await tx.savepoint(async () => {
      if (!isGuid(entry.id)) throw new Refusal('invalidArgument', `"${entry.id}" is not a row id.`);
      return rows.write(await toRowWrite(tx, device, entry, policy));
    });
    const result: EntryResult = { key, status: 'applied', version };
    await record(tx, caller, device, entry, hash, result, rows.log.position);
    return result;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const result = await refuse(env, tx, caller, entry, error);
    await record(tx, caller, device, entry, hash, result, null);
    return result;
  }
}

async function toRowWrite(
  tx: WriteTx,
  device: string,
  entry: PushEntry,
  policy: ConflictPolicy,
): Promise<RowWrite> {
  const { op, table, id, set, base } = entry;
  const own = entry.baseOf === null ? null : await readResult(tx, device, entry.baseOf);
  const version = own?.version ?? entry.baseVersion;
  const expected = version === null ? {} : { expected: { policy, version, base } };
  return { op, table, id, set, ...expected };
}

/** The refusal as the device gets it, and as a row of `syncerror` that its user can see everywhere. */
async function refuse(
  env: SyncEnv,
  tx: WriteTx,
  caller: Caller,
  entry: PushEntry,
  refusal: Refusal,
): Promise<EntryResult> {
  const syncError = env.ids.next();
  const { errorType, code, message, columns } = refusal;
  const known = env.index.table(entry.table) !== undefined && isGuid(entry.id);
  await new RowWriter(env, tx, { kind: 'system' }).write({
    op: 'create',
    table: syncErrorTable.name,
    id: syncError,
    set: {
      ...syncErrorCells(entry, refusal, caller.context.userId, env.now()),
      // What is not a row of ours cannot be regarded.
      ...(known ? {} : { regardingobjectid: null, regardingobjectid$t: null }),
      ownerid$n: caller.name,
      createdon: dateTimeText(env.now()),
      modifiedon: dateTimeText(env.now()),
    },
  });
  return { key: entry.key, status: 'refused', errorType, code, message, columns, syncError };
}

/** The same key with other content, as after restoring a copy of a device: never applied, never dropped. */
function mismatch(env: SyncEnv, key: EntryKey): EntryResult {
  return {
    key,
    status: 'refused',
    errorType: 3,
    code: 'outpost:mismatch',
    message: 'Another edit was uploaded under the same key. The device may be a restored copy.',
    columns: [],
    syncError: env.ids.next(),
  };
}

async function readResult(tx: WriteTx, device: string, key: EntryKey): Promise<Recorded | null> {
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
    json: String(row[2]),
    hash: String(row[3]),
    userId: String(row[4]),
  };
}

async function record(
  tx: WriteTx,
  caller: Caller,
  device: string,
  entry: PushEntry,
  hash: string,
  result: EntryResult,
  position: number | null,
): Promise<void> {
  await tx.run(
    `INSERT INTO "$result" (device, epoch, seq, user_id, tbl, hash, status, version, position, json)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      device,
      ...entry.key,
      caller.context.userId,
      entry.table,
      hash,
      result.status,
      result.status === 'applied' ? result.version : null,
      position,
      JSON.stringify(result),
    ],
  );
}
