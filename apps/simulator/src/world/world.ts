import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Device, openDevice, platformSystem } from '@outpost/device';
import type { AppModel, Clock, Diagnostic, System } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import {
  anyOf,
  createServer,
  developmentIssuer,
  jwtAuthenticator,
  type Organization,
  type RowInput,
  tokenList,
} from '@outpost/server';
import { listen, type RunningServer, sqliteStore } from '@outpost/server/node';
import type { StorageLocation } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import {
  defaultSettings,
  type Failure,
  type PendingEdits,
  type Reply,
  type SignOutResult,
  type SyncSettings,
  type SyncTransport,
  type TokenSource,
} from '@outpost/sync';
import { type DeviceCode, deviceCodeTokens, httpTransport } from '@outpost/sync/http';
import type { ConflictPolicy } from '@outpost/sync/protocol';
import { seededRandom } from '@outpost/testkit';
import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import { UsageError } from '../usage-error.ts';
import { type Faults, faultyFetch, noFaults } from './faults.ts';
import { importApp, importUser } from './imported-app.ts';
import { openPostgres } from './open-postgres.ts';

export interface WorldOptions {
  readonly rows: number;
  readonly seed: number;
  readonly solution: string | null;
  readonly data: string | null;
  /** Null: nothing on disk. */
  readonly dir: string | null;
  readonly port?: number;
  /** Address of a PostgreSQL for the organization; default: a file. */
  readonly store?: string | null;
  readonly fresh?: boolean;
  /** Without service protection limits. */
  readonly unlimited?: boolean;
  /** Counts at `/metrics`. */
  readonly metrics?: boolean;
  /** Start of the sample's dates, and clock and ids of the organization. */
  readonly system: System;
  readonly onProgress?: (message: string) => void;
  /** Default: off. */
  readonly conflicts?: ConflictPolicy;
  /** How slow networks take their time; default: they do not. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** A request of a device and what came of it. */
export interface RequestMade {
  readonly kind: string;
  readonly bytes: number;
  readonly failure: Failure | null;
}

/** Who the tokens of the simulated organization are for. */
const audience = 'outpost';

export interface WorldUser {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** What devices downloaded and uploaded, counted on the wire. */
export interface Traffic {
  requests: number;
  rowsDownloaded: number;
  bytes: number;
  editsUploaded: number;
  conflicts: number;
  refused: number;
}

/** One organization behind real HTTP, and devices that talk to it. */
export interface World {
  readonly model: AppModel;
  readonly organization: Organization;
  readonly server: RunningServer;
  readonly users: ReadonlyMap<string, WorldUser>;
  readonly diagnostics: readonly Diagnostic[];
  readonly traffic: Traffic;
  /** Conflict detection of the organization. */
  readonly conflicts: ConflictPolicy;
  setConflicts(policy: ConflictPolicy): Promise<void>;
  openDevice(options: DeviceChoice): Promise<OpenDevice>;
  /** Signs the user of an open device out. The device is closed then. */
  signOut(opened: OpenDevice, pending: PendingEdits): Promise<SignOutResult>;
  /** The same device again, for another user with a database of their own. */
  signIn(closed: OpenDevice, user: string): Promise<OpenDevice>;
  close(): Promise<void>;
}

export interface DeviceChoice {
  readonly name: string;
  readonly user: string;
  readonly start: 'auto' | 'manual';
  /** With `manual`: there is a scheduler that can be switched on. */
  readonly scheduled?: boolean;
  readonly online: boolean;
  readonly system?: System;
  readonly pageRows?: number;
  /** Whose device it is; default `user`. Others who sign in on it have databases of their own names. */
  readonly owner?: string;
}

export interface OpenDevice {
  readonly name: string;
  readonly user: WorldUser;
  readonly device: Device;
  readonly online: BehaviorSubject<boolean>;
  readonly metered: BehaviorSubject<boolean>;
  readonly settings: BehaviorSubject<SyncSettings>;
  readonly faults: BehaviorSubject<Faults>;
  readonly requests: Observable<RequestMade>;
  /** The clock the device lives by. */
  readonly clock: Clock;
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const { dir } = options;
  if (dir !== null) {
    if (options.fresh === true) rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
  }
  if (options.data !== null && options.solution === null)
    throw new UsageError('--data needs --solution.');
  const imported = options.solution === null ? null : importApp(options.solution, options.data);
  const model = imported?.model ?? sampleApp;
  const users =
    imported === null
      ? sampleWorldUsers()
      : new Map([['ana', { ...importUser, token: 'token-ana' }]]);
  const issuer = await developmentIssuer({
    audience,
    users: [...users.values()],
    // Ids of its own: what people do in a run has the same ones, signed in or not.
    system: { ...platformSystem, clock: options.system.clock },
  });
  const { clock } = options.system;
  const auth = anyOf(
    tokenList(new Map([...users.values()].map((user) => [user.token, user.id]))),
    jwtAuthenticator({ issuer: issuer.issuer, audience, keys: { set: issuer.keys }, clock }),
  );
  const name = imported === null ? 'sample' : model.uniqueName;
  const file = dir === null ? null : join(dir, `server-${name}.db`);
  const store =
    typeof options.store === 'string'
      ? await openPostgres(options.store, name, options.system)
      : sqliteStore(file);
  const organization = await createServer({
    store,
    model,
    auth,
    system: options.system,
    ...(options.unlimited === true ? { limits: 'off' } : {}),
    onFault: (error) => console.error('outpost: the organization failed:', error),
  });
  if (!(await organization.isLoaded())) {
    const rows: Iterable<RowInput> =
      imported?.rows ??
      generateRows({
        random: seededRandom(options.seed),
        now: options.system.clock.now(),
        rows: options.rows,
      });
    options.onProgress?.('Loading the organization ...');
    const count = await organization.load(rows, (done) =>
      options.onProgress?.(`Loading the organization: ${done.toLocaleString('en-US')} rows`),
    );
    options.onProgress?.(`The organization holds ${count.toLocaleString('en-US')} rows.`);
  }
  const server = await listen(organization, {
    ...(options.port === undefined ? {} : { port: options.port }),
    metrics: options.metrics === true,
    issuer,
  }).catch(async (error: NodeJS.ErrnoException) => {
    await organization.close();
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    throw new UsageError(
      `Port ${options.port} cannot be used (${error.code}). Choose another with --port.`,
    );
  });
  const traffic: Traffic = {
    requests: 0,
    rowsDownloaded: 0,
    bytes: 0,
    editsUploaded: 0,
    conflicts: 0,
    refused: 0,
  };
  let conflicts = options.conflicts ?? 'off';
  await organization.setConflictPolicy(conflicts);
  const memory = new Map<string, StorageLocation>();
  const open = new Map<OpenDevice, DeviceChoice>();
  const world: World = {
    model: organization.model,
    organization,
    server,
    users,
    diagnostics: imported?.diagnostics ?? [],
    traffic,
    get conflicts() {
      return conflicts;
    },
    async setConflicts(policy) {
      await organization.setConflictPolicy(policy);
      conflicts = policy;
    },
    async openDevice(choice) {
      const user = users.get(choice.user);
      if (user === undefined)
        throw new UsageError(
          `There is no user "${choice.user}". Known: ${[...users.keys()].join(', ')}.`,
        );
      const isOwn = (choice.owner ?? choice.user) === choice.user;
      const place = isOwn ? choice.name : `${choice.name}-${choice.user}`;
      const storage =
        dir === null
          ? (memory.get(place) ?? memoryStorage(place))
          : fileStorage(
              join(dir, 'devices'),
              `${place}-${imported === null ? 'sample' : model.uniqueName}`,
            );
      memory.set(place, storage);
      const online = new BehaviorSubject(choice.online);
      const metered = new BehaviorSubject(false);
      const settings = new BehaviorSubject<SyncSettings>({
        ...defaultSettings,
        mode: choice.start,
      });
      const faults = new BehaviorSubject(noFaults);
      const requests = new Subject<RequestMade>();
      const tokens = signedIn(server.url, clock, ({ userCode }) => {
        issuer.approve(userCode, user.id);
      });
      const transport = counted(
        httpTransport({
          url: server.url,
          tokens,
          fetch: faultyFetch({
            faults: () => faults.value,
            onNext: () => faults.next({ ...faults.value, next: 'nothing' }),
            random: seededRandom(options.seed),
            wait: options.wait ?? (async () => undefined),
          }),
        }),
        traffic,
        requests,
      );
      const system = choice.system ?? platformSystem;
      const device = await openDevice({
        storage,
        transport,
        user: user.id,
        online,
        metered,
        settings,
        start: choice.scheduled === true ? 'auto' : choice.start,
        system,
        onFault: (error) => console.error(`outpost: ${choice.name}:`, error),
        ...(choice.pageRows === undefined ? {} : { pageRows: choice.pageRows }),
      });
      for (const { message } of device.store.diagnostics) options.onProgress?.(message);
      const opened: OpenDevice = {
        name: choice.name,
        user,
        device,
        online,
        metered,
        settings,
        faults,
        requests,
        clock: system.clock,
      };
      open.set(opened, choice);
      return opened;
    },
    signOut: ({ device }, pending) => device.signOut({ pending }),
    signIn(closed, user) {
      const choice = open.get(closed);
      if (choice === undefined) throw new UsageError(`Device "${closed.name}" was never opened.`);
      const owner = choice.owner ?? choice.user;
      return world.openDevice({ ...choice, user, owner, online: closed.online.value });
    },
    async close() {
      for (const { device } of open.keys()) await device.close();
      await server.close();
      await organization.close();
    },
  };
  return world;
}

function sampleWorldUsers(): ReadonlyMap<string, WorldUser> {
  return new Map(
    Object.entries(sampleUsers).map(([name, user]) => [
      name,
      { id: user.id, name: `${user.first} ${user.last}`, token: `token-${name}` },
    ]),
  );
}

/** Signs a device in with a code, which its user types at once. */
function signedIn(issuer: string, clock: Clock, onCode: (code: DeviceCode) => void): TokenSource {
  const scope = `${audience}/user_impersonation offline_access`;
  const tokens = deviceCodeTokens({ issuer, clientId: 'outpost-simulator', scope, clock, onCode });
  return {
    async token(options) {
      const token = await tokens.token(options);
      if (token !== null) return token;
      await tokens.signIn();
      return tokens.token({ refresh: false });
    },
  };
}

/** Counts what passes a transport. */
function counted(
  transport: SyncTransport,
  traffic: Traffic,
  made: Subject<RequestMade>,
): SyncTransport {
  const request = async <T>(kind: string, reply: Promise<Reply<T>>): Promise<Reply<T>> => {
    traffic.requests += 1;
    const answer = await reply;
    const bytes = answer.kind === 'ok' ? answer.bytes : 0;
    traffic.bytes += bytes;
    made.next({ kind, bytes, failure: answer.kind === 'ok' ? null : answer.failure });
    return answer;
  };
  return {
    hello: (message, signal) => request('hello', transport.hello(message, signal)),
    app: (signal) => request('app', transport.app(signal)),
    async pull(message, signal) {
      const reply = await request('pull', transport.pull(message, signal));
      if (reply.kind === 'ok')
        for (const { rows } of reply.value.changes) traffic.rowsDownloaded += rows.length;
      return reply;
    },
    async page(message, signal) {
      const reply = await request('page', transport.page(message, signal));
      if (reply.kind === 'ok') traffic.rowsDownloaded += reply.value.rows.length;
      return reply;
    },
    ...(transport.hints === undefined ? {} : { hints: transport.hints }),
    ...(transport.account === undefined ? {} : { account: transport.account }),
    digest: (message, signal) => request('digest', transport.digest(message, signal)),
    upload: (message, signal) => request('upload', transport.upload(message, signal)),
    document: (message, signal) => request('document', transport.document(message, signal)),
    async push(message, signal) {
      const reply = await request('push', transport.push(message, signal));
      for (const result of reply.kind === 'ok' ? reply.value.results : []) {
        if (result.status === 'applied') traffic.editsUploaded += 1;
        if (result.status === 'refused') traffic.refused += 1;
        if (result.status === 'refused' && result.errorType === 0) traffic.conflicts += 1;
      }
      return reply;
    },
  };
}
