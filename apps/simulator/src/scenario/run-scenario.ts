import type { Device, SaveResult } from '@outpost/device';
import type { ColumnValue, RowValues } from '@outpost/model';
import { parseValue } from '@outpost/model';
import type { FlowCommand } from '@outpost/rules';
import { Refusal } from '@outpost/server';
import type { RepairAction, SyncProgress } from '@outpost/sync';
import { seededGuids, seededRandom, VirtualClock } from '@outpost/testkit';
import type { Reporter } from '../output/events.ts';
import { UsageError } from '../usage-error.ts';
import type { OpenDevice, World } from '../world/world.ts';
import { flat, matches } from './matches.ts';
import { named, type Ref } from './named-rows.ts';
import { isRecord, type Scenario, type Step } from './scenario.ts';

/** Plays a scenario step by step. Answers true when every expectation held. */
export async function runScenario(
  world: World,
  scenario: Scenario,
  report: Reporter,
): Promise<boolean> {
  report({ type: 'start', scenario: scenario.name, about: scenario.about, seed: scenario.seed });
  await world.organization.setConflictPolicy(scenario.conflicts);
  const run = new ScenarioRun(world, scenario, report);
  for (const step of scenario.steps) await run.step(step);
  return run.end();
}

class ScenarioRun {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #report: Reporter;
  readonly #devices = new Map<string, OpenDevice>();
  readonly #refs = new Map<string, Ref>();
  readonly #clock: VirtualClock;
  #saved: SaveResult | null = null;
  #resumed = false;
  #failed = 0;
  #requestsBefore = 0;

  constructor(world: World, scenario: Scenario, report: Reporter) {
    this.#world = world;
    this.#scenario = scenario;
    this.#report = report;
    this.#clock = new VirtualClock(scenario.start);
  }

  async step(step: Step): Promise<void> {
    const { args, verb } = step;
    this.#report({ type: 'step', line: step.line, verb, text: describe(step) });
    switch (verb) {
      case 'say':
        return;
      case 'open':
        return this.#open(this.#name(args));
      case 'close':
        return this.#close(this.#name(args));
      case 'kill':
        return this.#kill(this.#name(args), Number(args['afterPages'] ?? 1));
      case 'online':
      case 'offline':
        this.#device(args).online.next(verb === 'online');
        this.#requestsBefore = this.#world.traffic.requests;
        return;
      case 'sync':
        return this.#sync(this.#device(args));
      case 'create':
      case 'update':
      case 'delete':
      case 'command':
      case 'flow':
        this.#saved = this.#edit(step, verb);
        return;
      case 'search':
        return this.#search(step);
      case 'server':
        return this.#server(step);
      case 'resolve':
        return this.#resolve(step);
      case 'expect':
        return this.#expectAll(step);
      default:
        throw new UsageError(`Line ${step.line}: unknown verb "${verb}".`);
    }
  }

