import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readReplay, runWorld, sampleWorld } from '../src/index.ts';

const folder = new URL('regressions/', import.meta.url);
const app = sampleWorld();

/** Every failure that was found and mended; each file says what it broke. */
test.each(readdirSync(folder).sort())('%s holds', async (name) => {
  const { spec, decisions, violation } = readReplay(readFileSync(new URL(name, folder), 'utf8'));
  expect(violation?.message).toBeTruthy();
  expect((await runWorld(app, spec, decisions)).violation).toBeNull();
});
