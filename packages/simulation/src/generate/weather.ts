import type { Random } from '@outpost/model';
import type { Decision, DecisionKind } from '../world/decision.ts';
import { foreignPages } from '../world/foreign-pages.ts';
import { one, waitOf } from './draw.ts';

/** What comes over people from outside: others who answer, clocks that are set, requests that stall. */
export type WeatherKind = Extract<DecisionKind, 'foreign' | 'setClock' | 'stall'>;

/** A year in minutes. */
const yearMinutes = 525_600;
/** How many of them come into a run. */
const most = 4;

/** Puts some of them between the decisions of a run. */
export function withWeather(
  random: Random,
  decisions: readonly Decision[],
  devices: number,
): readonly Decision[] {
  const mixed = [...decisions];
  for (let n = 0; n < most; n++) {
    const at = Math.floor(random.next() * (mixed.length + 1));
    const kind = one(random, ['foreign', 'setClock', 'stall'] as const);
    mixed.splice(at, 0, decide(random, kind, devices));
  }
  return mixed;
}

function decide(random: Random, kind: WeatherKind, devices: number): Decision {
  const wait = waitOf(random);
  const device = Math.floor(random.next() * devices);
  switch (kind) {
    case 'foreign':
      return { wait, do: kind, page: one(random, foreignPages), ms: random.next() * 60_000 };
    case 'setClock': {
      const minutes = Math.floor((random.next() - 0.5) * 20 * yearMinutes);
      return { wait, device, do: kind, minutes };
    }
    case 'stall':
      return { wait, device, do: kind, end: random.next() < 0.5 ? 'offline' : 'restart' };
    default:
      return kind satisfies never;
  }
}
