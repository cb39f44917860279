import type { Random } from '@outpost/model';
import { lossStyles } from '@outpost/store/contract';
import { seededRandom } from '@outpost/testkit';
import type { Decision, DecisionKind } from '../world/decision.ts';
import { badNetwork, goodNetwork } from '../world/network.ts';
import { placesOf } from '../world/places.ts';
import { type FaultKind, faultKinds, type WorldApp, type WorldSpec } from '../world/world-spec.ts';
import { biased, drawn, fraction, one, waitOf } from './draw.ts';
import { type PersonKind, withPeople } from './people.ts';
import { type WeatherKind, withWeather } from './weather.ts';

export interface GenerateOptions {
  /** Decisions of a run; default 40. */
  readonly steps?: number;
  /** Devices of a run; default 3. */
  readonly devices?: number;
  /** Faults that runs may draw from; default all. */
  readonly faults?: readonly FaultKind[];
}

/** A world and what happens in it. */
export interface GeneratedRun {
  readonly spec: WorldSpec;
  readonly decisions: readonly Decision[];
}

type PlainKind = Exclude<DecisionKind, PersonKind | WeatherKind>;

/** How often each kind is drawn, before a run picks its own few. */
const weights: Readonly<Record<PlainKind, number>> = {
  sync: 30,
  update: 24,
  create: 8,
  delete: 4,
  family: 4,
  attach: 3,
  undo: 2,
  resolve: 3,
  offline: 3,
  online: 5,
  restart: 3,
  web: 16,
  assign: 4,
  share: 4,
  powerLoss: 4,
  copy: 2,
  restore: 2,
  role: 3,
  profile: 2,
  column: 1,
  policy: 1,
  prune: 2,
  newFeed: 1,
  restartServer: 2,
  refuse: 3,
};

/** Kinds that only come with a kind of fault. */
const ofFault: Readonly<Partial<Record<PlainKind, FaultKind>>> = {
  powerLoss: 'power',
  copy: 'copies',
  restore: 'copies',
  restartServer: 'server',
  refuse: 'server',
  newFeed: 'server',
  prune: 'server',
  role: 'admin',
  profile: 'admin',
  column: 'admin',
  policy: 'admin',
};

/**
 * Draws a run. Each seed draws its own few kinds of decisions and faults: a bug that needs many of one kind is never
 * found by mixing all evenly. A fifth of the runs has no faults at all;
 * in three of five, people do more than single edits.
 */
export function generateRun(
  app: WorldApp,
  seed: number,
  options: GenerateOptions = {},
): GeneratedRun {
  const run = generatePlain(app, seed, options);
  const allowed = options.faults ?? faultKinds;
  // Of its own chance, and not in every run: what else is drawn stays as it is.
  if (!allowed.includes('weather') || ![0, 5].includes(seed % 7)) return run;
  const { devices } = run.spec;
  const decisions = withWeather(seededRandom(seed * 69069 + 1), run.decisions, devices);
  return { ...run, decisions };
}

function generatePlain(app: WorldApp, seed: number, options: GenerateOptions): GeneratedRun {
  const random = seededRandom(seed * 2654435761);
  const calm = random.next() < 0.2;
  const allowed = options.faults ?? faultKinds;
  const faults = new Set(
    allowed.filter(
      (kind) => kind !== 'clocks' && kind !== 'weather' && !calm && random.next() < 0.6,
    ),
  );
  const kinds = (Object.keys(weights) as PlainKind[]).filter((kind) => {
    const fault = ofFault[kind];
    return fault === undefined || faults.has(fault);
  });
  const weight = biased(random, kinds, weights);
  const spec: WorldSpec = {
    seed,
    devices: options.devices ?? 3,
    policy: one(random, ['off', 'on', 'merge'] as const),
    network: faults.has('network') ? badNetwork : goodNetwork,
    pageRows: one(random, [7, 20, 500] as const),
    auto: seed % 3 === 0,
    wrongClocks: !calm && allowed.includes('clocks') && seed % 2 === 0,
  };
  const tables = placesOf(app.model).map((place) => place.table.name);
  const planned = app.model.profile.items.map((item) => item.table);
  const decisions = Array.from({ length: options.steps ?? 40 }, () =>
    decide(random, drawn(random, weight) ?? 'sync', spec.devices, tables, planned),
  );
  const own = seededRandom(seed * 40503 + 977);
  if (own.next() < 0.4) return { spec, decisions };
  return {
    spec: { ...spec, auto: own.next() < 0.5 },
    decisions: withPeople(own, decisions, {
      devices: spec.devices,
      tables,
      admin: faults.has('admin'),
    }),
  };
}

function decide(
  random: Random,
  kind: PlainKind,
  devices: number,
  tables: readonly string[],
  planned: readonly string[],
): Decision {
  const wait = waitOf(random);
  const device = Math.floor(random.next() * devices);
  const at = () => fraction(random);
  const table = one(random, tables);
  switch (kind) {
    case 'sync': {
      const mode = random.next() < 0.85 ? 'DELTA_SYNC' : 'FORCED_SYNC';
      return { wait, device, do: kind, mode };
    }
    case 'create':
      return { wait, device, do: kind, table, parent: at() };
    case 'update':
      // Few rows, so that edits meet.
      return { wait, device, do: kind, table, row: at() / 4, column: at() };
    case 'delete':
      return { wait, device, do: kind, table, row: at() };
    case 'family':
      return { wait, device, do: kind, child: at() };
    case 'attach':
      return { wait, device, do: kind, row: at(), bytes: 1 + Math.floor(at() ** 4 * 700_000) };
    case 'undo':
      return { wait, device, do: kind, entry: at() };
    case 'resolve': {
      const action = one(random, ['retry', 'keepMine', 'takeServer', 'discard'] as const);
      return { wait, device, do: kind, error: at(), action };
    }
    case 'offline':
    case 'online':
    case 'restart':
    case 'copy':
    case 'restore':
      return { wait, device, do: kind };
    case 'powerLoss':
      return { wait, device, do: kind, back: at(), style: one(random, lossStyles) };
    case 'web': {
      const op = one(random, ['create', 'update', 'update', 'update', 'delete'] as const);
      return { wait, do: kind, op, table, row: op === 'update' ? at() / 4 : at(), column: at() };
    }
    case 'assign':
      return { wait, do: kind, table, row: at(), to: at() };
    case 'share':
      return { wait, do: kind, table, row: at(), to: at(), on: random.next() < 0.7 };
    case 'role': {
      const depth = one(random, [0, 1, 1, 2, 2, 4, null, null] as const);
      return { wait, do: kind, role: at(), table, depth };
    }
    case 'profile': {
      const change = one(random, ['all', 'mine', 'out', 'back', 'back'] as const);
      return { wait, do: kind, table: one(random, planned), change };
    }
    case 'column':
      return { wait, do: kind, table };
    case 'policy':
      return { wait, do: kind, policy: one(random, ['off', 'on', 'merge'] as const) };
    case 'prune':
    case 'newFeed':
    case 'restartServer':
      return { wait, do: kind };
    case 'refuse': {
      const status = one(random, [401, 429, 503] as const);
      return { wait, do: kind, status, ms: Math.floor(random.next() * 20_000) };
    }
    default:
      return kind satisfies never;
  }
}
