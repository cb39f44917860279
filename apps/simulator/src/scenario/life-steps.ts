import type { SyncProgress } from '@outpost/sync';
import { seededGuids, seededRandom } from '@outpost/testkit';
import { UsageError } from '../usage-error.ts';
import { type Faults, faultControls } from '../world/faults.ts';
import type { OpenDevice } from '../world/world.ts';
import type { ScenarioContext } from './context.ts';
import type { Step } from './scenario.ts';

/** Steps of a device's life: opening, losing, network, faults, time, synchronizing, comparing. */
export async function lifeStep(
  context: ScenarioContext,
  { verb, args, line }: Step,
): Promise<boolean> {
  switch (verb) {
    case 'open':
      await open(context, context.name(args));
      return true;
    case 'close':
      await close(context, context.name(args));
      return true;
    case 'signOut':
      await signOut(context, { verb, args, line });
      return true;
    case 'signIn':
      await signIn(context, { verb, args, line });
      return true;
    case 'kill':
      await kill(context, args);
      return true;
    case 'online':
    case 'offline':
      context.device(args).online.next(verb === 'online');
      context.requestsBefore = context.world.traffic.requests;
      return true;
    case 'advance': {
      const part = (name: string) => Number(args[name] ?? 0);
      const minutes = part('minutes') + 60 * (part('hours') + 24 * part('days'));
      if (!(minutes >= 0)) throw new UsageError(`Line ${line}: "advance" needs numbers.`);
      context.clock.advance({ minutes });
      return true;
    }
    case 'fault':
      setFaults(context, { verb, args, line });
      return true;
    case 'sync':
      await sync(context, args, line);
      return true;
    case 'verify': {
      const { result, tables } = await context.device(args).device.sync.verify();
      const different = tables.reduce((sum, one) => sum + one.different, 0);
      context.check(result.kind === 'done', 'verify', 'done', result.kind, line);
      context.check(different === 0, 'verified ranges that differ', 0, different, line);
      return true;
    }
    default:
      return false;
  }
}

async function open(context: ScenarioContext, name: string): Promise<void> {
  const choice = context.scenario.devices[name];
  if (choice === undefined) throw new UsageError(`The scenario has no device "${name}".`);
  context.openings += 1;
  const random = seededRandom(context.scenario.seed * 1000 + context.openings);
  const system = { clock: context.clock, random, ids: seededGuids(random) };
  const { user: owner, pageRows } = choice;
  const user = context.users.get(name) ?? owner;
  const opened = await context.world.openDevice({
    name,
    user,
    owner,
    start: 'manual',
    online: true,
    system,
    ...(pageRows === null ? {} : { pageRows }),
  });
  context.clock.advance({ minutes: 1 });
  const { report } = context;
  opened.device.sync.progress.subscribe((progress) => onProgress(context, name, progress));
  opened.requests.subscribe(({ kind, bytes, failure }) =>
    report({ type: 'request', device: name, kind, bytes, failure: failure?.class ?? null }),
  );
  opened.device.store.commits.subscribe((set) => {
    const changes: Record<string, number> = {};
    for (const [table, changed] of set.tables)
      if (changed.kind === 'rows') changes[table] = changed.rows.length;
    if (set.origin === 'local' && Object.keys(changes).length > 0)
      report({ type: 'commit', device: name, commit: set.commit, changes });
  });
  context.devices.set(name, opened);
  context.desk.add(opened);
}

function onProgress(context: ScenarioContext, device: string, progress: SyncProgress | null): void {
  if (progress === null) return;
  context.resumed ||= progress.resumed;
  const loading = progress.tables.filter((one) => one.state === 'load').map((one) => one.table);
  const { phase, rows, bytes, diskBytes, resumed } = progress;
  context.report({ type: 'progress', device, phase, rows, bytes, diskBytes, resumed, loading });
}

async function close(context: ScenarioContext, name: string): Promise<void> {
  const opened = context.devices.get(name);
  if (opened === undefined) return;
  context.desk.remove(name);
  await opened.device.close();
  context.devices.delete(name);
}

