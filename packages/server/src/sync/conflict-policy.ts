import type { ConflictPolicy } from '@outpost/sync/protocol';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';

export async function conflictPolicy(tx: ReadTx): Promise<ConflictPolicy> {
  const policy = await readState(tx, 'conflictPolicy');
  return policy === 'on' || policy === 'merge' ? policy : 'off';
}
