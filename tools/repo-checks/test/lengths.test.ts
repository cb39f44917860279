import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const contributing = join(root, 'CONTRIBUTING.md');
const [begin, end] = ['<!-- lengths -->\n', '<!-- /lengths -->'];

/** Every length that a test asks for, as a table. */
function lengths(): string {
  const rows = globSync('{packages,apps,tools,examples}/**/test/**/*.test.{ts,tsx}', {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  })
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const found = text.matchAll(
        /lengthOf\(\s*'(OUTPOST_\w+)',\s*\{\s*short: ([\d_]+),\s*long: ([\d_]+),?\s*\}/g,
      );
      return [...found].map(([, option, short, long]) => [
        `\`${file.replace('/test/', ' ').replace(/\.test\.tsx?$/, '')}\``,
        `\`${option}\``,
        String(Number(short?.replaceAll('_', ''))),
        String(Number(long?.replaceAll('_', ''))),
      ]);
    });
  const head = ['test', 'option', 'short', 'long'];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |\n`;
  const rule = widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return `\n${line(head)}${line(rule)}${rows.map(line).join('')}\n`;
}

test('CONTRIBUTING lists the lengths of tests; `OUTPOST_UPDATE=1` writes the list', () => {
  const text = readFileSync(contributing, 'utf8');
  const [before, rest = ''] = text.split(begin);
  const [, after] = rest.split(end);
  const wanted = `${before}${begin}${lengths()}${end}${after}`;
  const isUpdate = process.env['OUTPOST_UPDATE'] === '1';
  if (isUpdate) writeFileSync(contributing, wanted);
  expect(isUpdate ? wanted : text).toBe(wanted);
});

/** What tests tell the programs they start; nobody else sets it. */
const between = ['OUTPOST_JUDGES', 'OUTPOST_KILL_LINES', 'OUTPOST_KILL_WRITE'];

test('every option of tests is explained in CONTRIBUTING', () => {
  const used = globSync('{packages,apps,tools,examples}/**/*.{ts,tsx,mjs}', {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  }).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/OUTPOST_[A-Z_]+/g)].flat(),
  );
  const text = readFileSync(contributing, 'utf8');
  expect(
    [...new Set(used)]
      .filter((option) => !text.includes(option) && !between.includes(option))
      .sort(),
  ).toEqual([]);
});

test('READMEs name the options and not the lengths, which are above', () => {
  const told = globSync('{packages,apps,tools,examples,bench}/**/README.md', {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  }).flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return lines.flatMap((line) => (line.includes('OUTPOST_') ? [`${file}: ${line}`] : []));
  });
  expect(told.length).toBeGreaterThan(5);
  const counts = /\d[\d,]* (?:random|drawn|seeds|worlds|commits|queries|kills|rounds)/;
  expect(told.filter((line) => counts.test(line))).toEqual([]);
});
