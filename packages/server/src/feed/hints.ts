import { accessScope, type Clock, type SecurityContext } from '@outpost/model';
import { everybody } from '../security/shares.ts';
import type { ServerStore } from '../store/server-store.ts';

/** Told of tables in which something changed that the caller may read. Advisory: losing one only costs time. */
export type HintListener = (tables: readonly string[]) => void;

/** Between two looks at what others have committed. */
const lookMs = 500;

interface Watcher {
  readonly security: SecurityContext;
  readonly tables: ReadonlySet<string>;
  readonly listener: HintListener;
}

/** Tells connected devices of changes after they are committed, within the rights of their users. */
export class Hints {
  readonly #store: ServerStore;
  readonly #watchers = new Set<Watcher>();
  readonly #clock: Clock;
  #position: number | null = null;
  #stopLooking: (() => void) | null = null;

  constructor(store: ServerStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Starts telling; answers how to stop it. Rights are those of this moment: devices connect anew now and then. */
  async watch(watcher: Watcher): Promise<() => void> {
    this.#position ??= await this.#store.read((tx) => tx.engine.clock.watermark(tx));
    this.#watchers.add(watcher);
    if (this.#store.engine.isShared && this.#stopLooking === null) this.#lookAgain();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#position = null;
      this.#stopLooking?.();
      this.#stopLooking = null;
    };
  }

  /** What other processes commit is found by looking. */
  #lookAgain(): void {
    const stop = this.#clock.schedule(this.#clock.now() + lookMs, () => {
      void this.publish().then(() => {
        if (this.#stopLooking === stop) this.#lookAgain();
      });
    });
    this.#stopLooking = stop;
  }

  /** Rights, settings or definitions are others, so every table may have changed for everybody. */
  publishAll(): void {
    for (const { tables, listener } of this.#watchers) listener([...tables]);
  }

  /**
   * Something may have been committed. A database that goes away now fails no request that it has carried out: what is
   * not told of is told of next time.
   */
  async publish(): Promise<void> {
    try {
      await this.#publish();
    } catch {
      // Position and watchers are as before.
    }
  }

  async #publish(): Promise<void> {
    const from = this.#position;
    if (from === null) return;
    await this.#store.engine.clock.advance?.(this.#store);
    const { top, rows } = await this.#store.read(async (tx) => ({
      top: await tx.engine.clock.watermark(tx),
      rows: await tx.all(
        'SELECT DISTINCT tbl, owner, bu FROM "$log" WHERE position > ? ORDER BY tbl',
        [from],
      ),
    }));
    this.#position = top;
    for (const { security, tables, listener } of this.#watchers) {
      const seen = rows.filter(([table, owner, unit]) => {
        if (!tables.has(String(table))) return false;
        const scope = accessScope(security, 'read', String(table));
        if (scope.kind !== 'some') return scope.kind === 'all';
        const owners = [...scope.owners, ...scope.sharedWith, everybody];
        return owners.includes(String(owner)) || scope.businessUnits.includes(String(unit));
      });
      const changed = [...new Set(seen.map((row) => String(row[0])))];
      if (changed.length > 0) listener(changed);
    }
  }
}
