import {
  type Cells,
  currentCells,
  dateTimeText,
  isGuid,
  syncErrorTable,
  versionColumn,
} from '@outpost/model';
import {
  type ConflictPolicy,
  changedColumns,
  type EntryKey,
  type EntryRefusal,
  type EntryResult,
  groupsOf,
  messageLimits,
  type PushEntry,
  type PushRequest,
  type PushResponse,
  sameKey,
  syncErrorCells,
} from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ServerStore, WriteTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import { Refusal } from '../write/refusal.ts';
import { readRow } from '../write/row-access.ts';
import { RowWriter } from '../write/row-writer.ts';
import type { RowWrite } from '../write/write-env.ts';
import { conflictPolicy } from './conflict-policy.ts';
import { OtherDefinitions } from './other-definitions.ts';
import { hashOf, lowMark, pruneMarks, raiseMark, readResult, recordResult } from './results.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { checkFence } from './versions.ts';

/** No row has it: what stands on an edit of this version is compared column by column. */
const unknownVersion = 0;
/** A fault that keeps coming back is one of the entry. */
const maxAttempts = 5;

/** Carries out queued edits in order, each or each change set in a transaction that also records the results. */
export async function push(
  env: SyncEnv,
  store: ServerStore,
  caller: Caller,
  request: PushRequest,
): Promise<PushResponse> {
  const { device, entries, settledBelow } = request;
  const groups = groupsOf(entries);
  if (groups.length > 1 && entries.length > messageLimits.entries) {
    const message = `A request has at most ${messageLimits.entries} entries, or one change set.`;
    throw new HttpError(413, 'outpost:tooManyEntries', message);
  }
  await store.write(async (tx) => {
    await checkFence(tx, caller, device);
    for (const mark of settledBelow) await raiseMark(tx, caller, device.id, mark, env.now());
    if (settledBelow.length > 0) await pruneMarks(tx, caller);
  });
  const results: EntryResult[] = [];
  for (const group of groups) {
    results.push(...(await pushGroup(env, store, caller, device.id, group)));
  }
  return { now: new Date(env.now()).toISOString(), results };
}

async function pushGroup(
  env: SyncEnv,
  store: ServerStore,
  caller: Caller,
  device: string,
  group: readonly PushEntry[],
): Promise<readonly EntryResult[]> {
  try {
    return await store.write(async (tx) => {
      // What was carried out before is known by its key when the request is run again.
      if ((await readState(tx, 'modelHash')) !== env.modelHash) throw new OtherDefinitions();
      return new GroupWriter(env, tx, caller, device, group).run();
    });
  } catch (error) {
    if (error instanceof HttpError || error instanceof OtherDefinitions) throw error;
    env.onFault(error);
    if (group.every((entry) => entry.attempt < maxAttempts)) {
      // An unexpected fault concerns these entries only; nothing of them was kept, the device sends them again.
      return group.map(({ key }) => ({ key, status: 'retryLater' }));
    }
    const fault = new Refusal('unexpected', 'The organization fails at this edit.');
    return store.write((tx) =>
      new GroupWriter(env, tx, caller, device, group).refuseAll(fault, group[0]),
    );
  }
}

/** One entry or change set inside one transaction. */
class GroupWriter {
  readonly #env: SyncEnv;
  readonly #tx: WriteTx;
  readonly #caller: Caller;
  readonly #device: string;
  readonly #group: readonly PushEntry[];
  readonly #byKey: ReadonlyMap<string, PushEntry>;
  readonly #versions = new Map<PushEntry, number>();
  /** Edits that were joined with what others wrote: their user does not know the row that they led to. */
  readonly #joined = new Set<PushEntry>();

  constructor(
    env: SyncEnv,
    tx: WriteTx,
    caller: Caller,
    device: string,
    group: readonly PushEntry[],
  ) {
    this.#env = env;
    this.#tx = tx;
    this.#caller = caller;
    this.#device = device;
    this.#group = group;
    this.#byKey = new Map(group.map((one) => [one.key.join('/'), one]));
  }

