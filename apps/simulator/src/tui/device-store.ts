import type { FieldState, FormSession, FormState, SaveResult } from '@outpost/device';
import {
  type Column,
  type ColumnValue,
  formatValue,
  type SavedQuery,
  siteMapTables,
  type Table,
} from '@outpost/model';
import type { QueryRow } from '@outpost/query';
import { type ChangeSet, touchesRow } from '@outpost/store';
import {
  type PendingEdits,
  readSyncTables,
  type SyncProgress,
  type SyncStatus,
  type SyncTable,
} from '@outpost/sync';
import { type Observable, Subject, Subscription } from 'rxjs';
import type { OpenDevice, World } from '../world/world.ts';
import { type GridRows, GridWindow } from './grid-window.ts';
import { isUnsaved, offerDraft } from './leave-form.ts';
import { type Place, place, type ScreenId, type TextInput } from './place.ts';
import { SearchPanel } from './search-panel.ts';

/** A line of the home screen: an area, a group, or a table that can be opened. */
export interface HomeEntry {
  readonly kind: 'area' | 'group' | 'table';
  readonly label: string;
  readonly table: string | null;
  /** Rows on the device; null: the table is not there. */
  readonly rows: number | null;
}

/** Who is to have the device, and what becomes of edits of the user who has it now. */
export interface UserSwitch {
  readonly user: string;
  readonly pending: PendingEdits;
}

/** What a user sees and does on one device: where they are, what is typed, what was said last. Screens draw it. */
export class DeviceStore {
  readonly world: World;
  readonly opened: OpenDevice;
  /** What is typed into the search screen, and what it finds. */
  readonly search: SearchPanel;
  readonly #changes = new Subject<void>();
  readonly #switches = new Subject<UserSwitch>();
  readonly #subscriptions = new Subscription();
  readonly #grid: GridWindow;
  #places: readonly Place[] = [place('sync')];
  #input: TextInput | null = null;
  #message = '';
  #notice: string | null = null;
  #pageSize = 10;
  #lastCommit: ChangeSet | null = null;
  readonly #counts = new Map<string, number>();
  #tables: readonly SyncTable[] | null = null;

  constructor(world: World, opened: OpenDevice) {
    this.world = world;
    this.opened = opened;
    const { device } = opened;
    this.#grid = new GridWindow(device, () => this.redraw());
    this.search = new SearchPanel(device, () => this.redraw());
    if (device.sync.currentStatus.readiness === 'available') this.#places = [place('home')];
    this.#subscriptions.add(device.store.commits.subscribe((set) => this.#committed(set)));
    for (const source of [
      device.sync.status,
      device.sync.progress,
      opened.faults,
      opened.settings,
    ] as Observable<unknown>[]) {
      this.#subscriptions.add(source.subscribe(() => this.redraw()));
    }
  }

  /** The user wishes to be another one. */
  get switches(): Observable<UserSwitch> {
    return this.#switches;
  }
  switchUser(wish: UserSwitch): void {
    this.#switches.next(wish);
  }
  get changes(): Observable<void> {
    return this.#changes;
  }
  get device() {
    return this.opened.device;
  }
  get userName(): string {
    return this.opened.user.name;
  }
  get deviceName(): string {
    return this.opened.name;
  }
  get status(): SyncStatus {
    return this.device.sync.currentStatus;
  }
  get progress(): SyncProgress | null {
    return this.device.sync.currentProgress;
  }
  get place(): Place {
    return this.#places.at(-1) ?? place('home');
  }
  get screen(): ScreenId {
    return this.place.screen;
  }
  get input(): TextInput | null {
    return this.#input;
  }
  get message(): string {
    return this.#message;
  }
  /** What is told while a cycle runs; the other notification follows from the status. */
  get notice(): string | null {
    return this.#notice;
  }
  /** Lines that fit on a list. */
  get pageSize(): number {
    return this.#pageSize;
  }
  set pageSize(rows: number) {
    this.#pageSize = Math.max(1, rows);
  }

  // Going places

  /** A screen of its own, from which `back` leads to where the user was. */
  go(screen: ScreenId, rest: Partial<Place> = {}): void {
    this.#places = [...this.#places, place(screen, rest)];
    this.say('');
  }

