import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import type { InlineConfig } from 'vitest/node';
import { ResultLine } from './result-line.ts';

/** Whether this is a run of the long tests. */
export const isLong: boolean = process.env['OUTPOST_LONG'] === '1';

/** No test is judged by the clock: this ends what hangs, on a machine that may have much else to do. */
const patienceMs = isLong ? 3_600_000 : 600_000;

/** Test files of the package at hand that a long run is about: those with a long length, and those that are only long. */
function longFiles(): string[] {
  const folder = join(process.cwd(), 'test');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .filter(
      (name) =>
        /\.long\.test\.tsx?$/.test(name) ||
        readFileSync(join(folder, name), 'utf8').includes('lengthOf('),
    )
    .map((name) => join('test', name));
}

/** The files of a run; for each project of a configuration with `projects`, where lists would add up. */
export const testFiles: { readonly include: string[]; readonly exclude: string[] } = {
  include: isLong ? longFiles() : ['test/**/*.test.{ts,tsx}'],
  exclude: ['**/node_modules/**', ...(isLong ? [] : ['**/*.long.test.*'])],
};

/** For packages with properties of fast-check: they are tried with the same values in every run. */
export const seededProperties: { readonly setupFiles: string[] } = {
  setupFiles: [fileURLToPath(new URL('seed-properties.ts', import.meta.url))],
};

/**
 * How every package runs its tests, by whatever command or editor they are started.
 *
 * Test files share one process, which halves the time, so what a file changes globally it puts back; `isolate: true` gives
 * each its own. `OUTPOST_LONG=1` runs the tests that have a long length, and those in `*.long.test.ts`, which are left out
 * otherwise.
 */
export function testConfig({ globalSetup = [], ...test }: InlineConfig = {}): ViteUserConfig {
  const results = isLong ? '.results/vitest-long.json' : '.results/vitest.json';
  const temporaryFolder = fileURLToPath(new URL('temporary-folder.ts', import.meta.url));
  return defineConfig({
    test: {
      isolate: false,
      testTimeout: patienceMs,
      hookTimeout: patienceMs,
      teardownTimeout: patienceMs,
      // A test in which nothing was expected has found nothing out: a loop over an empty list, a callback never called.
      expect: { requireAssertions: true },
      ...(test.projects === undefined ? testFiles : {}),
      passWithNoTests: isLong,
      globalSetup: [temporaryFolder, ...[globalSetup].flat()],
      // Under turbo, one line and what failed; by hand, what vitest shows.
      reporters:
        process.env['TURBO_HASH'] === undefined
          ? ['default']
          : ['minimal', ['json', { outputFile: results }], new ResultLine()],
      ...test,
    },
  });
}
