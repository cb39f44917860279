import type { IncomingMessage } from '@outpost/sync/http';
import { type KeyedRandom, keyedRandom, VirtualClock } from '@outpost/testkit';
import { checkAtRest } from '../check/at-rest.ts';
import { checkForms } from '../check/forms.ts';
import { checkOverlays } from '../check/overlays.ts';
import { checkPauses } from '../check/pauses.ts';
import { checkPeople } from '../check/people.ts';
import { checkTwinsHere } from '../check/twins.ts';
import { type Violation, ViolationFound } from '../check/violation.ts';
import { checkWaiting } from '../check/waiting.ts';
import { checkAnswer, checkUpload } from '../check/wire.ts';
import { columnOf } from './column-names.ts';
import type { Decision } from './decision.ts';
import { actOnDevice } from './device-actions.ts';
import { foreignAnswerOf } from './foreign-pages.ts';
import { Ledger } from './ledger.ts';
import { goodNetwork, type NetworkFaults } from './network.ts';
import { type Place, placesOf } from './places.ts';
import type { Sabotage } from './sabotage.ts';
import { actOnServer } from './server-actions.ts';
import { SimDevice } from './sim-device.ts';
import { SimServer } from './sim-server.ts';
import type { WorldApp, WorldSpec } from './world-spec.ts';

/** What a run has come to. */
export interface WorldReport {
  readonly violation: Violation | null;
  /** Decisions that were carried out before it ended. */
  readonly done: number;
  /** What happened, in order; equal for equal runs. */
  readonly trace: readonly string[];
  /** FNV-1a of the whole trace. */
  readonly hash: number;
  readonly requests: number;
  readonly edits: number;
}

/** Who sees a run as it goes, such as a screen, and what is planted in it. */
export interface RunOptions {
  /** Before a decision is carried out. */
  decision?(index: number, decision: Decision, world: WorldView): Promise<void> | void;
  readonly sabotage?: Sabotage;
}

/** What may be looked at from outside. */
export interface WorldView {
  readonly now: number;
  readonly devices: readonly SimDevice[];
  readonly server: SimServer;
  readonly trace: readonly string[];
}

const start = Date.parse('2026-03-02T08:00:00Z');
/** Rounds until everything must have come to rest. */
const maxRounds = 8;
/** A cycle without an end. */
const maxEventsOfCycle = 20_000;

/** Runs decisions in a world; the same world and decisions give the same run. Never throws for a violation. */
export async function runWorld(
  app: WorldApp,
  spec: WorldSpec,
  decisions: readonly Decision[],
  options: RunOptions = {},
): Promise<WorldReport> {
  const run = new Run(app, spec, options);
  return run.all(decisions);
}

class Run implements WorldView {
  readonly #app: WorldApp;
  readonly #spec: WorldSpec;
  readonly #options: RunOptions;
  readonly #clock = new VirtualClock(start);
  readonly #random: KeyedRandom;
  readonly ledger: Ledger = new Ledger();
  readonly devices: SimDevice[] = [];
  readonly server: SimServer;
  readonly places: readonly Place[];
  readonly trace: string[] = [];
  #network: NetworkFaults = goodNetwork;
  #page: { readonly answer: IncomingMessage; readonly until: number } | null = null;
  #violation: Violation | null = null;
  #numbers = 0;
  #texts = 0;
  #hash = 0x811c9dc5;

  constructor(app: WorldApp, spec: WorldSpec, options: RunOptions) {
    this.#app = app;
    this.#spec = spec;
    this.#options = options;
    this.#random = keyedRandom(spec.seed);
    this.places = placesOf(app.model);
    const sabotage = options.sabotage ?? {};
    this.server = new SimServer(spec, app, this.places, this.#clock, sabotage, (what) =>
      this.#fault('organization', what),
    );
    for (let index = 0; index < spec.devices; index++) {
      const userId = app.users[index % app.users.length] ?? '';
      this.devices.push(
        new SimDevice(index, userId, {
          clock: this.#clock,
          random: this.#random,
          seed: spec.seed,
          pageRows: spec.pageRows,
          auto: spec.auto === true,
          wrongClocks: spec.wrongClocks === true,
          sabotage,
          network: () => this.#network,
          foreign: () => this.#foreign(),
          serve: (device, message) => this.#serve(device, message),
          fault: (device, what) => this.#fault(device.name, what),
        }),
      );
    }
  }

