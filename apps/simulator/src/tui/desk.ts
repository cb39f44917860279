import { type Observable, Subject, Subscription } from 'rxjs';
import type { OpenDevice, World } from '../world/world.ts';
import { DeviceStore, type UserSwitch } from './device-store.ts';
import { type CommandId, commandOf } from './keys.ts';
import { leaveForm } from './leave-form.ts';
import { type TextInput, typedText } from './place.ts';
import { undoDeletion } from './screens/delete-screen.ts';
import { screens } from './screens/screens.ts';
import { ServerDesk } from './server-desk.ts';

/** One of the things side by side on the terminal. */
export type Pane = DeviceStore | ServerDesk;

export interface DeskOptions {
  readonly world: World;
  readonly devices: readonly OpenDevice[];
  readonly quit: () => void;
  /** The user pressed ctrl-c. */
  readonly interrupt: () => void;
  /** Moves the clock a minute on; absent: time runs by itself. */
  readonly minute?: () => void;
}

/** Devices and the server desk on one terminal: which one has the keys, and what keys do. Everything drawn is from here. */
export class Desk {
  readonly world: World;
  readonly server: ServerDesk;
  readonly #options: DeskOptions;
  readonly #changes = new Subject<void>();
  readonly #subscriptions = new Subscription();
  #devices: readonly DeviceStore[] = [];
  #focus = 0;
  /** The device that the server desk leads back to. */
  #lastDevice = 0;

  constructor(options: DeskOptions) {
    this.world = options.world;
    this.#options = options;
    this.server = new ServerDesk(options.world);
    this.#subscriptions.add(this.server.changes.subscribe(() => this.redraw()));
    for (const opened of options.devices) this.add(opened);
  }

  get changes(): Observable<void> {
    return this.#changes;
  }
  get devices(): readonly DeviceStore[] {
    return this.#devices;
  }
  /** Devices from left to right, then the server desk. */
  get panes(): readonly Pane[] {
    return [...this.#devices, this.server];
  }
  get focus(): number {
    return this.#focus;
  }
  get focused(): Pane {
    return this.panes[this.#focus] ?? this.server;
  }
  /** Letters are text, not commands. */
  get isTyping(): boolean {
    const pane = this.focused;
    return pane.input !== null || (pane instanceof DeviceStore && isTypingScreen(pane));
  }

  /** A device more, at a place; one with the same name takes the place of the earlier one. */
  add(opened: OpenDevice, place: number = this.#devices.length): DeviceStore {
    const store = new DeviceStore(this.world, opened);
    this.#subscriptions.add(store.changes.subscribe(() => this.redraw()));
    this.#subscriptions.add(
      opened.requests.subscribe(({ kind }) => {
        if (kind === 'push') void this.server.refresh();
      }),
    );
    this.#subscriptions.add(store.switches.subscribe((wish) => void this.#switchUser(store, wish)));
    const at = this.#devices.findIndex((one) => one.deviceName === opened.name);
    this.#devices[at]?.close();
    this.#devices =
      at < 0 ? this.#devices.toSpliced(place, 0, store) : this.#devices.with(at, store);
    this.redraw();
    return store;
  }

  remove(name: string): void {
    const store = this.#devices.find((one) => one.deviceName === name);
    if (store === undefined) return;
    store.close();
    this.#devices = this.#devices.filter((one) => one !== store);
    this.#focus = Math.min(this.#focus, Math.max(0, this.#devices.length - 1));
    this.#lastDevice = this.#focus;
    this.redraw();
  }

  /** Gives a device the keys. Null: none is open under that name. */
  focusOnDevice(name: string): DeviceStore | null {
    const at = this.#devices.findIndex((one) => one.deviceName === name);
    if (at >= 0) this.#focusOn(at);
    return this.#devices[at] ?? null;
  }

  /** A key by its name (`a`, `ctrl+s`, `return`). */
  press(key: string): void {
    const pane = this.focused;
    try {
      this.#press(pane, key);
    } catch (error) {
      // Definitions or rows may have gone under an open screen: that is told, and nothing ends.
      pane.say(error instanceof Error ? error.message : String(error));
    }
  }

  #press(pane: Pane, key: string): void {
    if (key === 'ctrl+c') return this.#options.interrupt();
    if (pane.input !== null) return typeKey(pane, pane.input, key);
    if (pane instanceof DeviceStore && typeInto(pane, key)) return;
    const command = commandOf(key, pane instanceof DeviceStore ? pane.screen : 'server');
    if (command !== null) this.#run(pane, command, key);
  }

  paste(text: string): void {
    const pane = this.focused;
    const flat = text.replace(/[\r\n]+/g, ' ').slice(0, 4000);
    if (pane.input !== null) {
      const typed = (pane.input.text + flat).slice(0, pane.input.maxLength);
      pane.input.typed?.(typed);
      pane.typing({ ...pane.input, text: typed });
    } else if (pane instanceof DeviceStore) typeInto(pane, flat, flat);
  }

  redraw(): void {
    this.#changes.next();
  }

