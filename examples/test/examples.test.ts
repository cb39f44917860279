import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { listen } from '@outpost/server/node';
import { openDatabase } from '@outpost/store';
import { driverContract } from '@outpost/store/contract';
import { fileStorage } from '@outpost/store/node';
import { afterAll, describe, expect, test } from 'vitest';
import { traced } from '../custom-driver/tracing-driver.ts';
import { sampleOrganization } from '../sample-organization.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'outpost-examples-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Runs an example to its end; answers what it printed. */
async function run(file: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { cwd: folder });
  return stdout;
}

test('node-client: syncs to files, shows a view, uploads an edit; about 40 lines', async () => {
  const organization = await sampleOrganization(300);
  const server = await listen(organization);
  const before = await organization.count('account');
  const output = await run(
    'node-client/client.ts',
    server.url,
    'token-ana',
    join(temporary, 'client'),
  );
  expect(output).toMatch(/Active Accounts: \d+ rows, first Aardvark Adventures/);
  expect(output).toContain('0 edits wait, 0 sync errors');
  expect(await organization.count('account')).toBe(before + 1);
  await server.close();
  // Without the organization the same program goes on with what it has.
  const offline = await run(
    'node-client/client.ts',
    server.url,
    'token-ana',
    join(temporary, 'client'),
  );
  expect(offline).toContain('1 edits wait, 0 sync errors');
  await organization.close();
  const lines = readFileSync(join(folder, 'node-client/client.ts'), 'utf8').split('\n');
  expect(lines.length).toBeLessThan(50);
});

test('custom-app: two tables of its own, a rule, a view, a profile', async () => {
  expect(await run('custom-app/main.ts')).toBe(
    [
      'sites on the device: 1',
      'refused: Remark is required.',
      'saved offline: saved',
      'Failed Inspections: 1',
      'on the server: 2',
      '',
    ].join('\n'),
  );
});

test('custom-driver: a whole device on it, and what its statements cost', async () => {
  const output = await run('custom-driver/main.ts');
  expect(output).toMatch(/accounts: \d\d+/);
  expect(output).toMatch(/ms +\d+ runs +\d+ rows +\w/);
});

describe('custom-driver keeps the contract of drivers', () => {
  test.each(driverContract.map((one) => [one.name, one] as const))(
    '%s',
    async (name, { run: check }) => {
      const storage = fileStorage(join(temporary, 'contract'), name.replace(/\W+/g, '-'));
      const opening = { open: () => openDatabase(traced(storage, () => undefined)) };
      // A case rejects with what it found.
      await expect(check(opening)).resolves.toBeUndefined();
    },
  );
});

test('custom-transport: syncs over lines, and a cut line loses nothing', async () => {
  expect(await run('custom-transport/main.ts')).toMatch(
    /^first sync: done, \d+ accounts\nwaiting: 0\ncut: .*The line is cut\..*\nwaiting: 1\n$/,
  );
});
