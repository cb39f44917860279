import { expect, test } from 'vitest';
import { type GeneratedRun, generateRun, runWorld, sampleWorld } from '../src/index.ts';
import { saboteurs } from './saboteurs.ts';

/**
 * A fault is looked for in the short run that is known to find it; where the product has changed since and it does not,
 * in runs from seed 1 on. `OUTPOST_ALL_SEEDS=1` tells the first of those for each.
 */
const within = 60;
const all = process.env['OUTPOST_ALL_SEEDS'] !== undefined;
const app = sampleWorld();

test('there are enough of them, each of its own', () => {
  expect(new Set(saboteurs.map((one) => one.what)).size).toBe(saboteurs.length);
  expect(saboteurs.length).toBeGreaterThanOrEqual(25);
});

test.each(saboteurs)('found: $what', async (saboteur) => {
  const { plant, what, where, directed, seed: known, steps, devices } = saboteur;
  const violationOf = async ({ spec, decisions }: GeneratedRun) =>
    (await runWorld(app, spec, decisions, { sabotage: plant() })).violation;
  if (directed !== undefined) {
    expect((await runWorld(app, directed.spec, directed.decisions)).violation).toBeNull();
    expect(await violationOf(directed)).not.toBeNull();
    return;
  }
  const short = {
    ...(steps === undefined ? {} : { steps }),
    ...(devices === undefined ? {} : { devices }),
  };
  if (!all && (await violationOf(generateRun(app, known, short))) !== null) return;
  for (let seed = 1; seed <= within; seed++) {
    const violation = await violationOf(generateRun(app, seed));
    if (violation === null) continue;
    process.stderr.write(`| ${what} | ${where} | ${violation.invariant} | ${seed} |\n`);
    return;
  }
  expect.fail(`not found within ${within} seeds`);
});
