import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededGuids, seededRandom, VirtualClock } from '@outpost/testkit';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { jsonReporter, plainReporter, type Reporter, type RunEvent } from '../output/events.ts';
import { frameSvg } from '../output/svg.ts';
import { type RunOptions, runScenario } from '../scenario/run-scenario.ts';
import { readScenario, type Scenario } from '../scenario/scenario.ts';
import { Desk } from '../tui/desk.ts';
import { drawFrame } from '../tui/frame.ts';
import { isTerminal, lookOf, showOnTerminal } from '../tui/terminal.tsx';
import { Watch } from '../tui/watch.ts';
import { openWorld, type World } from '../world/world.ts';
import { conflictsOption } from './interactive-world.ts';
import { userPath } from './user-path.ts';

/** Size of pictures in characters. */
const picture = { columns: 100, rows: 30 };

/** Plays a scenario: watched on a terminal, else as lines of text or JSON. */
export async function runCommand({ operand, values }: Arguments): Promise<number> {
  const read = readScenario(operand ?? 'field-day', userPath);
  const seed = numberOption(values, 'seed', read.seed);
  const scenario = { ...read, seed, conflicts: conflictsOption(values) ?? read.conflicts };
  const dir = textOption(values, 'dir');
  const solution = textOption(values, 'solution');
  const data = textOption(values, 'data');
  const random = seededRandom(seed);
  const clock = new VirtualClock(scenario.start);
  const world = await openWorld({
    rows: numberOption(values, 'rows', scenario.rows ?? 20_000),
    seed,
    solution: solution === null ? null : userPath(solution),
    data: data === null ? null : userPath(data),
    dir: dir === null ? null : userPath(dir),
    system: { clock, random, ids: seededGuids(random) },
  });
  try {
    const run = { world, scenario, clock, values };
    const isText = values['plain'] === true || values['json'] === true || !isTerminal();
    return isText ? await playAsText(run) : await watch(run);
  } finally {
    await world.close();
  }
}

interface Run {
  readonly world: World;
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly values: Arguments['values'];
}

async function playAsText({ world, scenario, clock, values }: Run): Promise<number> {
  const write = (line: string) => process.stdout.write(line);
  const desk = new Desk({ world, devices: [], quit: () => undefined, interrupt: () => undefined });
  const report =
    values['json'] === true ? jsonReporter(write, () => clock.now()) : plainReporter(write);
  const frames = keepFrames(desk, values, report);
  const ok = await runScenario(world, scenario, { desk, report, clock, onFrame: frames });
  desk.close();
  return ok ? 0 : 1;
}

/** Writes pictures where `--frames` says. */
function keepFrames(
  desk: Desk,
  values: Arguments['values'],
  report: Reporter,
): RunOptions['onFrame'] {
  const folder = textOption(values, 'frames');
  return (name) => {
    if (folder === null) return report({ type: 'frame', name, file: null });
    const { columns, rows } = picture;
    const look = { color: true, ascii: false, screenReader: false };
    const lines = drawFrame(desk, columns, rows, look);
    mkdirSync(userPath(folder), { recursive: true });
    const file = join(folder, `${name}.svg`);
    writeFileSync(userPath(file), frameSvg(lines, columns, name.replace(/-/g, ' ')));
    report({ type: 'frame', name, file });
  };
}

/** The same on a terminal, step by step, beside what the devices show. */
async function watch({ world, scenario, clock, values }: Run): Promise<number> {
  let verdict: boolean | null = null;
  const events: RunEvent[] = [];
  const code = await showOnTerminal(lookOf(values), ({ quit }) => {
    const desk = new Desk({
      world,
      devices: [],
      quit: () => quit(verdict === false ? 1 : 0),
      interrupt: () => quit(130),
    });
    const player = new Watch(
      desk,
      scenario,
      numberOption(values, 'speed', 1),
      values['step'] === true,
    );
    const report: Reporter = (event) => {
      events.push(event);
      player.tell(event);
    };
    const { before, caption, intercept } = player;
    runScenario(world, scenario, {
      desk,
      report,
      clock,
      before,
      onFrame: keepFrames(desk, values, report),
    }).then(
      (ok) => {
        verdict = ok;
        player.end(ok);
      },
      (error: unknown) => player.fail(error),
    );
    return { desk, caption, intercept };
  });
  // The screen is gone: what happened stays readable.
  const report = plainReporter((line) => process.stdout.write(line));
  for (const event of events) report(event);
  return code;
}
