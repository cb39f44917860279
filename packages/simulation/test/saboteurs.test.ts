import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fieldWorld, type GeneratedRun, generateRun, runWorld, sampleWorld } from '../src/index.ts';
import { saboteurs } from './saboteurs.ts';

/**
 * A fault is looked for in the short run that is known to find it; where the product has changed since and it does not,
 * in runs from seed 1 on. `OUTPOST_ALL_SEEDS=1` tells the first of those for each.
 */
const within = 60;
const all = process.env['OUTPOST_ALL_SEEDS'] !== undefined;
const worlds = { plain: sampleWorld(), field: fieldWorld() };

test('there are enough of them, each of its own', () => {
  expect(new Set(saboteurs.map((one) => one.what)).size).toBe(saboteurs.length);
  expect(saboteurs.length).toBeGreaterThanOrEqual(25);
});

/** The table of planted faults in the README, one row each, its cells without blanks around them. */
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the README lists them, in their order', () => {
  const places = new Set<string>(saboteurs.map((one) => one.where));
  expect(
    readme.filter(([, , where]) => places.has(where ?? '')).map(([, what, where]) => [what, where]),
  ).toEqual(saboteurs.map((one) => [one.what, one.where]));
});

/** Runs made for faults that hold without them. */
const sound = new Set<GeneratedRun>();

type Found = readonly [invariant: string, seed: number | 'made for it'];

test.each(saboteurs)('found: $what', async (saboteur) => {
  const { plant, what, where, directed, seed: known, steps, devices } = saboteur;
  const app = saboteur.field === true ? worlds.field : worlds.plain;
  const look = async ({ spec, decisions }: GeneratedRun, seed: Found[1]): Promise<Found | null> => {
    const { violation } = await runWorld(app, spec, decisions, { sabotage: plant() });
    return violation === null ? null : [violation.invariant, seed];
  };
  const lookAround = async (): Promise<Found | null> => {
    for (let seed = 1; seed <= within; seed++) {
      const found = await look(generateRun(app, seed), seed);
      if (found === null) continue;
      process.stderr.write(`| ${[what, where, ...found].join(' | ')} |\n`);
      return found;
    }
    return null;
  };
  if (directed !== undefined && !sound.has(directed)) {
    const { violation } = await runWorld(app, directed.spec, directed.decisions);
    if (violation !== null) throw new Error('It fails without the fault too.');
    sound.add(directed);
  }
  const short = {
    ...(steps === undefined ? {} : { steps }),
    ...(devices === undefined ? {} : { devices }),
  };
  const found =
    directed !== undefined
      ? await look(directed, 'made for it')
      : ((all ? null : await look(generateRun(app, known, short), known)) ?? (await lookAround()));
  if (found === null) expect.fail(`not found within ${within} seeds`);
  // The README tells which of the runs of the default length is the first to find it.
  const told = readme.find((cells) => cells[1] === what)?.slice(2, 5);
  expect(told).toEqual(all ? [where, ...found.map(String)] : expect.arrayContaining([where]));
});
