import { expect, test } from 'vitest';
import { generateRun, runWorld, sampleWorld } from '../src/index.ts';
import { saboteurs } from './saboteurs.ts';

/** How many seeds a fault may take to be found, from 1 (`OUTPOST_ALL_SEEDS=1`) or from the one that is known to find it. */
const within = 60;
const all = process.env['OUTPOST_ALL_SEEDS'] !== undefined;
const app = sampleWorld();

test('there are enough of them, each of its own', () => {
  expect(new Set(saboteurs.map((one) => one.what)).size).toBe(saboteurs.length);
  expect(saboteurs.length).toBeGreaterThanOrEqual(25);
});

test.each(saboteurs)('found: $what', async ({ plant, what, seed: known, where, directed }) => {
  if (directed !== undefined) {
    const { spec, decisions } = directed;
    expect((await runWorld(app, spec, decisions)).violation).toBeNull();
    const { violation } = await runWorld(app, spec, decisions, { sabotage: plant() });
    expect(violation).not.toBeNull();
    return;
  }
  for (let seed = all ? 1 : known; seed <= within; seed++) {
    const { spec, decisions } = generateRun(app, seed);
    const { violation } = await runWorld(app, spec, decisions, { sabotage: plant() });
    if (violation === null) continue;
    if (all) process.stderr.write(`| ${what} | ${where} | ${violation.invariant} | ${seed} |\n`);
    return;
  }
  expect.fail(`not found within ${within} seeds`);
});
