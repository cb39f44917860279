import type { System } from '@outpost/model';
import { BehaviorSubject, combineLatest, type Observable, Subscription } from 'rxjs';
import type { CycleFailure, CycleResult } from '../engine/status.ts';
import type { Hint } from '../transport.ts';
import { backOffMs, degradedAfter } from './back-off.ts';
import { dueTables, nextDueAt, type ScheduledTable } from './due.ts';
import { ElapsedClock } from './elapsed-clock.ts';
import type { HintEvent } from './hint-listener.ts';

export interface SyncSettings {
  /** `manual`: only when asked. */
  readonly mode: 'auto' | 'manual';
  /** Not over connections that cost. */
  readonly wifiOnly: boolean;
  /** No table more often than this, whatever its profile item says; 0: as the profile says. */
  readonly atLeastMinutes: number;
}

export const defaultSettings: SyncSettings = { mode: 'auto', wifiOnly: false, atLeastMinutes: 0 };

export interface Connectivity {
  readonly online: boolean;
  /** Bytes cost. */
  readonly metered: boolean;
  /** The app is on the screen. */
  readonly foreground: boolean;
}

export type PauseReason =
  | 'offline'
  | 'wifiOnly'
  | 'background'
  | 'manual'
  /** The user must sign in. */
  | 'auth'
  /** Somebody else is signed in than the database belongs to. */
  | 'otherUser'
  /** The user is disabled or has no role. */
  | 'disabled'
  /** Another opening of the database synchronizes. */
  | 'fenced'
  /** The device cannot store what it gets. */
  | 'device';

export interface ScheduleState {
  /** Why nothing synchronizes by itself now; null: it does. */
  readonly paused: PauseReason | null;
  /** When the next attempt is due; null: none is. */
  readonly nextAt: number | null;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** `degraded`: many failures in a row. */
  readonly warnings: readonly 'degraded'[];
}

export interface SchedulerOptions {
  readonly system: System;
  readonly connectivity: Observable<Connectivity>;
  readonly settings: Observable<SyncSettings>;
  /** When the first of the edits that wait to be sent may go, in milliseconds; null: none waits. */
  readonly sendable: Observable<number | null>;
  /** Emits for every edit of the user: it is tried to send it, whatever stood in the way before. */
  readonly edits?: Observable<unknown>;
  /** Emits when a cycle is complete that anybody has asked for: what stopped the others is over. */
  readonly completed?: Observable<unknown>;
  /** What the organization tells of changes; absent: it does not. */
  readonly hints?: Observable<HintEvent>;
  /** Whether rows enter or leave by the mere passing of time; then silence of the organization means nothing. */
  readonly changesWithTime?: () => boolean;
  readonly tables: () => readonly ScheduledTable[];
  /** Tables with edits that are to be uploaded or seen. */
  readonly editedTables: () => readonly string[];
  readonly run: (tables: readonly string[] | null) => Promise<CycleResult>;
  /** Told of what `run` throws, which counts as a failure: attempts go on, later and later. */
  readonly onFault?: (error: unknown) => void;
}

/** After an edit, wait this long for more. */
const editDelayMs = 1000;
/** What stops or puts off the others is tried again for an edit, but not for each of many. */
const editSpacingMs = 30_000;
const reconnectJitterMs = 2000;
const longestSilenceMs = 3_600_000;

