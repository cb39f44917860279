import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const site = 'https://github.com/outpost-client/outpost';

interface Manifest {
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly bugs?: string;
  readonly repository?: unknown;
  readonly license?: string;
}

const files = globSync(
  ['package.json', '{packages,apps,tools}/*/package.json', '{bench,examples}/package.json'],
  { cwd: root },
);
const manifests = files
  .sort()
  .map(
    (file) =>
      [dirname(file), JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest] as const,
  );

test('descriptions tell the packages apart', () => {
  const descriptions = manifests.map(([, { description }]) => description);
  expect(new Set(descriptions).size).toBe(manifests.length);
});

test.each(manifests)(
  'manifest of %s says what the package is, how it is found and where it comes from',
  (folder, manifest) => {
    expect(manifest.description).toMatch(/^\p{Lu}.{19,}[^.]$/u);
    expect(manifest.keywords?.length).toBeGreaterThan(1);
    expect(manifest.keywords).toEqual([...new Set(manifest.keywords)].sort());
    const repository = { type: 'git', url: `git+${site}.git` };
    expect(manifest.repository).toEqual(
      folder === '.' ? repository : { ...repository, directory: folder },
    );
    expect(manifest.license).toBe('MIT');
  },
);

test.each(manifests.filter(([, manifest]) => manifest.private !== true))(
  'manifest of %s says where its users read and report',
  (folder, manifest) => {
    expect(manifest.homepage).toBe(`${site}/tree/main/${folder}#readme`);
    expect(manifest.bugs).toBe(`${site}/issues`);
  },
);
