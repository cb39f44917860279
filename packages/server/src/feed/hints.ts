import { accessScope, type Clock, type SecurityContext } from '@outpost/model';
import { everybody } from '../security/shares.ts';
import type { ReadTx, ServerStore } from '../store/server-store.ts';
import { demandStream, type StreamLimits } from './stream-limits.ts';

/** Told of tables in which something changed that the caller may read. Advisory: losing one only costs time. */
export type HintListener = (tables: readonly string[]) => void;

/** Between two looks at what others have committed. */
const lookMs = 500;

export interface Watcher {
  readonly userId: string;
  readonly tables: ReadonlySet<string>;
  readonly listener: HintListener;
  /** Called when the user may listen no longer. */
  readonly onEnd: () => void;
}

/** Reads what a user may read now; null: nothing, for the user is disabled, gone, or without a role. */
export type ReadRights = (tx: ReadTx, userId: string) => Promise<SecurityContext | null>;

/** Changes of these may change what somebody may read. */
const rightsTables: ReadonlySet<string> = new Set([
  'systemuser',
  'systemuserroles',
  'team',
  'teammembership',
  'teamroles',
  'businessunit',
]);

/** Tells connected devices of changes after they are committed, within the rights of their users. */
export class Hints {
  readonly #store: ServerStore;
  readonly #watchers = new Map<Watcher, SecurityContext>();
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  readonly #readRights: ReadRights;
  #position: number | null = null;
  #stopLooking: (() => void) | null = null;

  constructor(store: ServerStore, clock: Clock, limits: StreamLimits, readRights: ReadRights) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#readRights = readRights;
  }

  /** Throws the 429 of a stream too many. */
  demand(userId: string): void {
    const users = [...this.#watchers.keys()].map((one) => one.userId);
    demandStream(users, userId, this.#limits);
  }

  /** Starts telling; answers how to stop it. Throws the 429 of a stream too many. */
  async watch(watcher: Watcher, security: SecurityContext): Promise<() => void> {
    this.#position ??= await this.#store.read((tx) => tx.engine.clock.watermark(tx));
    this.demand(watcher.userId);
    this.#watchers.set(watcher, security);
    if (this.#store.engine.isShared && this.#stopLooking === null) this.#lookAgain();
    return () => this.#stop(watcher);
  }

  #stop(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#position = null;
    this.#stopLooking?.();
    this.#stopLooking = null;
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
  async publishAll(): Promise<void> {
    if (this.#watchers.size === 0) return;
    try {
      this.#renew(await this.#store.read((tx) => this.#rightsNow(tx)));
    } catch {
      // Rights are read again at the next change of one.
    }
    for (const { tables, listener } of this.#watchers.keys()) listener([...tables]);
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
    const { top, rows, rights } = await this.#store.read(async (tx) => {
      const changed = await tx.all(
        'SELECT DISTINCT tbl, owner, bu FROM "$log" WHERE position > ? ORDER BY tbl',
        [from],
      );
      const isOfRights = changed.some((row) => rightsTables.has(String(row[0])));
      return {
        top: await tx.engine.clock.watermark(tx),
        rows: changed,
        rights: isOfRights ? await this.#rightsNow(tx) : null,
      };
    });
    if (rights !== null) this.#renew(rights);
    // Nobody listens any more.
    if (this.#position === null) return;
    this.#position = top;
    for (const [{ tables, listener }, security] of this.#watchers) {
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

  /** What each who listens may read now. */
  async #rightsNow(tx: ReadTx): Promise<ReadonlyMap<string, SecurityContext | null>> {
    const rights = new Map<string, SecurityContext | null>();
    for (const { userId } of this.#watchers.keys()) {
      if (!rights.has(userId)) rights.set(userId, await this.#readRights(tx, userId));
    }
    return rights;
  }

  /** Those who may listen no longer are told so, and nothing else any more. */
  #renew(rights: ReadonlyMap<string, SecurityContext | null>): void {
    for (const watcher of [...this.#watchers.keys()]) {
      const security = rights.get(watcher.userId);
      if (security === undefined) continue;
      if (security !== null) {
        this.#watchers.set(watcher, security);
        continue;
      }
      this.#stop(watcher);
      watcher.onEnd();
    }
  }
}
