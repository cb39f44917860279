import { seededGuids, seededRandom, VirtualClock } from '@outpost/testkit';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { isTerminal } from '../is-terminal.ts';
import { jsonReporter, plainReporter } from '../output/events.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { readScenario, type Scenario } from '../scenario/scenario.ts';
import { Desk } from '../tui/desk.ts';
import { openWorld, type World } from '../world/world.ts';
import { conflictsOption } from './interactive-world.ts';
import { keepFrames } from './keep-frames.ts';
import { userPath } from './user-path.ts';

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
    if (isText) return await playAsText(run);
    const { watch } = await import('./watch.tsx');
    return await watch(run);
  } finally {
    await world.close();
  }
}

export interface Run {
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
