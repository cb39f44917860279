import type { WriteTx } from '../store/server-store.ts';
import { readState, writeState } from '../store/state.ts';

/** Above every version that a device may have seen of the lost writes, or a checksum could miss another content. */
const versionLeap = 1_000_000_000;

/**
 * Begins a new list of changes, as after restoring the database from a backup: tokens of the old one name places that
 * may hold other changes now. Devices compare what they have and send again what they do not see confirmed.
 */
export async function beginFeed(tx: WriteTx, feed: string): Promise<void> {
  await writeState(tx, 'feed', feed);
  await tx.run('UPDATE "$result" SET position = NULL');
  await tx.run('DELETE FROM "$reached"');
  await tx.engine.leapVersions(tx, versionLeap);
}

/** Positions of another clock say nothing: the list of changes begins anew. */
export async function followClock(tx: WriteTx, newFeed: () => string): Promise<void> {
  const { kind } = tx.engine.clock;
  const known = await readState(tx, 'clock');
  if (known === kind) return;
  await writeState(tx, 'clock', kind);
  if (known === null) return;
  await tx.run('DELETE FROM "$log"');
  await writeState(tx, 'logFloor', '0');
  await beginFeed(tx, newFeed());
}
