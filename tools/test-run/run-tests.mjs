// Runs the tests of all packages through turbo and shows a line for each package when it is done, and the output of what
// failed. Runs on the system's Node, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPostgres } from './postgres.mjs';
import { kill, openRunFolder, processesOf } from './run-folder.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const isWindows = process.platform === 'win32';
/** How long what was interrupted may take to end. */
const graceMs = 10_000;

/**
 * One run with a folder of its own for temporary files and a PostgreSQL of its own. `body` gets the environment that
 * tests need; afterwards folder, server and processes are gone, also after an interrupt.
 */
export async function withRun(body) {
  const interrupts = new AbortController();
  const interrupt = (signal) => interrupts.abort(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt);
  try {
    install();
    const folder = openRunFolder();
    for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder.path;
    let left = [];
    let code = 1;
    try {
      const { env, stop } = await openPostgres();
      try {
        code = await body({ env, signal: interrupts.signal });
      } finally {
        stop();
      }
    } finally {
      left = await leftBehind(folder.path, interrupts.signal);
      folder.close();
    }
    if (interrupts.signal.aborted) return interrupts.signal.reason === 'SIGINT' ? 130 : 143;
    for (const { pid, command } of left) console.log(`left running: ${pid} ${command}`);
    return left.length > 0 ? 1 : code;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** What whoever started the run can mend. */
export class RunError extends Error {}

/** Kills what is still running when it should have ended, and answers what that was. */
async function leftBehind(folder, signal) {
  for (const end = Date.now() + (signal.aborted ? 1000 : graceMs); Date.now() < end; ) {
    if (processesOf(folder).length === 0) return [];
    await delay(100);
  }
  const found = processesOf(folder);
  for (const { pid } of found) kill(pid);
  return found;
}

function install() {
  if (existsSync(join(root, 'node_modules', '.modules.yaml'))) return;
  const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const node = /^nodeVersion: (\S+)/m.exec(workspace)?.[1];
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const packages = lock.slice(lock.indexOf('\npackages:'), lock.indexOf('\nsnapshots:'));
  const count = packages.match(/^ {2}\S.*:$/gm)?.length ?? 0;
  console.log(
    `First run: fetching ${packageManager}, Node ${node} and some of ${count} packages from the npm registry, about 300 MB on disk ...`,
  );
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['-y', packageManager, 'install', '--frozen-lockfile'],
    { cwd: root, encoding: 'utf8', shell: isWindows },
  );
  if (status === 0) return;
  console.log(`${stdout ?? ''}${stderr ?? ''}`);
  throw new RunError('The packages could not be fetched. Is the npm registry within reach?');
}

/**
 * Runs tasks of all packages, or of some. Answers what each package came to and which tasks failed.
 *
 * @param options.tasks turbo's tasks, such as `test`
 * @param options.only names of packages, such as `query`; empty: all
 * @param options.force runs what is cached too
 * @param options.show told of each package when it is done, with the output of what failed
 */
export async function runTasks({ tasks, only = [], force = false, env, signal, show }) {
  const names = workspaces();
  const child = spawn(
    'npx',
    [
      ...['-y', packageManager, 'exec', 'turbo', 'run', ...tasks],
      ...['--json', '--continue', '--concurrency=4', ...(force ? ['--force'] : [])],
      ...only.map((name) => `--filter=${names.get(name) ?? unknownPackage(name, names)}`),
    ],
    // A group of its own, so that all of it can be ended.
    {
      cwd: root,
      env: {
        // Tests start programs again and again; each would compile, and strip of types, the same files anew.
        NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
        ...env,
        DO_NOT_TRACK: '1',
        TURBO_TELEMETRY_DISABLED: '1',
      },
      detached: !isWindows,
      shell: isWindows,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = () => endGroup(child);
  signal.addEventListener('abort', stop);
  const run = new TurboOutput(show);
  const exited = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  createInterface({ input: child.stdout }).on('line', (line) => run.take(line));
  createInterface({ input: child.stderr }).on('line', (line) => run.take(line));
  const code = await exited;
  signal.removeEventListener('abort', stop);
  return run.end(signal.aborted ? null : code);
}

function endGroup(child) {
  if (isWindows) {
    child.kill();
    return;
  }
  const send = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  };
  send('SIGINT');
  const timer = setTimeout(send, graceMs, 'SIGKILL');
  child.on('close', () => clearTimeout(timer));
}

function workspaceFolders() {
  const rooms = ['packages', 'apps', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  return [...rooms, 'bench', 'examples'].filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  );
}

/** Full names of workspaces by what people call them. */
function workspaces() {
  return new Map(
    workspaceFolders().map((folder) => {
      const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return [shortName(name), name];
    }),
  );
}

/** `query` for `@outpost/query`, and for its tasks. */
function shortName(name) {
  return name.replace('@outpost/', '').replace(/#.*/, '');
}

function unknownPackage(name, names) {
  throw new RunError(`There is no package "${name}". There are: ${[...names.keys()].join(', ')}.`);
}

/** Reads what turbo prints with `--json`: https://turborepo.dev/docs/reference/run#--json */
class TurboOutput {
  #show;
  #logs = new Map();
  #cached = new Set();
  #shown = new Set();
  #failed = new Set();
  #tail = [];
  results = new Map();

  constructor(show) {
    this.#show = show;
  }

  take(line) {
    const entry = parse(line);
    if (entry === null || entry.source === 'turbo') {
      const text = entry?.text ?? line;
      this.#tail.push(text);
      const failed = /^Failed:\s+(.*)/.exec(text)?.[1] ?? '';
      for (const task of failed.split(/,\s*/)) if (task !== '') this.#failed.add(task);
      return;
    }
    const { source: task, text } = entry;
    if (/^cache (miss|hit|bypass)/.test(text)) {
      if (text.startsWith('cache hit')) this.#cached.add(task);
      return;
    }
    const done = /^outpost-done (.*)/.exec(text)?.[1];
    if (done !== undefined) {
      const { name, seconds } = JSON.parse(done);
      this.#show(doneLine({ name, seconds, cached: this.#cached.has(task) }));
      return;
    }
    const result = /^outpost-result (.*)/.exec(text)?.[1];
    if (result !== undefined) this.#done(task, JSON.parse(result));
    else if (text.startsWith('[ELIFECYCLE]')) this.#fail(task);
    else if (!/^(\$ |vitest run|tsc\b|JSON report written)/.test(text)) this.#log(task).push(text);
  }

  end(code) {
    for (const task of this.#failed) this.#fail(task);
    // Turbo itself could not run.
    if (code !== 0 && code !== null && this.#failed.size === 0) this.#show(this.#tail.join('\n'));
    return { code, results: this.results, failed: [...this.#failed] };
  }

  #done(task, result) {
    const name = shortName(task);
    this.results.set(name, result);
    // A package without a long test has nothing to say of a long run.
    if (result.passed + result.failed + result.skipped === 0) return;
    this.#show(doneLine({ name, ...result, cached: this.#cached.has(task) }));
    if (result.failed > 0) this.#fail(task);
  }

  #fail(task) {
    if (this.#shown.has(task)) return;
    this.#shown.add(task);
    const text = this.#log(task).join('\n').trim();
    if (!this.results.has(shortName(task)))
      this.#show(`✗ ${task.replace('@outpost/', '').replace('#', ': ')}`);
    this.#show(`${text}\n`);
  }

  #log(task) {
    const log = this.#logs.get(task) ?? [];
    this.#logs.set(task, log);
    return log;
  }
}

function doneLine({ name, passed, failed = 0, skipped = 0, seconds, cached }) {
  return [
    failed > 0 ? '✗' : '✓',
    name.padEnd(16),
    (passed === undefined ? '' : `${passed} passed`).padStart(12),
    (failed > 0 ? `${failed} failed` : '').padStart(10),
    (skipped > 0 ? `${skipped} skipped` : '').padStart(11),
    `${seconds.toFixed(1)} s`.padStart(9),
    cached ? '  cached' : '',
  ]
    .join(' ')
    .trimEnd();
}

function parse(line) {
  try {
    const value = JSON.parse(line);
    return typeof value?.source === 'string' && typeof value.text === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** What failed, by the reports that tests leave: file and name of each test. */
export function failedTests(results, isLong = false) {
  const report = isLong ? 'vitest-long.json' : 'vitest.json';
  return workspaceFolders().flatMap((folder) => {
    // What others have left there is of an earlier run.
    if (!(results.get(basename(folder))?.failed > 0)) return [];
    const file = join(root, folder, '.results', report);
    if (!existsSync(file)) return [];
    return JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap((one) => {
      const name = one.name.slice(one.name.indexOf(folder));
      const failed = one.assertionResults.filter((test) => test.status === 'failed');
      if (failed.length === 0 && one.status === 'failed') return [`${name}: ${one.message}`];
      return failed.map((test) => `${name}: ${test.fullName}`);
    });
  });
}

export function totalOf(results) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const one of results.values()) for (const key of Object.keys(total)) total[key] += one[key];
  return total;
}

export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
