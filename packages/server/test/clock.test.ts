import { randomUUID } from 'node:crypto';
import { defineApp, withSystemTables } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterEach, describe, expect, test } from 'vitest';
import { ChangeLog } from '../src/feed/change-log.ts';
import type { ServerStore } from '../src/index.ts';
import { sqliteStore } from '../src/node/index.ts';
import { postgresEngine } from '../src/postgres/postgres-engine.ts';
import { postgresStore } from '../src/postgres/postgres-store.ts';
import type { ChangeClock } from '../src/store/change-clock.ts';
import { createSchema } from '../src/store/physical-schema.ts';
import { dropSchemas, newSchema, postgresAddress } from './stores.ts';

/** Transactions of each writer. */
const transactions = lengthOf('OUTPOST_TRANSACTIONS', { short: 20, long: 200 });
const writers = 16;
const seed = Number(process.env['OUTPOST_SEED'] ?? 1);
const model = withSystemTables(defineApp({ name: 'T', uniqueName: 't', tables: [] }));

const open: ServerStore[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await dropSchemas();
});

interface Outcome {
  readonly committed: ReadonlySet<string>;
  readonly rolledBack: ReadonlySet<string>;
  /** How often each row came. */
  readonly seen: ReadonlyMap<string, number>;
}

class RolledBack extends Error {}

/** Writers that hold their transactions for a while, some of which roll back, and a reader that polls all the time. */
async function race(
  writing: readonly ServerStore[],
  reading: ServerStore,
  untilEnd = true,
): Promise<Outcome> {
  await reading.write((tx) => createSchema(tx, model, []));
  const committed = new Set<string>();
  const rolledBack = new Set<string>();
  const seen = new Map<string, number>();
  let running = writing.length;
  const write = async (store: ServerStore, n: number) => {
    const random = seededRandom(seed * 1000 + n);
    for (let one = 0; one < transactions; one++) {
      const ids = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => randomUUID());
      const fails = random.next() < 0.1;
      const hold = random.next() * 0.02;
      const inside = random.next() < 0.3;
      try {
        await store.write(async (tx) => {
          const log = new ChangeLog(tx, 0);
          const add = (id: string) => log.add({ table: 't', id, owner: null, businessUnit: null });
          // Numbers are taken first and in savepoints, as well as at the end.
          if (inside) {
            await tx
              .savepoint(async () => {
                await add('undone');
                throw new RolledBack();
              })
              .catch((error: unknown) => {
                if (!(error instanceof RolledBack)) throw error;
              });
          }
          for (const id of ids) await add(id);
          if (store.engine.dialect.name === 'postgresql') {
            await tx.all('SELECT pg_sleep(?)', [hold]);
          } else for (let i = 0; i < hold * 500; i++) await new Promise(setImmediate);
          if (fails) throw new RolledBack();
        });
        for (const id of ids) committed.add(id);
      } catch (error) {
        if (!(error instanceof RolledBack)) throw error;
        for (const id of ids) rolledBack.add(id);
      }
    }
    running -= 1;
    if (running > 0) return;
    committed.add('end');
    await store.write((tx) =>
      new ChangeLog(tx, 0).add({ table: 't', id: 'end', owner: null, businessUnit: null }),
    );
  };
  const read = async () => {
    let from = 0;
    // Transactions of others in the same database server hold the feed back: it is read until its end has come.
    for (let last = false; untilEnd ? !seen.has('end') : !last; ) {
      last = running === 0;
      await reading.engine.clock.advance?.(reading);
      from = await reading.read(async (tx) => {
        const top = await tx.engine.clock.watermark(tx);
        expect(top).toBeGreaterThanOrEqual(from);
        const rows = await tx.all('SELECT pk FROM "$log" WHERE position > ? AND position <= ?', [
          from,
          top,
        ]);
        for (const [id] of rows) seen.set(String(id), (seen.get(String(id)) ?? 0) + 1);
        return top;
      });
    }
  };
  await Promise.all([...writing.map(write), read()]);
  return { committed, rolledBack, seen };
}

function openWith(schema: string, clock: 'xid8' | 'sequencer'): ServerStore {
  const random = seededRandom(seed);
  const store = postgresStore(postgresAddress ?? '', { schema, connections: 9, clock, random });
  open.push(store);
  return store;
}

function expectNothingLost({ committed, rolledBack, seen }: Outcome) {
  expect(committed.size).toBeGreaterThan(20);
  expect(rolledBack.size).toBeGreaterThan(0);
  expect([...committed].filter((id) => !seen.has(id))).toEqual([]);
  expect([...seen].filter(([, times]) => times !== 1)).toEqual([]);
  expect([...seen.keys()].filter((id) => !committed.has(id))).toEqual([]);
}

describe('a reader of the feed misses no commit and sees none twice, whoever writes', () => {
  test('counter, node:sqlite', async () => {
    const store = sqliteStore(null);
    open.push(store);
    const outcome = await race(
      Array.from({ length: writers }, () => store),
      store,
    );
    expectNothingLost(outcome);
  });

  test.skipIf(postgresAddress === undefined).each(['xid8', 'sequencer'] as const)(
    '%s, PostgreSQL, as from three processes',
    async (clock) => {
      const schema = newSchema();
      const [first, second, reader] = [
        openWith(schema, clock),
        openWith(schema, clock),
        openWith(schema, clock),
      ];
      const stores = Array.from({ length: writers }, (_, n) => (n % 2 === 0 ? first : second));
      expectNothingLost(await race(stores, reader));
    },
  );

  test.skipIf(postgresAddress === undefined)(
    'numbers of a sequence would not do: with them, commits are lost',
    async () => {
      const bare: ChangeClock = {
        kind: 'sequencer',
        position: async (tx) => Number((await tx.all(`SELECT nextval('"$ticket"')`))[0]?.[0]),
        watermark: async (tx) => Number((await tx.all('SELECT last_value FROM "$ticket"'))[0]?.[0]),
      };
      const schema = newSchema();
      const openBare = (): ServerStore => {
        const inner = openWith(schema, 'xid8');
        const engine = postgresEngine(bare);
        return {
          engine,
          read: (fn) => inner.read((tx) => fn({ ...tx, engine })),
          write: (fn) => inner.write((tx) => fn({ ...tx, engine })),
          close: () => inner.close(),
        };
      };
      const [first, second, reader] = [openBare(), openBare(), openBare()];
      const writing = Array.from({ length: writers }, (_, n) => (n % 2 === 0 ? first : second));
      // Which transaction overtakes which is up to the database: one of these races shows it.
      let lost = 0;
      for (let tries = 0; lost === 0 && tries < 50; tries++) {
        const { committed, seen } = await race(writing, reader, false);
        lost = [...committed].filter((id) => !seen.has(id)).length;
      }
      expect(lost).toBeGreaterThan(0);
    },
  );
});
