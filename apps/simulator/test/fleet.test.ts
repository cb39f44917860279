import { expect, test } from 'vitest';
import { jsonLines, outpost } from './program.ts';

const address = process.env['OUTPOST_POSTGRES'];

test('a fleet against one process: a row a second, then a verdict', () => {
  const run = outpost(...['fleet', '--devices', '3', '--seconds', '2', '--json']);
  expect(run.code, run.stderr).toBe(0);
  const end = jsonLines(run.stdout).at(-1);
  expect(end).toMatchObject({ type: 'end', ok: true, lost: 0 });
  expect(end?.['syncs']).toBeGreaterThan(3);
  expect(run.stdout).toContain('"type":"progress"');
}, 120_000);

test.skipIf(address === undefined)(
  'a fleet against two processes on one PostgreSQL, one of them killed',
  () => {
    const store = `${address}?schema=outpost_fleet_${process.pid}`;
    const args = ['--devices', '6', '--processes', '2', '--seconds', '7', '--kill', '3'];
    const run = outpost(...['fleet', ...args, '--store', store]);
    expect(run.stdout + run.stderr).toContain('Nothing lost.');
    expect(run.stdout).toMatch(/6 devices, 2 processes, [1-9] killed/);
    expect(run.code).toBe(0);
  },
  180_000,
);

test.each([
  [['--processes', '2'], 'need a database that they share'],
  [['--devices', '0'], '--devices is from 1 to 1000'],
  [['--seconds', 'x'], '--seconds'],
])('fleet %j is a usage error', (args, message) => {
  const run = outpost(...['fleet', ...args]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(message);
});
