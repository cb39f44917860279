import type { CommitPhase } from '../files/sync-files.ts';
import type { Durability } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';

interface TransactionHost {
  exec(sql: string): void;
  /** Called outside transactions only: SQLite refuses to change the level inside one. */
  setDurability(level: Durability): void;
  /** Tells files with a log of their own which sync is the commit. */
  setPhase?(phase: CommitPhase): void;
}

/** Transactions and savepoints of one connection. */
export class Transactions {
  readonly #host: TransactionHost;
  #depth = 0;

  constructor(host: TransactionHost) {
    this.#host = host;
  }

  get open(): boolean {
    return this.#depth > 0;
  }

  run<T>(fn: () => T, durability: Durability): T {
    return this.#depth > 0 ? this.#savepoint(fn) : this.#transaction(fn, durability);
  }

  #transaction<T>(fn: () => T, durability: Durability): T {
    if (durability === 'normal') this.#host.setDurability('normal');
    try {
      this.#host.exec('BEGIN IMMEDIATE');
      this.#depth = 1;
      this.#host.setPhase?.('open');
      const value = refusePromise(fn());
      this.#host.setPhase?.('committing');
      this.#host.exec('COMMIT');
      return value;
    } catch (error) {
      if (this.#depth > 0) this.#rollback();
      throw error;
    } finally {
      this.#depth = 0;
      this.#host.setPhase?.('outside');
      // Statements outside transactions commit by themselves and are user edits for all we know.
      if (durability === 'normal') this.#host.setDurability('full');
    }
  }

  #savepoint<T>(fn: () => T): T {
    const name = `"s${this.#depth}"`;
    this.#host.exec(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const value = refusePromise(fn());
      this.#host.exec(`RELEASE ${name}`);
      return value;
    } catch (error) {
      try {
        this.#host.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
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
      this.#host.exec('ROLLBACK');
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
