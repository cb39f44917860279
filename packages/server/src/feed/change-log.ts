import type { WriteTx } from '../store/server-store.ts';
import { nextNumber } from '../store/state.ts';

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
  #position: number | null = null;

  constructor(tx: WriteTx) {
    this.#tx = tx;
  }

  /** Position of this transaction, or null while nothing is logged. */
  get position(): number | null {
    return this.#position;
  }

  async add(entry: LogEntry): Promise<void> {
    this.#position ??= await nextNumber(this.#tx, 'position');
    await this.#tx.run('INSERT INTO "$log" (position, tbl, pk, owner, bu) VALUES (?, ?, ?, ?, ?)', [
      this.#position,
      entry.table,
      entry.id,
      entry.owner,
      entry.businessUnit,
    ]);
  }
}