  async end(): Promise<boolean> {
    let converged = true;
    let syncErrors = 0;
    for (const { device } of this.#devices.values()) {
      converged &&= await this.#converged(device);
      syncErrors += device.sync.errors.list().length;
    }
    const ok = this.#failed === 0 && converged;
    const { rowsDownloaded, editsUploaded, conflicts, requests, bytes } = this.#world.traffic;
    this.#report({
      type: 'end',
      ok,
      failed: this.#failed,
      rowsDownloaded,
      editsUploaded,
      conflicts,
      syncErrors,
      converged,
      requests,
      bytes,
    });
    return ok;
  }

  async #open(name: string): Promise<void> {
    const choice = this.#scenario.devices[name];
    if (choice === undefined) throw new UsageError(`The scenario has no device "${name}".`);
    const random = seededRandom(
      this.#scenario.seed * 1000 + this.#devices.size + Math.floor(this.#clock.now() % 997),
    );
    const system = { clock: this.#clock, random, ids: seededGuids(random) };
    const { user, pageRows } = choice;
    const opened = await this.#world.openDevice({
      name,
      user,
      start: 'manual',
      online: true,
      system,
      ...(pageRows === null ? {} : { pageRows }),
    });
    this.#clock.advance({ minutes: 1 });
    opened.device.sync.progress.subscribe((progress) => this.#progress(name, progress));
    this.#devices.set(name, opened);
  }

  #progress(device: string, progress: SyncProgress | null): void {
    if (progress === null) return;
    this.#resumed ||= progress.resumed;
    const loading = progress.tables
      .filter((table) => table.state === 'load')
      .map((table) => table.table);
    const { phase, rows, bytes, diskBytes, resumed } = progress;
    this.#report({ type: 'progress', device, phase, rows, bytes, diskBytes, resumed, loading });
  }

  async #close(name: string): Promise<void> {
    await this.#devices.get(name)?.device.close();
    this.#devices.delete(name);
  }

  /** Starts a sync and ends the app in the middle of it. */
  async #kill(name: string, afterPages: number): Promise<void> {
    const opened = this.#devices.get(name);
    if (opened === undefined) return;
    let pages = 0;
    const subscription = opened.device.sync.progress.subscribe((progress) => {
      if (progress?.phase !== 'download') return;
      pages += 1;
      if (pages > afterPages) void opened.device.sync.cancel();
    });
    await opened.device.sync.run('DELTA_SYNC');
    subscription.unsubscribe();
    await this.#close(name);
  }

  async #sync(opened: OpenDevice): Promise<void> {
    const result = await opened.device.sync.run('DELTA_SYNC');
    const status = opened.device.sync.currentStatus;
    const { icon, readiness, pending, errors } = status;
    this.#report({ type: 'status', device: opened.name, icon, readiness, pending, errors });
    if (result.kind === 'failed')
      this.#check(false, `sync of ${opened.name}`, 'done', result.failure.message, 0);
    for (const error of opened.device.sync.errors.list()) {
      this.#report({
        type: 'error',
        device: opened.name,
        table: error.table,
        errorType: error.type,
        code: error.code,
        message: error.message,
      });
    }
  }

  #edit(step: Step, verb: 'create' | 'update' | 'delete' | 'command' | 'flow'): SaveResult {
    const { args } = step;
    const { device } = this.#device(args);
    const values = this.#values(isRecord(args['values']) ? args['values'] : {});
    if (verb === 'create') {
      const table = String(args['table']);
      const result = device.create(table, values);
      if (result.kind === 'saved' && typeof args['as'] === 'string')
        this.#refs.set(args['as'], { table, id: result.id });
      return result;
    }
    const { table, id } = this.#ref(args['row']);
    if (verb === 'update') return device.update(table, id, values);
    if (verb === 'delete') return device.delete(table, id);
    const run = String(args['run']);
    if (verb === 'flow') return device.moveFlow(table, id, this.#flowCommand(device, step));
    return run === 'qualify' ? device.qualify(id) : device.disqualify(id, 'Lost');
  }

  /** `run: next`, `previous`, or `setActive` with the name of a stage. */
  #flowCommand(device: Device, { args, line }: Step): FlowCommand {
    const { table, id } = this.#ref(args['row']);
    switch (args['run']) {
      case 'next':
        return { kind: 'nextStage' };
      case 'previous':
        return { kind: 'previousStage' };
      case 'setActive': {
        const stages = device.flow(table, id)?.flow.stages ?? [];
        const stage = stages.find((one) => one.name === args['stage'])?.id;
        if (stage !== undefined) return { kind: 'setActiveStage', stage };
        const known = stages.map((one) => one.name).join(', ');
        throw new UsageError(
          `Line ${line}: there is no stage "${args['stage']}". Known: ${known}.`,
        );
      }
      default:
        throw new UsageError(`Line ${line}: "run" is next, previous or setActive.`);
    }
  }

  #search(step: Step): void {
    const { args } = step;
    const result = this.#device(args).device.search.query({
      table: String(args['table']),
      term: String(args['term']),
    });
    const found = result.kind === 'found' ? result.total : result.reason;
    if (args['found'] !== undefined)
      this.#check(
        found === args['found'],
        `search ${String(args['term'])}`,
        args['found'],
        found,
        step.line,
      );
  }

  async #server(step: Step): Promise<void> {
    const { args } = step;
    const user = this.#world.users.get(String(args['as']));
    if (user === undefined)
      throw new UsageError(`Line ${step.line}: unknown user "${String(args['as'])}".`);
    const session = this.#world.organization.as(user.id);
    const report = (action: string) => this.#report({ type: 'server', user: user.name, action });
    try {
      if (isRecord(args['create'])) {
        const table = String(args['create']['table']);
        const id = seededGuids(seededRandom(step.line + this.#scenario.seed)).next();
        if (typeof args['create']['as'] === 'string')
          this.#refs.set(args['create']['as'], { table, id });
        await session.create({ table, id, values: this.#typed(table, args['create']['values']) });
        report(`created ${table}`);
      }
      if (isRecord(args['update'])) {
        const { table, id } = this.#ref(args['update']['row']);
        await session.update({ table, id, values: this.#typed(table, args['update']['values']) });
        report(`updated ${table}`);
      }
      if (isRecord(args['delete'])) {
        const { table, id } = this.#ref(args['delete']['row']);
        await session.delete(table, id);
        report(`deleted ${table}`);
      }
      if (isRecord(args['assign'])) {
        const { table, id } = this.#ref(args['assign']['row']);
        const to = String(args['assign']['to']);
        const other = this.#world.users.get(to);
        const owner = other === undefined ? this.#ref(to) : { table: 'systemuser', id: other.id };
        await session.update({ table, id, values: { ownerid: owner } });
        report(`assigned ${table} to ${to}`);
      }
      if (isRecord(args['role'])) {
        await this.#setPrivilege(args['role']);
        report(`changed role ${String(args['role']['name'])}`);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#check(
        false,
        `server: ${describe(step)}`,
        'applied',
        `${error.code} ${error.message}`,
        step.line,
      );
    }
  }

  async #setPrivilege(change: Readonly<Record<string, unknown>>): Promise<void> {
    const role = this.#world.model.roles.find((one) => one.name === change['name']);
    if (role === undefined) throw new UsageError(`There is no role "${String(change['name'])}".`);
    const table = String(change['table']);
    const depth =
      { none: 0, user: 1, businessUnit: 2, organization: 4 }[String(change['depth'])] ?? 0;
    const granted = { ...role.privileges[table], [String(change['privilege'])]: depth };
    await this.#world.organization.setRole({
      ...role,
      privileges: { ...role.privileges, [table]: granted },
    });
  }

  #resolve(step: Step): void {
    const { args } = step;
    const { device } = this.#device(args);
    const { id } = this.#ref(args['error']);
    const error = device.sync.errors.list().find((one) => one.rowId === id);
    this.#check(error !== undefined, 'the sync error exists', id, error?.id ?? null, step.line);
    if (error !== undefined)
      device.sync.errors.resolve(error.id, String(args['action']) as RepairAction);
  }

  async #expectAll(step: Step): Promise<void> {
    const { device: _, ...expectations } = step.args;
    const opened = this.#device(step.args);
    const { device } = opened;
    const status = device.sync.currentStatus;
    for (const [what, wanted] of Object.entries(expectations)) {
      const found = await this.#find(what, wanted, opened, status);
      this.#check(matches(wanted, found), what, wanted, found, step.line);
    }
  }

  async #find(
    what: string,
    wanted: unknown,
    { device }: OpenDevice,
    status: { readiness: string; icon: string; pending: unknown },
  ): Promise<unknown> {
    switch (what) {
      case 'readiness':
        return status.readiness;
      case 'icon':
        return status.icon;
      case 'pending':
        return status.pending;
      case 'errors':
        return device.sync.errors.list().map(({ table, type, code }) => ({ table, type, code }));
      case 'row': {
        const { table, id } = this.#ref(isRecord(wanted) ? wanted['ref'] : wanted);
        const values = device.get(table, id);
        return values === null
          ? null
          : { ref: isRecord(wanted) ? wanted['ref'] : wanted, ...flat(values) };
      }
      case 'gone': {
        const { table, id } = this.#ref(wanted);
        return device.get(table, id) === null ? wanted : 'still here';
      }
      case 'saved':
        return this.#saved?.kind === 'refused'
          ? { refused: this.#saved.reasons.map((reason) => reason.kind) }
          : this.#saved?.kind;
      case 'stage': {
        if (!isRecord(wanted)) return null;
        return Object.fromEntries(
          Object.keys(wanted).map((ref) => {
            const { table, id } = this.#ref(ref);
            return [ref, device.flow(table, id)?.stage.name ?? null];
          }),
        );
      }
      case 'converged':
        return this.#converged(device);
      case 'resumed':
        return this.#resumed;
      case 'noRequests':
        return this.#world.traffic.requests === this.#requestsBefore;
      default:
        return undefined;
    }
  }

  /** The device's rows equal the server's view of its user. Checking is not counted as download. */
  async #converged(device: OpenDevice['device']): Promise<boolean> {
    const { traffic } = this.#world;
    const before = { ...traffic };
    const differences = await device.sync.compare();
    Object.assign(traffic, before);
    return differences.length === 0;
  }

  #check(ok: boolean, what: string, wanted: unknown, found: unknown, line: number): void {
    if (!ok) this.#failed += 1;
    this.#report({ type: 'expect', ok, what, wanted, found, line });
  }

  #name(args: Step['args']): string {
    const name = args['device'] ?? Object.keys(this.#scenario.devices)[0];
    return String(name);
  }

  #device(args: Step['args']): OpenDevice {
    const opened = this.#devices.get(this.#name(args));
    if (opened === undefined)
      throw new UsageError(`Device "${this.#name(args)}" is not open; add an "open" step.`);
    return opened;
  }

  #ref(value: unknown): Ref {
    const text = String(value);
    const found = text.startsWith('$') ? this.#refs.get(text.slice(1)) : named[text];
    if (found === undefined)
      throw new UsageError(
        `Nothing is named "${text}". Use $label of an earlier step, or one of ${Object.keys(named).join(', ')}.`,
      );
    return found;
  }

  /** Values of a step; `$label` and `table/name` stand for lookups. */
  #values(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const isRef = (value: unknown) =>
      typeof value === 'string' && (value.startsWith('$') || Object.hasOwn(named, value));
    return Object.fromEntries(
      Object.entries(values).map(([column, value]) => [
        column,
        isRef(value) ? this.#ref(value) : value,
      ]),
    );
  }

  #typed(table: string, values: unknown): RowValues {
    const definition = this.#world.model.tables.find((one) => one.name === table);
    const typed: Record<string, ColumnValue> = {};
    for (const [name, value] of Object.entries(this.#values(isRecord(values) ? values : {}))) {
      const column = definition?.columns.find((one) => one.name === name);
      const user = column?.type === 'owner' ? this.#world.users.get(String(value)) : undefined;
      const parsed =
        column === undefined
          ? null
          : parseValue(column, user === undefined ? value : { table: 'systemuser', id: user.id });
      if (parsed === null || parsed.kind === 'invalid')
        throw new UsageError(`"${String(value)}" does not fit ${table}.${name}.`);
      typed[name] = parsed.value;
    }
    return typed;
  }
}

function describe({ verb, args }: Step): string {
  if (verb === 'say') return String(args['text']);
  const parts = Object.entries(args).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${verb} ${parts.join(', ')}`;
}
