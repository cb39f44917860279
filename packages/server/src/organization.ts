import {
  type AppModel,
  type Cells,
  type Clock,
  dataverseErrors,
  type HierarchySettings,
  keepFormerNames,
  type Privilege,
  type ProfileLimits,
  profileLimits,
  type Role,
  type RowValues,
  type System,
  valuesToCells,
} from '@outpost/model';
import {
  type ConflictPolicy,
  type DeviceIdentity,
  digestRequest,
  documentRequest,
  helloRequest,
  type MessageLimits,
  messageLimits,
  type PushRequest,
  type PushResponse,
  pageRequest,
  partRequest,
  pullRequest,
  pushRequest,
  syncPaths,
  uploadRequest,
  type Versions,
} from '@outpost/sync/protocol';
import type { Authenticator, UserDirectory } from './auth/authenticator.ts';
import { document } from './documents/download.ts';
import { pruneUploads, upload } from './documents/upload.ts';
import { pruneLog } from './feed/change-log.ts';
import { type HintListener, Hints } from './feed/hints.ts';
import { beginFeed, followClock } from './feed/new-feed.ts';
import { defaultStreamLimits, type StreamLimits } from './feed/stream-limits.ts';
import { answer, errorAnswer, parseBody } from './http/answer.ts';
import type { ServerRequest, ServerResponse } from './http/message.ts';
import { FairShare } from './limits/fair-share.ts';
import { dataverseLimits, RequestLimiter, type RequestLimits } from './limits/request-limiter.ts';
import { sharesOf } from './limits/shares-of.ts';
import { Counters, type Metrics } from './metrics/metrics.ts';
import { checkColumns, type PublishedApp, publishApp } from './published-app.ts';
import { readUserSecurity } from './security/security-context.ts';
import { HttpError, ServerError } from './server-error.ts';
import { createSchema } from './store/physical-schema.ts';
import { type FailedKey, readFailedKeys } from './store/row-keys.ts';
import type { ReadTx, ServerStore, WriteTx } from './store/server-store.ts';
import { readState, writeState } from './store/state.ts';
import { digest } from './sync/digest.ts';
import { confirmEpoch, hello } from './sync/hello.ts';
import { OtherDefinitions } from './sync/other-definitions.ts';
import { page } from './sync/page.ts';
import { forgetParts, receivePart } from './sync/part.ts';
import { pull } from './sync/pull.ts';
import { push } from './sync/push.ts';
import {
  pruneSent,
  readSent,
  recordDocument,
  recordPage,
  recordPull,
  type SentFilter,
  type SentRows,
} from './sync/sent.ts';
import type { Caller, SyncEnv } from './sync/sync-env.ts';
import { checkApp, checkFence } from './sync/versions.ts';
import { ofUser, who } from './sync/who.ts';
import { readableValues, withReadableNames } from './view/readable-values.ts';
import { ViewCache } from './view/view-cache.ts';
import { isWebApi } from './web-api/address.ts';
import { webApi } from './web-api/web-api.ts';
import { decide } from './write/demand.ts';
import { Refusal } from './write/refusal.ts';
import { readRow, rowValues } from './write/row-access.ts';
import { withContents } from './write/row-documents.ts';
import { RowWriter } from './write/row-writer.ts';

export interface OrganizationOptions {
  readonly store: ServerStore;
  readonly model: AppModel;
  readonly auth: Authenticator;
  readonly system: System;
  /** Told of every unexpected fault; answers never show how the organization works. Default: nobody. */
  readonly onFault?: (error: unknown) => void;
  /** Default `off`, as in Dataverse. */
  readonly conflictPolicy?: ConflictPolicy;
  /** What offline profiles may hold; default `profileLimits.seed`. */
  readonly profileLimits?: ProfileLimits;
  /** Service protection limits; default those of Dataverse. */
  readonly limits?: RequestLimits | 'off';
  /** Streams of hints that are kept open; default 50 of a user, 10,000 in all. */
  readonly streams?: StreamLimits;
  /** Largest content of a file that users may upload, in bytes; default 5,242,880, as in Dataverse. */
  readonly maxDocumentBytes?: number;
  /** Smaller answers than the protocol allows: rows of one pull, and edits whose effect it says. */
  readonly messageLimits?: Partial<Pick<MessageLimits, 'changedRows' | 'awaited'>>;
}

