import { readFileSync } from 'node:fs';
import {
  type Decision,
  type ReplayFile,
  readReplay,
  runWorld,
  type WorldReport,
  type WorldView,
} from '@outpost/simulation';
import { render } from 'ink';
import { type Arguments, textOption } from '../arguments.ts';
import { isTerminal } from '../is-terminal.ts';
import { ReplayScreen, ReplayStore } from '../tui/replay-screen.tsx';
import { UsageError } from '../usage-error.ts';
import { replayApp } from '../world/fuzz-app.ts';
import { userPath } from './user-path.ts';

/** Plays a replay file: one decision a key on a terminal, else all of them. Exit code 1: something broke. */
export async function replayCommand({ operand, values }: Arguments): Promise<number> {
  const file = readFile(userPath(operand ?? ''));
  const data = textOption(values, 'data');
  const app = replayApp(file.app, data === null ? null : userPath(data));
  const isPlain = values['plain'] === true || values['json'] === true;
  if (!isPlain && isTerminal()) return playStepByStep(file, app);
  const json = values['json'] === true;
  const report = await runWorld(app, file.spec, file.decisions, {
    decision(index, decision, world) {
      if (json) console.log(JSON.stringify({ type: 'decision', index, ...decision }));
      else console.log(`${clockOf(world)} ${describe(decision)}`);
    },
  });
  const { violation } = report;
  const expected = file.violation?.invariant ?? null;
  if (json) {
    console.log(JSON.stringify({ type: 'end', violation, expected, hash: report.hash }));
  } else {
    for (const line of endLines(file, report)) console.log(line);
  }
  return violation === null ? 0 : 1;
}

function readFile(path: string): ReplayFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`The file "${path}" cannot be read.`);
  }
  return readReplay(text);
}

async function playStepByStep(
  file: ReplayFile,
  app: Parameters<typeof runWorld>[0],
): Promise<number> {
  const color = process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
  const store = new ReplayStore(file.decisions.map(describe));
  const screen = render(<ReplayScreen store={store} color={color} />, {
    alternateScreen: true,
    patchConsole: false,
    interactive: true,
  });
  const running = runWorld(app, file.spec, file.decisions, {
    decision: (index, _decision, world) => store.reach(index, world),
  }).then((report) => {
    store.end(endLines(file, report));
    return report;
  });
  await screen.waitUntilExit();
  store.release();
  const report = await running;
  for (const line of endLines(file, report)) console.log(line);
  return report.violation === null ? 0 : 1;
}

function endLines({ violation: expected }: ReplayFile, { violation }: WorldReport): string[] {
  const found =
    violation === null
      ? 'everything holds'
      : `breaks ${violation.invariant}: ${violation.message.split('\n')[0]}`;
  if (expected === null) return [found];
  const same = expected.invariant === violation?.invariant;
  return [found, same ? 'as the file says' : `the file says ${expected.invariant}`];
}

/** Time in the world, from its beginning. */
function clockOf({ trace }: WorldView): string {
  const ms = Number(trace.at(-1)?.split(' ')[0] ?? 0);
  return `+${(ms / 1000).toFixed(1)}s`.padStart(12);
}

function describe(decision: Decision): string {
  const { do: verb, wait, ...rest } = decision;
  const who = 'device' in rest ? `device ${rest.device}` : 'organization';
  const details = Object.entries(rest)
    .filter(([name]) => name !== 'device')
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${who.padEnd(13)} ${[verb, ...details].join(', ')}  (after ${wait} ms)`;
}
