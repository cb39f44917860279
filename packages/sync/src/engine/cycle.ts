import { type AppModel, type ModelIndex, type System, twinTables } from '@outpost/model';
import type { DeviceStore } from '@outpost/store';
import { applyIds, applyPage, applyPlan, applyPull, forgetUnplanned } from '../apply/apply-rows.ts';
import { recheckRetyped } from '../apply/recheck.ts';
import { documentsOfEntry } from '../documents/named.ts';
import { uploadDocument } from '../documents/upload.ts';
import { foreignCode, isOwnCode } from '../http/foreign.ts';
import { applyResults, refuseUnsendable } from '../outbox/apply-results.ts';
import { type Entry, markSent } from '../outbox/entry.ts';
import { holdMs } from '../outbox/holds.ts';
import { type Outbox, toPushEntry } from '../outbox/outbox.ts';
import {
  type DeviceIdentity,
  groupsOf,
  type HelloResponse,
  inPieces,
  messageLimits,
  type PullFrom,
  type PushEntry,
  rangesOfKeys,
  type Versions,
} from '../protocol/index.ts';
import { SyncError } from '../sync-error.ts';
import type { Failure, Reply, SyncTransport } from '../transport.ts';
import { cancellable, unlessAborted } from './cancellable.ts';
import { checkTable, type TableCheck } from './check-table.ts';
import { CycleCancelled, CycleStop, take } from './cycle-stop.ts';
import { PagesAhead } from './pages-ahead.ts';
import type { RowCap } from './row-cap.ts';
import type { SyncMode, SyncProgress } from './status.ts';
import { readFact, readHello, readSyncTables, type SyncTable, writeFact } from './sync-state.ts';
import { CycleTally } from './telemetry.ts';

/** What a cycle works with. */
export interface CycleContext {
  readonly store: DeviceStore;
  readonly transport: Omit<SyncTransport, 'hints' | 'account'>;
  readonly device: DeviceIdentity;
  readonly outbox: Outbox;
  readonly system: System;
  readonly pageRows: number;
  readonly rowCap: RowCap;
  /** The account that is signed in; null: not known. */
  account(): Promise<string | null>;
  /** Throws unless the answer, which an account got, is for the user of the database. */
  identify(hello: HelloResponse, account: string | null): void;
  /** The app's definitions, indexed; null before the first download. */
  index(): ModelIndex | null;
  useApp(app: AppModel, hello: HelloResponse): void;
  /** Brings the schema to the plan. */
  applyPlanned(hello: HelloResponse): void;
  report(phase: SyncProgress['phase']): void;
  /** Whether edits that their user may still undo are left for a later cycle. */
  holdsBack(): boolean;
}

export interface CycleRequest {
  readonly mode: SyncMode;
  /** Only these tables; null: all. */
  readonly tables: readonly string[] | null;
  /** With SINGLE_RECORD_SYNC. */
  readonly row: { readonly table: string; readonly id: string } | null;
  /** The organization has confirmed this opening of the database. */
  readonly confirmed: boolean;
}

const pullRows = 2000;
/** Upload, delta and load repeat while the user keeps editing; a cycle ends after this many rounds at the latest. */
const maxRounds = 20;
/** Other definitions may be published while a cycle runs, but not for ever. */
const maxHellos = 5;

const isUnfinished = ({ state }: SyncTable): boolean => state !== 'ready';

/** One run of a mode: every step commits what it received together with how far it got. */
export class Cycle {
  readonly checks: TableCheck[] = [];
  /** The organization knew a newer life of this database, and has let this one take over. */
  tookOver = false;
  confirmed: boolean;
  readonly tally: CycleTally = new CycleTally();
  readonly #context: CycleContext;
  readonly #request: CycleRequest;
  readonly #signal: AbortSignal;
  #now: string | null = null;
  #hellos = 0;
  #batch = messageLimits.entries;
  /** Documents that the organization has, or was offered, in this cycle. */
  readonly #uploaded = new Set<string>();

