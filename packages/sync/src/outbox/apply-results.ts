import { type IdGenerator, type System, syncErrorTable } from '@outpost/model';
import type { DeviceStore, WriteTx } from '@outpost/store';
import { recomputeEach, recomputeVisible } from '../apply/overlay.ts';
import { dropEffects, effectsOf } from '../effects/effect.ts';
import {
  type EntryRefusal,
  type PushEntry,
  type PushResponse,
  syncErrorCells,
} from '../protocol/index.ts';
import {
  dependantsOf,
  type Entry,
  holdEntry,
  readEntries,
  readerOf,
  setEntryState,
} from './entry.ts';
import type { Outbox } from './outbox.ts';

type Refusal = EntryRefusal & { readonly syncError: string };

/** Takes in the organization's verdicts, in one transaction: refused edits leave the row and become sync errors. */
export function applyResults(
  store: DeviceStore,
  outbox: Outbox,
  ids: IdGenerator,
  userId: string,
  response: PushResponse,
  heldUntil: (entry: Entry) => number,
): void {
  store.write({ origin: 'sync', durability: 'full' }, (tx) => {
    const refused: Entry[] = [];
    for (const result of response.results) {
      const entry = readEntries(readerOf(tx.sql), 'epoch = ? AND seq = ?', [...result.key])[0];
      if (entry === undefined || entry.state !== 'sent') continue;
      switch (result.status) {
        case 'applied':
        case 'settled':
          setEntryState(tx.sql, entry.key, 'applied');
          break;
        case 'blocked':
          setEntryState(tx.sql, entry.key, 'queued');
          break;
        case 'retryLater':
          holdEntry(tx.sql, entry.key, heldUntil(entry));
          outbox.noteHeld(entry.key, heldUntil(entry));
          break;
        case 'refused':
          refuse(tx, entry, result, response.now, userId, null);
          refused.push(entry);
          break;
        default:
          result satisfies never;
      }
    }
    // After all verdicts: what the organization has answered itself has its own reason.
    for (const entry of refused) refuseDependants(tx, outbox, ids, entry, response.now, userId);
  });
}

/**
 * The organization cannot be told of these edits, which are one: they become sync errors of the device, which go up by
 * themselves.
 */
export function refuseUnsendable(
  store: DeviceStore,
  outbox: Outbox,
  { clock, ids }: Pick<System, 'clock' | 'ids'>,
  userId: string,
  entries: readonly PushEntry[],
  reason: EntryRefusal,
): void {
  const now = new Date(clock.now()).toISOString();
  store.write({ origin: 'sync', durability: 'full' }, (tx) => {
    const refused: Entry[] = [];
    for (const { key } of entries) {
      const [entry] = readEntries(readerOf(tx.sql), 'epoch = ? AND seq = ?', [...key]);
      if (entry === undefined) continue;
      refuseHere(tx, outbox, ids, entry, reason, now, userId, null);
      refused.push(entry);
    }
    for (const entry of refused) refuseDependants(tx, outbox, ids, entry, now, userId);
  });
}

/** Refuses an entry that the organization does not know: its sync error is uploaded as a create. */
function refuseHere(
  tx: WriteTx,
  outbox: Outbox,
  ids: IdGenerator,
  entry: Entry,
  reason: EntryRefusal,
  now: string,
  userId: string,
  blockedBy: Entry | null,
): void {
  const id = ids.next();
  refuse(tx, entry, { ...reason, syncError: id }, now, userId, blockedBy);
  const after = tx.get(syncErrorTable.name, id);
  outbox.describe({ table: syncErrorTable.name, id, kind: 'insert', before: null, after }, tx);
}

/** Moves an entry out of the overlay and shows it as a sync error. */
function refuse(
  tx: WriteTx,
  entry: Entry,
  refusal: Refusal,
  now: string,
  userId: string,
  blockedBy: Entry | null,
): void {
  tx.sql
    .prepare(
      `UPDATE "$outbox" SET state = 'refused', sync_error_id = ?, blocked_by = ? WHERE epoch = ? AND seq = ?`,
    )
    .run([
      refusal.syncError,
      blockedBy === null ? null : JSON.stringify(blockedBy.key),
      ...entry.key,
    ]);
  recomputeVisible(tx, entry.table, entry.id);
  const effects = effectsOf(readerOf(tx.sql), entry.key);
  dropEffects(tx.sql, entry.key);
  recomputeEach(tx, effects);
  if (tx.get(syncErrorTable.name, refusal.syncError) !== null) return;
  tx.insert(
    syncErrorTable.name,
    refusal.syncError,
    syncErrorCells(entry, refusal, userId, Date.parse(now)),
  );
}

/** Edits that depend on a refused one cannot be uploaded; each gets a sync error of its own, uploaded as a create. */
function refuseDependants(
  tx: WriteTx,
  outbox: Outbox,
  ids: IdGenerator,
  root: Entry,
  now: string,
  userId: string,
): void {
  const reader = readerOf(tx.sql);
  const madeWith =
    root.changeSet === null
      ? []
      : readEntries(reader, `change_set = ? AND state IN ('queued', 'sent')`, [root.changeSet]);
  const family = [...madeWith, ...dependantsOf(reader, root.key)];
  for (const entry of family.sort((a, b) => a.key[1] - b.key[1])) {
    // An earlier one may have taken it along.
    const [current] = readEntries(readerOf(tx.sql), 'epoch = ? AND seq = ?', [...entry.key]);
    if (current?.state !== 'queued' && current?.state !== 'sent') continue;
    const message = `Waits for the refused ${root.op} of ${root.table} ${root.id}.`;
    const reason: EntryRefusal = { errorType: 3, code: 'outpost:blocked', message };
    refuseHere(tx, outbox, ids, entry, reason, now, userId, root);
    refuseDependants(tx, outbox, ids, entry, now, userId);
  }
}