/** Runs cycles by themselves: at open, at the intervals of tables, after edits, on reconnect; backs off after failures. */
export class SyncScheduler {
  readonly #options: SchedulerOptions;
  readonly #state = new BehaviorSubject<ScheduleState>({
    paused: 'offline',
    nextAt: null,
    failures: 0,
    warnings: [],
  });
  readonly #subscriptions = new Subscription();
  readonly #lastAt = new Map<string, number>();
  readonly #hinted = new Set<string>();
  /** The organization tells of changes. */
  #isTold = false;
  /** It was asked since it began to tell. */
  #askedSince = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  readonly #elapsed: ElapsedClock;
  /** When the attempt is due that is planned. */
  #plannedAt = Number.POSITIVE_INFINITY;
  #connectivity: Connectivity = { online: false, metered: false, foreground: true };
  #settings = defaultSettings;
  /** A failure that waiting does not mend. */
  #stopped: PauseReason | null = null;
  #failures = 0;
  #notBefore = 0;
  #editTriedAt = Number.NEGATIVE_INFINITY;
  #wantedAt: number | null = null;
  #sendableAt: number | null = null;
  /** Cycles in a row that left behind what could have been sent. */
  #leftBehind = 0;
  #running = false;
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#elapsed = new ElapsedClock(options.system.clock);
    this.#subscriptions.add(
      combineLatest([options.connectivity, options.settings]).subscribe(
        ([connectivity, settings]) => this.#follow(connectivity, settings),
      ),
    );
    if (options.hints !== undefined) {
      this.#subscriptions.add(options.hints.subscribe((event) => this.#listen(event)));
    }
    this.#subscriptions.add(options.sendable.subscribe((at) => this.#send(at)));
    this.#subscriptions.add(options.edits?.subscribe(() => this.#edited()));
    this.#subscriptions.add(options.completed?.subscribe(() => this.#recover()));
  }

  get state(): Observable<ScheduleState> {
    return this.#state.asObservable();
  }
  get current(): ScheduleState {
    return this.#state.value;
  }

  /** The user has signed in again, or asks: what stopped is tried anew, without waiting. */
  resume(): void {
    this.#stopped = null;
    this.#notBefore = 0;
    this.#want(this.#now);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#subscriptions.unsubscribe();
    this.#state.complete();
  }

  get #now(): number {
    return this.#elapsed.now();
  }

  #follow(connectivity: Connectivity, settings: SyncSettings): void {
    const wasOnline = this.#connectivity.online;
    this.#connectivity = connectivity;
    this.#settings = settings;
    if (connectivity.online && !wasOnline) {
      // Attempts are counted on, but the wait is over; what stopped them may have been of the network that is left.
      this.#stopped = null;
      this.#notBefore = 0;
      const jitter = this.#lastAt.size === 0 ? 0 : reconnectJitterMs;
      this.#want(this.#now + this.#options.system.random.next() * jitter);
    } else this.#plan();
  }

  get #paused(): PauseReason | null {
    if (!this.#connectivity.online) return 'offline';
    if (this.#stopped !== null) return this.#stopped;
    if (this.#settings.mode === 'manual') return 'manual';
    if (this.#settings.wifiOnly && this.#connectivity.metered) return 'wifiOnly';
    return this.#connectivity.foreground ? null : 'background';
  }

  #listen(event: HintEvent): void {
    if (event.kind === 'hint') return this.#hear(event.hint);
    this.#isTold = event.kind === 'connected';
    // What happened before the connection was not told.
    this.#askedSince = false;
  }

  /** Hinted tables are due, after a while that is not the same on all devices. */
  #hear({ tables, jitterMs }: Hint): void {
    for (const table of tables) this.#hinted.add(table);
    this.#want(this.#now + this.#options.system.random.next() * Math.max(0, jitterMs));
  }

  /** Something waits to be sent, or nothing does. What a cycle leaves behind is looked at when it is over. */
  #send(time: number | null): void {
    const at = time === null ? null : this.#elapsed.momentOf(time);
    this.#sendableAt = at;
    if (at !== null && !this.#running) this.#want(Math.max(at, this.#now + editDelayMs));
  }

  /** The wait is over, or what stopped: after an edit it is tried once more. */
  #edited(): void {
    const isStopped = this.#stopped !== null || this.#notBefore > this.#now;
    if (!isStopped || this.#running) return;
    const at = Math.max(this.#now + editDelayMs, this.#editTriedAt + editSpacingMs);
    this.#editTriedAt = at;
    this.#notBefore = this.#stopped === null ? Math.min(this.#notBefore, at) : at;
    this.#stopped = null;
    this.#want(at);
  }

  #recover(): void {
    this.#stopped = null;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#plan();
  }

  #want(at: number): void {
    this.#wantedAt = this.#wantedAt === null ? at : Math.min(this.#wantedAt, at);
    this.#plan();
  }

  #plan(): void {
    if (this.#closed) return;
    this.#cancel?.();
    this.#cancel = null;
    const paused = this.#paused;
    let nextAt: number | null = null;
    if (paused === null && !this.#running) {
      const due = nextDueAt(
        this.#options.tables(),
        this.#lastAt,
        this.#now,
        this.#settings.atLeastMinutes,
      );
      nextAt = Math.max(this.#notBefore, Math.min(this.#wantedAt ?? Number.POSITIVE_INFINITY, due));
      this.#plannedAt = nextAt;
      const time = this.#elapsed.timeOf(nextAt);
      this.#cancel = this.#options.system.clock.schedule(time, () => void this.#attempt());
    }
    this.#state.next({
      paused,
      nextAt: nextAt === null ? null : this.#elapsed.timeOf(nextAt),
      failures: this.#failures,
      warnings: this.#failures >= degradedAfter ? ['degraded'] : [],
    });
  }

  async #attempt(): Promise<void> {
    if (this.#closed || this.#running || this.#paused !== null) return;
    // The time was set back, and the clock asks to look again.
    if (this.#now < this.#plannedAt) return this.#plan();
    this.#running = true;
    this.#wantedAt = null;
    const { tables, editedTables, run } = this.#options;
    const due = dueTables(tables(), this.#lastAt, this.#now, this.#settings.atLeastMinutes);
    const edited = editedTables();
    if (this.#maySkip(edited)) {
      for (const table of due) this.#lastAt.set(table, this.#now);
      this.#running = false;
      return this.#plan();
    }
    const wanted = [...new Set([...due, ...edited, ...this.#hinted])];
    this.#hinted.clear();
    // Nothing is known yet: everything is wanted.
    const isAll = tables().length === 0 || due.length === tables().length;
    let result: CycleResult;
    try {
      result = await run(isAll ? null : wanted);
    } catch (error) {
      result = { kind: 'failed', failure: unforeseen };
      this.#options.onFault?.(error);
    }
    this.#running = false;
    if (this.#closed) return;
    this.#take(result, isAll ? tables().map((one) => one.table) : wanted);
    this.#plan();
  }

  /** Nothing was told since the organization was last asked: there is nothing to ask for, but for an hour at most. */
  #maySkip(edited: readonly string[]): boolean {
    if (!this.#isTold || !this.#askedSince || this.#hinted.size > 0 || edited.length > 0)
      return false;
    if (this.#failures > 0 || this.#options.changesWithTime?.() === true) return false;
    return this.#now - this.#askedAt < longestSilenceMs;
  }

  #take(result: CycleResult, tables: readonly string[]): void {
    if (result.kind === 'done') {
      this.#failures = 0;
      this.#notBefore = 0;
      if (this.#hinted.size === 0) this.#askedSince = true;
      this.#askedAt = this.#now;
      for (const table of tables) this.#lastAt.set(table, this.#now);
      return this.#sendRest(tables);
    }
    // Who cancels a cycle does not give up the edits that wait.
    if (result.kind === 'cancelled') return this.#sendRest(tables);
    if (result.kind !== 'failed') return;
    const { failure } = result;
    this.#stopped = stoppedBy(failure);
    this.#failures += 1;
    const wait = backOffMs(this.#failures, failure.retryAfterMs, this.#options.system.random);
    this.#notBefore = this.#now + wait;
    this.#wantedAt = this.#notBefore;
    // What was told, or was being read, is still to be read.
    for (const table of tables) this.#hinted.add(table);
  }

  /** After a cycle: edits that were made or put off meanwhile, and those whose tables it did not read. */
  #sendRest(tables: readonly string[]): void {
    const at = this.#sendableAt;
    const mayGoNow = at !== null && at <= this.#now;
    this.#leftBehind = mayGoNow ? this.#leftBehind + 1 : 0;
    const wait = mayGoNow ? backOffMs(this.#leftBehind, null, this.#options.system.random) : 0;
    if (at !== null) this.#want(Math.max(at, this.#now + editDelayMs + wait));
    const known = new Set(this.#options.tables().map((one) => one.table));
    const edited = this.#options.editedTables();
    const isUnseen = edited.some((table) => known.has(table) && !tables.includes(table));
    if (isUnseen) this.#want(this.#now + editDelayMs);
  }
}

/** A mistake in a program: another attempt may go better. */
const unforeseen: CycleFailure = {
  class: 'protocol',
  code: null,
  message: 'A cycle ended in an error that nobody expected.',
  retryAfterMs: null,
};

/** Failures that another attempt would only repeat. */
function stoppedBy(failure: {
  readonly class: string;
  readonly code: string | null;
}): PauseReason | null {
  if (failure.code === 'device.otherUser') return 'otherUser';
  if (failure.class === 'auth') return 'auth';
  if (failure.class === 'access') return 'disabled';
  if (failure.code === 'outpost:fenced') return 'fenced';
  return failure.class === 'device' ? 'device' : null;
}
