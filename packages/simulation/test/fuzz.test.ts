import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { fieldWorld, generateRun, runWorld, sampleWorld } from '../src/index.ts';

const from = Number(process.env['OUTPOST_SEED'] ?? 1);
const seeds = lengthOf('OUTPOST_ROUNDS', { short: 10, long: 120 });
/** Short runs, many of them; `fuzz` of the command line has longer ones. */
const steps = Number(process.env['OUTPOST_STEPS'] ?? 20);
const [plain, field] = [sampleWorld(), fieldWorld()];

test(`${seeds} seeds from ${from}: nothing that must hold is broken`, async () => {
  let edits = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const app = seed % 2 === 0 ? field : plain;
    const { spec, decisions } = generateRun(app, seed, { steps, devices: seed % 3 === 0 ? 3 : 2 });
    const { violation, edits: own } = await runWorld(app, spec, decisions);
    expect(violation, `seed ${seed}`).toBeNull();
    edits += own;
  }
  expect(edits).toBeGreaterThan(seeds);
});
