import type { FieldState, FormSession, SaveResult } from '@outpost/device';
import {
  type Column,
  type ColumnValue,
  formatValue,
  isLookup,
  type ProcessStage,
  type SavedQuery,
  siteMapTables,
} from '@outpost/model';
import type { QueryRow } from '@outpost/query';
import type { FlowCommand } from '@outpost/rules';
import type { SyncProgress, SyncStatus } from '@outpost/sync';
import { readSyncTables } from '@outpost/sync';
import { BehaviorSubject, type Observable, Subscription } from 'rxjs';
import type { OpenDevice, World } from '../world/world.ts';
import { type GridRows, GridWindow } from './grid-window.ts';
import { type CommandId, commandOf } from './keys.ts';
import { SearchPanel } from './search-panel.ts';

export type ScreenId = 'home' | 'grid' | 'search' | 'form' | 'status' | 'errors' | 'help';

/** Text being typed: a field's value or a search term. */
export interface TextInput {
  readonly purpose: 'field' | 'find' | 'stage';
  readonly label: string;
  readonly text: string;
}

export interface AppState {
  readonly screen: ScreenId;
  readonly selected: number;
  readonly table: string | null;
  readonly viewIndex: number;
  readonly term: string | null;
  readonly input: TextInput | null;
  readonly message: string;
  readonly notice: string | null;
  /** Whether the form says why the selected field is as it is. */
  readonly explaining: boolean;
  readonly version: number;
}

const initial: AppState = {
  screen: 'home',
  selected: 0,
  table: null,
  viewIndex: 0,
  term: null,
  input: null,
  message: '',
  notice: null,
  explaining: false,
  version: 0,
};

/** What the terminal app shows and does. Components draw it and send keys; nothing else holds state. */
export class AppStore {
  readonly #world: World;
  readonly #opened: OpenDevice;
  readonly #state = new BehaviorSubject<AppState>(initial);
  readonly #subscriptions = new Subscription();
  readonly #quit: () => void;
  #form: FormSession | null = null;
  #pageSize = 10;
  readonly #grid: GridWindow;
  /** What is typed into the search screen, and what it finds. */
  readonly search: SearchPanel;
  /** Where a form goes back to. */
  #formOf: 'grid' | 'search' = 'grid';

  constructor(world: World, opened: OpenDevice, quit: () => void) {
    this.#world = world;
    this.#opened = opened;
    this.#quit = quit;
    const { device } = opened;
    this.#grid = new GridWindow(device, () => this.#touch());
    this.search = new SearchPanel(device, () => this.#touch());
    for (const source of [
      device.sync.status,
      device.sync.progress,
      device.store.commits,
    ] as Observable<unknown>[]) {
      this.#subscriptions.add(source.subscribe(() => this.#touch()));
    }
  }

  get state(): Observable<AppState> {
    return this.#state;
  }
  get current(): AppState {
    return this.#state.value;
  }
  get device() {
    return this.#opened.device;
  }
  get userName(): string {
    return this.#opened.user.name;
  }
  get deviceName(): string {
    return this.#opened.name;
  }
  get form(): FormSession | null {
    return this.#form;
  }
  get status(): SyncStatus {
    return this.device.sync.currentStatus;
  }
  get progress(): SyncProgress | null {
    return this.device.sync.currentProgress;
  }
  get serverUrl(): string {
    return this.#world.server.url;
  }

  /** Letters are text, not commands. */
  get isTyping(): boolean {
    return this.current.input !== null || this.current.screen === 'search';
  }

  /** Rows that fit on a list screen; the layout tells. */
  setPageSize(rows: number): void {
    this.#pageSize = Math.max(1, rows);
  }

  get ready(): boolean {
    return readSyncTables(this.device.store).length > 0;
  }

  /** Tables of the site map, and the others on the device that have rows. */
  homeTables(): readonly {
    readonly table: string;
    readonly label: string;
    readonly rows: number | null;
  }[] {
    if (!this.ready) return [];
    const { model, store } = this.device;
    const onDevice = new Set(readSyncTables(store).map((one) => one.table));
    return siteMapTables(model.siteMap).map((table) => ({
      table,
      label: model.tables.find((one) => one.name === table)?.pluralLabel ?? table,
      rows: onDevice.has(table) ? store.count(table) : null,
    }));
  }

  /** Views of the open table that can be shown in a grid, the default one first. */
  gridViews(): readonly { readonly view: SavedQuery; readonly reason: string | null }[] {
    const { table } = this.current;
    if (table === null) return [];
    const views = this.device.views(table).filter(({ view }) => view.queryType === 0);
    const sorted = [...views].sort((a, b) => Number(b.view.isDefault) - Number(a.view.isDefault));
    return sorted.map(({ view, reasons }) => ({ view, reason: reasons[0]?.message ?? null }));
  }

  /** The rows on screen, and how many there are. */
  grid(): GridRows {
    const { table, viewIndex, term, selected } = this.current;
    const chosen = this.gridViews()[viewIndex]?.view ?? null;
    return this.#grid.read({ table, view: chosen, term, selected, pageSize: this.#pageSize });
  }

  formFields(): readonly FieldState[] {
    return (
      this.#form?.current.sections.flatMap((section) =>
        section.fields.filter((field) => field.visible),
      ) ?? []
    );
  }

