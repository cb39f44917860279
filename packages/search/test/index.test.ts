import { foldedSlots } from '@outpost/query';
import { openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { describe, expect, test } from 'vitest';
import { type SearchIndex, searchModule } from '../src/index.ts';
import { attachWorld, id, makeModel, openWorld, type World } from './world.ts';

const columns = ['contactid', 'fullname', 'city', 'statecode'];
const row = (n: number) => [id('c', n), `Person ${n}`, n % 2 === 0 ? 'Oslo' : 'Bern', 0] as const;

function load(world: World, from: number, to: number): void {
  world.store.write({ origin: 'sync' }, (tx) => {
    const rows = Array.from({ length: to - from }, (_, i) => [...row(from + i)]);
    tx.load('contact', columns, rows);
  });
}
const put = (world: World, n: number, fullname: string) =>
  world.store.write({ origin: 'local' }, (tx) =>
    world.put(tx, 'contact', id('c', n), { fullname }),
  );
const total = (world: World, term: string, mode: 'begins' | 'words' = 'words') => {
  const result = world.search.query({ table: 'contact', term, mode });
  return result.kind === 'found' ? result.total : result.reason;
};
const stateOf = (index: SearchIndex) => index.currentStatus.find((one) => one.table === 'contact');
const partial = (world: World) => {
  const result = world.search.query({ table: 'contact', term: 'person', mode: 'words' });
  if (result.kind === 'refused') throw new Error(result.message);
  return result.partial;
};

describe('single rows', () => {
  test('F-9: only terms of changed find columns are written', async () => {
    const world = await openWorld();
    put(world, 1, 'Ana Lima');
    const before = world.index.touched;
    world.store.write({ origin: 'local' }, (tx) =>
      world.put(tx, 'contact', id('c', 1), { nickname: 'Nana', fullname: 'Ana Lima' }),
    );
    expect(world.index.touched - before).toBe(0);
    // One word goes, another comes; the one that stays keeps its place.
    put(world, 1, 'Ana Berg');
    expect(world.index.touched - before).toBe(2);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('a rollback leaves nothing behind', async () => {
    const world = await openWorld();
    put(world, 1, 'Ana');
    expect(() =>
      world.store.write({ origin: 'local' }, (tx) => {
        world.put(tx, 'contact', id('c', 1), { fullname: 'Nobody' });
        throw new Error('undone');
      }),
    ).toThrow('undone');
    const leave = world.store.participate({
      name: 'fails',
      phase: 'index',
      beforeCommit: () => {
        throw new Error('late');
      },
    });
    expect(() => put(world, 1, 'Nobody')).toThrow('late');
    leave();
    expect([total(world, 'ana'), total(world, 'nobody')]).toEqual([1, 0]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('the number of a deleted row is used again, in the same transaction, too', async () => {
    const world = await openWorld();
    put(world, 1, 'Ana');
    world.store.write({ origin: 'local' }, (tx) => {
      tx.delete('contact', id('c', 1));
      world.put(tx, 'contact', id('c', 2), { fullname: 'Bert' });
    });
    expect([total(world, 'ana'), total(world, 'bert')]).toEqual([0, 1]);
    world.store.write({ origin: 'local' }, (tx) => {
      world.put(tx, 'contact', id('c', 3), { fullname: 'Cora' });
      tx.delete('contact', id('c', 2));
      world.put(tx, 'contact', id('c', 2), { fullname: 'Bert' });
    });
    expect([total(world, 'bert'), total(world, 'cora')]).toEqual([1, 1]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('rows that leave the device leave the index with them', async () => {
    const world = await openWorld();
    put(world, 1, 'Ana');
    world.store.write({ origin: 'sync' }, (tx) => tx.delete('contact', id('c', 1)));
    expect(world.store.all('SELECT count(*) FROM "$sx2"')).toEqual([[0]]);
    expect(total(world, 'ana')).toBe(0);
    await world.store.close();
  });
});

describe('bulk', () => {
  test('rows are taken in slice by slice while they are loaded; results are flagged until then', async () => {
    const world = await openWorld({ sliceRows: 100 });
    world.store.startLoad('contact', 1000);
    load(world, 0, 250);
    world.clock.advance({ ms: 1 });
    expect(stateOf(world.index)).toEqual({
      table: 'contact',
      state: 'building',
      rows: { done: 200, total: 250 },
    });
    // What is not in the index is searched, too.
    expect(total(world, 'person')).toBe(250);
    expect(partial(world)).toBe(true);
    load(world, 250, 300);
    put(world, 5, 'Changed');
    world.store.write({ origin: 'sync' }, (tx) => tx.delete('contact', id('c', 299)));
    expect([total(world, 'person'), total(world, 'changed')]).toEqual([298, 1]);
    world.store.finishLoad('contact');
    world.clock.advance({ ms: 1 });
    expect(stateOf(world.index)).toMatchObject({ state: 'ready', rows: { done: 299, total: 299 } });
    expect(partial(world)).toBe(false);
    expect(total(world, 'person')).toBe(298);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('goes on after the device was closed in the middle', async () => {
    const storage = memoryStorage();
    const first = await openWorld({ storage, sliceRows: 100 });
    first.store.startLoad('contact', 1000);
    load(first, 0, 250);
    first.clock.advance({ ms: 1 });
    await first.store.close();
    const second = await openWorld({ storage, sliceRows: 100 });
    expect(stateOf(second.index)).toMatchObject({ rows: { done: 200, total: 250 } });
    expect(total(second, 'person')).toBe(250);
    second.store.finishLoad('contact');
    second.clock.advance({ ms: 1 });
    expect(stateOf(second.index)).toMatchObject({ state: 'ready' });
    expect(second.index.verify()).toEqual([]);
    await second.store.close();
  });

  test('rows that a load overwrites make the index begin again', async () => {
    const world = await openWorld({ sliceRows: 50 });
    world.store.startLoad('contact', 1000);
    load(world, 0, 100);
    world.clock.advance({ ms: 1 });
    world.store.write({ origin: 'sync' }, (tx) =>
      tx.load('contact', columns, [[id('c', 3), 'Overwritten', 'Rome', 0]]),
    );
    world.store.finishLoad('contact');
    world.clock.advance({ ms: 1 });
    expect([total(world, 'overwritten'), total(world, 'person')]).toEqual([1, 99]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('a word of thousands of rows fills chunks, splits them and empties them', async () => {
    const world = await openWorld({ sliceRows: 85 });
    world.store.startLoad('contact', 3000);
    load(world, 0, 3000);
    world.store.finishLoad('contact');
    world.clock.advance({ ms: 1 });
    const chunks = () =>
      world.store.all(`SELECT count(*), count(DISTINCT c) FROM "$sx2" WHERE t = 'wperson'`);
    expect(chunks()).toEqual([[9, 9]]);
    expect(world.index.verify()).toEqual([]);
    const rename = (from: number, to: number, name: string) =>
      world.store.write({ origin: 'sync' }, (tx) => {
        for (let n = from; n < to; n++) world.put(tx, 'contact', id('c', n), { fullname: name });
      });
    // All others leave the first chunks; then everybody comes back among those who stayed.
    for (let n = 0; n < 1000; n += 2) rename(n, n + 1, 'Nobody');
    expect(total(world, 'person')).toBe(2500);
    rename(0, 1000, 'Person again');
    expect(total(world, 'person')).toBe(3000);
    expect(world.index.verify()).toEqual([]);
    rename(0, 3000, 'Nobody');
    expect(chunks()).toEqual([[0, 0]]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('what a load overwrites is known with its commit, even if nothing comes after it', async () => {
    const storage = memoryStorage();
    const world = await openWorld({ storage, sliceRows: 50 });
    world.store.startLoad('contact', 1000);
    load(world, 0, 100);
    world.clock.advance({ ms: 1 });
    const states = () => world.store.all('SELECT table_name, stale FROM "$sx_state"');
    let seen: unknown = null;
    const stop = world.store.maintain({
      name: 'test',
      apply: () => {
        seen ??= states();
      },
    });
    world.store.write({ origin: 'sync' }, (tx) =>
      tx.load('contact', columns, [[id('c', 3), 'Overwritten', 'Rome', 0]]),
    );
    stop();
    expect(seen).toEqual([
      ['account', 0],
      ['contact', 1],
    ]);
    await world.store.close();
  });

  test('numbers of rows that were deleted meanwhile are free again', async () => {
    const world = await openWorld({ sliceRows: 10 });
    world.store.startLoad('contact', 1000);
    load(world, 0, 30);
    world.clock.advance({ ms: 1 });
    world.store.write({ origin: 'sync' }, (tx) => {
      for (let n = 20; n < 30; n++) tx.delete('contact', id('c', n));
    });
    load(world, 100, 130);
    world.store.finishLoad('contact');
    world.clock.advance({ ms: 1 });
    expect(total(world, 'person')).toBe(50);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });
});

describe('rebuilding', () => {
  const many = async (options: Parameters<typeof openWorld>[0] = {}) => {
    const world = await openWorld({ sliceRows: 20, ...options });
    world.store.write({ origin: 'sync' }, (tx) => {
      for (let n = 0; n < 100; n++) {
        world.put(tx, 'contact', id('c', n), {
          fullname: `Person ${n}`,
          city: 'Oslo',
          nickname: `Nick${n}`,
        });
      }
    });
    return world;
  };

  test('F-7: the old index serves until the new one is done, and both follow commits', async () => {
    const world = await many();
    let done = false;
    const rebuilt = world.index.rebuild('contact').then(() => {
      done = true;
    });
    expect(stateOf(world.index)).toMatchObject({ state: 'rebuilding', rows: { done: 0 } });
    put(world, 200, 'Newcomer');
    put(world, 3, 'Person three');
    expect([total(world, 'newcomer'), total(world, 'three'), total(world, 'person')]).toEqual([
      1, 1, 100,
    ]);
    expect(partial(world)).toBe(false);
    world.clock.advance({ ms: 1 });
    await rebuilt;
    expect(done).toBe(true);
    expect(stateOf(world.index)).toMatchObject({ state: 'ready' });
    expect(world.store.all(`SELECT name FROM sqlite_schema WHERE name LIKE '$sx_'`)).toEqual([
      ['$sx1'],
      ['$sx3'],
    ]);
    expect([total(world, 'newcomer'), total(world, 'person')]).toEqual([1, 100]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('other find columns: that table only, the old columns are found meanwhile', async () => {
    const storage = memoryStorage();
    const world = await many({ storage });
    await world.store.close();
    const model = makeModel(['nickname', 'city', 'fullname']);
    const next = await openWorld({ storage, model, sliceRows: 20 });
    expect(next.index.currentStatus.map((one) => [one.table, one.state])).toEqual([
      ['account', 'ready'],
      ['contact', 'rebuilding'],
    ]);
    expect(total(next, 'oslo')).toBe(50 + 50);
    expect(total(next, 'nick7')).toBe(0);
    expect(partial(next)).toBe(true);
    // Quick find is answered by the query until then.
    expect(total(next, 'nick7', 'begins')).toBe(11);
    next.clock.advance({ ms: 1 });
    expect(total(next, 'nick7')).toBe(11);
    expect(partial(next)).toBe(false);
    expect(next.index.verify()).toEqual([]);
    await next.store.close();
  });

  test('rows changed behind the gateway are noticed, and never shown as what they were', async () => {
    const world = await many();
    world.store.driver.exec(
      `UPDATE contact SET fullname = 'Sneaked in', "fullname$f" = 'sneaked in' WHERE _rid = 5`,
    );
    put(world, 500, 'Somebody');
    expect(stateOf(world.index)).toMatchObject({ state: 'rebuilding' });
    expect(partial(world)).toBe(true);
    expect(total(world, 'sneaked', 'begins')).toBe(1);
    const result = world.search.query({ table: 'contact', term: '4', mode: 'words' });
    if (result.kind === 'refused') throw new Error(result.message);
    // The index still says that row 5 has a word that begins with 4.
    expect(result.hits.map((hit) => hit.row.values['fullname'])).toEqual(
      Array.from({ length: 10 }, (_, n) => `Person ${40 + n}`),
    );
    world.clock.advance({ ms: 1 });
    expect([total(world, 'sneaked'), total(world, 'person'), partial(world)]).toEqual([
      1,
      99,
      false,
    ]);
    expect(world.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('what an opening without the index has changed is noticed', async () => {
    const storage = memoryStorage();
    const world = await many({ storage });
    await world.store.close();
    const without = await openStore({ storage, modules: [searchModule], foldedSlots });
    without.applySchema(makeModel(), ['account', 'contact', 'plain']);
    await without.close();
    // Nothing was changed: nothing is to be done.
    const same = await openWorld({ storage, sliceRows: 20 });
    expect(stateOf(same.index)).toMatchObject({ state: 'ready' });
    await same.store.close();
    const silent = await openStore({ storage, modules: [searchModule], foldedSlots });
    silent.applySchema(makeModel(), ['account', 'contact', 'plain']);
    silent.write({ origin: 'sync' }, (tx) => tx.delete('contact', id('c', 7)));
    await silent.close();
    const next = await openWorld({ storage, sliceRows: 20 });
    expect(stateOf(next.index)).toMatchObject({ state: 'rebuilding' });
    next.clock.advance({ ms: 1 });
    expect(total(next, 'person')).toBe(99);
    expect(next.index.verify()).toEqual([]);
    await next.store.close();
  });

  test('an index that was taken away and comes back has missed nothing, or builds anew', async () => {
    const world = await many();
    world.index.close();
    const again = attachWorld(world.store, makeModel(), { sliceRows: 20 });
    expect(stateOf(again.index)).toMatchObject({ state: 'ready' });
    again.index.close();
    put(world, 900, 'Unseen');
    const third = attachWorld(world.store, makeModel(), { sliceRows: 20 });
    expect(stateOf(third.index)).toMatchObject({ state: 'rebuilding' });
    third.clock.advance({ ms: 1 });
    expect(total(third, 'unseen')).toBe(1);
    expect(third.index.verify()).toEqual([]);
    await world.store.close();
  });

  test('commits after the index was taken away count, in later openings, too', async () => {
    const storage = memoryStorage();
    const world = await many({ storage });
    world.index.close();
    put(world, 900, 'Unseen');
    await world.store.close();
    const next = await openWorld({ storage, sliceRows: 20 });
    expect(stateOf(next.index)).toMatchObject({ state: 'rebuilding' });
    next.clock.advance({ ms: 1 });
    expect(total(next, 'unseen')).toBe(1);
    await next.store.close();
  });

  test('a snapshot brings its index with it', async () => {
    const world = await many();
    const snapshot = world.store.snapshot();
    put(world, 1, 'After the snapshot');
    world.store.restore(snapshot);
    world.clock.advance({ ms: 1 });
    expect([total(world, 'after'), total(world, 'person')]).toEqual([0, 100]);
    expect(world.index.verify()).toEqual([]);
    put(world, 1, 'After the restore');
    expect(total(world, 'after')).toBe(1);
    await world.store.close();
  });

  test('verify tells what is wrong', async () => {
    const world = await many();
    world.store.driver.exec(`DELETE FROM "$sx2" WHERE t = 'wnick7' OR t = 'w7'`);
    const differences = world.index.verify('contact');
    expect(differences).toEqual([{ table: 'contact', rid: 8, term: 'w7', problem: 'missing' }]);
    await world.store.close();
  });
});
