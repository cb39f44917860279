import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { type FleetProgress, type FleetVerdict, runFleet } from '../fleet/fleet.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { UsageError } from '../usage-error.ts';

/** Many devices against several processes. Exit code 1: something was lost, doubled or different. */
export async function fleetCommand({ values }: Arguments): Promise<number> {
  const store = textOption(values, 'store');
  const processes = ranged(values, 'processes', 1, 16);
  if (processes > 1 && store === null) {
    throw new UsageError(
      'Several processes need a database that they share: --store postgres://...',
    );
  }
  const rounds = values['rounds'] === undefined ? null : ranged(values, 'rounds', 1, 1_000_000);
  if (rounds !== null && values['kill'] !== undefined) {
    throw new UsageError('--kill goes by the clock: use --seconds with it, not --rounds.');
  }
  const folder = temporaryFolder('outpost-fleet-');
  const isJson = values['json'] === true;
  const screen = isJson ? jsonScreen() : textScreen();
  try {
    const verdict = await runFleet({
      devices: ranged(values, 'devices', 20, 1000),
      processes,
      seconds: ranged(values, 'seconds', 30, 86_400),
      rounds,
      seed: numberOption(values, 'seed', 1),
      killSeconds: numberOption(values, 'kill', 0),
      serveArgs: [
        '--no-limits',
        '--rows',
        String(numberOption(values, 'rows', 500)),
        '--dir',
        folder.path,
        ...(store === null ? [] : ['--store', store]),
      ],
      onProgress: screen.progress,
    });
    screen.end(verdict);
    return verdict.ok ? 0 : 1;
  } finally {
    folder.close();
  }
}

function ranged(values: Arguments['values'], name: string, preset: number, most: number): number {
  const given = numberOption(values, name, preset);
  if (given >= 1 && given <= most) return given;
  throw new UsageError(`--${name} is from 1 to ${most}.`);
}

interface Screen {
  readonly progress: (progress: FleetProgress) => void;
  readonly end: (verdict: FleetVerdict) => void;
}

function jsonScreen(): Screen {
  const say = (line: object) => console.log(JSON.stringify(line));
  return {
    progress: (progress) => say({ type: 'progress', ...progress }),
    end: (verdict) => say({ type: 'end', ...verdict }),
  };
}

const columns: readonly (readonly [string, (one: FleetProgress) => string])[] = [
  ['time', (one) => `${one.seconds} s`],
  ['part', (one) => one.part],
  ['ready', (one) => String(one.devicesReady)],
  ['syncs/s', (one) => one.syncsPerSecond.toFixed(1)],
  ['p50 ms', (one) => String(one.p50)],
  ['p95 ms', (one) => String(one.p95)],
  ['p99 ms', (one) => String(one.p99)],
  ['edits', (one) => String(one.edits)],
  ['waiting', (one) => String(one.pending)],
  ['lag s', (one) => one.lag.toFixed(1)],
  ['failed', (one) => String(Object.values(one.failures).reduce((sum, n) => sum + n, 0))],
  ['kills', (one) => String(one.kills)],
];
const width = 8;
const line = (cells: readonly string[]) => cells.map((one) => one.padStart(width)).join('');

/** A row a second on a terminal, one in five seconds elsewhere. */
function textScreen(): Screen {
  const every = process.stdout.isTTY === true ? 1 : 5;
  let rows = 0;
  let seen = 0;
  return {
    progress(progress) {
      seen += 1;
      if (seen % every !== 1 % every && progress.part !== 'settle') return;
      if (rows % 20 === 0) console.log(line(columns.map(([name]) => name)));
      rows += 1;
      console.log(line(columns.map(([, show]) => show(progress))));
    },
    end(verdict) {
      const { p50, p95, p99 } = verdict.latencyMs;
      const failures = Object.entries(verdict.failures).map(([kind, n]) => `${n} ${kind}`);
      console.log(
        `\n${verdict.devices} devices, ${verdict.processes} processes, ${verdict.kills} killed: ${verdict.syncs} syncs, ${verdict.syncsPerSecond}/s; ` +
          `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms; failed and tried again: ${failures.join(', ') || 'none'}`,
      );
      console.log(
        `${verdict.edits} rows made: ${verdict.lost} lost, ${verdict.doubled} twice, ${verdict.pending} waiting, ` +
          `${verdict.syncErrors} sync errors; ${verdict.different} devices differ from the organization`,
      );
      console.log(verdict.ok ? 'Nothing lost.' : 'NOT as it should be.');
    },
  };
}
