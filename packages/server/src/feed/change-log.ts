import type { WriteTx } from '../store/server-store.ts';
import { writeState } from '../store/state.ts';

/** A row whose membership or content may have changed, under one access scope. */
export interface LogEntry {
  readonly table: string;
  readonly id: string;
  readonly owner: string | null;
  readonly businessUnit: string | null;
}

/** Writes the log of one transaction; all its entries share one position. */
export class ChangeLog {
  readonly #tx: WriteTx;
  readonly #now: number;
  #position: number | null = null;

  constructor(tx: WriteTx, now: number) {
    this.#tx = tx;
    this.#now = now;
  }

  /** Position of this transaction, or null while nothing is logged. */
  get position(): number | null {
    return this.#position;
  }

  async add(entry: LogEntry): Promise<void> {
    this.#position ??= await this.#tx.engine.clock.position(this.#tx);
    await this.#tx.run(
      'INSERT INTO "$log" (position, tbl, pk, owner, bu, at) VALUES (?, ?, ?, ?, ?, ?)',
      [this.#position, entry.table, entry.id, entry.owner, entry.businessUnit, this.#now],
    );
  }
}

/**
 * Forgets log entries that are older than `beforeMs`. Tokens below the new floor expire: their devices compare what they
 * have. Answers how many entries went.
 */
export async function pruneLog(tx: WriteTx, beforeMs: number): Promise<number> {
  const row = await tx.all('SELECT max(position) FROM "$log" WHERE at < ? AND position > 0', [
    beforeMs,
  ]);
  const floor = row[0]?.[0];
  if (typeof floor !== 'number') return 0;
  await writeState(tx, 'logFloor', String(floor));
  return tx.run('DELETE FROM "$log" WHERE position > 0 AND position <= ?', [floor]);
}
