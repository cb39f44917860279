// Checks the types of all workspaces. Each tsconfig.json says what its files may use; those that say the same are checked
// together, as one program, so that a source file is checked once for each kind of place it runs in and not once for each
// package that imports it: a fifth of the work of `tsc` in every workspace.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Where the joined configurations are written; they are compared with nothing and can be deleted. */
const folder = join(root, 'node_modules', '.cache', 'typecheck');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

function workspaces() {
  const rooms = ['packages', 'apps', 'tools'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  );
  return [...rooms, 'bench', 'examples'].filter((one) =>
    existsSync(join(root, one, 'package.json')),
  );
}

const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** The configurations that a workspace's own `typecheck` script names, such as `tsc && tsc -p test`. */
function configurationsOf(workspace) {
  const script = read(join(workspace, 'package.json')).scripts?.typecheck;
  if (script === undefined) throw new Error(`${workspace} has no script "typecheck".`);
  return script.split('&&').map((command) => {
    const named = /^tsc(?: -p (\S+))?$/.exec(command.trim());
    if (named === null)
      throw new Error(`${workspace}: the script typecheck is more than tsc: ${script}`);
    const path = named[1] ?? '.';
    return join(workspace, path.endsWith('.json') ? path : join(path, 'tsconfig.json'));
  });
}

/** Options of a configuration, and of the one it extends below the base. */
function optionsOf(file) {
  const { extends: parent, compilerOptions = {} } = read(file);
  const above = join(dirname(file), parent);
  return above === 'tsconfig.base.json'
    ? compilerOptions
    : { ...optionsOf(above), ...compilerOptions };
}

function groupsOf(folders) {
  const groups = new Map();
  for (const file of folders.flatMap(configurationsOf)) {
    const { include, exclude = [] } = read(file);
    const options = optionsOf(file);
    const key = JSON.stringify(Object.entries(options).sort());
    const group = groups.get(key) ?? { options, include: new Set(), exclude: new Set() };
    groups.set(key, group);
    const place = (path) => relative(folder, join(root, dirname(file), path));
    for (const path of include) group.include.add(place(path));
    for (const path of exclude) group.exclude.add(place(path));
  }
  return [...groups.values()];
}

function check(group, n) {
  const file = join(folder, `tsconfig.${n}.json`);
  const { options, include, exclude } = group;
  // Not found from the folder of this file by themselves.
  const typeRoots = [relative(folder, join(root, 'node_modules', '@types'))];
  const text = {
    extends: relative(folder, join(root, 'tsconfig.base.json')),
    compilerOptions: { ...options, typeRoots },
    include: [...include],
    exclude: [...exclude, '**/node_modules/**'],
  };
  writeFileSync(file, JSON.stringify(text, null, 2));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, '-p', file, '--pretty', 'false'], {
      cwd: root,
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('close', resolve);
  });
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const queue = groupsOf(workspaces()).entries();
const worker = async () => {
  for (const [n, group] of queue) if ((await check(group, n)) !== 0) process.exitCode = 1;
};
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
const seconds = Math.round(performance.now() / 100) / 10;
if (process.exitCode !== 1 && process.env.TURBO_HASH !== undefined)
  console.log(`outpost-done ${JSON.stringify({ name: 'types', seconds })}`);
