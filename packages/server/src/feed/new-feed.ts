import type { WriteTx } from '../store/server-store.ts';
import { writeState } from '../store/state.ts';

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
