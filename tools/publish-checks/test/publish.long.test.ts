import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiFiles } from '../src/api-files.ts';
import { type Consumer, filesOf, makeConsumer } from '../src/consumer.ts';
import { type Extracted, extract } from '../src/extract.ts';
import { openFindings } from '../src/open-findings.ts';
import { folderOf, manifestOf, packageNames, root } from '../src/packages.ts';
import { bundle, sizeOf } from '../src/size-of.ts';

const names = packageNames();
const folder = mkdtempSync(join(tmpdir(), 'outpost-publish-'));
let consumer: Consumer;
beforeAll(() => {
  consumer = makeConsumer(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entriesOf = (name: string) =>
  Object.keys(manifestOf(name).publishConfig.exports).map(
    (one) => `@outpost/${name}${one.slice(1)}`,
  );

describe.each(names)('package %s', (name) => {
  test('packs code, types, sources, README and licence', () => {
    const files = [...filesOf(consumer.tarballOf(name))].map(([path]) => path);
    for (const file of ['dist/index.js', 'dist/index.d.ts', 'src/index.ts', 'README.md', 'LICENSE'])
      expect(files).toContain(`package/${file}`);
    expect(files.filter((path) => /\/test\/|node_modules|\.results/.test(path))).toEqual([]);
    // What is exported here is exported there.
    const { exports, publishConfig } = manifestOf(name);
    expect(Object.keys(publishConfig.exports)).toEqual(Object.keys(exports));
  });

  test('publint finds nothing', async () => {
    const tarball = new Uint8Array(consumer.tarballOf(name)).buffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((one) => formatMessage(one, pkg ?? {}))).toEqual([]);
  });

  test('its types resolve as its code does', async () => {
    const analysis = await checkPackage(
      createPackageFromTarballData(new Uint8Array(consumer.tarballOf(name))),
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
    const bundled = await bundle(folder, code, (id) => id.startsWith('node:'));
    expect(bundled.replace(/import\s*["'][^"']+["'];?/g, '').trim()).toBe('');
  });

  test('states its size', async () => {
    const own = `@outpost/${name}`;
    const sizes = await Promise.all(entriesOf(name).map((entry) => sizeOf(folder, entry, own)));
    const total = Math.max(...sizes);
    const readme = readFileSync(join(folderOf(name), 'README.md'), 'utf8');
    const stated = Number(/- size: ([\d.]+) kB/.exec(readme)?.[1] ?? Number.NaN);
    expect(stated, `${name}: ${total.toFixed(1)} kB`).toBeGreaterThan(total * 0.9);
    expect(stated, `${name}: ${total.toFixed(1)} kB`).toBeLessThan(total * 1.1);
  });
});

test('only what is used is bundled', async () => {
  const one = await bundle(folder, "export { fold } from '@outpost/model';\n");
  const all = await bundle(folder, "export * from '@outpost/model';\n");
  expect(one.length).toBeLessThan(all.length / 10);
});

test('an app written against the packed packages runs', () => {
  for (const file of ['app.ts', 'main.ts'])
    cpSync(join(root, 'examples', 'custom-app', file), join(folder, file));
  const output = execFileSync(process.execPath, ['main.ts'], { cwd: folder, encoding: 'utf8' });
  expect(output).toContain('on the server: 2');
});

describe('the public surface', () => {
  let extracted: Extracted;
  beforeAll(() => {
    extracted = extract(consumer);
  });
  const api = join(root, 'docs', 'api');

  test('is what docs/api says', () => {
    const kept = globSync('**/*.md', { cwd: api }).filter((name) => name !== 'README.md');
    const files = apiFiles(extracted);
    expect(kept.sort(), 'run pnpm -C tools/publish-checks api').toEqual([...files.keys()].sort());
    for (const [name, text] of files)
      expect(
        readFileSync(join(api, name), 'utf8'),
        `${name}: run pnpm -C tools/publish-checks api`,
      ).toBe(text);
  });

  test('is covered: every entry point of every package has a report, and docs/api/README.md links to all', () => {
    expect([...extracted.reports.keys()].sort()).toEqual(
      names
        .flatMap(entriesOf)
        .map((one) => one.slice('@outpost/'.length).replace('/', '-'))
        .sort(),
    );
    const links = [...readFileSync(join(api, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\)/g)];
    const own = links.map(([, link = '']) => link).filter((link) => !/^(?:https:|\.\.)/.test(link));
    expect(own.sort()).toEqual([...apiFiles(extracted).keys()].sort());
  });

  test('names every type that it leads to', () => {
    expect(openFindings(extracted)).toEqual([]);
    const text = 'The symbol "Planted" needs to be exported by the entry point index.d.ts';
    const planted = { report: 'sync', id: 'ae-forgotten-export', text };
    expect(openFindings({ ...extracted, findings: [...extracted.findings, planted] })).toEqual([
      `sync: ${text} (ae-forgotten-export)`,
    ]);
    expect(openFindings({ ...extracted, findings: [] })).toContain(
      'device: Session need not be in the table of nameless types',
    );
  });
});
