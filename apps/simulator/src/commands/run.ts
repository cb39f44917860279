import { resolve } from 'node:path';
import { seededGuids, seededRandom, VirtualClock } from '@outpost/testkit';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { jsonReporter, plainReporter } from '../output/events.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { readScenario } from '../scenario/scenario.ts';
import { openWorld } from '../world/world.ts';

/** Paths are the user's: relative to where the program was called. */
export function userPath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
}

export async function runCommand({ operand, values }: Arguments): Promise<number> {
  const read = readScenario(operand ?? 'field-day', userPath);
  const seed = numberOption(values, 'seed', read.seed);
  const scenario = { ...read, seed };
  const dir = textOption(values, 'dir');
  const solution = textOption(values, 'solution');
  const data = textOption(values, 'data');
  const random = seededRandom(seed);
  const world = await openWorld({
    rows: numberOption(values, 'rows', scenario.rows ?? 20_000),
    seed,
    solution: solution === null ? null : userPath(solution),
    data: data === null ? null : userPath(data),
    dir: dir === null ? null : userPath(dir),
    system: { clock: new VirtualClock(scenario.start), random, ids: seededGuids(random) },
  });
  try {
    const write = (line: string) => process.stdout.write(line);
    const report = values['json'] === true ? jsonReporter(write) : plainReporter(write);
    return (await runScenario(world, scenario, report)) ? 0 : 1;
  } finally {
    await world.close();
  }
}
