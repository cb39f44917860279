import { expect, test } from 'vitest';
import { generateRun, runWorld, sampleWorld } from '../src/index.ts';
import { saboteurs } from './saboteurs.ts';

/** Each planted fault must be found within so many seeds. */
const within = Number(process.env['OUTPOST_SABOTEUR_SEEDS'] ?? 60);
const app = sampleWorld();

test.each(saboteurs)('found: $what', async ({ plant, what }) => {
  for (let seed = 1; seed <= within; seed++) {
    const { spec, decisions } = generateRun(app, seed);
    const { violation } = await runWorld(app, spec, decisions, { sabotage: plant() });
    if (violation === null) continue;
    if (process.env['OUTPOST_TABLE'] !== undefined) {
      process.stderr.write(
        `| ${what} | ${violation.invariant} | ${seed} | ${violation.message.split('\n')[0]?.slice(0, 120)}\n`,
      );
    }
    return;
  }
  expect.fail(`not found within ${within} seeds`);
});
