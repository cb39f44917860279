import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { gunzipSync } from 'fflate';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiOf } from '../src/api-of.ts';
import { build, folderOf, manifestOf, packageNames, root } from '../src/packages.ts';
import { bundle, sizeOf } from '../src/size-of.ts';

const names = packageNames();
const folder = mkdtempSync(join(tmpdir(), 'outpost-publish-'));
const tarballs = join(folder, 'tarballs');
/** A project that has installed the packages from their tarballs. */
const consumer = join(folder, 'consumer');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  mkdirSync(tarballs);
  for (const name of names) build(name);
  const pack = [
    '-y',
    'pnpm@12.21.0',
    '-r',
    '--filter',
    './packages/*',
    'pack',
    '--pack-destination',
    tarballs,
  ];
  execFileSync('npx', pack, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  for (const name of names) install(name);
});

const tarballOf = (name: string): Buffer => {
  const file = readdirSync(tarballs).find((one) => one.startsWith(`outpost-${name}-`));
  return readFileSync(join(tarballs, file ?? ''));
};

/** Unpacks a tarball where a package manager would, its npm dependencies beside it. */
function install(name: string): void {
  const target = join(consumer, 'node_modules', '@outpost', name);
  for (const [path, content] of untar(gunzipSync(tarballOf(name)))) {
    const file = join(target, path.replace(/^package\//, ''));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  for (const dependency of Object.keys(manifestOf(name).dependencies ?? {})) {
    const link = join(consumer, 'node_modules', dependency);
    if (dependency.startsWith('@outpost/') || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(folderOf(name), 'node_modules', dependency), link);
  }
}

function* untar(bytes: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const prefix = text(at + 345, 155);
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    if (text(at + 156, 1) !== '5') yield [name, bytes.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

const entriesOf = (name: string) =>
  Object.keys(manifestOf(name).publishConfig.exports).map(
    (one) => `@outpost/${name}${one.slice(1)}`,
  );

describe.each(names)('package %s', (name) => {
  test('packs code, types, sources, README and licence', () => {
    const files = [...untar(gunzipSync(tarballOf(name)))].map(([path]) => path);
    for (const file of ['dist/index.js', 'dist/index.d.ts', 'src/index.ts', 'README.md', 'LICENSE'])
      expect(files).toContain(`package/${file}`);
    expect(files.filter((path) => /\/test\/|node_modules|\.results/.test(path))).toEqual([]);
    // What is exported here is exported there.
    const { exports, publishConfig } = manifestOf(name);
    expect(Object.keys(publishConfig.exports)).toEqual(Object.keys(exports));
  });

  test('publint finds nothing', async () => {
    const tarball = new Uint8Array(tarballOf(name)).buffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    // The licence and the repository are of the whole.
    expect(messages.map((one) => formatMessage(one, pkg ?? {}))).toEqual([]);
  });

  test('its types resolve as its code does', async () => {
    const analysis = await checkPackage(
      createPackageFromTarballData(new Uint8Array(tarballOf(name))),
    );
    const problems = analysis.types === false ? ['no types'] : analysis.problems;
    // Packages are ES modules: what old CommonJS resolution makes of them does not count.
    const counted = problems.filter(
      (one) =>
        typeof one === 'string' ||
        !('resolutionKind' in one) ||
        (one.resolutionKind !== 'node10' && one.resolutionKind !== 'node16-cjs'),
    );
    expect(counted).toEqual([]);
  });

  test('an import of which nothing is used costs nothing', async () => {
    expect(manifestOf(name).sideEffects).toBe(false);
    const code = entriesOf(name)
      .map((entry, i) => `import * as unused${i} from '${entry}';\n`)
      .join('');
    const bundled = await bundle(consumer, code, (id) => id.startsWith('node:'));
    expect(bundled.replace(/import\s*["'][^"']+["'];?/g, '').trim()).toBe('');
  });

  test('its public declarations are those kept in docs/api', () => {
    expect(apiOf(name), 'run pnpm -C tools/publish-checks api').toBe(
      readFileSync(join(root, 'docs', 'api', `${name}.md`), 'utf8'),
    );
  });

  test('states its size', async () => {
    const own = `@outpost/${name}`;
    const sizes = await Promise.all(entriesOf(name).map((entry) => sizeOf(consumer, entry, own)));
    const total = Math.max(...sizes);
    const readme = readFileSync(join(folderOf(name), 'README.md'), 'utf8');
    const stated = Number(/- size: ([\d.]+) kB/.exec(readme)?.[1] ?? Number.NaN);
    expect(stated, `${name}: ${total.toFixed(1)} kB`).toBeGreaterThan(total * 0.9);
    expect(stated, `${name}: ${total.toFixed(1)} kB`).toBeLessThan(total * 1.1);
  });
});

test('only what is used is bundled', async () => {
  const one = await bundle(consumer, "export { fold } from '@outpost/model';\n");
  const all = await bundle(consumer, "export * from '@outpost/model';\n");
  expect(one.length).toBeLessThan(all.length / 10);
});

test('an app written against the packed packages runs', () => {
  for (const file of ['app.ts', 'main.ts'])
    cpSync(join(root, 'examples', 'custom-app', file), join(consumer, file));
  const output = execFileSync(process.execPath, ['main.ts'], { cwd: consumer, encoding: 'utf8' });
  expect(output).toContain('on the server: 2');
});