  get now(): number {
    return this.#clock.now();
  }

  async all(decisions: readonly Decision[]): Promise<WorldReport> {
    let done = 0;
    try {
      await this.#begin();
      this.#network = this.#spec.network;
      for (const [index, decision] of decisions.entries()) {
        await this.#options.decision?.(index, decision, this);
        await this.#pass(decision.wait);
        this.#note('decision', JSON.stringify(decision));
        await this.#act(decision, index);
        await drain();
        this.#check();
        checkPeople(this);
        checkOverlays(this);
        checkForms(this);
        checkWaiting(this);
        checkPauses(this);
        checkTwinsHere(this);
        done += 1;
      }
      await this.#rest();
      await checkAtRest(this);
    } catch (error) {
      if (!(error instanceof ViolationFound)) {
        // Where it happened is for the trace: replay files travel.
        this.trace.push(error instanceof Error ? (error.stack ?? '') : '');
        this.#violation ??= { invariant: 'W-0', message: String(error) };
      } else this.#violation ??= error.violation;
    }
    await this.#end();
    return {
      violation: this.#violation,
      done,
      trace: this.trace,
      hash: this.#hash,
      requests: this.devices.reduce((sum, device) => sum + device.requests, 0),
      edits: this.ledger.edits.length,
    };
  }