/** A row to load or to write: values by column. */
export interface RowInput {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

/** What a signed-in user does directly in the organization, under the same checks as an upload. */
export interface UserSession {
  create(row: RowInput): Promise<void>;
  update(row: RowInput): Promise<void>;
  delete(table: string, id: string): Promise<void>;
  /** Null: no such row, or none the user may read. */
  retrieve(table: string, id: string): Promise<RowValues | null>;
  /** Replaces the rights of a user or team (null: everybody) on a row; no rights end the share. */
  share(
    table: string,
    id: string,
    principal: string | null,
    rights: readonly Privilege[],
  ): Promise<void>;
}

/** The authority devices synchronize with. */
export interface Organization {
  readonly model: AppModel;
  /** Names the definitions that devices have to have. */
  readonly appHash: string;
  handle(request: ServerRequest): Promise<ServerResponse>;
  /**
   * Tells of tables with changes that the caller may read, until stopped, or until the caller may listen no longer:
   * then `onEnd` is called. An answer instead: the caller is refused.
   */
  watch(
    request: ServerRequest,
    listener: HintListener,
    onEnd?: () => void,
  ): Promise<{ readonly stop: () => void } | { readonly refused: ServerResponse }>;
  /**
   * Loads rows without checks, in batches; `onProgress` gets the number loaded so far. Owners and dates stay, and so
   * do rows that are there already, so an interrupted load can be repeated.
   */
  load(rows: Iterable<RowInput>, onProgress?: (rows: number) => void): Promise<number>;
  /** True once `load` was completed in this store. */
  isLoaded(): Promise<boolean>;
  as(userId: string): UserSession;
  setConflictPolicy(policy: ConflictPolicy): Promise<void>;
  /** Whether and how managers reach rows of those below them; devices follow at their next cycle. */
  setHierarchy(settings: HierarchySettings): Promise<void>;
  /** Replaces a role's definition; devices follow at their next cycle, uploads at once. */
  setRole(role: Role): Promise<void>;
  /**
   * Replaces the app's definitions and offline profile; devices follow at their next cycle. Tables and columns may be
   * added or left out (their values stay), and columns renamed (`renamedFrom`); a column's type may only become one that
   * holds all its values. Throws `ServerError` with all findings.
   */
  publish(model: AppModel): Promise<void>;
  count(table: string): Promise<number>;
  /**
   * Forgets changes older than this; devices with older tokens compare what they have. So does what devices were sent.
   * Answers how many changes went.
   */
  pruneLog(beforeMs: number): Promise<number>;
  /**
   * To be called after the database was restored from a backup: devices compare what they have, and edits that the
   * backup lacks and whose effect they have not seen are uploaded again.
   */
  newFeed(): Promise<void>;
  /** The audit of what devices were sent: every answer with rows or removals, the newest first. */
  sent(filter?: SentFilter): Promise<readonly SentRows[]>;
  /**
   * Alternate keys that name no row, because rows had the same values when the key came: give them others and publish
   * again. Until then no more such rows come, and requests by the key are refused.
   */
  failedKeys(): Promise<readonly FailedKey[]>;
  /** Counts since this process started, and how far devices know the feed. */
  metrics(): Promise<Metrics>;
  close(): Promise<void>;
}

const loadBatch = 1000;
/** How the counts of requests name the Web API. */
const webApiPath = '/api/data';

export async function createServer(options: OrganizationOptions): Promise<Organization> {
  const limits = options.profileLimits ?? profileLimits.seed;
  const { store, system } = options;
  const services: Services = {
    ids: system.ids,
    onFault: options.onFault ?? (() => undefined),
    now: () => system.clock.now(),
    random: system.random,
    maxDocumentBytes: options.maxDocumentBytes ?? 5 * 1024 * 1024,
    messageLimits: { ...messageLimits, ...options.messageLimits },
  };
  const app = await store.write(async (tx) => {
    const published = await prepareStore(tx, options.model, limits);
    await followClock(tx, () => system.ids.next());
    if ((await readState(tx, 'feed')) === null) await writeState(tx, 'feed', system.ids.next());
    if ((await readState(tx, 'organization')) === null) {
      await writeState(tx, 'organization', (await readState(tx, 'feed')) ?? '');
    }
    if ((await readState(tx, 'conflictPolicy')) === null || options.conflictPolicy !== undefined) {
      await writeState(tx, 'conflictPolicy', options.conflictPolicy ?? 'off');
    }
    return published;
  });
  const requestLimits = options.limits ?? dataverseLimits;
  const limiter =
    requestLimits === 'off' ? null : new RequestLimiter(requestLimits, () => system.clock.now());
  return new EmbeddedOrganization({
    app,
    services,
    store,
    auth: options.auth,
    limits,
    limiter,
    clock: system.clock,
    streams: options.streams ?? defaultStreamLimits,
  });
}

/** Publishes definitions over those that the store has. */
async function prepareStore(
  tx: WriteTx,
  definitions: AppModel,
  limits: ProfileLimits,
): Promise<PublishedApp> {
  // A store that is new has no state yet.
  const known = await tx.engine.columnsOf(tx, '$state');
  const json = known.size === 0 ? null : await readState(tx, 'model');
  const before = json === null ? null : (JSON.parse(json) as AppModel);
  const given = before === null ? definitions : keepFormerNames(before, definitions);
  const app = publishApp(given, limits);
  const { model, modelHash, plan } = app;
  checkColumns(before ?? model, model);
  await createSchema(tx, model, plan, before);
  if ((await readState(tx, 'modelHash')) !== modelHash) {
    await writeState(tx, 'model', JSON.stringify(model));
    await writeState(tx, 'modelHash', modelHash);
  }
  for (const role of model.roles) {
    await tx.run('INSERT INTO "$role" (id, json) VALUES (?, ?) ON CONFLICT (id) DO NOTHING', [
      role.id,
      JSON.stringify(role),
    ]);
  }
  return app;
}

type Services = Pick<
  SyncEnv,
  'ids' | 'onFault' | 'now' | 'random' | 'maxDocumentBytes' | 'messageLimits'
>;

interface OrganizationParts {
  readonly app: PublishedApp;
  readonly services: Services;
  readonly store: ServerStore;
  readonly auth: Authenticator;
  readonly limits: ProfileLimits;
  readonly limiter: RequestLimiter | null;
  readonly clock: Clock;
  readonly streams: StreamLimits;
}

class EmbeddedOrganization implements Organization {
  readonly #services: Services;
  readonly #store: ServerStore;
  readonly #auth: Authenticator;
  readonly #limits: ProfileLimits;
  readonly #limiter: RequestLimiter | null;
  /** Requests of devices, and those of the Web API, which neither hold up nor are held up by the others. */
  readonly #cycles: FairShare;
  readonly #queries: FairShare;
  readonly #hints: Hints;
  readonly #counters = new Counters();
  #env: SyncEnv;
  #views: ViewCache;

