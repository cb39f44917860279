import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findings, labelsInCode, labelsOf, type Sources, withTests } from '../src/promises.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const exclude = (name: string) => /node_modules|fixtures|repo-checks/.test(name);
const read = (...patterns: readonly string[]) =>
  new Map(
    globSync(patterns, { cwd: root, exclude })
      .sort()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );

const promises = 'docs/promises.md';
const sources: Sources = {
  definitions: read(promises, 'packages/sync/SPEC.md', 'packages/simulation/README.md'),
  // What must hold in simulated worlds is looked at by checks of their own, which its tests run.
  tests: read(
    '{packages,apps,tools,examples}/**/test/**/*.{ts,tsx}',
    'packages/simulation/src/**/*.ts',
  ),
  mentions: read('*.md', 'docs/*.md', '{packages,apps,tools,examples,bench}/**/*.md'),
};

test('each promise is defined once and has a test or says why not; no other label is named', () => {
  expect(sources.definitions.size).toBe(3);
  expect(findings(sources)).toEqual([]);
});

test('the list of promises names their tests; `OUTPOST_UPDATE=1` writes them', () => {
  const text = sources.definitions.get(promises) ?? '';
  const wanted = withTests(text, sources.tests);
  const isUpdate = process.env['OUTPOST_UPDATE'] === '1';
  if (isUpdate) writeFileSync(join(root, promises), wanted);
  expect(isUpdate ? wanted : text).toBe(wanted);
});

const files = (texts: Readonly<Record<string, string>>) => new Map(Object.entries(texts));
const sound = {
  definitions: files({
    'a.md':
      '| label | promise | tests |\n| --- | --- | --- |\n| A01 | One. | |\n| B-1 to B-3 | Some. | |\n',
    'b.md': '| X04 | Later. | no test yet: why |\n| H-7 | Seven. |\n',
  }),
  tests: files({
    'packages/p/test/one.test.ts': `test('A01, B-1 to B-3: it is so', () => {\n  // H-7: that too\n});\n`,
  }),
  mentions: files({ 'README.md': '- A01: it is so\n- other: things\n' }),
};

test('what is sound has no finding', () => {
  expect(findings(sound)).toEqual([]);
  expect(withTests(sound.definitions.get('a.md') ?? '', sound.tests)).toContain(
    '| A01 | One. | [p/one](../packages/p/test/one.test.ts) |\n',
  );
});

test.each<readonly [string, Partial<Sources>, string]>([
  [
    'a label that no document defines',
    { tests: files({ 'a.test.ts': `test('A01, B-1 to B-3, C99: x')\n/** H-7: x */` }) },
    'a.test.ts: C99 is not defined',
  ],
  [
    'a promise without a test',
    { tests: files({ 'a.test.ts': `test('A01, B-1, B-3: x')\n/** H-7: x */` }) },
    'a.md: B-2 has no test',
  ],
  [
    'a promise whose label is none',
    {
      definitions: files({
        'a.md':
          '| label | promise | tests |\n| --- | --- | --- |\n| A01 | One. | |\n| N5a | Lost. | |\n',
        'b.md': '| B-1 to B-3 | Some. | |\n| H-7 | Seven. | |\n',
      }),
    },
    'a.md: "N5a" is no label',
  ],
  [
    'a promise that is defined twice',
    {
      definitions: files({
        'a.md':
          '| A01 | One. | |\n| B-1 to B-3 | Some. | |\n| A01 | Again. | |\n| H-7 | Seven. | |\n',
      }),
    },
    'a.md: A01 is defined in a.md too',
  ],
  [
    'a promise that has a test after all',
    {
      definitions: files({
        'a.md': '| A01 | One. | no test yet: why |\n| B-1 to B-3 | Some. | |\n| H-7 | Seven. | |\n',
      }),
    },
    'a.md: A01 has a test, and says that it has none',
  ],
  [
    'a README that speaks of a promise nobody has made',
    { mentions: files({ 'README.md': '- Z-9: it is so\n' }) },
    'README.md: Z-9 is not defined',
  ],
])('%s is found', (_, changed, finding) => {
  expect(findings({ ...sound, ...changed })).toEqual([finding]);
});

test('labels begin texts and comments, and no other text is a label', () => {
  expect(labelsOf('B01a, S-4 to S-6, C08 to C10')).toEqual([
    'B01a',
    'S-4',
    'S-5',
    'S-6',
    'C08',
    'C09',
    'C10',
  ]);
  expect(() => labelsOf('A02 to B04')).toThrow('is no range');
  expect(
    labelsInCode(`const key = 'K-1'; const city = 'A01'; test('UTF-8: x'); test('of A02: x');`),
  ).toEqual([]);
});