  #inGroup(key: EntryKey): PushEntry | undefined {
    return this.#byKey.get(key.join('/'));
  }

  async run(): Promise<readonly EntryResult[]> {
    const earlier = await this.#earlier();
    if (earlier !== null) return earlier;
    for (const entry of this.#group) {
      for (const dependency of entry.after) {
        if (await this.#isApplied(dependency)) continue;
        return this.#group.map(({ key }) => ({ key, status: 'blocked' }));
      }
    }
    const { context, name } = this.#caller;
    let at: PushEntry | undefined;
    try {
      const policy = await conflictPolicy(this.#tx);
      const rows = new RowWriter(this.#env, this.#tx, { kind: 'user', context, name });
      await this.#tx.savepoint(async () => {
        for (const entry of this.#group) {
          at = entry;
          if (!isGuid(entry.id)) {
            throw new Refusal('invalidArgument', `"${entry.id}" is not a row id.`);
          }
          this.#versions.set(entry, await rows.write(await this.#toRowWrite(entry, policy)));
        }
      });
      return await this.#record(
        (entry) => ({
          key: entry.key,
          status: 'applied',
          version: this.#versions.get(entry) ?? 0,
        }),
        rows.log.position,
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.refuseAll(error, at);
    }
  }

  /** Refuses every entry: the one at fault with the reason, the others of its change set because of it. */
  async refuseAll(refusal: Refusal, at: PushEntry | undefined): Promise<readonly EntryResult[]> {
    const results = new Map<PushEntry, EntryResult>();
    for (const entry of this.#group) {
      const own = entry === at ? refusal : partOfRefused(refusal);
      results.set(entry, await this.#refuse(entry, own));
    }
    return this.#record((entry) => results.get(entry) as EntryResult, null);
  }

  /** Results of entries that were here before; null: they are new. */
  async #earlier(): Promise<readonly EntryResult[] | null> {
    const found: EntryResult[] = [];
    for (const entry of this.#group) {
      const recorded = await readResult(this.#tx, this.#device, entry.key);
      if (recorded === null) {
        const [epoch, seq] = entry.key;
        if (seq >= (await lowMark(this.#tx, this.#caller, this.#device, epoch))) continue;
        found.push({ key: entry.key, status: 'settled' });
        continue;
      }
      if (recorded.userId !== this.#caller.context.userId) {
        throw new HttpError(403, '0x80040220', 'The entry belongs to another user.');
      }
      const isSame = recorded.hash === hashOf(entry);
      found.push(isSame ? recorded.result : mismatch(this.#env, entry.key));
    }
    if (found.length === 0) return null;
    if (found.length === this.#group.length) return found;
    // Part of the change set is new: another one was here under some of these keys.
    return this.#group.map(
      ({ key }) => found.find((one) => sameKey(one.key, key)) ?? mismatch(this.#env, key),
    );
  }

  async #isApplied(key: EntryKey): Promise<boolean> {
    if (this.#inGroup(key) !== undefined) return true;
    const recorded = await readResult(this.#tx, this.#device, key);
    if (recorded !== null) return recorded.status === 'applied';
    return key[1] < (await lowMark(this.#tx, this.#caller, this.#device, key[0]));
  }

  async #toRowWrite(entry: PushEntry, policy: ConflictPolicy): Promise<RowWrite> {
    const { op, table, id } = entry;
    const version = (await this.#ownVersion(entry.baseOf)) ?? entry.baseVersion;
    if (version !== null && op === 'update' && (await this.#rowVersion(entry)) !== version) {
      this.#joined.add(entry);
    }
    const set = this.#current(entry, entry.set);
    const base = this.#current(entry, entry.base);
    this.#checkColumns(entry, set);
    const expected = version === null ? {} : { expected: { policy, version, base } };
    return { op, table, id, set, ...expected };
  }

  /** Edits may have been made under earlier definitions. */
  #current({ table }: PushEntry, cells: Cells): Cells {
    const definition = this.#env.index.table(table);
    return definition === undefined ? cells : currentCells(definition, cells);
  }

  /** Devices send what a user has set and nothing else: what cannot be set any more must not get lost. */
  #checkColumns({ table, op }: PushEntry, set: Cells): void {
    const definition = this.#env.index.table(table);
    const refused =
      definition === undefined || op === 'delete' ? null : changedColumns(definition, set);
    if (refused === null) return;
    const { message, errorType, columns, code } = refused;
    const refusal = new Refusal('invalidArgument', message, errorType, columns);
    throw Object.assign(refusal, { code });
  }

  /** The version that an own earlier entry has produced. */
  async #ownVersion(key: EntryKey | null): Promise<number | null> {
    if (key === null) return null;
    const inside = this.#inGroup(key);
    if (inside !== undefined) return this.#knownVersion(inside);
    return (await readResult(this.#tx, this.#device, key))?.version ?? null;
  }

  /** The version that an edit led to, as far as its user knows the row. */
  #knownVersion(entry: PushEntry): number | null {
    return this.#joined.has(entry) ? unknownVersion : (this.#versions.get(entry) ?? null);
  }

  async #rowVersion({ table, id }: PushEntry): Promise<number | null> {
    const definition = this.#env.index.table(table);
    const row = definition === undefined ? null : await readRow(this.#tx, definition, id);
    return row === null ? null : Number(row.cells[versionColumn.name]);
  }

  /** The refusal as the device gets it, and as a row of `syncerror` that its user can see everywhere. */
  async #refuse(entry: PushEntry, refusal: Reason): Promise<EntryResult> {
    const env = this.#env;
    const syncError = env.ids.next();
    const { errorType, code, columns } = refusal;
    const message = refusal.message.slice(0, messageLimits.text);
    const known = env.index.table(entry.table) !== undefined && isGuid(entry.id);
    await new RowWriter(env, this.#tx, { kind: 'system' }).write({
      op: 'create',
      table: syncErrorTable.name,
      id: syncError,
      set: {
        ...syncErrorCells(entry, refusal, this.#caller.context.userId, env.now()),
        // What is not a row of ours cannot be regarded.
        ...(known ? {} : { regardingobjectid: null, regardingobjectid$t: null }),
        ownerid$n: this.#caller.name,
        createdon: dateTimeText(env.now()),
        modifiedon: dateTimeText(env.now()),
      },
    });
    return { key: entry.key, status: 'refused', errorType, code, message, columns, syncError };
  }

  async #record(
    resultOf: (entry: PushEntry) => EntryResult,
    position: number | null,
  ): Promise<readonly EntryResult[]> {
    const results: EntryResult[] = [];
    for (const entry of this.#group) {
      const result = resultOf(entry);
      const version = result.status === 'applied' ? this.#knownVersion(entry) : null;
      const verdict = { result, version, position };
      await recordResult(this.#tx, this.#caller, this.#device, entry, verdict);
      results.push(result);
    }
    return results;
  }
}

type Reason = EntryRefusal & { readonly columns: readonly string[] };

function partOfRefused({ message }: Refusal): Reason {
  return {
    errorType: 3,
    code: 'outpost:changeSet',
    message: `Was made together with an edit that is refused: ${message}`,
    columns: [],
  };
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
