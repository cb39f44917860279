import { writeFileSync } from 'node:fs';
import { type FaultKind, faultKinds, fuzz, writeReplay } from '@outpost/simulation';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';
import { fuzzApp } from '../world/fuzz-app.ts';
import { userPath } from './user-path.ts';

/** Runs simulated worlds until one breaks what must hold. Exit code 1: one did, and is kept as a file. */
export async function fuzzCommand({ values }: Arguments): Promise<number> {
  const solution = textOption(values, 'solution');
  const data = textOption(values, 'data');
  const app = fuzzApp(
    solution === null ? null : userPath(solution),
    data === null ? null : userPath(data),
  );
  const seeds = numberOption(values, 'seeds', 100);
  const from = numberOption(values, 'from', 1);
  const json = values['json'] === true;
  const say = (line: object) => console.log(JSON.stringify(line));
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let shownAt = 0;
  let [requests, edits] = [0, 0];
  const progress = progressLine(json);
  const result = await fuzz(app, {
    seeds,
    from,
    steps: numberOption(values, 'steps', 40),
    devices: devicesOption(values),
    faults: faultsOption(values),
    onSeed(seed, report) {
      requests += report.requests;
      edits += report.edits;
      const isLast = seed === from + seeds - 1;
      if (!isLast && report.violation === null && seconds() - shownAt < 1) return undefined;
      shownAt = seconds();
      const done = seed - from + 1;
      const rate = done / Math.max(seconds(), 0.001);
      const left = Math.ceil((seeds - done) / rate);
      if (json) say({ type: 'progress', seed, done, seeds, rate, requests, edits });
      else {
        const counts = `${edits} edits, ${requests} requests`;
        progress.show(`${done} of ${seeds} seeds, ${rate.toFixed(1)}/s, ${left} s left; ${counts}`);
      }
      return undefined;
    },
    onShrink: (decisions, runs) =>
      json ? undefined : progress.show(`making it small: ${decisions} decisions, ${runs} runs`),
  });
  progress.end();
  const { failure } = result;
  if (failure === null) {
    if (json) say({ type: 'end', ok: true, ...result, seconds: seconds() });
    else {
      console.log(
        `${result.seeds} seeds from ${from}, ${result.edits} edits, ${result.requests} requests in ${seconds().toFixed(1)} s: nothing broken`,
      );
    }
    return 0;
  }
  const { seed, small, smallReport } = failure;
  const file = textOption(values, 'out') ?? `outpost-fuzz-${seed}.json`;
  writeFileSync(userPath(file), writeReplay(app.name, small, smallReport.violation));
  const { invariant, message } = smallReport.violation ?? { invariant: '', message: '' };
  if (json) say({ type: 'end', ok: false, seed, invariant, message, file });
  else {
    console.log(`seed ${seed} breaks ${invariant}: ${message}`);
    console.log(
      `${small.decisions.length} of ${failure.found.decisions.length} decisions show it:`,
    );
    for (const one of small.decisions) console.log(`  ${JSON.stringify(one)}`);
    console.log(`written to ${file}; look at it with: npm start -- replay ${file}`);
  }
  return 1;
}

function devicesOption(values: Arguments['values']): number {
  const devices = numberOption(values, 'devices', 3);
  if (devices >= 1 && devices <= 20) return devices;
  throw new UsageError('--devices is from 1 to 20.');
}

function faultsOption(values: Arguments['values']): readonly FaultKind[] {
  const text = textOption(values, 'faults') ?? 'all';
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const kind = faultKinds.find((one) => one === name.trim());
    if (kind === undefined) {
      throw new UsageError(`--faults knows all, none, ${faultKinds.join(', ')}; not "${name}".`);
    }
    return kind;
  });
}

/** One line that is written over, on a terminal; lines of their own, seldom, elsewhere. */
function progressLine(silent: boolean) {
  const isTerminal = process.stdout.isTTY === true && !silent;
  let shown = false;
  let last = 0;
  return {
    show(text: string): void {
      if (silent) return;
      if (isTerminal) {
        const width = Math.max(20, (process.stdout.columns ?? 80) - 1);
        process.stdout.write(`\r${text.slice(0, width).padEnd(width)}`);
        shown = true;
        return;
      }
      const now = performance.now();
      if (now - last < 10_000) return;
      last = now;
      console.log(text);
    },
    end(): void {
      if (shown) process.stdout.write('\n');
    },
  };
}
