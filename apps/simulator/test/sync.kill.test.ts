import { fileURLToPath } from 'node:url';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { built, jsonLines, outpost, runProcess, temporaryFolder } from './program.ts';

/** How many devices are killed, twice each; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 10 });
const killInWrite = fileURLToPath(new URL('kill-in-write.ts', import.meta.url));

test.each(Array.from({ length: rounds }, (_, round) => round))(
  'A07: SIGKILL in the middle of the initial sync, again and again; it resumes and fetches no finished table again (%i)',
  async (round) => {
    const args = ['run', 'first-sync', '--json', '--rows', '600', '--dir', temporaryFolder()];
    let finished: readonly string[] = [];
    for (const kill of [0, 1]) {
      const { code, stdout, stderr } = await runProcess(
        process.execPath,
        ['--import', killInWrite, built('main'), ...args],
        {
          OUTPOST_KILL_LINES: String(8 + kill + (round % 5)),
          OUTPOST_KILL_WRITE: String(1 + 3 * kill + round),
        },
      );
      expect(code, stderr).toBe(null);
      const seen = jsonLines(stdout).filter((one) => one['phase'] === 'download');
      expect(seen.length).toBeGreaterThan(7);
      expect(new Set(seen.map((one) => one['resumed'] === true))).toEqual(new Set([kill > 0]));
      const loading = seen.map((one) => one['loading'] as readonly string[]);
      const all = new Set(loading.flat());
      expect(finished.filter((table) => all.has(table))).toEqual([]);
      const last = new Set(loading.at(-1));
      finished = [...finished, ...[...all].filter((table) => !last.has(table))];
      expect(finished.length).toBeGreaterThan(0);
    }
    const { code, stdout } = await outpost(...args);
    const fetched = jsonLines(stdout).flatMap((one) => (one['loading'] ?? []) as readonly string[]);
    expect(finished.filter((table) => fetched.includes(table))).toEqual([]);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, converged: true });
    expect(code).toBe(0);
  },
);
