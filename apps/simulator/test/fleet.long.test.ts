import { expect, test } from 'vitest';
import { outpostProcess } from './program.ts';

const address = process.env['OUTPOST_POSTGRES'];

test.skipIf(address === undefined)(
  'a fleet against two processes on one PostgreSQL, one of them killed',
  async () => {
    const store = `${address}?schema=outpost_fleet_${process.pid}`;
    const work = ['--devices', '3', '--processes', '2', '--seconds', '4', '--kill', '2'];
    const run = await outpostProcess('fleet', ...work, '--rows', '100', '--store', store);
    expect(run.stdout + run.stderr).toContain('Nothing lost.');
    expect(run.stdout).toMatch(/3 devices, 2 processes, [1-9] killed/);
    expect(run.code).toBe(0);
  },
);
