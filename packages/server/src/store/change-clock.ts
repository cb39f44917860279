import type { ReadTx, ServerStore, WriteTx } from './server-store.ts';

/**
 * Orders the change feed like commits as readers see them. Positions are whole numbers; all that a transaction logs has
 * the same one.
 */
export interface ChangeClock {
  readonly kind: 'counter' | 'xid8' | 'sequencer';
  /** The position of this transaction; below zero: a ticket, which `advance` replaces once it is committed. */
  position(tx: WriteTx): Promise<number>;
  /** Gives positions to what was committed since; to be called before the feed is read. Absent: nothing has to be. */
  advance?(store: Pick<ServerStore, 'read' | 'write'>): Promise<void>;
  /** Everything at or below it is visible in this snapshot, and nothing will ever appear below it. Never goes back. */
  watermark(tx: ReadTx): Promise<number>;
}
