import {
  type AppModel,
  activate,
  addNote,
  attachFile,
  type Command,
  type CommandInput,
  type CommandPlan,
  convertToCase,
  convertToOpportunity,
  describeCapabilities,
  disqualifyLead,
  indexModel,
  type LookupValue,
  markComplete,
  type NewNote,
  type NoteAttachment,
  offlineCommands,
  parseDocumentReference,
  parseValue,
  type QualifyOptions,
  qualifyLead,
  type RowValues,
  removeAttachment,
  rowCommands,
  type SavedQuery,
  type System,
  type TableCapabilities,
} from '@outpost/model';
import {
  foldedSlots,
  type LiveOptions,
  type QueryEngine,
  type QuerySource,
  type UnavailableReason,
  type ViewSnapshot,
} from '@outpost/query';
import type { DeviceHost, FlowCommand } from '@outpost/rules';
import { type Search, SearchIndex, searchModule } from '@outpost/search';
import { type DeviceStore, type StorageLocation, touchesRow } from '@outpost/store';
import {
  type DocumentOptions,
  type DocumentResult,
  defaultSettings,
  type ExpectedUser,
  listenToHints,
  lockText,
  type PendingEdits,
  readSyncTables,
  type SignOutResult,
  Sync,
  SyncScheduler,
  type SyncSettings,
  type SyncTransport,
  syncModule,
  type UserLock,
} from '@outpost/sync';
import {
  combineLatest,
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subscription,
  switchMap,
} from 'rxjs';
import { DeviceError } from './device-error.ts';
import {
  type FlowState,
  moveFlow,
  type OfferedFlow,
  offeredFlows,
  readFlow,
} from './form/flow-control.ts';
import { type FormDraft, FormDrafts, formModule } from './form/form-drafts.ts';
import { type FormHost, FormSession } from './form/form-session.ts';
import { type LookupRows, lookupRows } from './form/lookup-rows.ts';
import type { Deletion } from './save/deletion.ts';
import { notesOf, type TimelineNote } from './save/notes.ts';
import { readingRow, savingNewRow, savingRow } from './save/row-id.ts';
import { carryOut, runCommand } from './save/run-command.ts';
import {
  createRow,
  deleteRow,
  previewDeletion,
  type SaveResult,
  updateRow,
} from './save/save-row.ts';
import { openSession, type Session } from './session.ts';
import { finishSignOut, openSignedOut } from './sign-in/finish-sign-out.ts';
import { platformSystem } from './system/system.ts';

export interface DeviceOptions {
  /** Where the database lives. A second opener is refused with `store.locked`. */
  readonly storage: StorageLocation;
  readonly transport: SyncTransport;
  /**
   * Who is signed in, as far as the app knows without a network. A database of another user is not opened:
   * `device.otherUser`. Default: the transport says whose account it is, if it can, and the organization at every cycle.
   */
  readonly user?: ExpectedUser;
  /** Whether the organization may be tried; replays the current value. Default: always. */
  readonly online?: Observable<boolean>;
  readonly system?: System;
  /** IANA name; decides what "today" is. Default UTC. */
  readonly timeZone?: string;
  /** Process flows work offline in the mobile app only. Default `mobile`. */
  readonly host?: DeviceHost;
  /** Whether bytes cost; replays the current value. Default: never. */
  readonly metered?: Observable<boolean>;
  /** Whether the app is on the screen; replays the current value. Default: always. */
  readonly foreground?: Observable<boolean>;
  /** How the device synchronizes by itself; replays the current value. */
  readonly settings?: Observable<SyncSettings>;
  /** `auto`: synchronize at open, after edits, at intervals and on reconnect. Default `manual`. */
  readonly start?: 'auto' | 'manual';
  readonly pageRows?: number;
  /** Rows that the device takes, hidden tables included; default 3,000,000. More fail the sync, and say so. */
  readonly maxRows?: number;
  /** A cycle is announced like the first sync when none was complete for so long; default 7 days. */
  readonly inactivityMs?: number;
  /** Whether contents of files are downloaded by themselves, and how much room they may take. */
  readonly documents?: DocumentOptions;
  /** Told of what must not stop anything, such as rows changed with SQL behind the gateway of the database. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * A business app on a device. Reads and writes always use the database on the device, online or not; the network only
 * lets `sync` run.
 */
export class Device {
  readonly sync: Sync;
  /** The database; it looks empty while somebody else is signed in than it belongs to. */
  readonly store: DeviceStore;
  readonly #store: DeviceStore;
  readonly #storage: StorageLocation;
  readonly #system: System;
  readonly #place: { readonly timeZone: string; readonly host: DeviceHost };
  readonly #subscriptions = new Subscription();
  #session: Session | null = null;
  #model: AppModel | null = null;
  #searchIndex: SearchIndex | null = null;
  readonly #scheduler: SyncScheduler | null = null;
  readonly #formHost: FormHost;
  #closed = false;