  /** A screen that can be reached from everywhere: the way back begins at home. */
  jump(screen: ScreenId): void {
    for (const one of this.#places) one.form?.close();
    this.#places = screen === 'home' ? [place('home')] : [place('home'), place(screen)];
    this.say('');
  }

  back(): void {
    const { form, screen } = this.place;
    if (this.#places.length > 1) this.#places = this.#places.slice(0, -1);
    else if (screen !== 'home') this.#places = [place('home')];
    if (form !== null && !this.#places.some((one) => one.form === form)) form.close();
    this.say('');
  }

  set(change: Partial<Place>): void {
    this.#places = [...this.#places.slice(0, -1), { ...this.place, ...change }];
    this.redraw();
  }

  say(message: string): void {
    this.#message = message;
    this.redraw();
  }

  /** Tells what became of an edit. */
  report(result: SaveResult, saved: string): boolean {
    if (result.kind === 'refused') {
      this.say(result.reasons.map((reason) => reason.message).join(' '));
      return false;
    }
    this.say(result.kind === 'unchanged' ? 'Nothing changed.' : saved);
    return true;
  }

  ask(input: Omit<TextInput, 'maxLength'> & { readonly maxLength?: number }): void {
    this.#input = { maxLength: 4000, ...input };
    this.redraw();
  }

  /** The line being typed now; null: it is done. */
  typing(input: TextInput | null): void {
    this.#input = input;
    this.redraw();
  }

  /** `draft`: goes on with what was typed earlier; without it that is offered. */
  openForm(table: string, id: string | null, draft?: string): void {
    if (id !== null && this.device.get(table, id) === null) return this.say('Record Not Found');
    const form = this.device.openForm(table, id, draft === undefined ? {} : { draft });
    this.#subscriptions.add(form.state.subscribe(() => this.redraw()));
    this.go('form', { table, id, form });
    offerDraft(this, form);
  }

  /** The form, of those that are open, with changes that are not saved; the nearest one first. */
  unsavedForm(): FormSession | null {
    const forms = this.#places.flatMap(({ form }) => (form === null ? [] : [form]));
    return forms.findLast(isUnsaved) ?? null;
  }

  // Synchronizing

  sync(mode: 'DELTA_SYNC' | 'GRID_SYNC' | 'FORCED_SYNC', table: string | null = null): void {
    if (!this.opened.online.value) return this.say('Network or Service Unavailable');
    this.#notice = mode === 'GRID_SYNC' ? 'Updating data...' : null;
    this.say('');
    const tables = table === null ? {} : { tables: [table] };
    void this.device.sync.run(mode, tables).then((result) => {
      this.#notice = null;
      const text =
        result.kind === 'failed'
          ? result.failure.message
          : result.kind === 'done'
            ? 'Synchronized.'
            : '';
      this.say(text);
    });
  }

  // What is on the device

  /** Definitions and a plan are here: there is something to open. */
  get ready(): boolean {
    return this.syncTables().length > 0;
  }

  syncTables(): readonly SyncTable[] {
    this.#tables ??= readSyncTables(this.device.store);
    return this.#tables;
  }

  table(name: string | null): Table | undefined {
    return this.device.model.tables.find((one) => one.name === name);
  }

  column(table: string, name: string): Column | undefined {
    return this.table(table)?.columns.find((one) => one.name === name);
  }

  rowCount(table: string): number {
    const known = this.#counts.get(table);
    if (known !== undefined) return known;
    // Counting a table that is being filled would read all of it with every page.
    const loading = this.syncTables().find((one) => one.table === table && one.state === 'load');
    const count = loading?.rowsDone ?? this.device.store.count(table);
    if (loading === undefined) this.#counts.set(table, count);
    return count;
  }

  /** The site map in reading order. */
  home(): readonly HomeEntry[] {
    if (!this.ready) return [];
    const here = new Set(this.syncTables().map((one) => one.table));
    const { siteMap } = this.device.model;
    if (siteMapTables(siteMap).length === 0) {
      return [...here].map((table) => this.#homeTable(table, table, here));
    }
    const heading = (kind: 'area' | 'group', label: string): HomeEntry => {
      return { kind, label, table: null, rows: null };
    };
    return siteMap.areas.flatMap((area) => [
      heading('area', area.label),
      ...area.groups.flatMap((group) => [
        heading('group', group.label),
        ...group.subAreas.map((sub) => this.#homeTable(sub.table, sub.label, here)),
      ]),
    ]);
  }

  homeTables(): readonly HomeEntry[] {
    return this.home().filter((one) => one.kind === 'table');
  }

  #homeTable(table: string, label: string, here: ReadonlySet<string>): HomeEntry {
    const known = this.table(table)?.pluralLabel ?? label;
    const rows = here.has(table) ? this.rowCount(table) : null;
    return { kind: 'table', label: known, table, rows };
  }

  /** Views of the grid's table, each with the reason why it cannot be used here; the default one first. */
  views(): readonly { readonly view: SavedQuery; readonly reason: string | null }[] {
    const { table } = this.place;
    if (table === null) return [];
    const views = this.device.views(table).filter(({ view }) => view.queryType === 0);
    const sorted = [...views].sort((a, b) => Number(b.view.isDefault) - Number(a.view.isDefault));
    return sorted.map(({ view, reasons }) => ({ view, reason: reasons[0]?.message ?? null }));
  }

  /** The rows on screen, and how many there are. */
  grid(): GridRows {
    const { table, view, term, sort, selected } = this.place;
    const views = this.views();
    const chosen =
      views.find((one) => one.view.id === view) ??
      views.find((one) => one.reason === null) ??
      views[0];
    return this.#grid.read({
      table,
      view: chosen?.view ?? null,
      term,
      sort,
      selected,
      pageSize: this.#pageSize,
    });
  }

  gridRow(): QueryRow | null {
    const { rows, from } = this.grid();
    return rows[this.place.selected - from] ?? null;
  }

  /** Whether the newest commit changed a row. */
  hasChanged(table: string, id: string): boolean {
    const changes = this.#lastCommit?.tables.get(table);
    return (
      changes?.kind === 'rows' &&
      this.#lastCommit !== null &&
      touchesRow(this.#lastCommit, table, id)
    );
  }

  /** The row that the user has in front of them: of a form, a grid, a search or a sync error. */
  row(): { readonly table: string; readonly id: string } | null {
    const { screen, selected, table, id } = this.place;
    if (screen === 'grid') {
      const row = this.gridRow();
      return row === null ? null : { table: row.table, id: row.id };
    }
    if (screen === 'search') {
      const hit = this.search.hits()[selected];
      return hit === undefined ? null : { table: hit.row.table, id: hit.row.id };
    }
    if (screen === 'errors') {
      const error = this.device.sync.errors.list()[selected];
      return error === undefined ? null : { table: error.table, id: error.rowId };
    }
    return table === null || id === null ? null : { table, id };
  }

  formState(): FormState | null {
    return this.place.form?.current ?? null;
  }

  formFields(): readonly FieldState[] {
    return (
      this.formState()?.sections.flatMap((section) =>
        section.fields.filter((field) => field.visible),
      ) ?? []
    );
  }

  /** What the user calls a row. */
  nameOf(table: string, id: string): string {
    const primary = this.table(table)?.primaryName ?? null;
    const values = primary === null ? null : this.device.get(table, id);
    const name = primary === null ? null : values?.[primary];
    return typeof name === 'string' && name !== '' ? name : '(no name)';
  }

  format(table: string, name: string, value: ColumnValue): string {
    const column = this.column(table, name);
    return column === undefined
      ? String(value ?? '')
      : formatValue(column, value, { locale: 'en-US', timeZone: 'UTC' });
  }

  /** The text of a found row's value that was searched. */
  shown(row: QueryRow, name: string): string {
    return (
      this.device.search.shownText(row, name) ??
      this.format(row.table, name, row.values[name] ?? null)
    );
  }

  redraw(): void {
    this.#tables = null;
    // The first sync ends on the screen where one begins to work.
    const { readiness } = this.device.sync.currentStatus;
    if (readiness === 'available' && this.screen === 'sync') this.#places = [place('home')];
    this.#changes.next();
  }

  close(): void {
    this.#subscriptions.unsubscribe();
    this.#grid.close();
    this.search.close();
    for (const one of this.#places) one.form?.close();
    this.#changes.complete();
  }

  #committed(set: ChangeSet): void {
    this.#lastCommit = set;
    for (const table of set.tables.keys()) this.#counts.delete(table);
    this.redraw();
  }
}