  format(table: string, name: string, value: ColumnValue): string {
    const column: Column | undefined = this.device.model.tables
      .find((one) => one.name === table)
      ?.columns.find((one) => one.name === name);
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

  /** A key by its name (`a`, `ctrl+s`, `return`). Text fields take everything but enter and escape. */
  press(key: string): void {
    if (key === 'ctrl+c') return this.#quit();
    if (this.current.input !== null) return this.#type(key);
    if (this.current.screen === 'search' && this.#typeSearch(key)) return;
    const command = commandOf(key, this.current.screen);
    if (command === null) return;
    try {
      this.#run(command);
    } catch (error) {
      this.#set({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  paste(text: string): void {
    const { input, screen } = this.current;
    if (input === null && screen === 'search') {
      this.search.type(this.search.text + text.replace(/[\r\n]+/g, ' '));
      return this.#set({ selected: 0 });
    }
    if (input !== null)
      this.#set({
        input: { ...input, text: (input.text + text.replace(/[\r\n]+/g, ' ')).slice(0, 4000) },
      });
  }

  close(): void {
    this.#subscriptions.unsubscribe();
    this.#grid.close();
    this.search.close();
    this.#form?.close();
    this.#state.complete();
  }

  #type(key: string): void {
    const { input } = this.current;
    if (input === null) return;
    if (key === 'escape') return this.#set({ input: null });
    if (key === 'return') {
      if (input.purpose === 'field') {
        const field = this.formFields()[this.current.selected];
        if (field !== undefined) this.#setField(field, input.text);
        return this.#set({ input: null });
      }
      if (input.purpose === 'stage') {
        this.#set({ input: null });
        return this.#setStage(input.text);
      }
      return this.#set({ input: null, term: input.text === '' ? null : input.text, selected: 0 });
    }
    const text =
      key === 'backspace'
        ? input.text.slice(0, -1)
        : key === 'space'
          ? `${input.text} `
          : key.length === 1
            ? input.text + key
            : input.text;
    const typed = { ...input, text };
    this.#set(
      input.purpose === 'find'
        ? { input: typed, term: text === '' ? null : text, selected: 0 }
        : { input: typed },
    );
  }

  /** True when the key was text. */
  #typeSearch(key: string): boolean {
    const { text } = this.search;
    const typed =
      key === 'backspace'
        ? text.slice(0, -1)
        : key === 'space'
          ? `${text} `
          : key.length === 1
            ? text + key
            : null;
    if (typed === null) return false;
    this.search.type(typed);
    this.#set({ selected: 0, message: '' });
    return true;
  }

  /** A lookup takes a typed name: the row that begins with it is found among the rows on the device. */
  #setField(field: FieldState, text: string): void {
    const column = this.device.model.tables
      .find((one) => one.name === this.#form?.current.table)
      ?.columns.find((one) => one.name === field.column);
    if (column === undefined || !isLookup(column) || text === '') {
      this.#form?.set(field.column, text);
      return;
    }
    for (const target of column.targets ?? []) {
      const result =
        this.ready && readSyncTables(this.device.store).some((one) => one.table === target)
          ? this.device.search.query({ table: target, term: text, limit: 1 })
          : null;
      const hit = result?.kind === 'found' ? result.hits[0] : undefined;
      if (hit === undefined) continue;
      const primary =
        this.device.model.tables.find((one) => one.name === target)?.primaryName ?? '';
      this.#form?.set(field.column, {
        table: target,
        id: hit.row.id,
        name: String(hit.row.values[primary] ?? ''),
      });
      return;
    }
    this.#set({ message: `No row on this device begins with "${text}".` });
  }

  #run(command: CommandId): void {
    switch (command) {
      case 'quit':
        return this.#quit();
      case 'toggleOnline': {
        const online = !this.#opened.online.value;
        this.#opened.online.next(online);
        return this.#set({
          message: online ? 'Connected.' : 'Not connected. Everything keeps working.',
        });
      }
      case 'sync':
        return this.#sync('DELTA_SYNC', null);
      case 'refresh':
        return this.#sync('GRID_SYNC', 'Updating data...');
      case 'status':
      case 'errors':
      case 'help':
      case 'home':
        return this.#show(command);
      case 'back':
        return this.#back();
      case 'up':
        return this.#move(-1);
      case 'down':
        return this.#move(1);
      case 'pageUp':
        return this.#move(-this.#pageSize);
      case 'pageDown':
        return this.#move(this.#pageSize);
      case 'top':
        return this.#move(Number.NEGATIVE_INFINITY);
      case 'bottom':
        return this.#move(Number.POSITIVE_INFINITY);
      case 'open':
        return this.#open();
      case 'new':
        return this.#openForm(null);
      case 'delete':
        return this.#delete();
      case 'changeView':
        return this.#set({
          viewIndex: (this.current.viewIndex + 1) % Math.max(1, this.gridViews().length),
          selected: 0,
          term: null,
        });
      case 'find':
        return this.#set({
          input: { purpose: 'find', label: 'Find', text: this.current.term ?? '' },
        });
      case 'search':
        if (!this.ready) return this.#set({ message: 'There is nothing to search yet.' });
        return this.#show('search');
      case 'changeMode':
        this.search.nextMode();
        return this.#set({ selected: 0 });
      case 'nextTable':
      case 'previousTable':
        this.search.moveTable(command === 'nextTable' ? 1 : -1);
        return this.#set({ selected: 0 });
      case 'editField':
        return this.#editField();
      case 'save':
        return this.#say(this.#form?.save() ?? null, 'Saved on this device.');
      case 'accept': {
        const [recommendation] = this.#form?.current.recommendations ?? [];
        if (recommendation !== undefined) this.#form?.accept(recommendation.id);
        return this.#touch();
      }
      case 'nextStage':
        return this.#moveFlow({ kind: 'nextStage' }, 'Moved to the next stage.');
      case 'previousStage':
        return this.#moveFlow({ kind: 'previousStage' }, 'Moved back.');
      case 'setActiveStage': {
        const stages = this.#reachableStages();
        if (stages.length === 0) return this.#set({ message: 'No other stage can be reached.' });
        const names = stages.map(({ name }, i) => `${i + 1} ${name}`).join(', ');
        return this.#set({
          input: { purpose: 'stage', label: `Go to stage (${names})`, text: '' },
        });
      }
      case 'explain':
        return this.#set({ explaining: !this.current.explaining });
      case 'qualify': {
        const { table, id } = this.#form?.current ?? {};
        if (table !== 'lead' || id === null || id === undefined)
          return this.#set({ message: 'Only a saved lead can be qualified.' });
        return this.#say(this.device.qualify(id), 'Qualified.');
      }
      case 'retry':
      case 'keepMine':
      case 'takeServer':
      case 'discard': {
        const error = this.device.sync.errors.list()[this.current.selected];
        if (error === undefined) return;
        this.device.sync.errors.resolve(error.id, command);
        return this.#set({
          message:
            command === 'discard' || command === 'takeServer' ? 'Discarded.' : 'Queued again.',
          selected: 0,
        });
      }
      default:
        return command satisfies never;
    }
  }

  #sync(mode: 'DELTA_SYNC' | 'GRID_SYNC', notice: string | null): void {
    if (!this.#opened.online.value) return this.#set({ message: 'Network or Service Unavailable' });
    const { table } = this.current;
    this.#set({ notice, message: '' });
    const tables = mode === 'GRID_SYNC' && table !== null ? { tables: [table] } : {};
    void this.device.sync.run(mode, tables).then((result) => {
      const message =
        result.kind === 'failed'
          ? result.failure.message
          : result.kind === 'done'
            ? 'Synchronized.'
            : '';
      this.#set({ notice: null, message });
    });
  }

  #show(screen: ScreenId): void {
    this.#form?.close();
    this.#form = null;
    this.#set({
      screen,
      selected: 0,
      message: '',
      ...(screen === 'home' ? { table: null, term: null } : {}),
    });
  }

  #back(): void {
    const { screen, table, term } = this.current;
    if (screen === 'grid' && term !== null) return this.#set({ term: null, selected: 0 });
    if (screen === 'form' && table !== null) return this.#show(this.#formOf);
    if (screen !== 'home') this.#show('home');
  }

  #move(by: number): void {
    const { screen } = this.current;
    const count =
      screen === 'home'
        ? this.homeTables().length
        : screen === 'grid'
          ? this.grid().total
          : screen === 'form'
            ? this.formFields().length
            : screen === 'search'
              ? this.search.hits().length
              : screen === 'errors'
                ? this.device.sync.errors.list().length
                : 1000;
    this.#set({ selected: Math.max(0, Math.min(count - 1, this.current.selected + by)) });
  }

  #open(): void {
    if (this.current.screen === 'home') {
      const entry = this.homeTables()[this.current.selected];
      if (entry === undefined) return;
      if (entry.rows === null)
        return this.#set({ message: `${entry.label} are not available offline.` });
      return this.#set({
        screen: 'grid',
        table: entry.table,
        viewIndex: 0,
        selected: 0,
        term: null,
        message: '',
      });
    }
    if (this.current.screen === 'search') {
      const hit = this.search.hits()[this.current.selected];
      if (hit === undefined) return;
      this.#set({ table: hit.row.table });
      return this.#openForm(hit.row.id, 'search');
    }
    const { rows, from } = this.grid();
    const row = rows[this.current.selected - from];
    if (row !== undefined) this.#openForm(row.id);
  }

  #openForm(id: string | null, from: 'grid' | 'search' = 'grid'): void {
    const { table } = this.current;
    if (table === null) return;
    this.#formOf = from;
    this.#form = this.device.openForm(table, id);
    this.#subscriptions.add(this.#form.state.subscribe(() => this.#touch()));
    this.#set({ screen: 'form', selected: 0, message: '' });
  }

  #delete(): void {
    const { rows, from } = this.grid();
    const row = rows[this.current.selected - from];
    if (row !== undefined)
      this.#say(this.device.delete(row.table, row.id), 'Deleted on this device.');
  }

  #editField(): void {
    const field = this.formFields()[this.current.selected];
    const table = this.#form?.current.table;
    if (field === undefined || table === undefined) return;
    if (field.locked) return this.#set({ message: `${field.label} is locked.` });
    const text =
      typeof field.value === 'string' || typeof field.value === 'number' ? String(field.value) : '';
    const column = this.device.model.tables
      .find((one) => one.name === table)
      ?.columns.find((one) => one.name === field.column);
    const options = column?.options?.map((one) => one.label).join(', ');
    this.#set({
      input: {
        purpose: 'field',
        label: options === undefined ? field.label : `${field.label} (${options})`,
        text: options === undefined ? text : '',
      },
    });
  }

  #moveFlow(command: FlowCommand, moved: string): void {
    if (this.#form !== null) this.#say(this.#form.moveFlow(command), moved);
  }

  /** Stages that the row of the form can be set to. */
  #reachableStages(): readonly ProcessStage[] {
    const flow = this.#form?.current.flow ?? null;
    return (flow?.commands ?? []).flatMap((command) => {
      if (command.kind !== 'setActiveStage') return [];
      return flow?.flow.stages.filter((stage) => stage.id === command.stage) ?? [];
    });
  }

  /** A stage by its number in the list, or by the beginning of its name. */
  #setStage(text: string): void {
    const stages = this.#reachableStages();
    const typed = text.trim().toLowerCase();
    const stage =
      stages[Number(typed) - 1] ??
      stages.find((one) => typed !== '' && one.name.toLowerCase().startsWith(typed));
    if (stage === undefined) return this.#set({ message: `There is no stage "${text}" to go to.` });
    this.#moveFlow({ kind: 'setActiveStage', stage: stage.id }, `Moved to ${stage.name}.`);
  }

  #say(result: SaveResult | null, saved: string): void {
    if (result === null) return;
    if (result.kind === 'refused')
      return this.#set({ message: result.reasons.map((reason) => reason.message).join(' ') });
    this.#set({ message: result.kind === 'unchanged' ? 'Nothing changed.' : saved });
  }

  #touch(): void {
    this.#set({});
  }

  #set(change: Partial<AppState>): void {
    if (!this.#state.closed)
      this.#state.next({ ...this.current, ...change, version: this.current.version + 1 });
  }
}
