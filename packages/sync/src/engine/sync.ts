import {
  type AppModel,
  type IdGenerator,
  indexModel,
  type ModelIndex,
  type System,
  syncErrorTable,
} from '@outpost/model';
import { type DeviceStore, StoreError } from '@outpost/store';
import { BehaviorSubject, type Observable, Subscription } from 'rxjs';
import { applyPage, applyPlan, applyPull } from '../apply/apply-rows.ts';
import { applyResults } from '../outbox/apply-results.ts';
import { setEntryState } from '../outbox/entry.ts';
import { Outbox, toPushEntry } from '../outbox/outbox.ts';
import type { DeviceIdentity, HelloResponse, PullFrom } from '../protocol/index.ts';
import { SyncErrors } from '../repair/sync-errors.ts';
import { SyncError } from '../sync-error.ts';
import type { SyncTransport } from '../transport.ts';
import { CycleCancelled, CycleStop, take } from './cycle-stop.ts';
import {
  type CycleResult,
  type IconFlags,
  iconOf,
  type SyncMode,
  type SyncProgress,
  type SyncStatus,
} from './status.ts';
import { readFact, readHello, readSyncTables, writeFact } from './sync-state.ts';
import { compareWithServer, type VerifyDifference } from './verify.ts';

export interface SyncOptions {
  readonly store: DeviceStore;
  readonly transport: SyncTransport;
  /** Whether the organization may be tried. Replays the current value. */
  readonly online: Observable<boolean>;
  readonly system: System;
  /** Rows per page; default 2,000. */
  readonly pageRows?: number;
}

const defaultPageRows = 2000;
const pullRows = 2000;
/** Upload, delta and load repeat while the user keeps editing; a cycle ends after this many rounds at the latest. */
const maxRounds = 20;

/**
 * Keeps a device equal to what its user may see, and uploads the user's edits. One cycle runs at a time; every step
 * commits what it received together with how far it got, so a crash at any point continues where it stopped.
 */
export class Sync {
  readonly errors: SyncErrors;
  readonly outbox: Outbox;
  readonly #store: DeviceStore;
  readonly #transport: SyncTransport;
  readonly #ids: IdGenerator;
  readonly #device: DeviceIdentity;
  readonly #pageRows: number;
  readonly #status: BehaviorSubject<SyncStatus>;
  readonly #progress = new BehaviorSubject<SyncProgress | null>(null);
  readonly #app: BehaviorSubject<AppModel | null>;
  readonly #subscriptions = new Subscription();
  #index: ModelIndex | null = null;
  #online = false;
  #running: { readonly mode: SyncMode; readonly result: Promise<CycleResult> } | null = null;
  #abort: AbortController | null = null;
  #lastResult: CycleResult | null = null;
  #resumed = false;
  #closed = false;

