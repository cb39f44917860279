import { type Device, DeviceError, openDevice } from '@outpost/device';
import type { LossStyle } from '@outpost/store/contract';
import { defaultSettings } from '@outpost/sync';
import { type IncomingMessage, messageTransport, type OutgoingMessage } from '@outpost/sync/http';
import { type KeyedRandom, seededGuids, seededRandom, type VirtualClock } from '@outpost/testkit';
import { BehaviorSubject, of } from 'rxjs';
import { DeviceClock } from './device-clock.ts';
import { DevicePeople } from './device-people.ts';
import { Disk } from './disk.ts';
import type { FormBook } from './form-book.ts';
import { damaged, type NetworkFaults, verdictOf } from './network.ts';
import type { Sabotage } from './sabotage.ts';

/** What a simulated device needs of its world. */
export interface DeviceWorld {
  readonly clock: VirtualClock;
  readonly random: KeyedRandom;
  readonly seed: number;
  readonly pageRows: number;
  readonly wrongClocks: boolean;
  readonly auto: boolean;
  readonly sabotage: Sabotage;
  network(): NetworkFaults;
  /** What something on the way answers to every request now; null: nothing does. */
  foreign(): IncomingMessage | null;
  /** Carries a message to the organization, and looks at both. */
  serve(device: SimDevice, message: OutgoingMessage): Promise<IncomingMessage>;
  /** Something that must never happen. */
  fault(device: SimDevice, what: string): void;
}

/** One power-on of a device. */
interface Life {
  alive: boolean;
  /** Requests under way, to be cut off when the power goes. */
  readonly cut: Set<() => void>;
}

/** Without an answer for so long a request is given up. */
const timeoutMs = 30_000;

/** A device of the world: a real client on a disk that can lose power, behind a network that can fail. */
export class SimDevice {
  readonly index: number;
  /** What the people who sign in here know. */
  readonly people: DevicePeople;
  readonly #world: DeviceWorld;
  #disk = new Disk();
  #life: Life = { alive: false, cut: new Set() };
  #device: Device | null = null;
  #online = new BehaviorSubject(true);
  #requests = 0;
  #openings = 0;
  #clock: DeviceClock | null = null;
  /** How far people have set the clock. */
  #setMs = 0;
  /** Called by the next request, which is never answered. */
  #stall: (() => void) | null = null;
  #refusals = 0;
  /** Operations of the disk when anybody else last learned something of this device. */
  #told = 0;
  #running: Promise<unknown> = Promise.resolve();
  #backup: { readonly disk: Disk; readonly edits: number } | null = null;

  constructor(index: number, userId: string, world: DeviceWorld) {
    this.index = index;
    this.people = new DevicePeople(userId);
    this.#world = world;
  }

  /** Who is signed in. */
  get userId(): string {
    return this.people.userId;
  }

  /** What who is signed in knows of forms. */
  get forms(): FormBook {
    return this.people.forms;
  }

  get name(): string {
    return `device ${this.index}`;
  }

  /** The client; null while it is off. */
  get client(): Device | null {
    return this.#device;
  }

