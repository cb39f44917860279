import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, promisify } from 'node:util';
import { listen } from '@outpost/server/node';
import { openDatabase } from '@outpost/store';
import { driverContract } from '@outpost/store/contract';
import { fileStorage } from '@outpost/store/node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { traced } from '../custom-driver/tracing-driver.ts';
import { sampleOrganization } from '../sample-organization.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'outpost-examples-'));

/** Runs an example to its end, as a process of its own; answers what it printed. */
async function run(file: string, ...args: readonly string[]): Promise<string> {
  // The second start finds what the first has compiled.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(temporary, 'compiled') };
  const running = promisify(execFile)(process.execPath, [file, ...args], { cwd: folder, env });
  onTestFinished(() => void running.child.kill('SIGKILL'));
  return (await running).stdout;
}

/** What an example prints when it is run in this process, which has the packages loaded. */
async function printedBy(load: () => Promise<unknown>): Promise<string> {
  let printed = '';
  const spy = vi.spyOn(console, 'log').mockImplementation((...said) => {
    printed += `${format(...said)}\n`;
  });
  try {
    await load();
  } finally {
    spy.mockRestore();
  }
  return printed;
}

test('node-client: syncs to files, shows a view, uploads an edit; about 40 lines', async () => {
  const organization = await sampleOrganization(100);
  onTestFinished(() => organization.close());
  const server = await listen(organization);
  onTestFinished(() => server.close());
  const before = await organization.count('account');
  const args = [server.url, 'token-ana', join(temporary, 'client')];
  const output = await run('node-client/client.ts', ...args);
  expect(output).toMatch(/Active Accounts: \d+ rows, first Aardvark Adventures/);
  expect(output).toContain('0 edits wait, 0 sync errors');
  expect(await organization.count('account')).toBe(before + 1);
  await server.close();
  // Without the organization the same program goes on with what it has.
  const offline = await run('node-client/client.ts', ...args);
  expect(offline).toContain('1 edits wait, 0 sync errors');
  const lines = readFileSync(join(folder, 'node-client/client.ts'), 'utf8').split('\n');
  expect(lines.length).toBeLessThan(50);
});

test('custom-app: two tables of its own, a rule, a view, a profile', async () => {
  expect(await printedBy(() => import('../custom-app/main.ts'))).toBe(
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
  const output = await printedBy(() => import('../custom-driver/main.ts'));
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
  expect(await printedBy(() => import('../custom-transport/main.ts'))).toMatch(
    /^first sync: done, \d+ accounts\nwaiting: 0\ncut: .*The line is cut\..*\nwaiting: 1\n$/,
  );
});