  /** Runs the clock until a cycle has ended. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let open = true;
    const ended = promise.finally(() => {
      open = false;
    });
    ended.catch(() => undefined);
    await drain();
    for (let events = 0; open; events++) {
      if (events > maxEventsOfCycle) throw new ViolationFound('W-17', 'A cycle does not end.');
      if (!this.#clock.runNext()) throw new ViolationFound('W-8', 'A cycle waits for nothing.');
      await drain();
      this.#check();
    }
    return ended;
  }

  async #begin(): Promise<void> {
    await this.server.start();
    const rows = [...this.#app.rows(start)];
    await this.server.organization.load(rows);
    for (const device of this.devices) {
      await device.open();
      device.start((client) => client.sync.run('DELTA_SYNC'));
      await this.settle(device.running);
    }
    this.#check();
    checkPeople(this);
  }

  #foreign(): IncomingMessage | null {
    return this.#page !== null && this.now < this.#page.until ? this.#page.answer : null;
  }

  async #act(decision: Decision, index: number): Promise<void> {
    if (decision.do === 'foreign') {
      this.#page = { answer: foreignAnswerOf(decision.page), until: this.now + decision.ms };
      return;
    }
    if ('device' in decision) {
      const device = this.devices[decision.device % this.devices.length];
      if (device === undefined) return;
      const { places, ledger } = this;
      const next = () => ++this.#numbers;
      const commits = () => this.server.store.commits;
      const colleague = async (table: string, id: string, base: string) => {
        const column = columnOf(this.server.model, table, base)?.name;
        if (column === undefined) return;
        const session = this.server.organization.as(this.#app.webUsers[0] ?? '');
        const values = { [column]: `web-${++this.#texts}` };
        // What a user may not do is refused, as it should be.
        await session.update({ table, id, values }).catch(() => undefined);
      };
      const { users } = this.#app;
      const context = { places, ledger, users, next, commits, colleague };
      await this.settle(actOnDevice(device, decision, context));
      return;
    }
    await this.settle(
      actOnServer(this.server, decision, {
        app: this.#app,
        places: this.places,
        now: () => this.now,
        text: () => `web-${++this.#texts}`,
        draw: (label) => this.#random.at(label, index),
      }),
    );
  }

  /** Lets time pass, one event after the other. */
  async #pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (let next = this.#clock.nextAt; next !== null && next <= until; next = this.#clock.nextAt) {
      this.#clock.runNext();
      await drain();
      this.#check();
    }
    this.#clock.advance({ ms: Math.max(0, until - this.now) });
  }

  /** Everything is well again, and everybody synchronizes until nothing is left to do. */
  async #rest(): Promise<void> {
    this.#note('rest', '');
    this.#network = goodNetwork;
    this.server.refusing = null;
    this.#page = null;
    // Nobody leaves for good while something is on its way.
    for (const device of this.devices) {
      device.setOnline(true);
      const { owner, isOwner } = device.people;
      if (isOwner || owner === null) await device.open();
      else await device.signIn(owner, true);
    }
    await this.#pass(60_000);
    for (let round = 0; round < maxRounds; round++) {
      for (const device of this.devices) {
        await this.settle(device.running);
        device.start((client) => client.sync.run('DELTA_SYNC'));
        await this.settle(device.running);
        await this.settle(device.client?.sync.documents.idle() ?? Promise.resolve());
        await this.#pass(10_000);
      }
      const isDone = this.devices.every(
        ({ client }) =>
          client?.sync.currentStatus.lastResult?.kind === 'done' &&
          client.sync.outbox.unsettled().length === 0,
      );
      if (isDone && round > 0) return;
    }
    const states = this.devices.map(({ name, client }) => {
      const status = client?.sync.currentStatus;
      return `${name}: ${JSON.stringify(status?.lastResult)}, ${client?.sync.outbox.unsettled().length} unsettled`;
    });
    throw new ViolationFound('W-8', `Does not come to rest: ${states.join('; ')}`);
  }

  async #end(): Promise<void> {
    for (const device of this.devices) {
      const closing = device.close().catch(() => undefined);
      await this.settle(closing).catch(() => undefined);
    }
    await this.#pass(120_000).catch(() => undefined);
    if (this.#violation === null && this.#clock.pending > 0) {
      const message = `${this.#clock.pending} timers are left after everything was closed.`;
      this.#violation = { invariant: 'W-18', message };
    }
    await this.server.close();
  }

  async #serve(
    device: SimDevice,
    message: Parameters<SimServer['handle']>[0],
  ): ReturnType<SimServer['handle']> {
    this.#note(device.name, message.path);
    if (message.path.endsWith('/push')) this.#guard(() => checkUpload(this, device, message));
    const before = this.server.store.commits;
    const answer = await this.server.handle(message);
    this.#note(device.name, `${message.path} ${answer.status} ${answer.text.length}`);
    if (answer.status >= 500 && this.server.refusing === null) {
      this.#fault(device.name, `${message.path} answers ${answer.status}: ${answer.text}`);
    }
    try {
      await checkAnswer(this, device, message, answer, before);
    } catch (error) {
      this.#guard(() => {
        throw error;
      });
    }
    return answer;
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ViolationFound)) throw error;
      this.#violation ??= error.violation;
    }
  }

  #fault(who: string, what: string): void {
    const [, invariant = 'W-0', message = what] = /^(W-\d+): (.*)$/s.exec(what) ?? [];
    this.#violation ??= { invariant, message: `${who}: ${message}` };
  }

  #check(): void {
    if (this.#violation !== null)
      throw new ViolationFound(this.#violation.invariant, this.#violation.message);
    for (const [name, times] of this.server.store.written) {
      if (times > 1) throw new ViolationFound('W-4', `${name} was written ${times} times.`);
    }
  }

  #note(who: string, what: string): void {
    const line = `${this.now - start} ${who} ${what}`;
    this.trace.push(line);
    for (let i = 0; i < line.length; i++) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193) >>> 0;
    }
  }
}

export type { Run };

/** Lets everything run that waits for nothing but its turn. */
function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
