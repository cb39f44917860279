import type { Violation } from '../check/violation.ts';
import type { GeneratedRun } from '../generate/generate-run.ts';
import type { Decision } from '../world/decision.ts';
import type { WorldSpec } from '../world/world-spec.ts';

/** A run to be played again: the world as data, and what happens in it. */
export interface ReplayFile {
  readonly version: 1;
  /** Name of the app that the world is made of. */
  readonly app: string;
  readonly spec: WorldSpec;
  readonly decisions: readonly Decision[];
  /** What it breaks; null: it shows something that holds. */
  readonly violation: Violation | null;
}

/** A replay file that cannot be played: cause and fix. */
export class ReplayError extends Error {
  readonly code = 'replay.invalid';
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.name = 'ReplayError';
    this.fix = fix;
  }
}

export function writeReplay(
  app: string,
  { spec, decisions }: GeneratedRun,
  violation: Violation | null,
): string {
  const head = JSON.stringify({ version: 1, app, violation, spec }).slice(1, -1);
  const lines = decisions.map((one) => `    ${JSON.stringify(one)}`);
  return `{ ${head},\n  "decisions": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

const largest = 4 * 1024 * 1024;
const maxDecisions = 100_000;

/** Throws `ReplayError`. */
export function readReplay(text: string): ReplayFile {
  const refuse = (message: string) =>
    new ReplayError(message, 'Use a file that `fuzz` has written, or one of its shape.');
  if (text.length > largest) throw refuse(`The file is larger than ${largest} characters.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refuse(`The file is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = json as Partial<ReplayFile> | null;
  if (typeof file !== 'object' || file === null || file.version !== 1) {
    throw refuse('The file is no replay of version 1.');
  }
  const { spec, decisions, app } = file;
  const isWorld =
    typeof spec === 'object' &&
    [spec.seed, spec.devices, spec.pageRows].every((one) => Number.isSafeInteger(one)) &&
    spec.devices >= 1 &&
    spec.devices <= 20 &&
    spec.pageRows >= 1 &&
    ['off', 'on', 'merge'].includes(spec.policy) &&
    typeof spec.network === 'object' &&
    Object.values(spec.network).every((one) => typeof one === 'number' && one >= 0 && one <= 1);
  if (!isWorld || typeof app !== 'string') throw refuse('The file describes no world.');
  if (!Array.isArray(decisions) || decisions.length > maxDecisions) {
    throw refuse('The file has no list of decisions.');
  }
  decisions.forEach((one: unknown, i) => {
    const decision = one as Partial<Decision> | null;
    const isOne =
      typeof decision === 'object' &&
      decision !== null &&
      typeof decision.do === 'string' &&
      typeof decision.wait === 'number' &&
      decision.wait >= 0;
    if (!isOne) throw refuse(`Decision ${i + 1} is none.`);
  });
  return { version: 1, app, spec, decisions, violation: file.violation ?? null };
}
