import type { AppModel } from '@outpost/model';
import { createServer, type Organization } from '@outpost/server';
import { sqliteStore } from '@outpost/server/node';
import type { IncomingMessage, OutgoingMessage } from '@outpost/sync/http';
import { seededGuids, seededRandom, type VirtualClock } from '@outpost/testkit';
import type { Place } from './places.ts';
import { watchedColumns } from './places.ts';
import type { Sabotage } from './sabotage.ts';
import { type WatchedStore, watchedStore } from './watched-store.ts';
import type { WorldApp, WorldSpec } from './world-spec.ts';

/** The organization of the world: the real one, on a real database in memory, with a clock of its own. */
export class SimServer {
  readonly store: WatchedStore;
  model: AppModel;
  /** Answer every request so until then. */
  refusing: { readonly status: number; readonly until: number } | null = null;
  readonly #clock: VirtualClock;
  readonly #spec: WorldSpec;
  readonly #sabotage: Sabotage;
  readonly #fault: (what: string) => void;
  #organization: Organization | null = null;
  #starts = 0;

  constructor(
    spec: WorldSpec,
    app: WorldApp,
    places: readonly Place[],
    clock: VirtualClock,
    sabotage: Sabotage,
    fault: (what: string) => void,
  ) {
    this.#spec = spec;
    this.#clock = clock;
    this.#fault = fault;
    this.model = app.model;
    const store = sqliteStore(null);
    this.#sabotage = sabotage;
    this.store = watchedStore(sabotage.store?.(store) ?? store, watchedColumns(places));
  }

  get organization(): Organization {
    if (this.#organization === null) throw new Error('The organization is not started.');
    return this.#organization;
  }

  /** Starts, or starts again on the same database: nothing that only the process knew is left. */
  async start(): Promise<void> {
    const random = seededRandom(this.#spec.seed * 7919 + ++this.#starts);
    this.#organization = await createServer({
      store: this.store,
      model: this.model,
      // The token is the user: the world has nobody to deceive.
      auth: { authenticate: async (token) => token },
      system: { clock: this.#clock, random, ids: seededGuids(random) },
      limits: 'off',
      // Small, so that worlds cross them all the time.
      messageLimits: { changedRows: 6, awaited: 3 },
      onFault: (error) => this.#fault(`the organization fails: ${String(error)}`),
    });
    if (this.#starts === 1) await this.#organization.setConflictPolicy(this.#spec.policy);
  }

  async publish(model: AppModel): Promise<void> {
    await this.organization.publish(model);
    this.model = model;
  }

  handle(message: OutgoingMessage): Promise<IncomingMessage> {
    const inner = (one: OutgoingMessage) => this.#answer(one);
    return this.#sabotage.handle?.(inner, message) ?? inner(message);
  }

  async #answer({ path, token, body }: OutgoingMessage): Promise<IncomingMessage> {
    const { refusing } = this;
    if (refusing !== null && this.#clock.now() < refusing.until) {
      const error = { code: 'outpost:refused', message: 'Not now.' };
      const retryAfterMs = refusing.status === 429 ? 1000 : null;
      return { status: refusing.status, bytes: 0, text: JSON.stringify({ error }), retryAfterMs };
    }
    const response = await this.organization.handle({
      method: body === null ? 'GET' : 'POST',
      url: path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === null ? null : new TextEncoder().encode(body),
    });
    const { status, body: text } = response;
    return { status, bytes: text.length, text, retryAfterMs: null };
  }

  async close(): Promise<void> {
    await this.#organization?.close();
  }
}