  constructor(options: SyncOptions) {
    const { store, system } = options;
    this.#store = store;
    this.#transport = options.transport;
    this.#ids = system.ids;
    this.#pageRows = options.pageRows ?? defaultPageRows;
    this.#device = startEpoch(store, system.ids);
    this.outbox = new Outbox(store, system.clock, this.#device.epoch);
    this.errors = new SyncErrors(store, this.outbox);
    const json = readFact(store, 'appModel');
    const app = json === null ? null : (JSON.parse(json) as AppModel);
    this.#app = new BehaviorSubject<AppModel | null>(null);
    this.#resumed = readFact(store, 'firstSyncDoneAt') === null && readSyncTables(store).length > 0;
    this.#status = new BehaviorSubject(this.#computeStatus());
    if (app !== null) this.#useApp(app);
    store.participate(this.outbox);
    this.#subscriptions.add(store.commits.subscribe(() => this.#emitStatus()));
    this.#subscriptions.add(options.online.subscribe((online) => this.#setOnline(online)));
  }

  /** The app's definitions, once they are on the device. */
  get app(): Observable<AppModel | null> {
    return this.#app.asObservable();
  }
  get status(): Observable<SyncStatus> {
    return this.#status.asObservable();
  }
  get progress(): Observable<SyncProgress | null> {
    return this.#progress.asObservable();
  }
  get currentProgress(): SyncProgress | null {
    return this.#progress.value;
  }
  get currentStatus(): SyncStatus {
    return this.#status.value;
  }
  /** What the organization last said about this user and device. */
  get hello(): HelloResponse | null {
    return readHello(this.#store);
  }

  /** Runs a cycle, or joins the one that is running. `tables` narrows a GRID_SYNC. */
  run(mode: SyncMode, options: { readonly tables?: readonly string[] } = {}): Promise<CycleResult> {
    if (this.#closed) throw new SyncError('sync.closed', 'The device is closed.', 'Open it again.');
    if (this.#running !== null) return this.#running.result;
    if (!this.#online) return Promise.resolve(this.#finish({ kind: 'offline' }));
    const first = readFact(this.#store, 'firstSyncDoneAt') === null;
    const effective = first ? 'FIRST_SYNC' : mode;
    this.#abort = new AbortController();
    const result = this.#cycle(effective, options.tables ?? null, this.#abort.signal);
    this.#running = { mode: effective, result };
    this.#emitStatus();
    return result;
  }

  /**
   * Reads every table of the plan from the organization again, without storing anything, and compares each cell with
   * the device. Empty: converged. Rows with edits that are not uploaded yet count as differences.
   */
  async verify(): Promise<readonly VerifyDifference[]> {
    return compareWithServer(this.#store, this.#transport, this.#device, this.#pageRows);
  }

  /** Stops the running cycle and waits for it; what was committed stays. */
  async cancel(): Promise<void> {
    this.#abort?.abort();
    await this.#running?.result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.cancel();
    this.#subscriptions.unsubscribe();
    for (const subject of [this.#status, this.#progress, this.#app]) subject.complete();
  }

  #setOnline(online: boolean): void {
    this.#online = online;
    if (!online) this.#abort?.abort();
    this.#emitStatus();
  }

  async #cycle(
    mode: SyncMode,
    tables: readonly string[] | null,
    signal: AbortSignal,
  ): Promise<CycleResult> {
    try {
      const hello = await this.#hello(mode, signal);
      for (let round = 0; round < maxRounds; round++) {
        const stuck = await this.#upload(mode, hello, signal);
        await this.#pull(mode, round === 0 ? tables : null, signal);
        await this.#load(mode, signal);
        const loading = readSyncTables(this.#store).some((one) => one.state === 'load');
        const uploaded = stuck || this.outbox.nextBatch().length === 0;
        if (!loading && uploaded && this.outbox.awaiting().length === 0) break;
      }
      this.#complete(mode, hello.now);
      return this.#finish({ kind: 'done', mode });
    } catch (error) {
      if (signal.aborted || error instanceof CycleCancelled)
        return this.#finish({ kind: 'cancelled' });
      if (error instanceof CycleStop)
        return this.#finish({ kind: 'failed', failure: error.failure });
      // Disk full, a damaged file, definitions that make no sense: shown as the cycle's result, nothing half-applied.
      if (error instanceof StoreError || error instanceof SyncError) {
        const { code, message, fix } = error;
        return this.#finish({
          kind: 'failed',
          failure: { class: 'device', code, message: `${message} ${fix}` },
        });
      }
      this.#finish({ kind: 'cancelled' });
      throw error;
    }
  }

  async #hello(mode: SyncMode, signal: AbortSignal): Promise<HelloResponse> {
    this.#emitProgress(mode, 'metadata');
    const hello = take(await this.#transport.hello({ device: this.#device }, signal)).value;
    check(signal);
    if (readFact(this.#store, 'app') !== hello.app) {
      const { app, model } = take(await this.#transport.app(signal)).value;
      check(signal);
      const parsed = readModel(model);
      this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
        writeFact(tx.sql, 'app', app);
        writeFact(tx.sql, 'appModel', JSON.stringify(parsed));
        writeFact(tx.sql, 'hello', JSON.stringify(hello));
      });
      this.#useApp(parsed, hello);
    } else if (this.#index !== null) {
      this.#store.applySchema(this.#index.model, this.#deviceTables(hello));
    }
    applyPlan(this.#store, hello);
    this.#emitProgress(mode, 'plan');
    return hello;
  }

  /** Sends what can be sent. True: the organization put off what is left; only a later cycle may try again. */
  async #upload(mode: SyncMode, hello: HelloResponse, signal: AbortSignal): Promise<boolean> {
    const index = this.#index;
    if (index === null) return false;
    for (let batch = this.outbox.nextBatch(); batch.length > 0; batch = this.outbox.nextBatch()) {
      this.#emitProgress(mode, 'upload');
      this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
        for (const entry of batch) setEntryState(tx.sql, entry.key, 'sent');
      });
      // What is sent must survive a crash here, or its key could name another edit.
      await this.#store.flush();
      const entries = batch.map((entry) => toPushEntry(entry, index));
      const reply = await this.#transport.push({ device: this.#device, entries }, signal);
      if (reply.kind === 'failed') {
        // The organization may have acted: the same entries go again under the same keys.
        this.#requeueSent();
        throw new CycleStop(reply.failure);
      }
      applyResults(this.#store, this.outbox, this.#ids, hello.user.id, reply.value);
      this.#requeueSent();
      if (
        reply.value.results.every((one) => one.status === 'blocked' || one.status === 'retryLater')
      ) {
        return true;
      }
    }
    return false;
  }

  #requeueSent(): void {
    this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
      tx.sql.prepare(`UPDATE "$outbox" SET state = 'queued' WHERE state = 'sent'`).run();
    });
  }

  async #pull(mode: SyncMode, only: readonly string[] | null, signal: AbortSignal): Promise<void> {
    for (let more = true; more; ) {
      check(signal);
      const tables = readSyncTables(this.#store).filter(
        (one) => only === null || only.includes(one.table) || one.table === syncErrorTable.name,
      );
      const groups = new Map<string | null, string[]>();
      for (const { table, token } of tables) {
        const group = groups.get(token);
        if (group === undefined) groups.set(token, [table]);
        else group.push(table);
      }
      const from: PullFrom[] = [...groups].map(([token, names]) => ({ token, tables: names }));
      const views = Object.fromEntries(
        tables.flatMap(({ table, view }) => (view === null ? [] : [[table, view]])),
      );
      const request = {
        device: this.#device,
        from,
        views,
        awaiting: this.outbox.awaiting(),
        maxRows: pullRows,
      };
      const { value, bytes } = take(await this.#transport.pull(request, signal));
      check(signal);
      applyPull(this.#store, value, bytes);
      this.#emitProgress(mode, 'download');
      more = value.more;
    }
  }

  async #load(mode: SyncMode, signal: AbortSignal): Promise<void> {
    for (const planned of readSyncTables(this.#store)) {
      let table = planned;
      const empty = table.state === 'load' && this.#store.count(table.table) === 0;
      if (empty) this.#store.startLoad(table.table, table.rowsExpected);
      while (table.state === 'load') {
        check(signal);
        const request = {
          device: this.#device,
          table: table.table,
          after: table.cursor,
          limit: this.#pageRows,
        };
        const { value, bytes } = take(await this.#transport.page(request, signal));
        check(signal);
        applyPage(this.#store, value, table.cursor, bytes);
        this.#emitProgress(mode, 'download');
        const next = readSyncTables(this.#store).find((one) => one.table === planned.table);
        if (next === undefined) break;
        table = next;
      }
      this.#store.finishLoad(planned.table);
    }
  }

  #complete(mode: SyncMode, now: string): void {
    this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
      if (mode === 'FIRST_SYNC') writeFact(tx.sql, 'firstSyncDoneAt', now);
      writeFact(tx.sql, 'lastSyncAt', now);
    });
    if (mode === 'FIRST_SYNC') this.#store.checkpoint();
    this.#emitProgress(mode, 'done');
  }

  #finish(result: CycleResult): CycleResult {
    this.#running = null;
    this.#abort = null;
    this.#lastResult = result;
    if (result.kind === 'done') this.#resumed = false;
    if (!this.#closed) this.#emitStatus();
    return result;
  }

  #useApp(app: AppModel, hello: HelloResponse | null = this.hello): void {
    this.#index = indexModel(app);
    if (hello !== null) this.#store.applySchema(app, this.#deviceTables(hello));
    this.#app.next(app);
  }

  /** Tables of the plan, and those with edits that are not settled: nothing of the user's may be lost. */
  #deviceTables(hello: HelloResponse): readonly string[] {
    const edited = this.#store.all('SELECT DISTINCT table_name FROM "$outbox"');
    const planned = hello.plan.map((one) => one.table);
    return [...new Set([...planned, ...edited.map((row) => String(row[0]))])];
  }

  #emitProgress(mode: SyncMode, phase: SyncProgress['phase']): void {
    const done = phase === 'done';
    const tables = readSyncTables(this.#store).map((one) => ({
      table: one.table,
      state: one.state,
      rows: {
        done: one.rowsDone,
        total: done ? one.rowsDone : Math.max(one.rowsExpected, one.rowsDone),
      },
      bytes: one.bytesDone,
    }));
    const sum = (pick: (one: (typeof tables)[number]) => number) =>
      tables.reduce((total, one) => total + pick(one), 0);
    this.#progress.next({
      mode,
      phase,
      rows: { done: sum((one) => one.rows.done), total: sum((one) => one.rows.total) },
      bytes: sum((one) => one.bytes) + Number(readFact(this.#store, 'pullBytes') ?? 0),
      diskBytes: this.#store.sizeBytes(),
      tables,
      resumed: this.#resumed,
    });
  }

  #emitStatus(): void {
    this.#status.next(this.#computeStatus());
  }

  #computeStatus(): SyncStatus {
    const pending = this.outbox.pending();
    const errors = this.errors.list().length;
    const available = readFact(this.#store, 'firstSyncDoneAt') !== null;
    const failure = this.#lastResult?.kind === 'failed' ? this.#lastResult.failure : null;
    const stopped = failure !== null && ['auth', 'access', 'device'].includes(failure.class);
    const flags: IconFlags = {
      syncing: this.#running !== null,
      error: errors > 0 || stopped,
      warning: failure !== null && !stopped,
      pendingUpload: pending.length > 0,
      notConnected: !this.#online,
      connected: this.#online,
    };
    return {
      readiness: available ? 'available' : this.#running === null ? 'notAvailable' : 'initializing',
      online: this.#online,
      running: this.#running?.mode ?? null,
      flags,
      icon: iconOf(flags),
      pending: {
        updates: pending.length,
        rows: new Set(pending.map((entry) => `${entry.table}/${entry.id}`)).size,
      },
      errors,
      lastSyncAt: readFact(this.#store, 'lastSyncAt'),
      lastResult: this.#lastResult,
      storageBytes: this.#store.sizeBytes(),
    };
  }
}

/** Every opening gets a random epoch, written durably before the first edit, so entry keys never repeat. */
function startEpoch(store: DeviceStore, ids: IdGenerator): DeviceIdentity {
  const id = readFact(store, 'device') ?? ids.next();
  const epoch = ids.next();
  store.write({ origin: 'sync', durability: 'full' }, (tx) => {
    writeFact(tx.sql, 'device', id);
    writeFact(tx.sql, 'epoch', epoch);
    // What was on its way when the process ended is sent again under its old key.
    tx.sql.prepare(`UPDATE "$outbox" SET state = 'queued' WHERE state = 'sent'`).run();
  });
  return { id, epoch };
}

function check(signal: AbortSignal): void {
  if (signal.aborted) throw new CycleCancelled();
}

function readModel(model: unknown): AppModel {
  const tables = (model as { tables?: unknown } | null)?.tables;
  if (!Array.isArray(tables)) {
    throw new SyncError(
      'app.invalid',
      'The organization sent no app definitions.',
      'Update the server.',
    );
  }
  return model as AppModel;
}
