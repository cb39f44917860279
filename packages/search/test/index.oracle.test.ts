import { openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { searchModule } from '../src/index.ts';
import { RandomWrites } from './random-writes.ts';
import { attachWorld, makeModel, openWorld, type World } from './world.ts';

/** Thousands of writes. */
const thousands = lengthOf('OUTPOST_ROUNDS', { short: 6, long: 20 });
const first = Number(process.env['OUTPOST_SEED'] ?? 1);

const finds = [
  undefined,
  ['fullname', 'city', 'nickname', 'accountid'],
  ['city', 'telephone1', 'description'],
];

/** Every table's index is there, sound, and what its rows say. */
function check(world: World): void {
  if (world.store.isLoading('contact')) world.store.finishLoad('contact');
  world.clock.advance({ ms: 1 });
  const tables = ['account', 'contact'];
  const status = world.index.currentStatus.map(({ table, state, rows }) => ({
    table,
    state,
    left: rows.total - rows.done,
  }));
  expect(status).toEqual(tables.map((table) => ({ table, state: 'ready', left: 0 })));
  expect(world.index.verify()).toEqual([]);
  for (const table of tables) {
    const serving = world.index.serving(table);
    if (serving === null) throw new Error(`Nothing answers for ${table}.`);
    expect(serving.isStale).toBe(false);
    // F-8: words in memory are at least those of the index.
    const words = [...serving.generation.terms.terms('w')];
    const inMemory = serving.generation.vocabularyOf('w');
    expect(words.length).toBeGreaterThan(0);
    expect(words.filter((word) => !inMemory.containing(word).includes(word))).toEqual([]);
  }
  expect(world.store.verifyFolded()).toEqual([]);
}

test.each(Array.from({ length: thousands }, (_, i) => first + i))(
  'F-1: after 1,000 random writes with rollbacks, loads, SQL, reopening and new find columns the index is right (seed %i)',
  async (seed) => {
    const random = seededRandom(seed * 104_729);
    const writes = new RandomWrites(random);
    const storage = memoryStorage();
    let model = makeModel();
    const options = { storage, sliceRows: 7 };
    let world = await openWorld({ ...options, model });
    for (let n = 1; n <= 1000; n++) {
      writes.step(world);
      const event = Math.floor(random.next() * 400);
      if (event === 0) {
        // The device is closed and opened, maybe with other find columns.
        await world.store.close();
        model = makeModel(finds[Math.floor(random.next() * finds.length)]);
        world = await openWorld({ ...options, model });
      } else if (event === 1) {
        world.index.close();
        if (random.next() < 0.5) writes.step({ ...world, index: world.index });
        world = attachWorld(world.store, model, options);
      } else if (event === 2) writes.bypass(world);
      else if (event === 3) world.store.restore(world.store.snapshot());
      else if (event === 4) {
        await world.store.close();
        const other = await openStore({ storage, modules: [searchModule] });
        if (random.next() < 0.5) {
          other.applySchema(model, ['account', 'contact', 'plain']);
          other.write({ origin: 'sync' }, (tx) =>
            tx.upsert('contact', 'c0000000-0000-4000-8000-000000000001', { fullname: 'Away' }),
          );
        }
        await other.close();
        world = await openWorld({ ...options, model });
      }
      if (n % 250 === 0) check(world);
    }
    expect(writes.rollbacks).toBeGreaterThan(50);
    await world.store.close();
  },
  120_000,
);