  /** The time as this device knows it. */
  get now(): number {
    return (this.#clock ?? this.#world.clock).now();
  }

  get requests(): number {
    return this.#requests;
  }

  /** The cycle that was started last. */
  get running(): Promise<unknown> {
    return this.#running;
  }

  async open(): Promise<void> {
    if (this.#device !== null) return;
    const life: Life = { alive: true, cut: new Set() };
    this.#life = life;
    this.#openings += 1;
    const random = seededRandom(
      this.#world.seed * 1_000_003 + this.index * 1009 + this.#openings * 17,
    );
    const { pageRows } = this.#world;
    const errorMs = this.#world.wrongClocks ? this.#clockError() : 0;
    const clock = new DeviceClock(this.#world.clock, errorMs + this.#setMs);
    this.#clock = clock;
    const { userId, isKnown } = this.people;
    const device = await openDevice({
      ...(isKnown ? { user: userId } : {}),
      storage: this.#disk.location(),
      transport: messageTransport({
        tokens: { token: async () => userId, account: async () => `account of ${userId}` },
        exchange: (message, signal) => this.#exchange(life, message, signal),
      }),
      online: this.#online,
      start: this.#world.auto ? 'auto' : 'manual',
      settings: of({ ...defaultSettings, atLeastMinutes: 720 }),
      system: { clock, random, ids: seededGuids(random) },
      pageRows,
      onFault: (error) => this.#world.fault(this, String(error)),
    }).catch((error: unknown) => this.#refused(error));
    if (device === null) return;
    this.#world.sabotage.client?.(device);
    this.#device = device;
    this.#watchProgress(device);
    this.tell();
  }

  /** Somebody learned what this device holds now: power cannot be lost before this any more. */
  tell(): void {
    this.#told = this.#disk.operations;
  }

  /** How often the organization has refused this device something, as far as it knows. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Somebody sets the clock. */
  setClock(byMs: number): void {
    this.#setMs += byMs;
    this.#clock?.set(byMs);
  }

  /** A request of a cycle is never answered and does not listen. W-26: going offline and closing end it all the same. */
  async stall(end: 'offline' | 'restart'): Promise<void> {
    const device = this.#device;
    if (device === null || !this.#online.value) return;
    await device.sync.cancel();
    let isStalled = false;
    const stalled = new Promise<void>((resolve) => {
      this.#stall = () => {
        isStalled = true;
        resolve();
      };
    });
    this.start((client) => client.sync.run('DELTA_SYNC', {}));
    await Promise.race([stalled, this.#running]);
    this.#stall = null;
    if (!isStalled) return;
    if (end === 'offline') this.setOnline(false);
    const ended = end === 'offline' ? this.#running : this.close();
    const isOver = await Promise.race([ended.then(() => true), turns(50).then(() => false)]);
    if (!isOver) this.#world.fault(this, `W-26: a request that stalls holds up: ${end}`);
    else if (end === 'offline') this.setOnline(true);
    else await this.open();
  }

  setOnline(online: boolean): void {
    this.#online.next(online);
  }

  /** Starts a cycle; what it does happens later. */
  start(cycle: (device: Device) => Promise<unknown>): void {
    const device = this.#device;
    if (device === null) return;
    this.#running = cycle(device).catch((error: unknown) => {
      this.#world.fault(this, `a cycle throws: ${String(error)}`);
    });
  }

  /** Whoever the organization has let in owns the database, if it was nobody's. */
  #noteOwner(): void {
    const { sync, store } = this.#device ?? {};
    if (sync?.currentLock !== null) return;
    // The organization says whose it is before it says anything else: a cycle may end in between.
    const owners = store?.all(`SELECT 1 FROM "$sync" WHERE key = 'owner'`) ?? [];
    if (owners.length > 0) this.people.letIn(this.userId);
  }

  /** The database is another user's: who is signed in has nothing to do here. */
  #refused(error: unknown): null {
    const isOther = error instanceof DeviceError && error.code === 'device.otherUser';
    if (!isOther || this.people.isOwner) throw error;
    this.#life.alive = false;
    return null;
  }

  /** The user signs out: what waits is kept for them, or given up. */
  async signOut(pending: 'keep' | 'discard'): Promise<void> {
    const device = this.#device;
    if (device === null) return;
    this.#noteOwner();
    this.forms.end();
    const { keeps } = await device.signOut({ pending });
    this.people.signedOut(pending, keeps);
    this.#device = null;
    this.#life.alive = false;
    this.tell();
  }

  /** Somebody signs in. `isKnown`: the app knows without a network who it is. */
  async signIn(userId: string, isKnown: boolean): Promise<void> {
    await this.close();
    this.people.signIn(userId, isKnown);
    await this.open();
  }

  /** The user closes the app. */
  async close(): Promise<void> {
    // A cycle may learn whose database it is while it is being stopped.
    await this.#device?.sync.cancel();
    this.#noteOwner();
    this.forms.end();
    await this.#device?.close();
    this.#device = null;
    this.#life.alive = false;
  }

  /** Power is lost at one of the writes since anybody last heard of the device, from 0 (the newest) to below 1. */
  async losePower(back: number, style: LossStyle): Promise<void> {
    const { operations } = this.#disk;
    const cut = operations - Math.floor(back * (operations - this.#told));
    await this.#replaceDisk(this.#disk.survivor(cut, style, this.#world.seed + operations));
  }

  /** Keeps a copy of the disk. `edits`: how many edits the world had seen by then. */
  copy(edits: number): void {
    this.#backup = { disk: this.#disk.copy(), edits };
    this.people.copy();
  }

  /** Puts the copy in place of the disk; answers the number that it was made with. */
  async restore(): Promise<number | null> {
    if (this.#backup === null) return null;
    const { disk, edits } = this.#backup;
    this.forms.end();
    this.people.restore();
    await this.#replaceDisk(disk.copy());
    return edits;
  }

  async #replaceDisk(disk: Disk): Promise<void> {
    const old = this.#device;
    this.forms.end();
    this.#life.alive = false;
    for (const cut of this.#life.cut) cut();
    this.#device = null;
    this.#disk = disk;
    // What the dead process still writes goes to the old disk; closing it frees its memory.
    await old?.close().catch(() => undefined);
    await this.open();
  }

  #exchange(
    life: Life,
    message: OutgoingMessage,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { clock, random } = this.#world;
    const request = ++this.#requests;
    const verdict = verdictOf(random, this.#world.network(), this.index, request);
    if (life.alive && this.#stall !== null) {
      this.#stall();
      this.#stall = null;
      return new Promise(() => {});
    }
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        life.cut.delete(cut);
        reject(new Error(why));
      };
      const cut = () => fail('The power is gone.');
      if (!life.alive) return cut();
      if (signal?.aborted === true) return fail('Cancelled.');
      life.cut.add(cut);
      this.tell();
      signal?.addEventListener('abort', () => fail('Cancelled.'), { once: true });
      const arrive = async (isFirst: boolean) => {
        const answer = await this.#answer(message);
        if (!isFirst) return;
        if (verdict.answerLost) {
          clock.schedule(clock.now() + timeoutMs, () => fail('No answer.'));
          return;
        }
        clock.schedule(clock.now() + verdict.backMs, () => {
          if (!life.cut.delete(cut)) return;
          if (life.alive) this.tell();
          const at = verdict.damagedAt;
          resolve(at === null ? answer : { ...answer, text: damaged(answer.text, at) });
        });
      };
      if (verdict.lost) clock.schedule(clock.now() + timeoutMs, () => fail('No answer.'));
      else clock.schedule(clock.now() + verdict.thereMs, () => void arrive(true));
      if (verdict.againAfterMs !== null) {
        const again = clock.now() + verdict.thereMs + verdict.againAfterMs;
        clock.schedule(again, () => void arrive(false));
      }
    });
  }

  /** Of the organization, or of whoever answers in its place. */
  async #answer(message: OutgoingMessage): Promise<IncomingMessage> {
    const foreign = this.#world.foreign();
    if (foreign !== null) return this.#world.sabotage.foreign?.(foreign) ?? foreign;
    const answer = await this.#world.serve(this, message);
    if ([401, 403, 409].includes(answer.status)) this.#refusals += 1;
    return answer;
  }

  /** Half of the errors are minutes, the others up to two days. */
  #clockError(): number {
    const at = (label: string) => this.#world.random.at(label, this.index, this.#openings);
    const most = at('clock kind') < 0.5 ? 600_000 : 2 * 86_400_000;
    return Math.floor((at('clock') - 0.5) * 2 * most);
  }

  /** Y-2, Y-3: what people are shown never goes back within a first sync. */
  #watchProgress(device: Device): void {
    let rows = 0;
    let fraction = 0;
    device.sync.progress.subscribe((progress) => {
      if (progress === null) return;
      if (progress.mode !== 'FIRST_SYNC') {
        rows = 0;
        fraction = 0;
        return;
      }
      if (progress.rows.done < rows) {
        this.#world.fault(this, `W-7: rows went back from ${rows} to ${progress.rows.done}`);
      }
      if (progress.fraction < fraction && progress.phase !== 'metadata') {
        this.#world.fault(this, `W-7: fraction went back from ${fraction} to ${progress.fraction}`);
      }
      if (progress.fraction === 1 && progress.phase !== 'done') {
        this.#world.fault(this, 'W-7: fraction is 1 before the end');
      }
      rows = progress.rows.done;
      fraction = progress.fraction;
      if (progress.phase === 'done') fraction = 0;
    });
  }
}

/** Lets that many turns pass, in which everything runs that waits for nothing else. */
async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}
