import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goodNetwork, writeReplay } from '@outpost/simulation';
import { afterAll, expect, test } from 'vitest';
import { openTerminal } from './open-terminal.ts';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
const file = join(folder, 'run.json');
writeFileSync(
  file,
  writeReplay(
    'sample',
    {
      spec: { seed: 1, devices: 2, policy: 'off', network: goodNetwork, pageRows: 50 },
      decisions: [
        { wait: 1000, device: 0, do: 'offline' },
        { wait: 1000, device: 0, do: 'update', table: 'account', row: 0, column: 0 },
        { wait: 1000, do: 'web', op: 'update', table: 'account', row: 0.5, column: 0 },
        { wait: 1000, device: 0, do: 'online' },
        { wait: 1000, device: 0, do: 'sync', mode: 'DELTA_SYNC' },
      ],
    },
    null,
  ),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('fuzz tells what it ran, and that nothing broke', async () => {
  const plain = await outpost('fuzz', '--seeds', '2', '--steps', '15', '--devices', '1');
  expect(plain.stdout).toMatch(
    /^2 seeds from 1, \d+ edits, \d+ requests in [\d.]+ s: nothing broken$/m,
  );
  expect(plain.code).toBe(0);
  const json = await outpost(
    ...['fuzz', '--seeds', '2', '--from', '7', '--steps', '5', '--devices', '1'],
    ...['--faults', 'none', '--json'],
  );
  const lines = jsonLines(json.stdout);
  expect(lines.at(-1)).toMatchObject({ type: 'end', ok: true, seeds: 2 });
  expect(lines.filter((one) => one['type'] === 'progress').at(-1)).toMatchObject({
    done: 2,
    seed: 8,
  });
});

test.each([
  [['fuzz', '--faults', 'storm'], 'not "storm"'],
  [['fuzz', '--devices', '0'], 'from 1 to 20'],
  [['replay', 'nothing.json'], 'cannot be read'],
])('%j says what is wrong', async (args, message) => {
  const { code, stderr } = await outpost(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test('a file that is no replay says so, and what to do', async () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, '{}');
  const { code, stderr } = await outpost('replay', other);
  expect(stderr).toContain('Use a file that `fuzz` has written');
  expect(code).toBe(1);
});

test('a replay as text tells each decision; as JSON too', async () => {
  const { code, stdout } = await outpost('replay', file, '--plain');
  expect(stdout.split('\n').filter((line) => /\+\d/.test(line))).toHaveLength(5);
  expect(stdout).toContain('everything holds');
  expect(code).toBe(0);
  const json = await outpost('replay', file, '--json');
  expect(jsonLines(json.stdout).at(-1)).toMatchObject({ type: 'end', violation: null });
});

test('on a terminal a person goes through a replay step by step', async () => {
  const terminal = openTerminal(80, 24, 'replay', file);
  await terminal.see('decision 1 of 5, waiting');
  await terminal.see('device 0: online, connected');
  await terminal.see('> device 0');
  terminal.press(' ');
  await terminal.see('decision 2 of 5, waiting');
  await terminal.see('device 0: offline, notConnected');
  terminal.press(' ');
  await terminal.see('decision 3 of 5, waiting');
  await terminal.see(/device 0: offline, pendingUpload, \d+ rows, 1 pending/);
  terminal.press('a');
  await terminal.see('everything holds');
  terminal.press('q');
  expect(await terminal.exited).toBe(0);
});