  close(): void {
    this.#subscriptions.unsubscribe();
    for (const device of this.#devices) device.close();
    this.#changes.complete();
  }

  #run(pane: Pane, command: CommandId, key: string): void {
    const own =
      pane instanceof DeviceStore ? screens[pane.screen].run?.(pane, command) : pane.run(command);
    if (own === true) return;
    switch (command) {
      case 'quit':
        return this.#quit();
      case 'nextPane':
        return this.#focusOn((this.#focus + 1) % this.panes.length);
      case 'pane':
        return this.#focusOn(Number(key) - 1);
      case 'minute':
        if (this.#options.minute === undefined) pane.say('Time runs by itself.');
        else this.#options.minute();
        return this.redraw();
      case 'server':
        return this.#toServer(pane);
    }
    if (pane instanceof DeviceStore) runOnDevice(pane, command);
    else if (command === 'back' || command === 'home') this.#focusOn(this.#lastDevice);
    else if (command === 'help' || command === 'toggleOnline' || command === 'sync') {
      // Keys of devices, pressed on the server desk, are meant for the device one came from.
      this.#focusOn(this.#lastDevice);
      if (this.focused !== pane) this.#run(this.focused, command, key);
    } else pane.say('That is a key of devices; v goes back to them.');
  }

  /** Asks for each form with changes that are not saved. */
  #quit(): void {
    const at = this.#devices.findIndex((one) => one.unsavedForm() !== null);
    const store = this.#devices[at];
    if (store === undefined) return this.#options.quit();
    this.#focusOn(at);
    leaveForm(store, () => {
      store.jump('home');
      this.#quit();
    });
  }

  /** To the server desk, with the row in front of the user; from there back. */
  #toServer(pane: Pane): void {
    if (pane === this.server) return this.#focusOn(this.#lastDevice);
    const row = pane instanceof DeviceStore && pane.ready ? pane.row() : null;
    if (row !== null) void this.server.show(row.table, row.id);
    this.#focusOn(this.panes.length - 1);
  }

  /** The device is not shown while one user leaves it and another one comes. */
  async #switchUser(store: DeviceStore, { user, pending }: UserSwitch): Promise<void> {
    const { opened, userName } = store;
    const at = this.#devices.indexOf(store);
    this.remove(opened.name);
    const result = await this.world.signOut(opened, pending);
    const next = this.add(await this.world.signIn(opened, user), at);
    this.focusOnDevice(opened.name);
    const edits = result.edits.length === 1 ? '1 edit' : `${result.edits.length} edits`;
    const told = result.keeps ? `${edits} kept for their return` : `${edits} given up`;
    const more = result.edits.length === 0 ? '' : ` (${told})`;
    next.say(`${userName} is signed out${more}. ${next.userName} is signed in.`);
  }

  #focusOn(pane: number): void {
    if (pane >= this.panes.length) return;
    this.#focus = pane;
    if (pane < this.#devices.length) this.#lastDevice = pane;
    if (this.focused === this.server) void this.server.refresh();
    this.redraw();
  }
}

function isTypingScreen({ screen }: DeviceStore): boolean {
  return screen === 'search' || screen === 'pick';
}

/** Text for the line that is being typed. */
function typeKey(pane: Pane, input: TextInput, key: string): void {
  if (key === 'escape') return pane.typing(null);
  if (key === 'return') {
    pane.typing(null);
    return input.done(input.text);
  }
  const text = typedText(input.text, key, input.maxLength);
  if (text === null) return;
  input.typed?.(text);
  pane.typing({ ...input, text });
}

/** Text on the screens that take it as it comes. False: the key is no text, or the screen takes none. */
function typeInto(store: DeviceStore, key: string, pasted: string | null = null): boolean {
  if (!isTypingScreen(store)) return false;
  const { screen, place } = store;
  const now = screen === 'search' ? store.search.text : place.typed;
  const text = pasted === null ? typedText(now, key, 200) : (now + pasted).slice(0, 200);
  if (text === null) return false;
  if (screen === 'search') store.search.type(text);
  store.set({ selected: 0, ...(screen === 'pick' ? { typed: text } : {}) });
  return true;
}

/** Commands that mean the same on every screen of a device. */
function runOnDevice(store: DeviceStore, command: CommandId): void {
  switch (command) {
    case 'toggleOnline': {
      const online = !store.opened.online.value;
      store.opened.online.next(online);
      return store.say(online ? 'Connected.' : 'Not connected. Everything keeps working.');
    }
    case 'sync':
      return store.sync('DELTA_SYNC');
    case 'status':
    case 'errors':
    case 'queue':
    case 'help':
    case 'chaos':
      if (store.screen === command) return;
      return store.go(command);
    case 'home':
      return leaveForm(store, () => store.jump('home'));
    case 'search':
    case 'profile':
      if (!store.ready) return store.say('The app is not here yet.');
      if (store.screen === command) return;
      return store.go(command);
    case 'undoDelete':
      return undoDeletion(store);
    case 'back':
      return store.back();
    case 'up':
      return move(store, -1);
    case 'down':
      return move(store, 1);
    case 'pageUp':
      return move(store, -store.pageSize);
    case 'pageDown':
      return move(store, store.pageSize);
    case 'top':
      return move(store, Number.NEGATIVE_INFINITY);
    case 'bottom':
      return move(store, Number.POSITIVE_INFINITY);
  }
}

function move(store: DeviceStore, by: number): void {
  const count = screens[store.screen].count?.(store) ?? 1000;
  const { selected } = store.place;
  store.set({ selected: Math.max(0, Math.min(count - 1, selected + by)) });
}
