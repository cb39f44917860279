import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { literalsOf, regularExpressions, superlinear } from '../src/regular-expressions.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Expressions that were found linear: the same text needs no second look. */
const keptFile = join(root, 'tools/repo-checks/src/linear-expressions.json');
const kept = new Set(JSON.parse(readFileSync(keptFile, 'utf8')) as readonly string[]);
const isUpdate = process.env['OUTPOST_UPDATE'] === '1';
const isLong = process.env['OUTPOST_LONG'] === '1';

test('every regular expression of the sources takes time that grows with the text at most linearly', {
  timeout: 300_000,
}, async () => {
  const all = regularExpressions(root);
  const found: string[] = [];
  for (const [literal, files] of all) {
    if (kept.has(literal) && !isLong) continue;
    const why = await superlinear(literal);
    if (why !== null) found.push(`${files.join(', ')}: ${literal} is ${why}`);
  }
  if (isUpdate && found.length === 0) {
    writeFileSync(keptFile, `${JSON.stringify([...all.keys()].sort(), null, 2)}\n`);
  }
  expect(found).toEqual([]);
  expect(all.size).toBeGreaterThan(100);
});

test.each([
  [
    String.raw`/^\s*([\w@.]+)\s*=\s*('(?:[^']|'')*'|@\w+|[^,']*?)\s*(,|$)/`,
    '3rd degree polynomial',
  ],
  ['/^(a+)+$/', 'exponential'],
  ['/x+$/', '2nd degree polynomial'],
])('planted, %s is found', async (literal, why) => {
  expect(await superlinear(literal)).toContain(why);
});

test('expressions are found wherever a source holds one', () => {
  const source = 'const a = 1 / 2 / 3; f(/a+/g, /b/.test(x)); // /c/\nconst text = "/d/";';
  expect(literalsOf('a.ts', source)).toEqual(['/a+/g', '/b/']);
});
