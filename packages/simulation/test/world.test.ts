import { lengthOf } from '@outpost/vitest/length';
import { describe, expect, test } from 'vitest';
import {
  faultKinds,
  fuzz,
  generateRun,
  ReplayError,
  readReplay,
  runWorld,
  sampleWorld,
  writeReplay,
} from '../src/index.ts';
import { saboteurs } from './saboteurs.ts';

const app = sampleWorld();
/** Worlds that are run twice. */
const repeated = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 8 });

test('W-1: equal worlds and decisions give equal runs, event for event', async () => {
  for (let seed = 3; seed < 3 + repeated; seed++) {
    const { spec, decisions } = generateRun(app, seed, { steps: 25 });
    const first = await runWorld(app, spec, decisions);
    const second = await runWorld(app, spec, decisions);
    expect(second.trace).toEqual(first.trace);
    expect(second.hash).toBe(first.hash);
    expect(first.trace.length).toBeGreaterThan(100);
  }
});

test('other seeds give other runs; without faults nothing of them happens', async () => {
  const runs = [1, 2, 3, 4, 5].map((seed) => JSON.stringify(generateRun(app, seed)));
  expect(new Set(runs).size).toBe(5);
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const { spec, decisions } = generateRun(app, seed, { faults: [], steps: 100 });
    expect(spec.network.lost).toBe(0);
    for (const one of decisions) kinds.add(one.do);
  }
  for (const kind of ['powerLoss', 'restore', 'refuse', 'role', 'newFeed']) {
    expect(kinds).not.toContain(kind);
  }
  expect(kinds).toContain('update');
  expect(faultKinds).toHaveLength(7);
});

test('a failure is made small, and its file gives the same failure again', async () => {
  const fault = saboteurs.find((one) => one.what === 'rows that leave are not named');
  const found = await fuzz(app, { seeds: 30, steps: 10, shrinkRuns: 8, sabotage: fault?.plant });
  if (found.failure === null) throw new Error('The fault was not found.');
  const { small, smallReport, found: large } = found.failure;
  expect(small.decisions.length).toBeLessThan(large.decisions.length / 2);
  const file = readReplay(writeReplay(app.name, small, smallReport.violation));
  const again = await runWorld(app, file.spec, file.decisions, { sabotage: fault?.plant() ?? {} });
  expect(again.violation).toEqual(file.violation);
  // Without the fault, nothing is wrong with it.
  expect((await runWorld(app, file.spec, file.decisions)).violation).toBeNull();
});

describe('replay files', () => {
  const { spec, decisions } = generateRun(app, 1);
  const text = writeReplay('sample', { spec, decisions }, null);

  test('say the same after writing and reading', () => {
    expect(readReplay(text)).toEqual({
      version: 1,
      app: 'sample',
      spec,
      decisions,
      violation: null,
    });
  });

  test.each([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ['another version', text.replace('"version":1', '"version":2')],
    ['no world', text.replace('"spec"', '"other"')],
    ['too many devices', text.replace(/"devices":\d+/, '"devices":1000')],
    ['no decisions', text.replace('"decisions"', '"other"')],
    ['a decision that is none', text.replace(/"do":"\w+"/, '"do":5')],
    ['more than there is room for', 'x'.repeat(5_000_000)],
  ])('%s is refused with cause and fix', (_, broken) => {
    expect(() => readReplay(broken)).toThrow(ReplayError);
  });
});
