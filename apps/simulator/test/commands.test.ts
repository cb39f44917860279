import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { helpText, parseArguments } from '../src/arguments.ts';
import { parseScenario } from '../src/scenario/scenario.ts';
import { jsonLines, outpost, outpostProcess, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('run', () => {
  test('U-3: twice the same, to the byte', async () => {
    const args = ['run', 'conflict', '--json', '--rows', '200'] as const;
    const { code, stdout } = await outpost(...args);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, conflicts: 1 });
    expect(code).toBe(0);
    expect((await outpost(...args)).stdout === stdout).toBe(true);
  });

  test('without a terminal the bare program plays field-day in plain text, with any seed', async () => {
    const { code, stdout } = await outpost('--seed', '7', '--rows', '300');
    expect(stdout).toContain('Scenario field-day (seed 7)');
    expect(stdout).toContain('Everything held.');
    expect(code).toBe(0);
  });

  test('an expectation that does not hold ends with exit code 1 and says wanted and found', async () => {
    const path = file(
      'fails.yaml',
      'scenario: fails\nrows: 200\nsteps:\n  - open: phone\n  - expect: { readiness: available }\n',
    );
    const { code, stdout } = await outpost('run', path, '--plain');
    expect(stdout).toContain(
      'FAILED  readiness (line 5): wanted "available", found "notAvailable"',
    );
    expect(code).toBe(1);
  });
});

describe('wrong usage is a clear message and exit code 2', () => {
  test.each([
    ['an unknown command', ['frobnicate'], 'Unknown command "frobnicate"'],
    ['an unknown option', ['run', 'field-day', '--loud'], 'Unknown option "--loud"'],
    ['a missing operand', ['run'], 'Usage: outpost run SCENARIO'],
    ['a bad number', ['run', 'field-day', '--seed', 'x'], '--seed expects a whole number'],
    ['an unknown scenario', ['run', 'nowhere'], 'There is no scenario "nowhere"'],
    ['an unreadable file', ['inspect', 'nowhere.zip'], 'cannot be read'],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await outpost(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('in a process of its own too', async () => {
    const { code, stdout, stderr } = await outpostProcess('frobnicate');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Unknown command "frobnicate"');
    expect(stderr).toContain('Try --help.');
  });

  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { code, stderr } = await outpost(
      'serve',
      '--port',
      String(port),
      '--rows',
      '50',
      '--dir',
      join(folder, 'serve'),
    );
    expect(stderr).toContain(`Port ${port} cannot be used`);
    expect(code).toBe(2);
  });

  test('a malformed solution', async () => {
    const { code, stderr } = await outpost('inspect', file('broken.zip', 'not a zip'));
    expect(stderr).toContain('not a zip archive');
    expect(code).toBe(2);
  });
});

describe('a scenario file with a mistake names line and column', () => {
  test.each([
    ['broken YAML', 'steps: [', /^f:\d+:\d+: /],
    ['an unknown verb', 'steps:\n  - dance: phone\n', /^f:2:5: Unknown verb "dance"/],
    [
      'an unknown argument',
      'steps:\n  - create: { tabel: account }\n',
      /^f:2:5: "create" has no argument "tabel"/,
    ],
    [
      'two verbs in a step',
      'steps:\n  - { open: phone, close: phone }\n',
      /^f:2:5: A step has exactly one verb/,
    ],
    ['an unknown member', 'step: []\n', /Unknown member "step"/],
    ['a bad policy', 'conflicts: maybe\nsteps: []\n', /^f:1:12: "conflicts" is off, on or merge/],
    ['no mapping', '- open: phone\n', /A scenario is a mapping/],
  ])('%s', (_, text, message) => {
    expect(() => parseScenario(text, 'f')).toThrow(message);
  });
});

test('help lists every command and option', async () => {
  expect(helpText('device')).toContain('outpost run SCENARIO');
  expect(parseArguments(['run', '--help'])).toMatchObject({
    command: 'run',
    values: { help: true },
  });
  expect(await outpost('--help')).toMatchObject({ code: 0, stdout: helpText('device') });
});
