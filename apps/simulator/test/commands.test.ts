import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { helpText, parseArguments } from '../src/arguments.ts';
import { parseScenario } from '../src/scenario/scenario.ts';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('run field-day', () => {
  test.each([7])('seed %i: every expectation holds and the device equals the server', (seed) => {
    const { code, stdout } = outpost('run', 'field-day', '--json', '--seed', String(seed));
    const events = jsonLines(stdout);
    expect(events.filter((one) => one['type'] === 'expect' && one['ok'] !== true)).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      type: 'end',
      ok: true,
      converged: true,
      conflicts: 1,
      syncErrors: 0,
    });
    expect(Number(events.at(-1)?.['rowsDownloaded'])).toBeGreaterThan(1000);
    expect(Number(events.at(-1)?.['editsUploaded'])).toBeGreaterThan(5);
    expect(code).toBe(0);
  });

  test('without a terminal the bare program runs it in plain text', () => {
    const { code, stdout } = outpost();
    expect(stdout).toContain('Scenario field-day');
    expect(stdout).toContain('Everything held.');
    expect(code).toBe(0);
  });

  test('an expectation that does not hold ends with exit code 1 and says wanted and found', () => {
    const path = file(
      'fails.yaml',
      'scenario: fails\nrows: 200\nsteps:\n  - open: phone\n  - expect: { readiness: available }\n',
    );
    const { code, stdout } = outpost('run', path, '--plain');
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
  ])('%s', (_, args, message) => {
    const { code, stderr } = outpost(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('a port that is taken', async () => {
    const { createServer } = await import('node:net');
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => taken.once('listening', done));
    const { port } = taken.address() as { port: number };
    const { code, stderr } = outpost(
      'serve',
      '--port',
      String(port),
      '--rows',
      '50',
      '--dir',
      join(folder, 'serve'),
    );
    taken.close();
    expect(stderr).toContain(`Port ${port} cannot be used`);
    expect(code).toBe(2);
  });

  test('a malformed solution', () => {
    const { code, stderr } = outpost('inspect', file('broken.zip', 'not a zip'));
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

test('help lists every command and option', () => {
  expect(helpText('device')).toContain('outpost run SCENARIO');
  expect(parseArguments(['run', '--help'])).toMatchObject({
    command: 'run',
    values: { help: true },
  });
  expect(outpost('--help')).toMatchObject({ code: 0 });
});

const corpus =
  process.env['OUTPOST_CORPUS'] ??
  fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));
describe.skipIf(!existsSync(corpus))('real solutions', () => {
  test.each([
    ['higher-education', 7310, 24],
    ['education-common', 1296, 77],
  ])('%s syncs all its rows to the device', (name, rows, tables) => {
    const args = [
      '--solution',
      join(corpus, `${name}.solution.zip`),
      '--data',
      join(corpus, `${name}.data.zip`),
    ];
    const { code, stdout } = outpost('run', 'first-sync', '--json', ...args);
    const events = jsonLines(stdout);
    expect(events.at(-1)).toMatchObject({ type: 'end', ok: true, converged: true });
    expect(Number(events.at(-1)?.['rowsDownloaded'])).toBeGreaterThanOrEqual(rows);
    expect(code).toBe(0);
    const inspected = outpost('inspect', args[1] ?? '', '--data', args[3] ?? '', '--json');
    expect(JSON.parse(inspected.stdout)).toMatchObject({ tables, data: { rows } });
  });
});
