import type { ReadTx, WriteTx } from './server-store.ts';

/**
 * Orders the change feed like commits as readers see them. Positions are whole numbers; all that a transaction logs has
 * the same one.
 */
export interface ChangeClock {
  readonly kind: 'counter' | 'xid8' | 'sequencer';
  /** The position of this transaction. */
  position(tx: WriteTx): Promise<number>;
  /** Everything at or below it is visible in this snapshot, and nothing will ever appear below it. Never goes back. */
  watermark(tx: ReadTx): Promise<number>;
}
