import { UsageError } from './usage-error.ts';

interface Option {
  readonly name: string;
  /** Placeholder of its value; absent: a switch. */
  readonly value?: string;
  readonly text: string;
  readonly repeat?: boolean;
}

const common: readonly Option[] = [{ name: 'help', text: 'show this help' }];
const worldOptions: readonly Option[] = [
  { name: 'rows', value: 'N', text: 'about how many sample rows (default 20000)' },
  { name: 'seed', value: 'N', text: 'seed of sample rows and ids (default 1)' },
  { name: 'solution', value: 'FILE', text: 'a Dataverse solution zip instead of the sample app' },
  { name: 'data', value: 'FILE', text: 'a data package zip for the solution' },
  { name: 'dir', value: 'PATH', text: 'where device and server files live (default .outpost)' },
];
const lookOptions: readonly Option[] = [
  { name: 'no-color', text: 'no colours; NO_COLOR does the same' },
  { name: 'ascii', text: 'signs and lines from ASCII only' },
  { name: 'screen-reader', text: 'linear text; INK_SCREEN_READER=true does the same' },
];
const outputOptions: readonly Option[] = [
  { name: 'plain', text: 'lines of text' },
  { name: 'json', text: 'one JSON object a line' },
];

/** The commands of the program: help and parser come from this table. */
export const commands = {
  device: {
    usage: 'outpost [options]',
    text: 'the interactive device; resumes one that was interrupted',
    operands: 0,
    options: [
      ...worldOptions,
      { name: 'memory', text: 'nothing on disk' },
      { name: 'fresh', text: 'delete earlier files of the simulator first' },
      { name: 'devices', value: 'N', text: 'how many, side by side or in tabs (default 1)' },
      { name: 'offline', text: 'start without network' },
      { name: 'conflicts', value: 'MODE', text: 'conflict detection: on (default), merge or off' },
      {
        name: 'clock',
        value: 'TIME',
        text: 'time stands still at TIME; the key . moves it a minute on',
      },
      ...lookOptions,
      ...common,
    ],
  },
  tour: {
    usage: 'outpost tour [options]',
    text: 'the first five minutes, guided: sync, offline, edit, conflict, repair',
    operands: 0,
    options: [...outputOptions, ...lookOptions, ...common],
  },
  run: {
    usage: 'outpost run SCENARIO [options]',
    text: 'a scripted run; exit code 0 only if every expectation holds',
    operands: 1,
    options: [
      ...worldOptions,
      { name: 'conflicts', value: 'MODE', text: 'conflict detection: off, on or merge' },
      { name: 'frames', value: 'DIR', text: 'where the pictures of the scenario are written' },
      { name: 'speed', value: 'X', text: 'on a terminal: steps go X times as fast' },
      { name: 'step', text: 'on a terminal: wait for a key before each step' },
      ...outputOptions,
      ...lookOptions,
      ...common,
    ],
  },
  inspect: {
    usage: 'outpost inspect SOLUTION.zip [options]',
    text: 'what a solution file holds, and every finding',
    operands: 1,
    options: [
      { name: 'data', value: 'FILE', text: 'its data package' },
      {
        name: 'app',
        value: 'NAME',
        text: 'unique name of the app module to look at (default: the first)',
      },
      {
        name: 'profile',
        value: 'auto',
        text: 'generate an offline profile and check it as publishing does',
      },
      { name: 'json', text: 'JSON output' },
      ...common,
    ],
  },
  conformance: {
    usage: 'outpost conformance fetchxml|rules FILE [options]',
    text: 'runs a file of cases of queries or business rules; exit code 0 only if all pass',
    operands: 2,
    options: [
      { name: 'solution', value: 'FILE', text: 'of rules: the solution zip that holds them' },
      { name: 'driver', value: 'NAME', text: 'sqljs (default) or node-sqlite' },
      { name: 'family', value: 'NAME', text: 'only cases of this family' },
      { name: 'id', value: 'ID', text: 'only this case' },
      { name: 'strict', text: 'accept the recommended reading of contested cases only' },
      { name: 'json', text: 'one JSON object a case' },
      ...common,
    ],
  },
  schema: {
    usage: 'outpost schema rules',
    text: 'the JSON schema of files with business rules',
    operands: 1,
    options: common,
  },
  fuzz: {
    usage: 'outpost fuzz [options]',
    text: 'simulated worlds, seed after seed; exit code 1 and a replay file when one breaks what must hold',
    operands: 0,
    options: [
      { name: 'seeds', value: 'N', text: 'how many (default 100)' },
      { name: 'from', value: 'S', text: 'the first seed (default 1)' },
      { name: 'steps', value: 'K', text: 'decisions of a run (default 40)' },
      { name: 'devices', value: 'D', text: 'devices of a run (default 3)' },
      {
        name: 'faults',
        value: 'LIST',
        text: 'all (default), none, or of network, power, server, admin, copies, clocks, weather',
      },
      {
        name: 'solution',
        value: 'FILE',
        text: 'a Dataverse solution zip instead of the sample app',
      },
      { name: 'data', value: 'FILE', text: 'a data package zip for the solution' },
      { name: 'out', value: 'FILE', text: 'where a failure is written' },
      { name: 'json', text: 'one JSON object a line' },
      ...common,
    ],
  },
  replay: {
    usage: 'outpost replay FILE [options]',
    text: 'plays a replay file, step by step on a terminal; exit code 1 if something breaks',
    operands: 1,
    options: [
      { name: 'data', value: 'FILE', text: 'the data package zip, if the file names a solution' },
      ...outputOptions,
      ...common,
    ],
  },
  fleet: {
    usage: 'outpost fleet [options]',
    text: 'many devices against several server processes; exit code 1 if anything is lost',
    operands: 0,
    options: [
      { name: 'devices', value: 'N', text: 'how many devices (default 20)' },
      { name: 'processes', value: 'P', text: 'how many server processes (default 1)' },
      { name: 'seconds', value: 'S', text: 'how long they work (default 30)' },
      { name: 'rounds', value: 'N', text: 'so many rounds of each device, however long they take' },
      { name: 'kill', value: 'S', text: 'kill one of the processes every S seconds' },
      { name: 'rows', value: 'N', text: 'about how many sample rows (default 500)' },
      { name: 'seed', value: 'N', text: 'seed of what devices do (default 1)' },
      {
        name: 'store',
        value: 'ADDRESS',
        text: 'a PostgreSQL, postgres://user@host/database?schema=NAME; needed for several processes',
      },
      { name: 'json', text: 'one JSON object a line' },
      ...common,
    ],
  },
  siege: {
    usage: 'outpost siege [options]',
    text: 'honest devices and five hostile users against one process; exit code 1 if it does not hold',
    operands: 0,
    options: [
      { name: 'seconds', value: 'S', text: 'how long it lasts, after a quiet run (default 60)' },
      { name: 'devices', value: 'N', text: 'how many honest devices (default 5)' },
      { name: 'rows', value: 'N', text: 'about how many sample rows (default 2000)' },
      { name: 'seed', value: 'N', text: 'seed of what devices do (default 1)' },
      {
        name: 'store',
        value: 'ADDRESS',
        text: 'a PostgreSQL to besiege too, postgres://user@host/database (default OUTPOST_POSTGRES)',
      },
      { name: 'json', text: 'one JSON object a line' },
      ...common,
    ],
  },
  serve: {
    usage: 'outpost serve [options]',
    text: 'the organization alone, over HTTP',
    operands: 0,
    options: [
      { name: 'port', value: 'N', text: 'default: a free port' },
      {
        name: 'store',
        value: 'ADDRESS',
        text: 'a PostgreSQL, postgres://user@host/database?schema=NAME, for any number of processes, instead of a file',
      },
      { name: 'no-limits', text: 'without service protection limits' },
      { name: 'metrics', text: 'counts at /metrics, for everybody who can reach the server' },
      ...worldOptions,
      ...common,
    ],
  },
} as const satisfies Readonly<
  Record<string, { usage: string; text: string; operands: number; options: readonly Option[] }>
