import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { jsonLines, outpost, startOutpost, temporaryFolder } from './program.ts';

/** How many kills; more on request. */
const rounds = Number(process.env['OUTPOST_ROUNDS'] ?? 3);
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('A07: SIGKILL in the middle of the initial sync, again and again; it resumes and fetches no finished table again', async () => {
  let finished: readonly string[] = [];
  for (let round = 0; round < rounds; round++) {
    const child = startOutpost('run', 'first-sync', '--json', '--dir', folder);
    let output = '';
    const events = () =>
      jsonLines(output.slice(0, output.lastIndexOf('\n') + 1)).filter(
        (one) => one['type'] === 'progress' && one['phase'] === 'download',
      );
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      // A different page each round; the rows on disk are those of committed pages.
      if (events().length >= 12 + round * 4) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    const seen = events();
    expect(seen.length).toBeGreaterThan(0);
    if (round > 0) expect(seen.every((one) => one['resumed'] === true)).toBe(true);
    const loading = new Set(seen.flatMap((one) => one['loading'] as string[]));
    expect(finished.filter((table) => loading.has(table))).toEqual([]);
    const last = seen.at(-1)?.['loading'] as string[];
    const all = new Set(seen.flatMap((one) => one['loading'] as string[]));
    finished = [...new Set([...finished, ...[...all].filter((table) => !last.includes(table))])];
  }
  const { code, stdout } = outpost('run', 'first-sync', '--json', '--dir', folder);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, converged: true });
  expect(code).toBe(0);
});
