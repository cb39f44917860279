import {
  type AppModel,
  type IdGenerator,
  indexModel,
  type ModelIndex,
  parseGuid,
  profileLimits,
  type System,
  steadyNow,
} from '@outpost/model';
import { type DeviceStore, StoreError } from '@outpost/store';
import { BehaviorSubject, type Observable, Subject, Subscription, skip } from 'rxjs';
import { note } from '../apply/leave.ts';
import { type DocumentOptions, Documents } from '../documents/documents.ts';
import type { Entry } from '../outbox/entry.ts';
import { editedTables, Outbox } from '../outbox/outbox.ts';
import { type UndoResult, undo, undoFamily } from '../outbox/undo.ts';
import type { DeviceIdentity, EntryKey, HelloResponse } from '../protocol/index.ts';
import { messageLimits, otherUserCode } from '../protocol/index.ts';
import { type Draft, type Notice, readDrafts, readNotices } from '../repair/notices.ts';
import { SyncErrors } from '../repair/sync-errors.ts';
import { SyncError } from '../sync-error.ts';
import type { SyncTransport } from '../transport.ts';
import {
  beginSignOut,
  ownDrafts,
  ownEdits,
  type PendingEdits,
  type SignOutResult,
} from '../user/sign-out.ts';
import { type ExpectedUser, UserGate } from '../user/user-gate.ts';
import { lockError, lockFailure, type UserLock } from '../user/user-lock.ts';
import type { TableCheck } from './check-table.ts';
import { compareWithServer, type RowDifference } from './compare.ts';
import { Cycle, type CycleContext, type CycleRequest } from './cycle.ts';
import { CycleCancelled, CycleStop } from './cycle-stop.ts';
import { Pace } from './pace.ts';
import { RowCap } from './row-cap.ts';
import {
  type CycleResult,
  type IconFlags,
  iconOf,
  type SyncMode,
  type SyncNotification,
  type SyncProgress,
  type SyncStatus,
} from './status.ts';
import { readFact, readHello, readSyncTables, writeFact } from './sync-state.ts';
import { type TelemetryEvent, telemetryFailure } from './telemetry.ts';
import { explainRow, type RowExplanation } from './why.ts';

/** What comparing the device with the organization has shown. */
export interface VerifyReport {
  readonly result: CycleResult;
  readonly tables: readonly TableCheck[];
}

export interface SyncOptions {
  readonly store: DeviceStore;
  readonly transport: SyncTransport;
  /** Whether the organization may be tried. Replays the current value. */
  readonly online: Observable<boolean>;
  readonly system: System;
  /** Rows per page; default 2,000. */
  readonly pageRows?: number;
  /** Rows that the device takes, hidden tables included; default 3,000,000, as documented. More fail the sync. */
  readonly maxRows?: number;
  /** A cycle is announced like the first sync when none was complete for so long; default 7 days, as tokens live. */
  readonly inactivityMs?: number;
  readonly documents?: DocumentOptions;
  /** Who is signed in. Default: the organization tells at the first request of a cycle. */
  readonly user?: ExpectedUser;
  /** What `transport.account` says now; null: not known. Default null. */
  readonly account?: string | null;
}

const defaultPageRows = 2000;
const defaultInactivityMs = 7 * 24 * 3_600_000;

/**
 * Keeps a device equal to what its user may see, and uploads the user's edits. One cycle runs at a time; every step
 * commits what it received together with how far it got, so a crash at any point continues where it stopped.
 */
