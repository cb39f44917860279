import type { WriteTx } from '@outpost/store';
import type { RowEffect } from '../effects/effect.ts';
import { messageLimits, sameKey } from '../protocol/index.ts';
import { dependantsOf, type Entry, entriesNaming, type Reader, readerOf } from './entry.ts';

/** An edit that may become part of an earlier one. */
type NewEntry = Pick<
  Entry,
  'op' | 'id' | 'set' | 'base' | 'local' | 'after' | 'changeSet' | 'at'
> & {
  readonly effects: readonly RowEffect[];
};

/**
 * The queued entry of a row with another edit of it joined, `gone` when both cancel each other out, or null when they
 * must stay two: the earlier one may be known to the organization, something depends on it, or an edge would lead to a
 * later entry.
 */
export function joined(
  tx: WriteTx,
  epoch: string,
  earlier: Entry | undefined,
  next: NewEntry,
): Entry | 'gone' | null {
  if (earlier === undefined || earlier.state !== 'queued' || earlier.everSent) return null;
  if (earlier.key[0] !== epoch || earlier.changeSet !== null || next.changeSet !== null)
    return null;
  if (earlier.op === 'delete' || next.op === 'create') return null;
  const reader = readerOf(tx.sql);
  const needs = (one: Entry) => one.after.some((key) => sameKey(key, earlier.key));
  const hasDependants = dependantsOf(reader, earlier.key).some((one) => isOpen(one) && needs(one));
  if (hasDependants || movesOthers(next, reader, earlier)) return null;
  const after = [...earlier.after];
  for (const key of next.after) {
    if (sameKey(key, earlier.key) || after.some((one) => sameKey(one, key))) continue;
    if (key[1] > earlier.key[1]) return null;
    after.push(key);
  }
  // More could not be sent.
  if (after.length > messageLimits.after) return null;
  // A deletion can be undone, and the edit is to be there then. A row that was never sent leaves nothing to undo.
  if (next.op === 'delete') return earlier.op === 'create' ? 'gone' : null;
  const set = { ...earlier.set, ...next.set };
  // What the user saw before the first of the edits.
  const base = earlier.op === 'create' ? earlier.base : { ...next.base, ...earlier.base };
  const local = [...earlier.local.filter((slot) => !Object.hasOwn(next.set, slot)), ...next.local];
  return { ...earlier, set, base, local, after };
}

/**
 * True when an edit does something to other rows, or would, were it carried out before the edits that were made in
 * between: a row that has been moved away meanwhile must not go with the one it belonged to.
 */
function movesOthers(next: NewEntry, reader: Reader, earlier: Entry): boolean {
  if (next.effects.some((effect) => !effect.isTwin)) return true;
  if (next.op !== 'delete' && !Object.hasOwn(next.set, 'ownerid')) return false;
  return entriesNaming(reader, next.id).some((one) => isOpen(one) && one.key[1] > earlier.key[1]);
}

/** Not carried out: an entry that is applied is in the organization already. */
function isOpen({ state }: Entry): boolean {
  return state !== 'applied';
}