>;

export type CommandName = keyof typeof commands;

export interface Arguments {
  readonly command: CommandName;
  readonly operand: string | null;
  readonly operands: readonly string[];
  readonly values: Readonly<Record<string, string | true | undefined>>;
}

/** Throws `UsageError` for anything that is not in the table. */
export function parseArguments(args: readonly string[]): Arguments {
  const rest = [...args];
  if (rest[0] === '--') rest.shift();
  const first = rest[0];
  let command: CommandName = 'device';
  if (first === 'help') {
    const topic = rest[1];
    return {
      command: topic !== undefined && isCommand(topic) ? topic : 'device',
      operand: null,
      operands: [],
      values: { help: true },
    };
  }
  if (first !== undefined && !first.startsWith('-')) {
    if (!isCommand(first))
      throw new UsageError(
        `Unknown command "${first}". Known: ${Object.keys(commands).join(', ')}.`,
      );
    command = first;
    rest.shift();
  }
  const { options, operands } = commands[command];
  const values: Record<string, string | true> = {};
  const found: string[] = [];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith('-')) {
      found.push(arg);
      continue;
    }
    const [name, inline] = arg.replace(/^--?/, '').split(/=(.*)/s);
    const option: Option | undefined = options.find(
      (one) => one.name === name || (arg === '-h' && one.name === 'help'),
    );
    if (option === undefined) throw new UsageError(`Unknown option "${arg}" for "${command}".`);
    if (option.value === undefined) values[option.name] = true;
    else {
      const value = inline ?? rest.shift();
      if (value === undefined || value.startsWith('--'))
        throw new UsageError(`Option --${option.name} needs a value (${option.value}).`);
      values[option.name] = value;
    }
  }
  if (values['help'] !== true && found.length !== operands) {
    throw new UsageError(`Usage: ${commands[command].usage}`);
  }
  return { command, operand: found[0] ?? null, operands: found, values };
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

export function helpText(command: CommandName): string {
  const lines = [commands[command].usage, '', `  ${commands[command].text}`, ''];
  for (const option of commands[command].options as readonly Option[]) {
    const head = `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`;
    lines.push(`  ${head.padEnd(20)} ${option.text}`);
  }
  if (command === 'device') {
    lines.push('', 'Commands:');
    for (const one of Object.values(commands)) lines.push(`  ${one.usage.padEnd(52)} ${one.text}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A whole number from an option, or the default. */
export function numberOption(values: Arguments['values'], name: string, fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text))
    throw new UsageError(`--${name} expects a whole number.`);
  return Number(text);
}

export function textOption(values: Arguments['values'], name: string): string | null {
  const text = values[name];
  return typeof text === 'string' ? text : null;
}
