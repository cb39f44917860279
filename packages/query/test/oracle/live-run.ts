import { isDeepStrictEqual } from 'node:util';
import { type ColumnValue, valuesToCells } from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { fileStorage, memoryStorage } from '@outpost/store/node';
import { expect } from 'vitest';
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
} from '../../src/index.ts';
import { Dice } from './dice.ts';
import {
  type FilterSpec,
  makeSpec,
  type NodeSpec,
  type Spec,
  targets,
  toFetchXml,
} from './spec.ts';
import { id, index, instants, makeWorld, model, type Row, texts, type World } from './world.ts';

const tables = ['person', 'place', 'visit'] as const;
const numbers = { person: 1, place: 2, visit: 3 } as const;
const context: QueryContext = {
  now: Date.parse('2026-03-08T18:30:15.250Z'),
  timeZone: 'America/New_York',
  userId: id(1, 1),
  businessUnitId: null,
  teamIds: [id(1, 2), id(2, 1)],
};

export interface LiveRun {
  readonly driver: 'sqljs' | 'node:sqlite';
  /** Where files go. */
  readonly folder: string;
  readonly seed: number;
  readonly commits: number;
  /** A fault that the run must find: done once to the store, before anything is written. */
  readonly plant?: (store: DeviceStore) => void;
}

/** What a run met, so that nobody takes a run that meets nothing for one that finds nothing. */
export interface LiveTally {
  readonly classes: Readonly<Record<'A' | 'B' | 'C', number>>;
  /** Views that told of a commit, and those that had nothing to tell. */
  readonly told: number;
  readonly silent: number;
  readonly rolledBack: number;
}

interface Watching {
  readonly xml: string;
  readonly query: FetchQuery;
  readonly view: LiveView;
  readonly limit: number;
  /** What a list that only follows patches shows. */
  rows: readonly QueryRow[];
  /** The newest snapshot, and all since the last commit. */
  last: ViewSnapshot | null;
  told: ViewSnapshot[];
}

/** Random commits under eight random views; throws what is wrong after any of them. */
export async function runLive({
  driver,
  folder,
  seed,
  commits,
  plant,
}: LiveRun): Promise<LiveTally> {
  const dice = new Dice(seed);
  const storage =
    driver === 'sqljs' ? memoryStorage() : fileStorage(folder, `live${seed}`, { driver });
  const faults: unknown[] = [];
  const store = await openStore({
    storage,
    foldedSlots,
    tripwire: 'assert',
    freeze: true,
    onFault: (error) => faults.push(error),
  });
  try {
    store.applySchema(model, [...tables]);
    plant?.(store);
    const engine = createQueryEngine({
      store,
      model: index,
      offlineTables: new Set(tables),
      context: () => context,
    });
    fill(store, makeWorld(dice));
    const watching = Array.from({ length: 8 }, () => watch(engine, dice));
    const subscriptions = watching.map((one) =>
      one.view.snapshot.subscribe((snapshot) => {
        one.rows = applyPatch(one.rows, snapshot.patch, snapshot.rows);
        one.last = snapshot;
        one.told.push(snapshot);
      }),
    );
    const classes = { A: 0, B: 0, C: 0 };
    for (const { view } of watching) classes[classOf(view)] += 1;
    const tally = { told: 0, silent: 0, rolledBack: 0 };
    for (let commit = 0; commit < commits; commit++) {
      const before = watching.map((one) => {
        one.told = [];
        return shown(one);
      });
      const last = store.commit;
      const about = `seed ${seed}, commit ${commit}`;
      const isCommitted = change(dice, store);
      if (!isCommitted) tally.rolledBack += 1;
      expect(store.commit, about).toBeLessThanOrEqual(isCommitted ? last + 1 : last);
      expect(faults, about).toEqual([]);
      for (const [i, one] of watching.entries()) {
        checkTold(one, before[i], store.commit, about);
        checkShown(engine, one, about);
        tally[one.told.length > 0 ? 'told' : 'silent'] += 1;
      }
    }
    for (const subscription of subscriptions) subscription.unsubscribe();
    return { classes, ...tally };
  } finally {
    await store.close();
  }
}

/** Nobody is told twice of one commit, or of nothing. */
function checkTold(one: Watching, before: unknown, commit: number, about: string): void {
  const message = `${about}\n${one.xml}\n${JSON.stringify(one.view.explain())}`;
  expect(one.told.length, `${message}\ntold more than once`).toBeLessThanOrEqual(1);
  if (one.told.length === 0) return;
  expect(one.last?.commit, message).toBe(commit);
  const isNews = !isDeepStrictEqual(shown(one), before);
  expect(isNews, `${message}\ntold, and nothing that is shown has changed`).toBe(true);
}

/** All of a view that a person can see. */
function shown({ last }: Watching): unknown {
  if (last === null) throw new Error('A view gave no first snapshot.');
  const { rows, offset, total, status, errors } = last;
  return { rows, offset, total, status, errors };
}

/** A view says what a fresh query says, and so does a list that only follows its patches. */
function checkShown(engine: QueryEngine, one: Watching, about: string): void {
  const snapshot = one.view.current;
  if (snapshot === null) throw new Error('A view that is watched has no snapshot.');
  const message = `${about}\n${one.xml}\n${JSON.stringify(one.view.explain())}`;
  expect(snapshot.status, message).toBe('live');
  const fresh = engine.run({ query: one.query }, { limit: one.limit, offset: snapshot.offset });
  if (fresh.kind === 'invalid') throw fresh.errors[0];
  const plain = (rows: readonly QueryRow[]) => rows.map(({ id: rowId, values }) => [rowId, values]);
  expect(snapshot.total, message).toBe(fresh.value.total);
  expect(plain(snapshot.rows), message).toEqual(plain(fresh.value.rows));
  expect(one.rows, message).toEqual(snapshot.rows);
  expect(one.last, message).toEqual({ ...snapshot, patch: one.last?.patch });
}

function classOf(view: LiveView): 'A' | 'B' | 'C' {
  const explanation = view.explain();
  if (explanation === null) throw new Error('A view that is watched cannot be explained.');
  return explanation.class;
}

function fill(store: DeviceStore, world: World): void {
  store.write({ origin: 'sync', durability: 'normal' }, (tx) => {
    for (const table of tables) {
      for (const row of world[table] ?? []) {
        const { [`${table}id`]: rowId, ...values } = row;
        tx.insert(table, String(rowId), cells(table, values));
      }
    }
  });
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

class RolledBack extends Error {}

/** A few random changes in one commit; now and then one that is rolled back: false. Any other error is a finding. */
function change(dice: Dice, store: DeviceStore): boolean {
  try {
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
      if (dice.chance(0.1)) throw new RolledBack();
    });
    return true;
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    return false;
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
  return { xml, query: parsed.value, view, limit, rows: [], last: null, told: [] };
}
