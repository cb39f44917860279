import type { CommitPhase } from '../files/sync-files.ts';
import type { Durability } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';

interface TransactionHost {
  /** Runs BEGIN, COMMIT and the like; not one of the caller's `runs`. */
  control(sql: string): void;
  /** Called outside transactions only: SQLite refuses to change the level inside one. */
  setDurability(level: Durability): void;
  /** Throws when somebody else owns the database now. */
  demandOwner?(): void;
  /** Tells files with a log of their own which sync is the commit. */
  setPhase?(phase: CommitPhase): void;
}

/** Transactions and savepoints of one connection. */
export class Transactions {
  readonly #host: TransactionHost;
  #depth = 0;
  #level: Durability = 'full';

  constructor(host: TransactionHost) {
    this.#host = host;
  }

  get open(): boolean {
    return this.#depth > 0;
  }

  run<T>(fn: () => T, durability: Durability): T {
    return this.#depth > 0 ? this.#savepoint(fn) : this.#transaction(fn, durability);
  }

  /**
   * Call before a statement that may write: outside transactions it commits by itself, and is a user's edit for all we
   * know. Changing the level costs a statement, so it stays as it is while normal transactions follow each other.
   */
  beforeWrite(): void {
    if (this.#depth > 0) return;
    this.#host.demandOwner?.();
    this.#setLevel('full');
  }

  #setLevel(level: Durability): void {
    if (level === this.#level) return;
    this.#host.setDurability(level);
    this.#level = level;
  }

  #transaction<T>(fn: () => T, durability: Durability): T {
    this.#host.demandOwner?.();
    this.#setLevel(durability);
    try {
      this.#host.control('BEGIN IMMEDIATE');
      this.#depth = 1;
      this.#host.setPhase?.('open');
      const value = refusePromise(fn());
      this.#host.setPhase?.('committing');
      this.#host.control('COMMIT');
      return value;
    } catch (error) {
      if (this.#depth > 0) this.#rollback();
      throw error;
    } finally {
      this.#depth = 0;
      this.#host.setPhase?.('outside');
    }
  }

  #savepoint<T>(fn: () => T): T {
    const name = `"s${this.#depth}"`;
    this.#host.control(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const value = refusePromise(fn());
      this.#host.control(`RELEASE ${name}`);
      return value;
    } catch (error) {
      try {
        this.#host.control(`ROLLBACK TO ${name}; RELEASE ${name}`);
      } catch {
        // SQLite has rolled the whole transaction back by itself (disk full, I/O error): the first error counts.
      }
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  #rollback(): void {
    try {
      this.#host.control('ROLLBACK');
    } catch {
      // As above.
    }
  }
}

function refusePromise<T>(value: T): T {
  if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
    throw new StoreError(
      'write.async',
      'A transaction cannot wait for a promise.',
      'Do the waiting before the transaction and keep its function synchronous.',
    );
  }
  return value;
}