/** The user leaves the device, and what waits is kept for their return or given up. */
async function signOut(context: ScenarioContext, { args, line }: Step): Promise<void> {
  const name = context.name(args);
  const pending = args['pending'] ?? 'keep';
  if (pending !== 'keep' && pending !== 'discard')
    throw new UsageError(`Line ${line}: "pending" is keep or discard.`);
  const opened = context.device(args);
  context.desk.remove(name);
  const { keeps, edits, drafts } = await context.world.signOut(opened, pending);
  context.devices.delete(name);
  const user = opened.user.name;
  context.report({ type: 'signedOut', device: name, user, keeps, edits: edits.length, drafts });
}

/** A user comes to a device that nobody is signed in on. */
async function signIn(context: ScenarioContext, { args, line }: Step): Promise<void> {
  const name = context.name(args);
  if (context.devices.has(name))
    throw new UsageError(`Line ${line}: somebody is signed in on "${name}"; add a "signOut" step.`);
  const user = args['user'];
  if (typeof user !== 'string') throw new UsageError(`Line ${line}: "signIn" needs a user.`);
  context.users.set(name, user);
  await open(context, name);
}

/** Starts a sync and ends the app in the middle of it. */
async function kill(context: ScenarioContext, args: Step['args']): Promise<void> {
  const name = context.name(args);
  const afterPages = Number(args['afterPages'] ?? 1);
  const opened = context.devices.get(name);
  if (opened === undefined) return;
  let pages = 0;
  const subscription = opened.device.sync.progress.subscribe((progress) => {
    if (progress?.phase !== 'download') return;
    pages += 1;
    if (pages !== afterPages + 1) return;
    if (args['frame'] !== undefined) context.frame(String(args['frame']));
    void opened.device.sync.cancel();
  });
  await opened.device.sync.run('DELTA_SYNC');
  subscription.unsubscribe();
  await close(context, name);
}

function setFaults(context: ScenarioContext, { args, line }: Step): void {
  const { faults, name } = context.device(args);
  let now: Faults = faults.value;
  for (const [control, values] of Object.entries(faultControls)) {
    const wanted = args[control];
    if (wanted === undefined) continue;
    const value = (values as readonly string[]).find((one) => one === String(wanted));
    if (value === undefined)
      throw new UsageError(`Line ${line}: "${control}" is one of ${values.join(', ')}.`);
    now = { ...now, [control]: value };
    context.report({ type: 'fault', device: name, control, value });
  }
  faults.next(now);
}

const modes = { delta: 'DELTA_SYNC', grid: 'GRID_SYNC', forced: 'FORCED_SYNC' } as const;

async function sync(context: ScenarioContext, args: Step['args'], line: number): Promise<void> {
  const opened = context.device(args);
  const mode = String(args['mode'] ?? 'delta');
  if (!Object.hasOwn(modes, mode))
    throw new UsageError(`Line ${line}: "mode" is ${Object.keys(modes).join(', ')}.`);
  const tables = typeof args['table'] === 'string' ? { tables: [args['table']] } : {};
  const result = await opened.device.sync.run(modes[mode as keyof typeof modes], tables);
  const wanted = String(args['until'] ?? 'done');
  const ok = result.kind === wanted;
  const found = result.kind === 'failed' && !ok ? result.failure.message : result.kind;
  tellStatus(context, opened);
  context.check(ok, `sync of ${opened.name}`, wanted, found, line);
  if (args['table'] !== undefined) context.commands.add('refresh');
}

/** Tells how a device stands. */
export function tellStatus({ report }: ScenarioContext, { name, device }: OpenDevice): void {
  const { icon, readiness, pending, errors } = device.sync.currentStatus;
  report({ type: 'status', device: name, icon, readiness, pending, errors });
  for (const error of device.sync.errors.list()) {
    const { table, type, code, message } = error;
    report({ type: 'error', device: name, table, errorType: type, code, message });
  }
}
