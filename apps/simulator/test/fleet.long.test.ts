import { postgresStore } from '@outpost/server/postgres';
import { seededRandom } from '@outpost/testkit';
import { afterAll, expect, test } from 'vitest';
import { outpostProcess } from './program.ts';

const address = process.env['OUTPOST_POSTGRES'];
const schema = `outpost_fleet_${process.pid}`;

// In a database that is given, nothing of a test stays.
afterAll(async () => {
  if (address === undefined) return;
  const store = postgresStore(address, { schema, random: seededRandom(1) });
  await store.write((tx) => tx.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`));
  await store.close();
});

test.skipIf(address === undefined)(
  'a fleet against two processes on one PostgreSQL, one of them killed',
  async () => {
    const store = `${address}?schema=${schema}`;
    const work = ['--devices', '3', '--processes', '2', '--seconds', '4', '--kill', '2'];
    const run = await outpostProcess('fleet', ...work, '--rows', '100', '--store', store);
    expect(run.stdout + run.stderr).toContain('Nothing lost.');
    expect(run.stdout).toMatch(/3 devices, 2 processes, [1-9] killed/);
    expect(run.code).toBe(0);
  },
);