  constructor({ app, services, store, auth, limits, limiter, clock, streams }: OrganizationParts) {
    this.#services = services;
    this.#store = store;
    this.#auth = auth;
    this.#limits = limits;
    this.#limiter = limiter;
    const { cycles, queries } = sharesOf(store.connections);
    this.#cycles = new FairShare(cycles);
    this.#queries = new FairShare(queries);
    this.#hints = new Hints(store, clock, streams, async (tx, userId) => {
      const security = await readUserSecurity(tx, userId, this.#env.index);
      return security?.hasRoles === true ? security.context : null;
    });
    this.#env = { ...app, ...services };
    this.#views = new ViewCache(app, store.engine.dialect);
  }

  /** Runs again with the definitions that another process has published meanwhile. */
  async #following<T>(run: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof OtherDefinitions)) throw error;
        const model = await this.#store.read((tx) => readState(tx, 'model'));
        this.#use(publishApp(JSON.parse(model ?? '') as AppModel, this.#limits));
      }
    }
  }

  #use(app: PublishedApp): void {
    this.#env = { ...app, ...this.#services };
    this.#views = new ViewCache(app, this.#store.engine.dialect);
  }

  get model(): AppModel {
    return this.#env.model;
  }

  get appHash(): string {
    return this.#env.appHash;
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    try {
      const userId = await this.#authenticate(request);
      const run = isWebApi(request.url)
        ? () => this.#queries.run(userId, () => this.#webApi(request, userId))
        : () =>
            this.#cycles.run(userId, () =>
              this.#following(async () => answer(200, await this.#route(request, userId))),
            );
      const answered = await (this.#limiter === null ? run() : this.#limiter.run(userId, run));
      return this.#counted(request, answered);
    } catch (error) {
      return this.#counted(request, errorAnswer(error, this.#env.onFault));
    }
  }

  #counted(request: ServerRequest, response: ServerResponse): ServerResponse {
    const path = request.url.split('?')[0];
    const known = Object.values(syncPaths).find((one) => one === path);
    const group = known ?? (isWebApi(request.url) ? webApiPath : 'other');
    this.#counters.answered(group, response.status);
    return response;
  }

  async watch(
    request: ServerRequest,
    listener: HintListener,
    onEnd: () => void = () => undefined,
  ): Promise<{ readonly stop: () => void } | { readonly refused: ServerResponse }> {
    try {
      const userId = await this.#authenticate(request);
      this.#hints.demand(userId);
      const caller = await this.#following(() =>
        this.#store.read((tx) => this.#caller(tx, userId)),
      );
      const tables = new Set(caller.views.map((view) => view.table));
      const watcher = { userId, tables, listener, onEnd };
      const stop = await this.#hints.watch(watcher, caller.context);
      return { stop };
    } catch (error) {
      return { refused: errorAnswer(error, this.#env.onFault) };
    }
  }

  async load(rows: Iterable<RowInput>, onProgress?: (rows: number) => void): Promise<number> {
    let count = 0;
    let batch: RowInput[] = [];
    const write = async () => {
      const current = batch;
      batch = [];
      await this.#store.write(async (tx) => {
        const writer = new RowWriter(this.#env, tx, { kind: 'system' });
        for (const row of current) {
          const { table, id } = row;
          try {
            await writer.write({ op: 'create', table, id, set: this.#toCells(row) });
          } catch (error) {
            // Loading was interrupted earlier: what is there already stays as it is.
            const present =
              error instanceof Refusal && error.code === dataverseErrors.duplicateRecord;
            if (!present) throw error;
          }
        }
      });
      count += current.length;
      onProgress?.(count);
    };
    for (const row of rows) {
      batch.push(row);
      if (batch.length === loadBatch) await write();
    }
    await write();
    await this.#store.write((tx) => writeState(tx, 'loaded', 'yes'));
    return count;
  }

  isLoaded(): Promise<boolean> {
    return this.#store.read(async (tx) => (await readState(tx, 'loaded')) === 'yes');
  }

  as(userId: string): UserSession {
    const write = async (op: 'create' | 'update' | 'delete', row: RowInput): Promise<void> => {
      await this.#following(() =>
        this.#store.write(async (tx) => {
          const { context, name } = await this.#caller(tx, userId);
          const writer = { kind: 'user', context, name } as const;
          const { table, id } = row;
          const set = this.#toCells(row);
          await new RowWriter(this.#env, tx, writer).write({ op, table, id, set });
        }),
      );
      await this.#hints.publish();
    };
    return {
      create: (row) => write('create', row),
      update: (row) => write('update', row),
      delete: (table, id) => write('delete', { table, id, values: {} }),
      retrieve: (table, id) =>
        this.#following(() =>
          this.#store.read(async (tx) => {
            const { context, name } = await this.#caller(tx, userId);
            const { index } = this.#env;
            const definition = index.table(table);
            const row = definition === undefined ? null : await readRow(tx, definition, id);
            if (definition === undefined || row === null) return null;
            const asking = { env: { index }, tx, writer: { kind: 'user', context, name } } as const;
            const decision = await decide(asking, 'read', definition, row, id);
            if (!decision.allowed) return null;
            const all = readableValues(context, definition, rowValues(definition, row));
            const values = await withReadableNames(tx, { index, context }, definition, all);
            return withContents(tx, definition, id, values);
          }),
        ),
      share: async (table, id, principal, rights) => {
        await this.#following(() =>
          this.#store.write(async (tx) => {
            const { context, name } = await this.#caller(tx, userId);
            const writer = { kind: 'user', context, name } as const;
            await new RowWriter(this.#env, tx, writer).share(table, id, principal, rights);
          }),
        );
        await this.#hints.publishAll();
      },
    };
  }

  async setConflictPolicy(policy: ConflictPolicy): Promise<void> {
    await this.#store.write((tx) => writeState(tx, 'conflictPolicy', policy));
  }

  async setHierarchy(settings: HierarchySettings): Promise<void> {
    await this.#store.write((tx) => writeState(tx, 'hierarchy', JSON.stringify(settings)));
    await this.#hints.publishAll();
  }

  async setRole(role: Role): Promise<void> {
    await this.#store.write((tx) =>
      tx.run(
        'INSERT INTO "$role" (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json',
        [role.id, JSON.stringify(role)],
      ),
    );
    await this.#hints.publishAll();
  }

  async publish(model: AppModel): Promise<void> {
    await this.#store.write(async (tx) => {
      this.#use(await prepareStore(tx, model, this.#limits));
    });
    await this.#hints.publishAll();
  }

  count(table: string): Promise<number> {
    const name = this.#env.index.table(table)?.name;
    if (name === undefined)
      throw new ServerError('model.invalid', `Unknown table "${table}".`, 'Use a logical name.');
    return this.#store.read(async (tx) =>
      Number((await tx.all(`SELECT count(*) FROM "${name}"`))[0]?.[0]),
    );
  }

  pruneLog(beforeMs: number): Promise<number> {
    return this.#store.write(async (tx) => {
      await pruneSent(tx, beforeMs);
      await pruneUploads(tx, beforeMs);
      return pruneLog(tx, beforeMs);
    });
  }

  async newFeed(): Promise<void> {
    await this.#store.write((tx) => beginFeed(tx, this.#services.ids.next()));
    await this.#hints.publishAll();
  }

  sent(filter: SentFilter = {}): Promise<readonly SentRows[]> {
    return this.#store.read((tx) => readSent(tx, filter));
  }

  failedKeys(): Promise<readonly FailedKey[]> {
    return this.#store.read(readFailedKeys);
  }

  async metrics(): Promise<Metrics> {
    await this.#store.engine.clock.advance?.(this.#store);
    return this.#store.read((tx) => this.#counters.read(tx));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #authenticate(request: ServerRequest): Promise<string> {
    const header = request.headers['authorization'] ?? '';
    const token = /^Bearer (\S{1,8192})$/.exec(header)?.[1];
    const userId =
      token === undefined ? null : await this.#auth.authenticate(token, this.#directory);
    if (userId !== null) return userId;
    const { challenge } = this.#auth;
    throw new HttpError(
      401,
      'outpost:unauthorized',
      'The request carries no accepted bearer token.',
      { 'www-authenticate': challenge === undefined ? 'Bearer' : `Bearer ${challenge}` },
    );
  }

  readonly #directory: UserDirectory = {
    byObjectId: async (objectId) => {
      const column = 'azureactivedirectoryobjectid';
      if (this.#env.index.column('systemuser', column) === undefined) return objectId;
      const rows = await this.#store.read((tx) =>
        tx.all(
          `SELECT systemuserid FROM "systemuser" WHERE ${column} = ? OR (systemuserid = ? AND ${column} IS NULL) LIMIT 2`,
          [objectId, objectId],
        ),
      );
      const [only] = rows;
      if (only !== undefined && rows.length === 1) return String(only[0]);
      throw unknownUser();
    },
  };

  async #webApi(request: ServerRequest, userId: string): Promise<ServerResponse> {
    const transact = <Tx extends ReadTx, T>(
      run: (fn: (tx: Tx) => Promise<T>) => Promise<T>,
      fn: (tx: Tx, caller: Caller) => Promise<T>,
    ) => run(async (tx) => fn(tx, await this.#caller(tx, userId)));
    const organization = this;
    let hasWritten = false;
    await this.#store.engine.clock.advance?.(this.#store);
    const answered = await webApi(
      {
        get env() {
          return organization.#env;
        },
        follow: (run) => this.#following(run),
        read: (fn) => transact((run) => this.#store.query?.(run) ?? this.#store.read(run), fn),
        write: async (fn) => {
          const value = await transact((run) => this.#store.write(run), fn);
          hasWritten = true;
          return value;
        },
      },
      request,
    );
    if (hasWritten) await this.#hints.publish();
    return answered;
  }

  async #route(request: ServerRequest, userId: string): Promise<unknown> {
    const path = request.url.split('?')[0];
    const known = Object.values(syncPaths).find((one) => one === path);
    if (known === undefined)
      throw new HttpError(404, 'outpost:notFound', 'There is nothing at this address.');
    // Hints are a stream, which the adapter of the network keeps.
    if (known === syncPaths.hints) {
      throw new HttpError(404, 'outpost:notFound', 'Hints are not answered here.');
    }
    const method = known === syncPaths.app || known === syncPaths.who ? 'GET' : 'POST';
    if (request.method !== method) {
      throw new HttpError(405, 'outpost:method', `Use ${method}.`, { allow: method });
    }
    const caller = (tx: ReadTx) => this.#caller(tx, userId);
    if (known === syncPaths.app) {
      await this.#store.read(caller);
      return { app: this.#env.appHash, model: this.#env.deviceModel };
    }
    if (known === syncPaths.who) {
      return this.#store.read(async (tx) => who(this.#env, tx, await caller(tx)));
    }
    const body = parseBody(request.body);
    switch (known) {
      case syncPaths.hello: {
        const message = ofUser(helloRequest(body, ''), userId);
        await this.#store.write(async (tx) =>
          confirmEpoch(this.#env, tx, await caller(tx), message),
        );
        // Counting rows holds nobody up who writes.
        return this.#store.read(async (tx) => hello(this.#env, tx, await caller(tx), message));
      }
      case syncPaths.pull: {
        const message = ofUser(pullRequest(body, ''), userId);
        const [who, answered] = await this.#data(userId, message, (tx, one) =>
          pull(this.#env, tx, one, message),
        );
        await recordPull(this.#store, who, message.device, answered, this.#env.now());
        this.#counters.pull(answered);
        return answered;
      }
      case syncPaths.page: {
        const message = ofUser(pageRequest(body, ''), userId);
        const [who, answered] = await this.#data(userId, message, (tx, one) =>
          page(this.#env, tx, one, message),
        );
        await recordPage(this.#store, who, message, answered, this.#env.now());
        this.#counters.page(answered);
        return answered;
      }
      case syncPaths.digest: {
        const message = ofUser(digestRequest(body, ''), userId);
        const [, answered] = await this.#data(userId, message, (tx, one) =>
          digest(this.#env, tx, one, message),
        );
        return answered;
      }
      case syncPaths.push: {
        const message = ofUser(pushRequest(body, ''), userId);
        return this.#push(await this.#store.read(caller), message);
      }
      case syncPaths.part: {
        const message = ofUser(partRequest(body, ''), userId);
        const who = await this.#store.read(caller);
        const { have, whole } = await receivePart(this.#env, this.#store, who, message);
        const now = new Date(this.#env.now()).toISOString();
        if (whole === undefined) return { now, have, pushed: null };
        const pushed = await this.#push(who, ofUser(pushRequest(whole, ''), userId));
        await forgetParts(this.#store, who, message);
        return { now, have, pushed };
      }
      case syncPaths.upload: {
        const message = ofUser(uploadRequest(body, ''), userId);
        return this.#store.write(async (tx) => upload(this.#env, tx, await caller(tx), message));
      }
      case syncPaths.document: {
        const message = ofUser(documentRequest(body, ''), userId);
        const [who, answered] = await this.#store.read(async (tx) => {
          const one = await caller(tx);
          return [one, await document(this.#env, tx, one, message)] as const;
        });
        await recordDocument(this.#store, who, message, this.#env.now());
        return answered;
      }
      default:
        return known satisfies never;
    }
  }

  async #push(who: Caller, message: PushRequest): Promise<PushResponse> {
    const answered = await push(this.#env, this.#store, who, message);
    await this.#hints.publish();
    this.#counters.push(answered);
    return answered;
  }

  /** A request for data: of the newest life of the device, with the definitions that are in force. */
  async #data<T>(
    userId: string,
    { device, seen }: { readonly device: DeviceIdentity; readonly seen: Versions },
    run: (tx: ReadTx, caller: Caller) => Promise<T>,
  ): Promise<readonly [Caller, T]> {
    await this.#store.engine.clock.advance?.(this.#store);
    return this.#store.read(async (tx) => {
      const caller = await this.#caller(tx, userId);
      await checkFence(tx, caller, device);
      checkApp(this.#env.appHash, seen);
      return [caller, await run(tx, caller)];
    });
  }

  async #caller(tx: ReadTx, userId: string): Promise<Caller> {
    if ((await readState(tx, 'modelHash')) !== this.#env.modelHash) throw new OtherDefinitions();
    const security = await readUserSecurity(tx, userId, this.#env.index);
    if (security === null) {
      throw unknownUser();
    }
    if (!security.hasRoles) {
      throw new HttpError(403, dataverseErrors.userHasNoRoles, 'The user has no security role.');
    }
    return { ...security, views: this.#views.of(security, this.#env.now()) };
  }

  /** Cells as a client would send them; a name that is no column travels too, and is refused like a client's. */
  #toCells({ table, values }: RowInput): Cells {
    const definition = this.#env.index.table(table);
    const unknown = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
    return definition === undefined
      ? unknown
      : { ...unknown, ...valuesToCells(definition, values) };
  }
}

function unknownUser(): HttpError {
  const code = dataverseErrors.userNotMemberOfOrganization;
  return new HttpError(403, code, 'The user is unknown or disabled.');
}
