import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const filesIn = (...path: string[]): string[] => {
  const folder = join(root, ...path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(folder, name));
};

/** Direct dependencies of each package: workspace names first, then npm. */
const layers: Readonly<Record<string, readonly string[]>> = {
  model: [],
  rules: ['@outpost/model', 'rxjs'],
  solution: ['@outpost/model', 'fflate', 'saxes'],
  store: ['@outpost/model', 'rxjs', 'sql.js'],
  query: ['@outpost/model', '@outpost/store', 'rxjs', 'saxes', 'temporal-polyfill'],
  search: ['@outpost/model', '@outpost/query', '@outpost/store', 'rxjs'],
  sync: ['@noble/hashes', '@outpost/model', '@outpost/store', 'rxjs'],
  server: ['@outpost/model', '@outpost/query', '@outpost/rules', '@outpost/sync', 'jose', 'pg'],
  device: [
    '@outpost/model',
    '@outpost/query',
    '@outpost/rules',
    '@outpost/search',
    '@outpost/store',
    '@outpost/sync',
    'rxjs',
  ],
  simulation: [
    '@outpost/device',
    '@outpost/model',
    '@outpost/sample',
    '@outpost/server',
    '@outpost/store',
    '@outpost/sync',
    '@outpost/testkit',
    'rxjs',
  ],
  testkit: ['@outpost/model'],
  sample: ['@outpost/model'],
};
const packages = Object.keys(layers);

test('the pinned Node runs the tests', () => {
  expect(process.versions.node.startsWith('26.')).toBe(true);
});

test('every package folder is in the table of layers', () => {
  expect(readdirSync(join(root, 'packages')).sort()).toEqual([...packages].sort());
});

test.each(packages)('package %s depends directly on its layer only', (name) => {
  const manifest = JSON.parse(read('packages', name, 'package.json')) as {
    dependencies?: Record<string, string>;
  };
  const allowed = layers[name] ?? [];
  const declared = Object.keys(manifest.dependencies ?? {});
  expect(declared.sort()).toEqual([...allowed].sort());
});

test('the server knows the protocol, not the device engine; the protocol knows the model only', () => {
  const imports = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/from '(@outpost\/[^']+|\.\.[^']*)'/g)].map(
      (one) => one[1] ?? '',
    );
  const wrong = filesIn('packages', 'server', 'src').flatMap((file) =>
    imports(file).filter((one) => one === '@outpost/sync' || one.startsWith('@outpost/sync/http')),
  );
  expect(wrong).toEqual([]);
  const protocol = filesIn('packages', 'sync', 'src', 'protocol').flatMap((file) =>
    imports(file).filter((one) => one !== '@outpost/model'),
  );
  expect(protocol).toEqual([]);
});

test('no suppressions and no any', () => {
  const found = [
    ...packages.flatMap((name) => ['src', 'test'].map((room) => filesIn('packages', name, room))),
    ...['src', 'test'].map((room) => filesIn('apps', 'simulator', room)),
    filesIn('bench', 'src'),
  ]
    .flat()
    .filter((file) =>
      /biome-ignore|@ts-ignore|@ts-expect-error|@ts-nocheck|: any\b|as any\b|<any>/.test(
        readFileSync(file, 'utf8'),
      ),
    );
  expect(found).toEqual([]);
});

test.each(packages)(
  'properties of package %s are tried with the same values in every run',
  (name) => {
    const usesFastCheck = read('packages', name, 'package.json').includes('"fast-check"');
    const isSeeded = read('packages', name, 'vitest.config.ts').includes('seededProperties');
    expect(isSeeded).toBe(usesFastCheck);
  },
);

const headings = ['What it does', 'Use it', 'Concepts', 'Guarantees', 'Limits'];
describe.each([
  ...packages.map((name) => join('packages', name)),
  join('apps', 'simulator'),
  'bench',
])('README of %s', (folder) => {
  test('has the five headings', () => {
    const found = [...read(folder, 'README.md').matchAll(/^## (.+)$/gm)].map((one) => one[1]);
    expect(found).toEqual(headings);
  });

  test('links to files that exist', () => {
    const links = [...read(folder, 'README.md').matchAll(/\]\(([^)#:]+)\)/g)].map(
      (one) => one[1] ?? '',
    );
    expect(links.filter((link) => !existsSync(join(root, folder, link)))).toEqual([]);
  });
});
