import { expect, test } from 'vitest';
import { jsonLines, outpost, outpostProcess } from './program.ts';

test('a fleet against one process: what it does meanwhile, then a verdict', async () => {
  const work = ['--devices', '2', '--rounds', '3', '--rows', '100'];
  const run = await outpostProcess('fleet', ...work, '--json');
  expect(run.code, run.stderr).toBe(0);
  const lines = jsonLines(run.stdout);
  const end = lines.at(-1);
  expect(end).toMatchObject({ type: 'end', ok: true, lost: 0, pending: 0, doubled: 0 });
  // Each round of a device is a sync, and each uploads the rest at the end.
  expect(end?.['syncs']).toBeGreaterThanOrEqual(2 * (3 + 1));
  expect(end?.['edits']).toBeGreaterThan(0);
  expect(lines.at(-2)).toMatchObject({ type: 'progress', part: 'settle', devicesReady: 2 });
});

test.each([
  [['--processes', '2'], 'need a database that they share'],
  [['--devices', '0'], '--devices is from 1 to 1000'],
  [['--seconds', 'x'], '--seconds'],
  [['--rounds', '2', '--kill', '1'], '--kill goes by the clock'],
])('fleet %j is a usage error', async (args, message) => {
  const run = await outpost('fleet', ...args);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(message);
});
