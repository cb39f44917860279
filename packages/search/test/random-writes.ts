import type { Random } from '@outpost/model';
import { Generator, id, type World } from './world.ts';

const columns = ['contactid', 'fullname', 'city', 'telephone1', 'statecode'];

class Undone extends Error {}

/** Random commits on two tables: single rows, many rows, rollbacks, loads, rows changed with SQL, rebuilds. */
export class RandomWrites {
  readonly #make: Generator;
  /** Commits that were tried. */
  writes = 0;
  rollbacks = 0;

  constructor(random: Random) {
    this.#make = new Generator(random);
  }

  /** One step; the world may be another one at the next. */
  step(world: World): void {
    const make = this.#make;
    this.writes += 1;
    switch (make.int(40)) {
      case 0:
        return world.clock.advance({ ms: 1 });
      case 1:
        return this.#load(world);
      case 2:
        if (make.int(6) === 0) void world.index.rebuild(make.pick(['contact', 'account']));
        return;
      default:
        return this.#commit(world);
    }
  }

  /** Changes rows with SQL, as nobody should. */
  bypass({ store }: World): void {
    store.driver.exec(
      `UPDATE contact SET city = 'Behind', "city$f" = 'behind' WHERE _rid = ${1 + this.#make.int(40)}`,
    );
  }

  #commit(world: World): void {
    const make = this.#make;
    const undone = make.int(6) === 0;
    const work = () =>
      world.store.write({ origin: make.pick(['local', 'sync']), durability: 'normal' }, (tx) => {
        for (let i = make.pick([1, 1, 1, 2, 5]); i > 0; i--) {
          const table = make.pick(['contact', 'contact', 'account'] as const);
          const row = id(table === 'contact' ? 'c' : 'a', make.int(60));
          const values = table === 'contact' ? make.contact() : make.accountRow();
          const kind = make.int(10);
          if (kind < 3) tx.delete(table, row);
          else if (kind < 5) {
            // Again under another number.
            tx.delete(table, row);
            world.put(tx, table, row, values);
          } else if (kind === 5) {
            try {
              tx.nested(() => {
                world.put(tx, table, row, values);
                throw new Undone();
              });
            } catch (error) {
              if (!(error instanceof Undone)) throw error;
            }
          } else if (kind < 8) {
            const [name] = make.pick(Object.entries(values));
            world.put(tx, table, row, { [name]: values[name] ?? null });
          } else world.put(tx, table, row, values);
        }
        if (undone) throw new Undone();
      });
    try {
      work();
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      this.rollbacks += 1;
    }
  }

  /** A page of a load, its begin, or its end. */
  #load(world: World): void {
    const { store } = world;
    const make = this.#make;
    if (!store.isLoading('contact')) return store.startLoad('contact', 100);
    if (make.int(3) === 0) return store.finishLoad('contact');
    store.write({ origin: 'sync' }, (tx) => {
      const from = make.int(60);
      const rows = Array.from({ length: 1 + make.int(8) }, (_, i) => [
        id('c', from + i),
        make.name(),
        make.maybe(() => make.name()),
        make.maybe(() => '+41 44 668 18 00'),
        0,
      ]);
      tx.load('contact', columns, rows);
      if (make.int(3) === 0) tx.delete('contact', id('c', make.int(60)));
    });
  }
}
