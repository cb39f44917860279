import { accessScope, type SecurityContext } from '@outpost/model';
import { everybody } from '../security/shares.ts';
import type { ServerStore } from '../store/server-store.ts';

/** Told of tables in which something changed that the caller may read. Advisory: losing one only costs time. */
export type HintListener = (tables: readonly string[]) => void;

interface Watcher {
  readonly security: SecurityContext;
  readonly tables: ReadonlySet<string>;
  readonly listener: HintListener;
}

/** Tells connected devices of changes after they are committed, within the rights of their users. */
export class Hints {
  readonly #store: ServerStore;
  readonly #watchers = new Set<Watcher>();
  #position: number | null = null;

  constructor(store: ServerStore) {
    this.#store = store;
  }

  /** Starts telling; answers how to stop it. Rights are those of this moment: devices connect anew now and then. */
  async watch(watcher: Watcher): Promise<() => void> {
    this.#position ??= await this.#store.read((tx) => tx.engine.clock.watermark(tx));
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#position = null;
    };
  }

  /** Rights, settings or definitions are others, so every table may have changed for everybody. */
  publishAll(): void {
    for (const { tables, listener } of this.#watchers) listener([...tables]);
  }

  /** Something may have been committed. */
  async publish(): Promise<void> {
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
