import type { DeviceStore } from '@outpost/store';
import { recomputeEach } from '../apply/overlay.ts';
import { effectsOf } from '../effects/effect.ts';
import { type EntryKey, sameKey } from '../protocol/index.ts';
import { currentEntry } from './current-entry.ts';
import { deleteEntry, type Entry, readEntries, readerOf } from './entry.ts';
import { familyOf } from './family.ts';

export type UndoResult =
  | { readonly kind: 'undone'; readonly entries: readonly EntryKey[] }
  /** `sent`: the organization may have it. `unknown`: there is no such edit in the queue. */
  | { readonly kind: 'refused'; readonly reason: 'sent' | 'unknown' };

/** What goes with an edit when it is taken back: its change set, and everything that depends on it. */
export function undoFamily(store: DeviceStore, key: EntryKey): readonly Entry[] {
  const open = readEntries(store, "state IN ('queued', 'sent')");
  return dependantsOf(open, key).map((entry) => currentEntry(store.schema, entry));
}

/** Takes back an edit that was never sent, with what depends on it, in one transaction. */
export function undo(store: DeviceStore, key: EntryKey): UndoResult {
  let result: UndoResult = { kind: 'refused', reason: 'unknown' };
  store.write({ origin: 'sync', durability: 'full' }, (tx) => {
    const open = readEntries(readerOf(tx.sql), "state IN ('queued', 'sent')");
    const family = dependantsOf(open, key);
    if (family.length === 0) return;
    if (family.some((entry) => entry.everSent)) {
      result = { kind: 'refused', reason: 'sent' };
      return;
    }
    const effects = family.flatMap((entry) => effectsOf(readerOf(tx.sql), entry.key));
    for (const entry of family) deleteEntry(tx.sql, entry.key);
    recomputeEach(tx, [...family, ...effects]);
    result = { kind: 'undone', entries: family.map((entry) => entry.key) };
  });
  return result;
}

function dependantsOf(open: readonly Entry[], key: EntryKey): readonly Entry[] {
  return familyOf(
    open,
    (entry) => sameKey(entry.key, key),
    (entry, one) =>
      entry.after.some((dependency) => sameKey(dependency, one.key)) ||
      (entry.changeSet !== null && entry.changeSet === one.changeSet) ||
      // Later edits of the row stand on the values of the earlier one.
      (entry.table === one.table && entry.id === one.id && entry.key[1] > one.key[1]),
  );
}