  /** `account`: what the transport says of the account, see `SyncTransport.account`. */
  constructor(store: DeviceStore, options: DeviceOptions, account: string | null = null) {
    this.#store = store;
    this.#storage = options.storage;
    this.#system = options.system ?? platformSystem;
    this.#place = { timeZone: options.timeZone ?? 'UTC', host: options.host ?? 'mobile' };
    const online = options.online ?? of(true);
    this.sync = new Sync({
      store,
      transport: options.transport,
      online,
      system: this.#system,
      ...(options.pageRows === undefined ? {} : { pageRows: options.pageRows }),
      ...(options.maxRows === undefined ? {} : { maxRows: options.maxRows }),
      ...(options.inactivityMs === undefined ? {} : { inactivityMs: options.inactivityMs }),
      ...(options.documents === undefined ? {} : { documents: options.documents }),
      ...(options.user === undefined ? {} : { user: options.user }),
      account,
    });
    this.store = this.sync.store;
    this.#formHost = {
      drafts: new FormDrafts(this.store, this.#system),
      session: () =>
        this.#closed || this.#searchIndex === null || this.sync.currentLock !== null
          ? null
          : this.#open(),
      hidden: this.sync.lock.pipe(filter((lock) => lock !== null)),
    };
    this.#subscriptions.add(this.sync.app.subscribe((app) => this.#useApp(app)));
    if (options.start === 'auto') {
      this.#scheduler = new SyncScheduler({
        system: this.#system,
        connectivity: combineLatest([
          online,
          options.metered ?? of(false),
          options.foreground ?? of(true),
        ]).pipe(
          map(([isOnline, metered, foreground]) => ({ online: isOnline, metered, foreground })),
        ),
        settings: options.settings ?? of(defaultSettings),
        hints: listenToHints(options.transport, this.#mayListen(online), this.#system),
        changesWithTime: () =>
          this.#model?.profile.items.some(
            (item) => item.days !== undefined || item.criteria === 'custom',
          ) === true,
        sendable: this.sync.outbox.sendable,
        edits: store.commits.pipe(filter((set) => set.origin === 'local')),
        completed: this.sync.status.pipe(
          map(({ lastResult }) => lastResult),
          distinctUntilChanged(),
          filter((result) => result?.kind === 'done'),
        ),
        tables: () => readSyncTables(store),
        editedTables: () => this.sync.outbox.unsettledTables(),
        ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
        run: (tables) =>
          this.sync.run('DELTA_SYNC', { byItself: true, ...(tables === null ? {} : { tables }) }),
      });
    }
  }

  /** The app's definitions: at once when known, else after the first metadata download. */
  get app(): Observable<AppModel> {
    return this.sync.app.pipe(filter((app) => app !== null));
  }

  /** Resolves when the app's definitions are on the device; its data may still be on the way. */
  get ready(): Promise<AppModel> {
    return firstValueFrom(this.app);
  }

  get model(): AppModel {
    return this.#open().model;
  }
  get queries(): QueryEngine {
    return this.#open().queries;
  }
  get search(): Search {
    return this.#open().search;
  }
  /** The index of words behind `search`: how far it is, whether it is right. */
  get searchIndex(): SearchIndex {
    return this.#open().searchIndex;
  }

  /**
   * A window on a query, kept current by every commit; begins when the definitions are here and follows them when others
   * are published. The source may be worked out from what is on the device then.
   */
  live(
    source: QuerySource | ((queries: QueryEngine) => QuerySource),
    options?: LiveOptions,
  ): Observable<ViewSnapshot> {
    return this.sync.status.pipe(
      map(() => {
        if (this.#searchIndex === null || this.#closed) return null;
        // Of a locked database it shows nothing, and goes on when its user is back.
        return this.sync.currentLock === null ? this.queries : (this.#session?.queries ?? null);
      }),
      distinctUntilChanged(),
      switchMap((queries) => {
        if (queries === null) return NEVER;
        const what = typeof source === 'function' ? source(queries) : source;
        return queries.live(what, options).snapshot;
      }),
    );
  }

  /** System views of a table, each with the reasons why it cannot run offline. */
  views(
    table: string,
  ): readonly { readonly view: SavedQuery; readonly reasons: readonly UnavailableReason[] }[] {
    const { index, queries } = this.#open();
    return index.savedQueries(table).map((view) => ({ view, reasons: queries.availability(view) }));
  }

  /** A row by id, or null when it is not on the device. */
  get(table: string, id: string): RowValues | null {
    return this.#open().values(table, readingRow(id));
  }

  /** The row now and after each commit that changes it; null while it is not on the device. */
  observe(table: string, id: string): Observable<RowValues | null> {
    const known = readingRow(id);
    return merge(
      this.store.commits.pipe(filter((set) => touchesRow(set, table, known))),
      this.sync.lock,
    ).pipe(map(() => (this.sync.currentLock === null ? this.get(table, known) : null)));
  }

  /**
   * Input values may be typed values, or texts and labels as a person writes them. Ids are GUIDs in any spelling; another
   * text is refused by what saves, and an error where a row is read.
   */
  create(table: string, input: Readonly<Record<string, unknown>>, id?: string): SaveResult {
    const session = this.#open();
    if (id === undefined) return createRow(session, table, input);
    return savingNewRow(session, session.table(table), id, (known) =>
      createRow(session, table, input, known),
    );
  }
  update(table: string, id: string, input: Readonly<Record<string, unknown>>): SaveResult {
    return this.#save(table, id, (session, known) => updateRow(session, table, known, input));
  }
  /** What deleting a row would do: for asking before it is done. Null: the row is not on this device. */
  deletion(table: string, id: string): Deletion | null {
    return previewDeletion(this.#open(), table, id);
  }
  /** With the row goes what its relationships say; see `deletion`. It can be undone until it is sent: `sync.undo`. */
  delete(table: string, id: string): SaveResult {
    return this.#save(table, id, (session, known) => deleteRow(session, table, known));
  }
  #save(
    table: string,
    id: string,
    save: (session: Session, known: string) => SaveResult,
  ): SaveResult {
    const session = this.#open();
    return savingRow(session.table(table), id, (known) => save(session, known));
  }

  /**
   * Commands that work offline on rows of a table, or on one row: what its state leaves. Everything else is hidden and
   * refused.
   */
  commands(table: string, id?: string): readonly Command[] {
    const definition = this.#open().table(table);
    const values = id === undefined ? null : this.get(table, id);
    return values === null ? offlineCommands(definition) : rowCommands(definition, values);
  }

  /** Opens a closed row again. */
  activate(table: string, id: string): SaveResult {
    return this.#run(table, id, 'update', activate);
  }

  qualify(lead: string, options: QualifyOptions = {}): SaveResult {
    return this.#run('lead', lead, 'qualify', (input) => qualifyLead(input, options));
  }
  /** The reason is a status of the state Disqualified, as number or label. */
  disqualify(lead: string, reason: unknown): SaveResult {
    const column = this.#open().index.column('lead', 'statuscode');
    const parsed = column === undefined ? null : parseValue(column, reason);
    const status = parsed?.kind === 'value' ? Number(parsed.value ?? Number.NaN) : Number.NaN;
    return this.#run('lead', lead, 'disqualify', (input) => disqualifyLead(input, status));
  }
  convertToCase(activity: string, id: string, customer?: LookupValue): SaveResult {
    return this.#run(activity, id, 'convertToCase', (input) => convertToCase(input, customer));
  }
  markComplete(table: string, id: string): SaveResult {
    return this.#run(table, id, 'markComplete', markComplete);
  }
  convertToOpportunity(table: string, id: string): SaveResult {
    return this.#run(table, id, 'convertToOpportunity', convertToOpportunity);
  }

  /** Notes of a row, newest first. */
  notes(table: string, id: string): readonly TimelineNote[] {
    return notesOf(this.#open(), table, readingRow(id));
  }
  addNote(table: string, id: string, note: NewNote): SaveResult {
    return this.#save(table, id, (session, known) => {
      const input = { index: session.index, newId: () => session.system.ids.next() };
      return carryOut(session, addNote(input, { table, id: known }, note));
    });
  }
  /** Puts a file on a note, or replaces it. */
  attachFile(note: string, attachment: NoteAttachment): SaveResult {
    return this.#run('annotation', note, 'update', (input) => attachFile(input, attachment));
  }
  /** The content of the file that a column names, if it is on this device. */
  document(table: string, id: string, column: string): Uint8Array | null {
    const reference = this.get(table, id)?.[column];
    return typeof reference === 'string' ? this.sync.documents.read(reference) : null;
  }
  /** The same; downloaded when it is not on this device. */
  async fetchDocument(table: string, id: string, column: string): Promise<DocumentResult> {
    const known = readingRow(id);
    const reference = this.get(table, known)?.[column];
    const parsed = parseDocumentReference(reference);
    if (typeof reference !== 'string' || parsed === null) return { kind: 'absent' };
    const { bytes } = parsed;
    return this.sync.documents.fetch({ reference, bytes, table, id: known, column });
  }
  /** Takes the file off a note; delete the note to remove both. */
  removeAttachment(note: string): SaveResult {
    return this.#run('annotation', note, 'update', removeAttachment);
  }

  #run(
    table: string,
    id: string,
    command: Command,
    plan: (input: CommandInput) => CommandPlan,
  ): SaveResult {
    return this.#save(table, id, (session, known) =>
      runCommand(session, table, known, command, plan),
    );
  }

  /**
   * Opens the main form of a table, for a row or for a new one. `draft`: goes on with what was typed earlier, by its id in
   * `drafts`; without it the newest draft of the row is offered in the state of the form.
   */
  openForm(
    table: string,
    id: string | null,
    options: { readonly draft?: string } = {},
  ): FormSession {
    const known = id === null ? null : readingRow(id);
    return new FormSession(this.#formHost, this.#open(), table, known, options.draft);
  }

  /** What was typed into forms that are not open, and neither saved nor given up; newest first. */
  drafts(): readonly FormDraft[] {
    this.#open();
    return this.#formHost.drafts.list();
  }

  /** Rows a lookup column may point at whose names begin with `term`. */
  lookupRows(table: string, column: string, term: string, limit = 50): LookupRows {
    return lookupRows(this.#open(), table, column, term, limit);
  }

  /** What works offline for a table, and what does not. */
  capabilities(table: string): TableCapabilities {
    const session = this.#open();
    return describeCapabilities(session.table(table), session.model);
  }

  /** Process flows of a table, each with the reasons why it cannot be used here. */
  flows(table: string): readonly OfferedFlow[] {
    return offeredFlows(this.#open(), table);
  }
  /** Where a row stands in its process flow; null: its table has none that works here. */
  flow(table: string, id: string): FlowState | null {
    return readFlow(this.#open(), table, readingRow(id));
  }
  moveFlow(table: string, id: string, command: FlowCommand): SaveResult {
    return this.#save(table, id, (session, known) => moveFlow(session, table, known, command));
  }

  /** What synchronizes by itself, and why it does not now; null: the device was opened with `start: 'manual'`. */
  get schedule(): SyncScheduler | null {
    return this.#scheduler;
  }

  /**
   * Removes what the user has on this device: rows, files, the search index, notices. `keep`: edits that wait stay, with
   * their files and drafts, for nobody but this user; they lie on the rows again when the user signs in, and go up.
   * `discard`: they are given up, and the database is whose who signs in next. Answers what was kept or discarded. The
   * device is closed then; a crash in between is made good at the next opening. Tokens are the sign-in's to forget.
   */
  async signOut({ pending }: { readonly pending: PendingEdits }): Promise<SignOutResult> {
    if (this.#closed) throw closed();
    this.#scheduler?.close();
    const result = await this.sync.signOut(pending);
    await this.close();
    await finishSignOut(this.#storage, result.keeps);
    return result;
  }

  /** Stops timers and the running cycle, and releases the storage. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#scheduler?.close();
    this.#subscriptions.unsubscribe();
    await this.sync.close();
    this.#searchIndex?.close();
    await this.#store.close();
  }

  /** The index takes part in every commit from the moment that the tables are known. */
  #useApp(app: AppModel | null): void {
    this.#model = app;
    this.#session = null;
    this.#searchIndex?.close();
    this.#searchIndex = null;
    this.#searchIndex =
      app === null
        ? null
        : new SearchIndex({
            store: this.#store,
            model: indexModel(app),
            clock: this.#system.clock,
          });
  }

  /** Hints are for whoever is signed in: while that is somebody else there are none. */
  #mayListen(online: Observable<boolean>): Observable<boolean> {
    return combineLatest([online, this.sync.lock]).pipe(
      map(([isOnline, lock]) => isOnline && lock === null),
      distinctUntilChanged(),
    );
  }

  #open(): Session {
    if (this.#closed) throw closed();
    const lock = this.sync.currentLock;
    if (lock !== null) throw otherUser(lock);
    if (this.#model === null || this.#searchIndex === null) {
      throw new DeviceError(
        'device.notReady',
        'The app is not on this device yet.',
        'Connect and wait for `ready`: the definitions arrive first in the initial sync.',
      );
    }
    const tables = this.sync.hello?.plan.length ?? 0;
    if (this.#session === null || this.#session.tables.size !== tables) {
      this.#session = openSession(
        this.#model,
        this.store,
        this.sync,
        this.#system,
        this.#place,
        this.#searchIndex,
      );
    }
    return this.#session;
  }
}

/**
 * Opens the database, recovers what a crash left, and never waits for the network. Rejects with `device.otherUser` when
 * `user` is another one than the database belongs to.
 */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  const account = (await options.transport.account?.()) ?? null;
  const store = await openSignedOut({
    storage: options.storage,
    modules: [syncModule, searchModule, formModule],
    foldedSlots,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
  });
  const device = new Device(store, options, account);
  const lock = device.sync.currentLock;
  if (lock?.reason !== 'otherUser') return device;
  await device.close();
  throw otherUser(lock);
}

function closed(): DeviceError {
  return new DeviceError('device.closed', 'The device is closed.', 'Open it again.');
}

function otherUser(lock: UserLock): DeviceError {
  const { cause, fix } = lockText(lock);
  return new DeviceError('device.otherUser', cause, fix);
}
