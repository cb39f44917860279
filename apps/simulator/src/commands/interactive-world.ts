import { platformSystem } from '@outpost/device';
import type { System } from '@outpost/model';
import { seededGuids, seededRandom, type VirtualClock } from '@outpost/testkit';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { UsageError } from '../usage-error.ts';
import type { WorldOptions } from '../world/world.ts';
import { userPath } from './user-path.ts';

/** Time that stands still until it is moved, and chance and ids from a seed. */
export function stoppedSystem(clock: VirtualClock, seed: number): System {
  const random = seededRandom(seed);
  return { clock, random, ids: seededGuids(random) };
}

/** World options as the command line gives them; files in `.outpost` unless told otherwise. */
export function interactiveWorld(
  values: Arguments['values'],
  onProgress: (message: string) => void,
  clock: VirtualClock | null = null,
): WorldOptions {
  const path = (name: string) => {
    const text = textOption(values, name);
    return text === null ? null : userPath(text);
  };
  const seed = numberOption(values, 'seed', 1);
  return {
    rows: numberOption(values, 'rows', 20_000),
    seed,
    solution: path('solution'),
    data: path('data'),
    dir: values['memory'] === true ? null : (path('dir') ?? userPath('.outpost')),
    fresh: values['fresh'] === true,
    conflicts: conflictsOption(values) ?? 'on',
    system: clock === null ? platformSystem : stoppedSystem(clock, seed),
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
    onProgress,
  };
}

/** Null: not given. */
export function conflictsOption(values: Arguments['values']): 'off' | 'on' | 'merge' | null {
  const text = textOption(values, 'conflicts');
  if (text === null || text === 'off' || text === 'on' || text === 'merge') return text;
  throw new UsageError('--conflicts is off, on or merge.');
}
