import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ColumnValue, valuesToCells } from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, describe, expect, test } from 'vitest';
import {
  applyPatch,
  createQueryEngine,
  type FetchQuery,
  foldedSlots,
  type LiveView,
  parseFetch,
  type QueryContext,
  type QueryEngine,
  type QueryRow,
  type ViewSnapshot,
} from '../src/index.ts';
import { Dice } from './oracle/dice.ts';
import {
  type FilterSpec,
  makeSpec,
  type NodeSpec,
  type Spec,
  targets,
  toFetchXml,
} from './oracle/spec.ts';
import {
  id,
  index,
  instants,
  makeWorld,
  model,
  type Row,
  texts,
  type World,
} from './oracle/world.ts';

/** Worlds, each with 8 views and 25 commits: 500 commits unless more are asked for. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 6, long: 100 });
const first = Number(process.env['OUTPOST_SEED'] ?? 1);
const tables = ['person', 'place', 'visit'] as const;
const numbers = { person: 1, place: 2, visit: 3 } as const;
const context: QueryContext = {
  now: Date.parse('2026-03-08T18:30:15.250Z'),
  timeZone: 'America/New_York',
  userId: id(1, 1),
  businessUnitId: null,
  teamIds: [id(1, 2), id(2, 1)],
};
const folder = mkdtempSync(join(tmpdir(), 'outpost-live-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Watching {
  readonly xml: string;
  readonly query: FetchQuery;
  readonly view: LiveView;
  readonly limit: number;
  rows: readonly QueryRow[];
  last: ViewSnapshot | null;
  emissions: number;
}

function cells(table: (typeof tables)[number], values: Row) {
  const definition = index.table(table);
  if (definition === undefined) throw new Error(table);
  const typed = Object.fromEntries(
    Object.entries(values).map(([column, value]): [string, ColumnValue] => {
      const target = targets[`${table}.${column}`] ?? targets[column];
      const plain = target === undefined || value === null || column === definition.primaryId;
      return [column, plain ? (value as ColumnValue) : { table: target, id: String(value) }];
    }),
  );
  return valuesToCells(definition, typed);
}

/** A few random changes in one commit; now and then one that is rolled back. */
function change(dice: Dice, store: DeviceStore): void {
  const act = () =>
    store.write({ origin: dice.chance(0.5) ? 'local' : 'sync', durability: 'normal' }, (tx) => {
      for (let i = dice.int(1, 4); i > 0; i--) {
        const table = dice.pick(tables);
        const rowId = id(numbers[table], dice.int(1, 14));
        const present = store.get(table, rowId) !== null;
        if (!present) tx.insert(table, rowId, cells(table, randomRow(dice, table)));
        else if (dice.chance(0.2)) tx.delete(table, rowId);
        else tx.update(table, rowId, cells(table, someOf(dice, randomRow(dice, table))));
        // A row may be touched again in the same commit.
        if (dice.chance(0.2)) tx.update('person', rowId, cells('person', { age: dice.int(0, 9) }));
      }
      if (dice.chance(0.1)) throw new RangeError('rolled back');
    });
  try {
    act();
  } catch (error) {
    const expected =
      error instanceof RangeError || (error as { code?: string }).code === 'write.rowExists';
    const known = (error as { code?: unknown }).code;
    if (!expected && typeof known !== 'string') throw error;
  }
}

function randomRow(dice: Dice, table: (typeof tables)[number]): Row {
  const world: World = makeWorld(dice);
  const [row] = world[table] ?? [];
  if (row !== undefined) {
    const { [`${table}id`]: _, ...values } = row;
    return values;
  }
  return {
    note: dice.pick(texts),
    cost: dice.int(0, 99),
    at: dice.pick(instants),
    personid: id(1, dice.int(1, 9)),
    placeid: null,
  };
}

function someOf(dice: Dice, row: Row): Row {
  const entries = Object.entries(row).filter(() => dice.chance(0.35));
  return entries.length > 0
    ? Object.fromEntries(entries)
    : Object.fromEntries(Object.entries(row).slice(0, 1));
}

function isPlain({ root, distinct, aggregate }: Spec): boolean {
  const plainFilter = (filter: FilterSpec | null): boolean =>
    filter === null ||
    filter.items.every((item) => {
      if ('operator' in item)
        return !item.operator.includes('under') && !item.operator.includes('above');
      return 'kind' in item && plainFilter(item);
    });
  const plain = (node: NodeSpec): boolean =>
    plainFilter(node.filter) &&
    node.links.every(
      (link) =>
        link.from === `${link.table}id` && ['inner', 'outer'].includes(link.type) && plain(link),
    );
  return !distinct && !aggregate && plain(root);
}

