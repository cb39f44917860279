import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../usage-error.ts';

/** One step: a verb and its arguments. */
export interface Step {
  readonly verb: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly line: number;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly seed: number;
  readonly rows: number | null;
  readonly start: string;
  readonly conflicts: 'off' | 'on' | 'merge';
  readonly devices: Readonly<
    Record<string, { readonly user: string; readonly pageRows: number | null }>
  >;
  readonly steps: readonly Step[];
}

/** Verbs and the arguments each knows. */
export const verbs: Readonly<Record<string, readonly string[]>> = {
  say: ['text'],
  open: ['device'],
  close: ['device'],
  kill: ['device', 'afterPages', 'frame'],
  signOut: ['device', 'pending'],
  signIn: ['device', 'user'],
  online: ['device'],
  offline: ['device'],
  advance: ['minutes', 'hours', 'days'],
  fault: ['device', 'network', 'server', 'next'],
  sync: ['device', 'mode', 'table', 'until'],
  verify: ['device'],
  create: ['device', 'table', 'as', 'values'],
  read: ['device', 'row'],
  update: ['device', 'row', 'values'],
  delete: ['device', 'row'],
  note: ['device', 'row', 'as', 'subject', 'text', 'picture'],
  attach: ['device', 'row', 'picture'],
  detach: ['device', 'row'],
  command: ['device', 'row', 'run', 'reason'],
  flow: ['device', 'row', 'run', 'stage'],
  undo: ['device', 'row'],
  search: ['device', 'table', 'term', 'mode', 'found'],
  server: ['as', 'create', 'update', 'delete', 'assign', 'share', 'role', 'settings', 'expire'],
  resolve: ['device', 'error', 'action', 'values'],
  show: ['device', 'screen', 'table', 'view', 'row', 'term'],
  keys: ['device', 'keys'],
  frame: ['name'],
  expect: [
    'device',
    'readiness',
    'icon',
    'pending',
    'errors',
    'row',
    'gone',
    'saved',
    'stage',
    'notes',
    'commands',
    'drafts',
    'converged',
    'resumed',
    'noRequests',
  ],
};
const shorthand: Readonly<Record<string, string>> = {
  say: 'text',
  open: 'device',
  close: 'device',
  signOut: 'device',
  online: 'device',
  offline: 'device',
  sync: 'device',
  verify: 'device',
  frame: 'name',
};
export const shipped: readonly string[] = [
  'field-day',
  'first-sync',
  'conflict',
  'role-change',
  'bad-network',
  'another-user',
];

/** Reads a shipped scenario by name, or a file. Every problem names line and column. */
export function readScenario(nameOrFile: string, resolve: (path: string) => string): Scenario {
  const path = shipped.includes(nameOrFile)
    ? fileURLToPath(new URL(`../../scenarios/${nameOrFile}.yaml`, import.meta.url))
    : resolve(nameOrFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(
      `There is no scenario "${nameOrFile}". Shipped: ${shipped.join(', ')}; or give a file.`,
    );
  }
  return parseScenario(text, nameOrFile);
}

export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2' });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new UsageError(`${at(problem.pos[0])}: ${problem.message.split('\n')[0]}`);
  const root: unknown = document.toJS();
  if (!isRecord(root))
    throw new UsageError(`${file}:1:1: A scenario is a mapping with "scenario" and "steps".`);
  const known = ['scenario', 'about', 'seed', 'rows', 'start', 'conflicts', 'devices', 'steps'];
  const offsetOf = (path: readonly unknown[]): number => {
    const node = document.getIn(path, true) as
      | { range?: readonly [number, number, number] }
      | undefined;
    return node?.range?.[0] ?? 0;
  };
  for (const key of Object.keys(root)) {
    if (!known.includes(key))
      throw new UsageError(
        `${at(offsetOf([key]))}: Unknown member "${key}". Known: ${known.join(', ')}.`,
      );
  }
  if (!Array.isArray(root['steps']))
    throw new UsageError(`${at(offsetOf(['steps']))}: "steps" must be a list.`);
  const devices: Record<string, { user: string; pageRows: number | null }> = {};
  for (const [name, value] of Object.entries(
    isRecord(root['devices']) ? root['devices'] : { phone: { user: 'ana' } },
  )) {
    const user = isRecord(value) ? value['user'] : undefined;
    if (typeof user !== 'string')
      throw new UsageError(`${at(offsetOf(['devices', name]))}: Device "${name}" needs a user.`);
    const pageRows =
      isRecord(value) && typeof value['pageRows'] === 'number' ? value['pageRows'] : null;
    devices[name] = { user, pageRows };
  }
  const conflicts = root['conflicts'] ?? 'off';
  if (conflicts !== 'off' && conflicts !== 'on' && conflicts !== 'merge') {
    throw new UsageError(`${at(offsetOf(['conflicts']))}: "conflicts" is off, on or merge.`);
  }
  const start = String(root['start'] ?? '2026-03-02T08:00:00Z');
  if (Number.isNaN(Date.parse(start)))
    throw new UsageError(`${at(offsetOf(['start']))}: "start" is not a date.`);
  return {
    name: String(root['scenario'] ?? file),
    about: String(root['about'] ?? ''),
    seed: Number(root['seed'] ?? 1),
    rows: typeof root['rows'] === 'number' ? root['rows'] : null,
    start,
    conflicts,
    devices,
    steps: root['steps'].map((step, i) =>
      parseStep(step, at(offsetOf(['steps', i])), lines.linePos(offsetOf(['steps', i])).line),
    ),
  };
}

function parseStep(step: unknown, where: string, line: number): Step {
  const entries = isRecord(step) ? Object.entries(step) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1)
    throw new UsageError(`${where}: A step has exactly one verb.`);
  const [verb, value] = entry;
  const allowed = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (allowed === undefined)
    throw new UsageError(
      `${where}: Unknown verb "${verb}". Known: ${Object.keys(verbs).join(', ')}.`,
    );
  const short = shorthand[verb];
  const args = isRecord(value) ? value : short === undefined ? {} : { [short]: value };
  if (!isRecord(value) && short === undefined)
    throw new UsageError(`${where}: "${verb}" needs arguments: ${allowed.join(', ')}.`);
  for (const name of Object.keys(args)) {
    if (!allowed.includes(name))
      throw new UsageError(
        `${where}: "${verb}" has no argument "${name}". Known: ${allowed.join(', ')}.`,
      );
  }
  return { verb, args, line };
}

/** A step in words. */
export function describeStep({ verb, args }: Step): string {
  if (verb === 'say') return String(args['text']);
  const parts = Object.entries(args).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${verb} ${parts.join(', ')}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
