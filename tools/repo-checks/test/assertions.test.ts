import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const biome = createRequire(join(root, 'package.json')).resolve('@biomejs/biome/bin/biome');
const folder = mkdtempSync(join(tmpdir(), 'outpost-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const head = [
  `import { Subject } from 'rxjs';`,
  `import { expect, test } from 'vitest';`,
  'async function later(): Promise<number> {',
  '  return 1;',
  '}',
  'const device = { sync: { run: async (mode: string) => mode } };',
  'const told = new Subject<number>();',
  'const found: number | null = Number(process.argv.length);',
  `test('a', async () => {`,
];

/** Lines of a test that the linter refuses. */
async function refused(lines: readonly string[]): Promise<readonly string[]> {
  const name = 'packages/some/test/plants.test.ts';
  cpSync(join(root, 'tools/biome'), join(folder, 'tools/biome'), { recursive: true });
  const settings = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as object;
  const vcs = { enabled: false };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...settings, vcs }));
  mkdirSync(join(folder, 'packages/some/test'), { recursive: true });
  writeFileSync(join(folder, name), [...head, ...lines, '});', ''].join('\n'));
  const output = await new Promise<string>((resolve) => {
    const args = [biome, 'lint', '--max-diagnostics=200', '--reporter=github', name];
    execFile(process.execPath, args, { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  const numbers = new Set([...output.matchAll(/\bline=(\d+)/g)].map((match) => Number(match[1])));
  return lines.filter((_, i) => numbers.has(head.length + 1 + i));
}

test('the linter refuses assertions that cannot fail, or that nobody waits for', async () => {
  const plants = [
    'expect(found ?? 0).toBe(1);',
    `expect(found ?? 0, 'why').toBe(1);`,
    'expect(found).toBeTruthy();',
    'expect(found).toBeDefined();',
    'expect(!found).toBeFalsy();',
    'expect([found]).not.toEqual([1, undefined]);',
    'expect({ found }).not.toStrictEqual({ found: 7 });',
    'expect({ found }).not.toMatchObject({ found: 7 });',
    'told.subscribe((one) => expect(one).toBe(1));',
    'told.subscribe({ next: (one) => expect(one).toBe(1) });',
    'await later().catch(() => {});',
    'await later().catch(() => undefined);',
    'await later().catch(() => null);',
    'try { told.next(1); } catch {}',
    `await device.sync.run('DELTA_SYNC');`,
    'if (found === 1) expect(found).toBe(1);',
    'found === 1 ? expect(found).toBe(1) : expect(found).toBeNull();',
    'later();',
  ];
  expect(await refused(plants)).toEqual(plants);
});

test('and leaves those alone that can', async () => {
  const sound = [
    'expect(found).toBe(1);',
    'expect(found === 1 ? found : null).toBe(1);',
    'expect([found]).not.toBe([found]);',
    `expect(await device.sync.run('DELTA_SYNC')).toBe('DELTA_SYNC');`,
    'expect(() => told.next(1)).not.toThrow();',
    'await expect(later()).resolves.toBe(1);',
    'const seen: number[] = [];',
    'told.subscribe((one) => seen.push(one));',
    'expect(seen).toEqual([]);',
  ];
  expect(await refused(sound)).toEqual([]);
});