  constructor(context: CycleContext, request: CycleRequest, signal: AbortSignal) {
    this.#context = { ...context, transport: cancellable(context.transport, signal) };
    this.#request = request;
    this.#signal = signal;
    this.confirmed = request.confirmed;
  }

  /** Runs to the end; answers the organization's time. Throws `CycleStop` or `CycleCancelled`. */
  async run(): Promise<string> {
    const { mode } = this.#request;
    const fresh = mode === 'DELTA_SYNC' || mode === 'GRID_SYNC' || mode === 'SINGLE_RECORD_SYNC';
    if (!this.confirmed || !fresh || this.#hello() === null) await this.#sayHello();
    for (let round = 0; round < maxRounds; round++) {
      const stuck = await this.#upload();
      if (mode === 'SINGLE_RECORD_SYNC') {
        await this.#fetchRow();
        break;
      }
      const tables = this.#widened();
      this.#checkRows();
      await this.#pull(tables);
      if (mode === 'FORCED_SYNC' && round === 0) this.#checkAll(tables);
      const loaded = await this.#load(tables);
      const open = this.#tables(tables).some(isUnfinished);
      const uploaded = stuck || this.#nextBatch().length === 0;
      const awaited = tables === null && this.#context.outbox.awaiting().length > 0;
      // What changed while pages were read is in the list of changes.
      if (!open && uploaded && !awaited && !loaded) break;
    }
    return this.#now ?? this.#hello()?.now ?? '';
  }

  /** The account that is signed in; null: not known, or nobody waits for it any more. */
  #account(): Promise<string | null> {
    return unlessAborted<string | null>([this.#signal], () => null, this.#context.account);
  }

  #hello(): HelloResponse | null {
    return readHello(this.#context.store);
  }

  get #seen(): Versions {
    const hello = this.#hello();
    return {
      app: readFact(this.#context.store, 'app') ?? '',
      access: hello?.current?.access ?? '',
    };
  }

  async #sayHello(): Promise<void> {
    const { store, transport, device, outbox } = this.#context;
    if (++this.#hellos > maxHellos) {
      throw new CycleStop({
        class: 'server',
        code: 'outpost:appChanged',
        message: 'The app is published again and again; the next cycle goes on.',
        retryAfterMs: null,
      });
    }
    this.#context.report('metadata');
    const previous = JSON.parse(readFact(store, 'previousEpochs') ?? '[]') as readonly string[];
    const uncounted = this.#tables(null).flatMap((one) => (one.state === 'ready' ? one.table : []));
    const say = (takeOver: boolean) =>
      transport.hello({ device, previous, takeOver, uncounted }, this.#signal);
    const account = await this.#account();
    let reply = await say(false);
    const isFenced = reply.kind === 'failed' && reply.failure.code === 'outpost:fenced';
    if (isFenced && !this.confirmed) {
      // A restored copy: what it holds is sent again under its keys, and what was done before is known by them.
      reply = await say(true);
      this.tookOver = true;
    }
    const hello = this.#take(reply).value;
    // Signed in as somebody else meanwhile: whose answer it is, is known; by which account, not.
    const isSame = account === (await this.#account());
    this.#context.identify(hello, isSame ? account : null);
    const isNewApp = readFact(store, 'app') !== hello.current.app;
    if (isNewApp) {
      const { app, model } = this.#take(await transport.app(this.#signal)).value;
      const parsed = withEditedTables(
        readModel(model),
        this.#context.index(),
        outbox.editedTables(),
      );
      store.write({ origin: 'sync', durability: 'full' }, (tx) => {
        writeFact(tx.sql, 'app', app);
        writeFact(tx.sql, 'appModel', JSON.stringify(parsed));
        writeFact(tx.sql, 'hello', JSON.stringify(hello));
        recheckRetyped(tx, this.#context.index(), parsed);
        forgetUnplanned(tx, hello);
      });
      this.#context.useApp(parsed, hello);
    } else {
      const planned = new Set(hello.plan.map((one) => one.table));
      if (this.#tables(null).some((one) => !planned.has(one.table))) {
        store.write({ origin: 'sync' }, (tx) => forgetUnplanned(tx, hello));
      }
      this.#context.applyPlanned(hello);
    }
    applyPlan(store, hello);
    this.confirmed = true;
    this.#now = hello.now;
    this.#context.report('plan');
  }

  /** Sends what can be sent. True: the organization put off what is left; only a later cycle may try again. */
  async #upload(): Promise<boolean> {
    const { store, transport, device, outbox, system } = this.#context;
    const index = this.#context.index();
    if (index === null) return false;
    for (let batch = this.#next(index); batch.length > 0; batch = this.#next(index)) {
      const report = () => this.#context.report('upload');
      report();
      const missing = batch
        .flatMap((entry) => documentsOfEntry(entry, index))
        .find((one) => !this.#uploaded.has(one));
      if (missing !== undefined) {
        await uploadDocument({ store, transport, device, report }, missing, this.#signal);
        if (this.#signal.aborted) throw new CycleCancelled();
        this.#uploaded.add(missing);
        // The user may have changed the edits meanwhile: what is sent is read anew.
        continue;
      }
      store.write({ origin: 'sync', durability: 'full' }, (tx) => {
        for (const entry of batch) markSent(tx.sql, entry.key);
      });
      // What is sent must survive a crash here, or its key could name another edit.
      await store.flush();
      const entries = batch.map((entry) => toPushEntry(entry));
      const settledBelow = outbox.newMarks();
      const reply = await transport.push({ device, settledBelow, entries }, this.#signal);
      if (reply.kind === 'failed') {
        // The organization may have acted: the same entries go again under the same keys.
        if (this.#isTooMuch(reply.failure, entries)) continue;
        this.#requeueSent();
        throw new CycleStop(reply.failure);
      }
      const now = system.clock.now();
      const until = ({ attempts }: Entry) => now + holdMs(attempts);
      const userId = this.#hello()?.user.id ?? '';
      applyResults(store, outbox, system.ids, userId, reply.value, until);
      store.write({ origin: 'sync' }, (tx) => outbox.forgetFinished(tx, settledBelow));
      this.#requeueSent();
      const { results } = reply.value;
      if (results.every((one) => one.status === 'blocked' || one.status === 'retryLater')) {
        return true;
      }
    }
    return false;
  }

  /**
   * What the organization cannot take is split. What cannot be split can never be sent: it becomes a sync error, and holds
   * up nothing that does not depend on it. Something on the way that takes less says nothing about the edit: it waits.
   */
  #isTooMuch(failure: Failure, entries: readonly PushEntry[]): boolean {
    const { store, outbox, system } = this.#context;
    const code = failure.code ?? '';
    if (failure.status !== 413 && code !== 'outpost:decode') return false;
    if (groupsOf(entries).length > 1) {
      this.#batch = Math.max(1, entries.length >> 1);
      this.#requeueSent();
      return true;
    }
    if (code === foreignCode || !isOwnCode(code)) return false;
    refuseUnsendable(store, outbox, system, this.#hello()?.user.id ?? '', entries, {
      errorType: 3,
      code,
      message: failure.message,
    });
    this.#batch = messageLimits.entries;
    return true;
  }

  /** What is quick to send goes first; edits with documents follow one by one, each after its documents. */
  #next(index: ModelIndex): readonly Entry[] {
    const isQuick = (entry: Entry) => documentsOfEntry(entry, index).length === 0;
    const quick = this.#nextBatch(this.#batch, isQuick);
    return quick.length > 0 ? quick : this.#nextBatch(1);
  }

  #nextBatch(most?: number, ready: (entry: Entry) => boolean = () => true): readonly Entry[] {
    const { outbox, holdsBack } = this.#context;
    const isHeld = (entry: Entry) => holdsBack() && outbox.mayBeUndone(entry);
    return outbox.nextBatch(most, (entry) => ready(entry) && !isHeld(entry));
  }

  /**
   * The tables that were asked for, with those in which edits that wait have changed rows besides, those that an earlier
   * cycle left half read, unless a user waits for a grid, and the other views of activities: what is seen together is
   * brought up to date together. Null: all.
   */
  #widened(): readonly string[] | null {
    const { tables, mode } = this.#request;
    if (tables === null) return null;
    const index = this.#context.index();
    const effects = this.#context.outbox.unsettledEffects();
    const halfRead = mode === 'GRID_SYNC' ? [] : this.#tables(null).filter(isUnfinished);
    const wanted = new Set([...tables, ...[...effects, ...halfRead].map((one) => one.table)]);
    // Also of those that come in only here: a set that grows is walked to its end.
    for (const name of wanted) {
      const table = index?.table(name);
      if (index === null || table === undefined) continue;
      for (const twin of twinTables(index, table)) wanted.add(twin.name);
    }
    return [...wanted];
  }

  #checkRows(): void {
    const { rowCap } = this.#context;
    const tables = this.#tables(null);
    if (rowCap.isOpen || tables.some((one) => one.state === 'load')) rowCap.check(tables);
  }

  #addRows(rows: number): void {
    this.#context.rowCap.add(rows, () => this.#tables(null));
  }

  #requeueSent(): void {
    this.#context.store.write({ origin: 'sync', durability: 'full' }, (tx) => {
      tx.sql.prepare(`UPDATE "$outbox" SET state = 'queued' WHERE state = 'sent'`).run();
    });
  }

  async #pull(only: readonly string[] | null): Promise<void> {
    const { store, transport, device, outbox } = this.#context;
    // What an edit does to other rows is seen when their tables are asked for too.
    const named = only === null ? null : this.#tables(only).map((one) => one.table);
    const awaited = inPieces(rangesOfKeys(outbox.awaiting(named)), messageLimits.epochs);
    let piece = 0;
    for (let more = true; more; ) {
      const tables = this.#tables(only);
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
      const awaiting = awaited[piece] ?? [];
      const reply = await transport.pull(
        { device, seen: this.#seen, from, views, awaiting, maxRows: pullRows },
        this.#signal,
      );
      if (await this.#refreshed(reply)) continue;
      const { value, bytes } = this.#take(reply);
      this.tally.add(
        value.changes.map((one) => ({ table: one.table, rows: one.rows.length })),
        bytes,
      );
      const before = tables.map((one) => one.token).join();
      applyPull(store, value, bytes, outbox.effects);
      this.#addRows(value.changes.reduce((sum, one) => sum + one.rows.length, 0));
      const isStuck =
        value.more &&
        this.#tables(only)
          .map((one) => one.token)
          .join() === before;
      if (isStuck) {
        throw new CycleStop({
          class: 'protocol',
          code: null,
          message: 'The organization says that there is more, and does not get on.',
          retryAfterMs: null,
        });
      }
      this.#now = value.now;
      this.#context.report('download');
      // Those that did not fit are asked for when all that has changed is here.
      more = value.more || ++piece < awaited.length;
      if (await this.#follow(value.current)) more = true;
    }
  }

  /** Rights, settings or plan are others than those that the device knows: it asks for them. */
  async #follow(current: Versions): Promise<boolean> {
    if (current.access === this.#seen.access) return false;
    await this.#sayHello();
    return true;
  }

  /** The definitions changed: they are taken in first, and the request is made again. */
  async #refreshed(reply: Reply<unknown>): Promise<boolean> {
    if (reply.kind !== 'failed' || reply.failure.code !== 'outpost:appChanged') return false;
    await this.#sayHello();
    return true;
  }

  #checkAll(only: readonly string[] | null): void {
    this.#context.store.write({ origin: 'sync' }, (tx) => {
      for (const { table, state } of this.#tables(only)) {
        if (state !== 'ready') continue;
        tx.sql
          .prepare(`UPDATE "$sync_table" SET state = 'check', ranges = NULL WHERE table_name = ?`)
          .run([table]);
      }
    });
  }

  #tables(only: readonly string[] | null): readonly SyncTable[] {
    const tables = readSyncTables(this.#context.store);
    return only === null ? tables : tables.filter((one) => only.includes(one.table));
  }

  /** Reads what is to be read. True: there was something. */
  async #load(only: readonly string[] | null): Promise<boolean> {
    const { store, transport, device, pageRows } = this.#context;
    // No pull is made while pages are read: a page that was asked for before one could be older than what it brought.
    const pages = new PagesAhead((table, after) => {
      const seen = this.#seen;
      const request = { device, seen, table, after, upTo: null, ids: null, limit: pageRows };
      return transport.page(request, this.#signal);
    });
    const planned = this.#tables(only).filter(isUnfinished);
    for (const [i, { table }] of planned.entries()) {
      await this.#loadTable(table, pages, planned[i + 1]);
      store.finishLoad(table);
    }
    return planned.length > 0;
  }

  async #loadTable(name: string, pages: PagesAhead, next: SyncTable | undefined): Promise<void> {
    const { store, transport, device, pageRows } = this.#context;
    const read = () => readSyncTables(store).find((one) => one.table === name);
    let table = read();
    if (table?.state === 'load' && table.cursor === null && store.count(name) === 0) {
      store.startLoad(name, table.rowsExpected);
    }
    for (; table !== undefined && table.state !== 'ready'; table = read()) {
      if (table.state === 'check') {
        const check = await checkTable(
          { store, transport, device, limit: pageRows, seen: () => this.#seen },
          table,
          (reply) => this.#refreshed(reply),
          (reply) => this.#take(reply),
          () => this.#context.report('verify'),
        );
        if (check === null) continue;
        this.checks.push(check);
        this.#context.report('download');
        continue;
      }
      const reply = await pages.read(name, table.cursor);
      if (await this.#refreshed(reply)) continue;
      const { value, bytes } = this.#take(reply);
      this.tally.add([{ table: name, rows: value.rows.length }], bytes);
      if (value.covered !== null) pages.ask(name, value.covered);
      else if (next?.state === 'load') pages.ask(next.table, next.cursor);
      applyPage(store, value, table.cursor, bytes);
      // What was announced is counted already.
      const isMore = table.rowsDone + value.rows.length > table.rowsExpected;
      this.#addRows(isMore ? value.rows.length : 0);
      this.#context.report('download');
    }
  }

  async #fetchRow(): Promise<void> {
    const { row } = this.#request;
    const index = this.#context.index();
    const table = row === null ? undefined : index?.table(row.table);
    if (row === null || index === null || table === undefined) return;
    for (const { name } of [table, ...twinTables(index, table)]) {
      if (this.#tables(null).some((one) => one.table === name)) await this.#fetch(name, row.id);
    }
  }

  async #fetch(table: string, id: string): Promise<void> {
    const { store, transport, device } = this.#context;
    for (;;) {
      const seen = this.#seen;
      const request = { device, seen, table, after: null, upTo: null, ids: [id], limit: 1 };
      const reply = await transport.page(request, this.#signal);
      if (await this.#refreshed(reply)) continue;
      applyIds(store, this.#take(reply).value, [id]);
      return;
    }
  }

  /** The answer, unless it is a failure or the cycle was cancelled meanwhile. */
  #take<T>(reply: Reply<T>): { readonly value: T; readonly bytes: number } {
    if (this.#signal.aborted) throw new CycleCancelled();
    return take(reply);
  }
}

/** Tables that left the app stay as long as edits of them are not settled. */
function withEditedTables(
  app: AppModel,
  known: ModelIndex | null,
  edited: readonly string[],
): AppModel {
  const gone = edited.filter((name) => !app.tables.some((table) => table.name === name));
  const kept = gone.flatMap((name) => known?.table(name) ?? []);
  return kept.length === 0 ? app : { ...app, tables: [...app.tables, ...kept] };
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
