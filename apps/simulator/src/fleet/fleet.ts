import { type Device, openDevice, platformSystem } from '@outpost/device';
import type { Random } from '@outpost/model';
import { sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import type { SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom } from '@outpost/testkit';
import { killServer, type ServerProcess, startServer } from './servers.ts';
import { Tally } from './tally.ts';

export interface FleetOptions {
  readonly devices: number;
  readonly processes: number;
  /** How long they work. */
  readonly seconds: number;
  /** Each device works so many rounds instead, however long they take; null: as many as the seconds allow. */
  readonly rounds: number | null;
  readonly seed: number;
  /** A process is killed every so many seconds; 0: none. */
  readonly killSeconds: number;
  /** Arguments of every server process. */
  readonly serveArgs: readonly string[];
  /** Told of what is going on about once a second, and of the end of each part. */
  readonly onProgress: (progress: FleetProgress) => void;
}

export interface FleetProgress {
  readonly part: 'start' | 'load' | 'work' | 'settle';
  readonly seconds: number;
  readonly devicesReady: number;
  readonly syncsPerSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly edits: number;
  /** Edits that wait on devices, and for how long the oldest of them has; seconds. */
  readonly pending: number;
  readonly lag: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly kills: number;
}

/** How it ended: `ok` only if nothing was lost, nothing happened twice, and every device equals the organization. */
export interface FleetVerdict {
  readonly ok: boolean;
  readonly devices: number;
  readonly processes: number;
  readonly seconds: number;
  readonly syncs: number;
  readonly syncsPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly failures: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly edits: number;
  /** Edits that never arrived, that arrived twice, and that still wait. */
  readonly lost: number;
  readonly doubled: number;
  readonly pending: number;
  readonly syncErrors: number;
  /** Devices that differ from the organization. */
  readonly different: number;
}

interface Member {
  readonly device: Device;
  readonly random: Random;
  /** When the oldest edit that waits was made; null: none waits. */
  waitsSince: number | null;
  isReady: boolean;
}

const users = Object.keys(sampleUsers);
/** Reads everything in the sample organization. */
const auditor = 'carla';

/** Many devices work against several server processes, each request against whichever. */
export async function runFleet(options: FleetOptions): Promise<FleetVerdict> {
  const servers: ServerProcess[] = [];
  try {
    // One after another: the first makes the tables and loads the rows.
    for (let n = 0; n < options.processes; n++) servers.push(await startServer(options.serveArgs));
    return await workFleet(options, servers);
  } finally {
    for (const server of servers) await killServer(server);
  }
}

/** Devices work against servers that run already. */
export function workFleet(options: FleetOptions, servers: ServerProcess[]): Promise<FleetVerdict> {
  return new Fleet(options, servers).run();
}

class Fleet {
  readonly #options: FleetOptions;
  readonly #servers: ServerProcess[];
  readonly #members: Member[] = [];
  readonly #tally = new Tally();
  /** Names of the rows that devices have acknowledged. */
  readonly #made = new Set<string>();
  readonly #run: string;
  #next = 0;
  #started = 0;
  #shownAt = 0;

  constructor(options: FleetOptions, servers: ServerProcess[]) {
    this.#options = options;
    this.#servers = servers;
    this.#run = `fleet ${platformSystem.ids.next().slice(0, 8)}`;
  }

  async run(): Promise<FleetVerdict> {
    const { devices, seconds, rounds, killSeconds } = this.#options;
    this.#started = now();
    for (let n = 0; n < devices; n++) this.#members.push(await this.#open(n));
    const shows = setInterval(() => this.#show('work'), 1000);
    try {
      const until = now() + seconds * 1000;
      const goesOn = (round: number) => (rounds === null ? now() < until : round < rounds);
      const work = this.#members.map((member, n) => this.#work(member, n, goesOn));
      await Promise.all([...work, this.#kills(until, killSeconds)]);
    } finally {
      clearInterval(shows);
    }
    const worked = (now() - this.#started) / 1000;
    this.#show('settle');
    const verdict = await this.#settle(worked);
    for (const { device } of this.#members) await device.close();
    return verdict;
  }

  async #open(n: number): Promise<Member> {
    const user = users[n % users.length] ?? auditor;
    const device = await openDevice({
      storage: memoryStorage(),
      transport: this.#anyProcess(user),
      pageRows: 500,
    });
    const random = seededRandom(this.#options.seed * 1009 + n);
    return { device, random, waitsSince: null, isReady: false };
  }

  /** Each request goes to the next process. */
  #anyProcess(user: string): SyncTransport {
    const tokens = staticToken(`token-${user}`);
    const pick = (): SyncTransport => {
      this.#next = (this.#next + 1) % this.#servers.length;
      return httpTransport({ url: this.#servers[this.#next]?.url ?? '', tokens });
    };
    return {
      hello: (message, signal) => pick().hello(message, signal),
      app: (signal) => pick().app(signal),
      pull: (message, signal) => pick().pull(message, signal),
      page: (message, signal) => pick().page(message, signal),
      digest: (message, signal) => pick().digest(message, signal),
      push: (message, signal) => pick().push(message, signal),
      upload: (message, signal) => pick().upload(message, signal),
      document: (message, signal) => pick().document(message, signal),
    };
  }

  async #work(member: Member, n: number, goesOn: (round: number) => boolean): Promise<void> {
    for (let round = 0; goesOn(round); round++) {
      if (member.isReady) this.#edit(member, n, round);
      await this.#sync(member);
      // People look at what came before they go on.
      await pause(50 + member.random.next() * 400);
    }
  }

  #edit({ device, random }: Member, n: number, round: number): void {
    if (random.next() < 0.4) return;
    const name = `${this.#run} ${n}-${round}`;
    const saved = device.create('account', { name, telephone1: String(round) });
    if (saved.kind !== 'saved') return;
    this.#made.add(name);
    this.#tally.edits += 1;
    // An edit of one's own that is not uploaded yet travels with it.
    if (random.next() < 0.3) device.update('account', saved.id, { telephone1: `${round} again` });
  }

  async #sync(member: Member): Promise<void> {
    const { device } = member;
    const waits = device.sync.outbox.pending().length > 0;
    member.waitsSince = waits ? (member.waitsSince ?? now()) : null;
    const begun = now();
    const result = await device.sync.run('DELTA_SYNC');
    if (result.kind === 'done') {
      this.#tally.synced(now() - begun);
      member.isReady = true;
    } else {
      this.#tally.failed(result.kind === 'failed' ? result.failure.class : result.kind);
    }
    if (device.sync.outbox.pending().length === 0) member.waitsSince = null;
  }

  async #kills(until: number, everySeconds: number): Promise<void> {
    if (everySeconds <= 0) return;
    for (let n = 0; now() + everySeconds * 1000 < until; n++) {
      await pause(everySeconds * 1000);
      const place = n % this.#servers.length;
      const victim = this.#servers[place];
      if (victim === undefined) return;
      await killServer(victim);
      this.#tally.kills += 1;
      this.#servers[place] = await startServer(this.#options.serveArgs);
    }
  }

  /** Everybody uploads what is left and takes in what others did; then the accounts are compared. */
  async #settle(worked: number): Promise<FleetVerdict> {
    const { devices, processes } = this.#options;
    for (const member of this.#members) {
      for (let n = 0; n < 10; n++) {
        await this.#sync(member);
        if (member.device.sync.outbox.unsettled().length === 0) break;
      }
    }
    let [pending, syncErrors, different] = [0, 0, 0];
    for (const { device } of this.#members) {
      await device.sync.run('DELTA_SYNC');
      pending += device.sync.outbox.unsettled().length;
      syncErrors += device.sync.errors.list().length;
      if ((await device.sync.compare()).length > 0) different += 1;
    }
    const stored = await this.#stored();
    const lost = [...this.#made].filter((name) => !stored.has(name)).length;
    const doubled = [...stored.values()].reduce((sum, count) => sum + count - 1, 0);
    const waiting = lost - pending;
    const { syncs, failures, kills, edits, latency } = this.#tally;
    return {
      ok: waiting <= 0 && pending === 0 && doubled === 0 && syncErrors === 0 && different === 0,
      devices,
      processes,
      seconds: Math.round(worked),
      syncs,
      syncsPerSecond: Number((syncs / Math.max(worked, 0.001)).toFixed(1)),
      latencyMs: latency,
      failures,
      kills,
      edits,
      lost,
      doubled,
      pending,
      syncErrors,
      different,
    };
  }

  /** How often each row of this run is in the organization, asked through its Web API. */
  async #stored(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const filter = encodeURIComponent(`startswith(name,'${this.#run} ')`);
    let next: string | null =
      `${this.#servers[0]?.url}/api/data/v9.2/accounts?$select=name&$filter=${filter}`;
    while (next !== null) {
      const response = await fetch(next, { headers: { authorization: `Bearer token-${auditor}` } });
      if (response.status !== 200) throw new Error(`The organization answered ${response.status}.`);
      const page = (await response.json()) as {
        readonly value: readonly { readonly name: string }[];
        readonly '@odata.nextLink'?: string;
      };
      for (const { name } of page.value) found.set(name, (found.get(name) ?? 0) + 1);
      next = page['@odata.nextLink'] ?? null;
    }
    return found;
  }

  #show(part: FleetProgress['part']): void {
    const { edits, failures, kills } = this.#tally;
    const { syncs, p50, p95, p99 } = this.#tally.takeRecent();
    const elapsed = Math.max(0.001, (now() - this.#shownAt) / 1000);
    this.#shownAt = now();
    const since = this.#members.flatMap(({ waitsSince }) => waitsSince ?? []);
    this.#options.onProgress({
      part: part === 'work' && this.#members.some((one) => !one.isReady) ? 'load' : part,
      seconds: Math.round((now() - this.#started) / 1000),
      devicesReady: this.#members.filter((one) => one.isReady).length,
      syncsPerSecond: Number((syncs / Math.min(elapsed, 10)).toFixed(1)),
      p50,
      p95,
      p99,
      edits,
      pending: since.length,
      lag: Number((Math.max(0, ...since.map((at) => now() - at)) / 1000).toFixed(1)),
      failures,
      kills,
    });
  }
}

function now(): number {
  return performance.now();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
