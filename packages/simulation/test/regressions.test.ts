import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fieldWorld, readReplay, runWorld, sampleWorld } from '../src/index.ts';

const folder = new URL('regressions/', import.meta.url);
const [app, field] = [sampleWorld(), fieldWorld()];

/** Every failure that was found and mended; each file says what it broke. */
test.each(readdirSync(folder).sort())('%s holds', async (name) => {
  const file = readReplay(readFileSync(new URL(name, folder), 'utf8'));
  const { spec, decisions, violation } = file;
  expect(violation).toEqual({
    invariant: expect.stringMatching(/^W-\d+$/),
    message: expect.stringMatching(/\S/),
  });
  const world = file.app === field.name ? field : app;
  expect((await runWorld(world, spec, decisions)).violation).toBeNull();
});

test('wherever the power is lost while a table leaves and comes back, its rows are there at rest', async () => {
  const name = '0005-power-is-lost-while-a-table-leaves.json';
  const { spec, decisions } = readReplay(readFileSync(new URL(name, folder), 'utf8'));
  for (let step = 0; step < 8; step++) {
    // How much of what was written since the last sync survives: near its end, where the table is dropped.
    const back = 0.85 + (step * 0.14) / 8;
    const moved = decisions.map((one) => (one.do === 'powerLoss' ? { ...one, back } : one));
    expect((await runWorld(app, spec, moved)).violation, `back ${back}`).toBeNull();
  }
});