export class Sync {
  readonly errors: SyncErrors;
  readonly outbox: Outbox;
  /** Contents of the files that rows name. */
  readonly documents: Documents;
  /** The database as whoever is signed in may see it: empty as long as it is locked. */
  readonly store: DeviceStore;
  readonly #store: DeviceStore;
  readonly #gate: UserGate;
  readonly #transport: SyncTransport;
  readonly #system: System;
  readonly #device: DeviceIdentity;
  readonly #pageRows: number;
  readonly #rowCap: RowCap;
  readonly #inactivityMs: number;
  readonly #status: BehaviorSubject<SyncStatus>;
  readonly #progress = new BehaviorSubject<SyncProgress | null>(null);
  readonly #app: BehaviorSubject<AppModel | null>;
  readonly #telemetry = new Subject<TelemetryEvent>();
  readonly #subscriptions = new Subscription();
  #index: ModelIndex | null = null;
  #online = false;
  #running: {
    readonly mode: SyncMode;
    readonly result: Promise<CycleResult>;
    readonly notification: SyncNotification | null;
  } | null = null;
  #abort: AbortController | null = null;
  #lastResult: CycleResult | null = null;
  #checks: readonly TableCheck[] = [];
  #confirmed = false;
  #holdsBack = false;
  #pace = new Pace();
  #resumed = false;
  #closed = false;

  constructor(options: SyncOptions) {
    const { store, system } = options;
    this.#store = store;
    this.#system = system;
    this.#pageRows = options.pageRows ?? defaultPageRows;
    this.#rowCap = new RowCap(options.store, options.maxRows ?? profileLimits.current.rows);
    this.#inactivityMs = options.inactivityMs ?? defaultInactivityMs;
    const life = startEpoch(store, system.ids);
    this.#gate = new UserGate({
      store,
      device: life.id,
      transport: options.transport,
      expected: options.user ?? null,
      account: options.account ?? null,
    });
    const gate = this.#gate;
    this.#transport = gate.transport;
    this.store = gate.store;
    this.#device = {
      ...life,
      get user() {
        return gate.user;
      },
    };
    this.outbox = new Outbox(this.store, system, life.epoch);
    this.documents = new Documents({
      store,
      transport: this.#transport,
      device: this.#device,
      clock: system.clock,
      options: options.documents ?? {},
      locked: () => (gate.current === null ? null : lockFailure(gate.current)),
    });
    this.errors = new SyncErrors(this.store, this.outbox);
    const json = readFact(store, 'appModel');
    const app = json === null ? null : (JSON.parse(json) as AppModel);
    this.#app = new BehaviorSubject<AppModel | null>(null);
    this.#resumed = readFact(store, 'firstSyncDoneAt') === null && readSyncTables(store).length > 0;
    this.#status = new BehaviorSubject(this.#computeStatus());
    if (app !== null) this.#useApp(app);
    store.participate(this.outbox);
    this.#subscriptions.add(store.commits.subscribe(() => this.#emitStatus()));
    this.#subscriptions.add(gate.lock.pipe(skip(1)).subscribe((lock) => this.#follow(lock)));
    this.#subscriptions.add(options.online.subscribe((online) => this.#setOnline(online)));
  }

  /** The app's definitions, once they are on the device. */
  get app(): Observable<AppModel | null> {
    return this.#app.asObservable();
  }
  /** What each cycle did, after it, in the vocabulary of Power Apps mobile's telemetry. */
  get telemetry(): Observable<TelemetryEvent> {
    return this.#telemetry.asObservable();
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
  /** Why the database shows nothing: somebody else is signed in, or may be. Null: its user is. */
  get lock(): Observable<UserLock | null> {
    return this.#gate.lock;
  }
  get currentLock(): UserLock | null {
    return this.#gate.current;
  }
  get currentStatus(): SyncStatus {
    return this.#status.value;
  }
  /** What the organization last said about this user and device. */
  get hello(): HelloResponse | null {
    return readHello(this.store);
  }

  /**
   * Runs a cycle, or joins the one that is running. `tables` narrows it; `row` is for SINGLE_RECORD_SYNC. `byItself`:
   * nobody asked for it, so deletions of the last five seconds are left for a later one; they can still be undone.
   */
  run(
    mode: SyncMode,
    options: {
      readonly tables?: readonly string[];
      readonly row?: { readonly table: string; readonly id: string };
      readonly byItself?: boolean;
    } = {},
  ): Promise<CycleResult> {
    if (this.#closed) throw new SyncError('sync.closed', 'The device is closed.', 'Open it again.');
    if (options.byItself !== true || this.#running === null) {
      this.#holdsBack = options.byItself === true;
    }
    if (this.#running !== null) return this.#running.result;
    if (!this.#online) return Promise.resolve(this.#finish({ kind: 'offline' }));
    const first = readFact(this.#store, 'firstSyncDoneAt') === null;
    const effective = first ? 'FIRST_SYNC' : mode;
    this.#abort = new AbortController();
    const { row } = options;
    const request: CycleRequest = {
      mode: effective,
      tables: first ? null : (options.tables ?? null),
      row: row === undefined ? null : { ...row, id: parseGuid(row.id) ?? row.id },
      confirmed: this.#confirmed,
    };
    const notification = this.#notificationOf(effective);
    const result = this.#cycle(request, this.#abort.signal);
    this.#running = { mode: effective, result, notification };
    this.#emitStatus();
    return result;
  }

  /**
   * Compares every table with V(T) by checksums of key ranges, finds where they differ, and reads only that. Afterwards
   * the device equals what its user may have.
   */
  async verify(tables?: readonly string[]): Promise<VerifyReport> {
    await this.#running?.result;
    const result = await this.run('FORCED_SYNC', tables === undefined ? {} : { tables });
    return { result, tables: this.#checks };
  }

  /** Reads every table again, without storing anything, and compares each cell. Empty: converged. For tests and tools. */
  async compare(): Promise<readonly RowDifference[]> {
    if (this.#gate.current !== null) throw lockError(this.#gate.current);
    const seen = {
      app: readFact(this.#store, 'app') ?? '',
      access: this.hello?.current.access ?? '',
    };
    return compareWithServer(this.#store, this.#transport, this.#device, seen, this.#pageRows);
  }

  /** What happened to rows of this device, newest first. */
  notices(limit?: number): readonly Notice[] {
    return readNotices(this.store, limit);
  }

  /** Edits of rows that have left this device. They are uploaded like others. */
  drafts(): readonly Draft[] {
    return readDrafts(this.store);
  }

  /** What `undo` of an edit would take back: its change set, and what depends on it. */
  undoFamily(key: EntryKey): readonly Entry[] {
    return undoFamily(this.store, key);
  }

  /** Takes back an edit that was never sent, with what depends on it. */
  undo(key: EntryKey): UndoResult {
    return undo(this.store, key);
  }

  /** Why a row is on this device, or why it left. Works offline. */
  explain(table: string, id: string): RowExplanation {
    if (this.#index === null) return { isHere: false, reasons: [], left: null };
    return explainRow(this.store, this.#index, this.hello, table, parseGuid(id) ?? id);
  }

  /**
   * The user signs out: from here on nothing of theirs is shown, and everything is removed but what is kept for their
   * return, now or at the next opening. Answers what was kept or discarded. To be followed by `close` and `removeUser`.
   */
  async signOut(pending: PendingEdits): Promise<SignOutResult> {
    const lock = this.#gate.current;
    // Whoever is signed in instead gives up nothing that is not theirs.
    if (lock !== null && pending === 'discard') throw lockError(lock);
    await this.cancel();
    const edits = ownEdits(this.#store);
    const drafts = ownDrafts(this.#store);
    const hasOwn = edits.length > 0 || drafts > 0;
    const keeps = pending === 'keep' && hasOwn;
    beginSignOut(this.#store, keeps);
    return lock === null
      ? { pending, keeps, edits, drafts }
      : { pending, keeps, edits: [], drafts: 0 };
  }

  /** Stops the running cycle and waits for it; what was committed stays. */
  async cancel(): Promise<void> {
    this.#abort?.abort();
    await this.#running?.result;
    await this.documents.pause();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.cancel();
    await this.documents.close();
    this.#subscriptions.unsubscribe();
    this.#gate.close();
    for (const subject of [this.#status, this.#progress, this.#app, this.#telemetry]) {
      subject.complete();
    }
  }

  #notificationOf(mode: SyncMode): SyncNotification | null {
    if (mode === 'FIRST_SYNC') return 'download';
    if (mode === 'GRID_SYNC') return 'grid';
    const last = readFact(this.#store, 'lastDoneAt');
    const silence = last === null ? 0 : this.#system.clock.now() - Number(last);
    return silence >= this.#inactivityMs ? 'download' : null;
  }

  #setOnline(online: boolean): void {
    this.#online = online;
    if (!online) {
      this.#abort?.abort();
      void this.documents.pause();
    }
    this.#emitStatus();
  }

  async #cycle(request: CycleRequest, signal: AbortSignal): Promise<CycleResult> {
    const { mode } = request;
    const cycle = new Cycle(this.#context(mode), request, signal);
    this.#checks = cycle.checks;
    const { clock, ids } = this.#system;
    this.#pace = new Pace();
    const [id, startedAt] = [ids.next(), steadyNow(clock)];
    try {
      // Rows and edits go before the contents of files.
      await this.documents.pause();
      const now = await cycle.run();
      this.#complete(mode, now);
      const result = this.#finish({ kind: 'done', mode });
      if (!this.#closed && this.#online) this.documents.start();
      return result;
    } catch (error) {
      if (signal.aborted || error instanceof CycleCancelled)
        return this.#finish({ kind: 'cancelled' });
      if (error instanceof CycleStop) {
        const lock = this.#gate.current;
        const isOther = lock !== null && error.failure.code === otherUserCode;
        const failure = isOther ? lockFailure(lock) : error.failure;
        return this.#finish({ kind: 'failed', failure });
      }
      // Disk full, a damaged file, definitions that make no sense: shown as the cycle's result, nothing half-applied.
      if (error instanceof StoreError || error instanceof SyncError) {
        const { code, message, fix } = error;
        return this.#finish({
          kind: 'failed',
          failure: { class: 'device', code, message: `${message} ${fix}`, retryAfterMs: null },
        });
      }
      this.#finish({ kind: 'cancelled' });
      throw error;
    } finally {
      // Who comes back says hello again.
      this.#confirmed = cycle.confirmed && this.#gate.current === null;
      const last = this.#lastResult;
      const failure =
        last?.kind === 'failed' ? telemetryFailure(last.failure.class, last.failure.code) : null;
      const duration = steadyNow(clock) - startedAt;
      for (const event of cycle.tally.events(id, mode, duration, failure))
        this.#telemetry.next(event);
      if (cycle.tookOver) this.#noteRestored();
    }
  }

  #context(mode: SyncMode): CycleContext {
    const gate = this.#gate;
    return {
      store: this.#store,
      transport: this.#transport,
      device: this.#device,
      outbox: this.outbox,
      system: this.#system,
      pageRows: this.#pageRows,
      rowCap: this.#rowCap,
      account: () => gate.account(),
      identify: (hello, account) => gate.identify(hello, account),
      index: () => this.#index,
      useApp: (app, hello) => this.#useApp(app, hello),
      applyPlanned: (hello) => {
        if (this.#index !== null) {
          this.#store.applySchema(this.#index.model, this.#deviceTables(hello));
        }
      },
      report: (phase) => this.#emitProgress(mode, phase),
      holdsBack: () => this.#holdsBack,
    };
  }

  /** Somebody else has come, or the user is back. */
  #follow(lock: UserLock | null): void {
    this.#progress.next(null);
    if (lock !== null) void this.documents.pause();
    else if (this.#app.value === null && this.#index !== null) this.#app.next(this.#index.model);
  }

  #noteRestored(): void {
    const at = new Date(this.#system.clock.now()).toISOString();
    this.#store.write({ origin: 'sync', durability: 'full' }, (tx) =>
      note(tx, 'restored', { table: null, id: null, name: null, reason: null, at }),
    );
  }

  #complete(mode: SyncMode, now: string): void {
    this.#store.write({ origin: 'sync', durability: 'full' }, (tx) => {
      if (mode === 'FIRST_SYNC') writeFact(tx.sql, 'firstSyncDoneAt', now);
      writeFact(tx.sql, 'lastSyncAt', now);
      writeFact(tx.sql, 'lastDoneAt', String(this.#system.clock.now()));
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

  #useApp(app: AppModel, hello: HelloResponse | null = readHello(this.#store)): void {
    this.#index = indexModel(app);
    this.outbox.effects.use(this.#index);
    if (hello !== null) this.#store.applySchema(app, this.#deviceTables(hello));
    if (this.#gate.current === null) this.#app.next(app);
  }

  /** Tables of the plan, and those with edits that are not settled: nothing of the user's may be lost. */
  #deviceTables(hello: HelloResponse): readonly string[] {
    const planned = hello.plan.map((one) => one.table);
    return [...new Set([...planned, ...editedTables(this.#store)])];
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
    const rows = { done: sum((one) => one.rows.done), total: sum((one) => one.rows.total) };
    const pace = this.#pace.take(rows, steadyNow(this.#system.clock));
    this.#progress.next({
      mode,
      phase,
      rows,
      ...(done ? { fraction: 1, etaMs: 0 } : pace),
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
    const pending = this.outbox.waiting();
    const errors = this.errors.count();
    const available = readFact(this.store, 'firstSyncDoneAt') !== null;
    const failure = this.#lastResult?.kind === 'failed' ? this.#lastResult.failure : null;
    const stopped = failure !== null && ['auth', 'access', 'device'].includes(failure.class);
    const flags: IconFlags = {
      syncing: this.#running !== null,
      error: errors > 0 || stopped,
      warning: failure !== null && !stopped,
      pendingUpload: pending.updates > 0,
      notConnected: !this.#online,
      connected: this.#online,
    };
    return {
      readiness: available ? 'available' : this.#running === null ? 'notAvailable' : 'initializing',
      online: this.#online,
      running: this.#running?.mode ?? null,
      notification: this.#running?.notification ?? null,
      flags,
      icon: iconOf(flags),
      pending,
      errors,
      lastSyncAt: readFact(this.store, 'lastSyncAt'),
      lastResult: this.#lastResult,
      storageBytes: this.#store.sizeBytes(),
    };
  }
}

/** Every opening gets a random epoch, written durably before the first edit, so entry keys never repeat. */
function startEpoch(store: DeviceStore, ids: IdGenerator): Pick<DeviceIdentity, 'id' | 'epoch'> {
  const id = readFact(store, 'device') ?? ids.next();
  const epoch = ids.next();
  store.write({ origin: 'sync', durability: 'full' }, (tx) => {
    writeFact(tx.sql, 'device', id);
    const last = readFact(store, 'epoch');
    const previous = JSON.parse(readFact(store, 'previousEpochs') ?? '[]') as readonly string[];
    if (last !== null) {
      writeFact(
        tx.sql,
        'previousEpochs',
        JSON.stringify([...previous, last].slice(-messageLimits.previousEpochs)),
      );
    }
    writeFact(tx.sql, 'epoch', epoch);
    // What was on its way when the process ended is sent again under its old key.
    tx.sql.prepare(`UPDATE "$outbox" SET state = 'queued' WHERE state = 'sent'`).run();
  });
  return { id, epoch };
}