function watch(engine: QueryEngine, dice: Dice): Watching {
  let made = makeSpec(dice);
  // Most views are plain: one table and the rows it points at.
  for (let tries = 0; dice.chance(0.9) && !isPlain(made) && tries < 300; tries++)
    made = makeSpec(dice);
  const spec = made.distinct || made.aggregate ? { ...made, top: null } : made;
  const xml = toFetchXml(spec);
  const parsed = parseFetch(xml);
  if (parsed.kind === 'invalid') throw parsed.errors[0];
  const limit = dice.int(1, 5);
  const offset = spec.top === null && dice.chance(0.3) ? dice.int(1, 4) : 0;
  const view = engine.live({ query: parsed.value }, { limit, offset });
  return { xml, query: parsed.value, view, limit, rows: [], last: null, emissions: 0 };
}

function check(engine: QueryEngine, one: Watching, about: string): void {
  const snapshot = one.view.current;
  if (snapshot === null) throw new Error('no snapshot');
  expect(snapshot.status, about).toBe('live');
  const fresh = engine.run({ query: one.query }, { limit: one.limit, offset: snapshot.offset });
  if (fresh.kind === 'invalid') throw fresh.errors[0];
  const plain = (rows: readonly QueryRow[]) => rows.map(({ id: rowId, values }) => [rowId, values]);
  const message = `${about}\n${one.xml}\n${JSON.stringify(one.view.explain())}`;
  expect(snapshot.total, message).toBe(fresh.value.total);
  expect(plain(snapshot.rows), message).toEqual(plain(fresh.value.rows));
  expect(one.rows, message).toEqual(snapshot.rows);
  expect(one.last, message).toEqual(snapshot);
}

describe.each(['sqljs', 'node:sqlite'] as const)('on %s', (driver) => {
  test(`${rounds * 25} random commits under random views: every view equals a fresh query after each`, async () => {
    const classes = { A: 0, B: 0, C: 0 };
    for (let seed = first; seed < first + rounds; seed++) {
      const dice = new Dice(seed);
      const storage =
        driver === 'sqljs' ? memoryStorage() : fileStorage(folder, `live${seed}`, { driver });
      const store = await openStore({ storage, foldedSlots, tripwire: 'assert', freeze: true });
      store.applySchema(model, [...tables]);
      const engine = createQueryEngine({
        store,
        model: index,
        offlineTables: new Set(tables),
        context: () => context,
      });
      const world = makeWorld(dice);
      store.write({ origin: 'sync', durability: 'normal' }, (tx) => {
        for (const table of tables) {
          for (const row of world[table] ?? []) {
            const { [`${table}id`]: rowId, ...values } = row;
            tx.insert(table, String(rowId), cells(table, values));
          }
        }
      });
      const watching = Array.from({ length: 8 }, () => watch(engine, dice));
      const subscriptions = watching.map((one) =>
        one.view.snapshot.subscribe((snapshot) => {
          one.rows = applyPatch(one.rows, snapshot.patch, snapshot.rows);
          if (one.last !== null) {
            expect(snapshot.commit).toBeGreaterThanOrEqual(one.last.commit);
            one.emissions += 1;
          }
          one.last = { ...snapshot, patch: one.last === null ? [{ op: 'reset' }] : snapshot.patch };
        }),
      );
      for (const one of watching) classes[one.view.explain()?.class ?? 'C'] += 1;
      for (let commit = 0; commit < 25; commit++) {
        const before = watching.map((one) => [one.emissions, one.rows, one.last?.total] as const);
        change(dice, store);
        for (const [i, one] of watching.entries()) {
          check(engine, one, `seed ${seed}, commit ${commit}`);
          const [emissions = 0, rows, total] = before[i] ?? [];
          const more = one.emissions - emissions;
          expect(more).toBeLessThanOrEqual(1);
          // Nobody is told of nothing.
          const same =
            JSON.stringify(rows) === JSON.stringify(one.rows) && total === one.last?.total;
          if (more === 1) expect([same, one.last?.offset]).not.toEqual([true, undefined]);
        }
      }
      for (const subscription of subscriptions) subscription.unsubscribe();
      await store.close();
    }
    expect(Math.min(classes.A, classes.B, classes.C), JSON.stringify(classes)).toBeGreaterThan(
      rounds / 2,
    );
  }, 600_000);
});
