import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type FleetVerdict, workFleet } from '../fleet/fleet.ts';
import { killServer, startProgram } from '../fleet/servers.ts';
import { hostileUsers } from './hostile-users.ts';
import { MemoryWatch } from './memory-watch.ts';

export interface SiegeOptions {
  /** A file, or the address of a PostgreSQL. */
  readonly place: string;
  readonly devices: number;
  /** How long the siege lasts; the quiet run before takes a third of it. */
  readonly seconds: number;
  readonly rows: number;
  readonly seed: number;
  readonly onProgress: (text: string) => void;
}

/** One thing that must hold, as it was measured. */
export interface SiegeCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

export interface SiegeVerdict {
  readonly ok: boolean;
  readonly checks: readonly SiegeCheck[];
  /** Answers to hostile requests, by status; 0: a connection that ended. */
  readonly answers: Readonly<Record<string, number>>;
}

const most = { slower: 3, memory: 1.5, healthMs: 100 };

/** Honest devices work against one process, first alone, then while five hostile users send what costs most. */
export async function runSiege(options: SiegeOptions): Promise<SiegeVerdict> {
  const { place, rows, seconds, onProgress } = options;
  const program = new URL('./besieged.ts', import.meta.url).pathname;
  const server = await startProgram([program, place, String(rows)]);
  const memory = new MemoryWatch(server.child.pid ?? 0);
  const threads: Worker[] = [];
  const start = (file: string, workerData: object): Worker => {
    const thread = new Worker(new URL(file, import.meta.url), { workerData });
    threads.push(thread);
    return thread;
  };
  const endThreads = async (): Promise<void> => {
    for (const thread of threads.splice(0)) await thread.terminate();
  };
  try {
    const fleet = (length: number): Promise<FleetVerdict> =>
      workFleet(
        {
          devices: options.devices,
          processes: 1,
          seconds: length,
          rounds: null,
          seed: options.seed,
          killSeconds: 0,
          serveArgs: [],
          onProgress: () => undefined,
        },
        [server],
      );
    onProgress('A quiet run ...');
    const quiet = await fleet(Math.max(3, Math.round(seconds / 3)));
    const quietMemory = memory.take();
    const app = await appOf(server.url);
    const health: { ms: number; status: number }[] = [];
    start('./health-probe.ts', { url: server.url }).on('message', (one) => health.push(one));
    const answers: Record<string, number> = {};
    for (const user of hostileUsers) {
      start('./attacker.ts', { url: server.url, user, app }).on('message', (status: number) => {
        answers[status] = (answers[status] ?? 0) + 1;
      });
    }
    onProgress(`The siege: ${hostileUsers.length} hostile users, ${seconds} s ...`);
    // Afterwards the devices come to rest, with nobody in their way.
    const over = delay(seconds * 1000).then(endThreads);
    const besieged = await fleet(seconds);
    await over;
    const checks = [
      slower(quiet, besieged),
      larger(quietMemory, memory.take()),
      healthy(health),
      lost(quiet, besieged),
      alive(server.child.exitCode),
    ];
    return { ok: checks.every((one) => one.ok), checks, answers };
  } finally {
    await endThreads();
    memory.stop();
    await killServer(server);
  }
}

async function appOf(url: string): Promise<string> {
  const headers = { authorization: 'Bearer token-ana' };
  const response = await fetch(`${url}/sync/v1/app`, { headers });
  const { app } = (await response.json()) as { readonly app: string };
  return app;
}

function slower(quiet: FleetVerdict, besieged: FleetVerdict): SiegeCheck {
  const [before, under] = [quiet.latencyMs.p95, besieged.latencyMs.p95];
  const times = under / Math.max(1, before);
  return {
    name: 'cycles',
    ok: times <= most.slower && besieged.syncs > 0,
    text: `p95 ${under} ms, quiet ${before} ms: ${times.toFixed(1)}x, at most ${most.slower}x; ${besieged.syncs} cycles`,
  };
}

function larger(before: number, under: number): SiegeCheck {
  const times = under / Math.max(1, before);
  return {
    name: 'memory',
    ok: times <= most.memory,
    text: `${under} MB, quiet ${before} MB: ${times.toFixed(2)}x, at most ${most.memory}x`,
  };
}

function healthy(all: readonly { readonly ms: number; readonly status: number }[]): SiegeCheck {
  const slowest = Math.round(Math.max(0, ...all.map((one) => one.ms)));
  const late = all.filter((one) => one.ms > most.healthMs).length;
  const bad = all.filter((one) => one.status !== 200).length;
  return {
    name: '/health',
    ok: all.length > 0 && late === 0 && bad === 0,
    text: `slowest ${slowest} ms, at most ${most.healthMs} ms; ${late} of ${all.length} late, ${bad} not 200`,
  };
}

function lost(...runs: readonly FleetVerdict[]): SiegeCheck {
  const sum = (of: (one: FleetVerdict) => number) => runs.reduce((all, one) => all + of(one), 0);
  return {
    name: 'edits',
    ok: runs.every((one) => one.ok) && sum((one) => one.edits) > 0,
    text:
      `${sum((one) => one.edits)} rows made: ${sum((one) => one.lost)} lost, ${sum((one) => one.doubled)} twice, ` +
      `${sum((one) => one.pending)} waiting; ${sum((one) => one.different)} devices differ`,
  };
}

function alive(exitCode: number | null): SiegeCheck {
  return {
    name: 'process',
    ok: exitCode === null,
    text: exitCode === null ? 'never ended' : `ended with ${exitCode}`,
  };
}
