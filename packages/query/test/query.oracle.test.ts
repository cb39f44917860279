import { type Cell, type ColumnValue, isLookupValue, valuesToCells } from '@outpost/model';
import { type DeviceStore, openStore } from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import {
  type CompileOptions,
  comparatorOf,
  compileQuery,
  createQueryEngine,
  type FetchQuery,
  foldedSlots,
  parseFetch,
  predicateOf,
  type QueryContext,
  type QueryPlan,
  type ReadAll,
  runPlan,
} from '../src/index.ts';
import { Dice } from './oracle/dice.ts';
import { type Environment, evaluate } from './oracle/evaluate.ts';
import { makeSpec, type Spec, targets, toFetchXml } from './oracle/spec.ts';
import { id, index, makeWorld, model, type Row, type World } from './oracle/world.ts';

/** Worlds, each with 20 queries. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 20, long: 400 });
const first = Number(process.env['OUTPOST_SEED'] ?? 1);
const queriesPerWorld = 20;
/** What was compared, and how, so that no comparison is left out unseen. */
const met = {
  exact: 0,
  anyOrder: 0,
  counted: 0,
  predicates: 0,
  pages: 0,
  back: 0,
};
const tables = ['person', 'place', 'visit'];

function moment(dice: Dice): Environment {
  const zone = dice.pick([
    'UTC',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
  ]);
  return {
    now: dice.pick([
      '2026-03-08T18:30:15.250Z',
      '2026-03-08T12:00:00.000Z',
      '2026-01-01T00:30:00.000Z',
      '2026-07-01T03:59:59.999Z',
      '2024-02-29T12:00:00.000Z',
    ]),
    zone,
    fiscalStart: dice.pick(['01-01', '07-01', '10-01']),
    periods: dice.pick([1, 2, 4, 12]),
    userId: id(1, 1),
    teamIds: [id(1, 2), id(2, 1)],
  };
}

const periodNames = { 1: 'annually', 2: 'semiannually', 4: 'quarterly', 12: 'monthly' } as const;

function contextOf(env: Environment): QueryContext {
  return {
    now: Date.parse(env.now),
    timeZone: env.zone,
    userId: env.userId,
    businessUnitId: null,
    teamIds: env.teamIds,
    fiscal: { start: env.fiscalStart, period: periodNames[env.periods as 1 | 2 | 4 | 12] },
  };
}

async function load(world: World, folded: boolean): Promise<DeviceStore> {
  const store = await openStore({
    storage: memoryStorage(),
    foldedSlots: folded ? foldedSlots : () => new Map(),
  });
  store.applySchema(model, tables);
  createQueryEngine({
    store,
    model: index,
    offlineTables: new Set(tables),
    context: () => contextOf(moment(new Dice(1))),
  });
  store.write({ origin: 'sync', durability: 'normal' }, (tx) => {
    for (const table of tables) {
      const definition = index.table(table);
      if (definition === undefined) throw new Error(table);
      for (const row of world[table] ?? []) {
        const values = Object.fromEntries(
          Object.entries(row).map(([column, value]): [string, ColumnValue] => [
            column,
            typed(table, column, value),
          ]),
        );
        tx.insert(table, String(row[`${table}id`]), valuesToCells(definition, values));
      }
    }
  });
  return store;
}

function typed(table: string, column: string, value: Row[string]): ColumnValue {
  const target = targets[`${table}.${column}`] ?? targets[column];
  if (target === undefined || value === null || column === `${table}id`)
    return value as ColumnValue;
  return { table: target, id: String(value) };
}

const plain = (values: Readonly<Record<string, ColumnValue>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, isLookupValue(value) ? value.id : value]),
  );
const normal = (row: Readonly<Record<string, unknown>>) =>
  JSON.stringify(
    Object.entries(row)
      .map(([key, value]) => [
        key,
        typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value,
      ])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
const multiset = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(normal).sort();

function check(
  spec: Spec,
  world: World,
  env: Environment,
  store: DeviceStore,
  folded: boolean,
): void {
  const xml = toFetchXml(spec);
  const parsed = parseFetch(xml);
  if (parsed.kind === 'invalid') throw new Error(`${xml}\n${parsed.errors[0]?.message}`);
  const isFolded = (table: string, slot: string) =>
    folded && store.schema.get(table)?.slotIndex.has(`${slot}$f`) === true;
  const compiled = compileQuery(parsed.value, { model: index, context: contextOf(env), isFolded });
  if (compiled.kind === 'invalid') throw new Error(`${xml}\n${compiled.errors[0]?.message}`);
  const plan = compiled.value;
  const all = (sql: string, params: readonly Cell[]) =>
    store.all(sql, params) as readonly (readonly Cell[])[];
  const page = runPlan(parsed.value, plan, all);
  const selected = new Set(spec.root.columns.map((one) => one.column));
  const actual = page.rows.map((row) => {
    const shown = plain(row.values);
    const key = `${spec.root.table}id`;
    if (!selected.has(key) && !spec.aggregate) delete shown[key];
    return shown;
  });
  const expected = evaluate(spec, world, env);
  const about = `${xml}\n${plan.rows(100, 0).text}\n${JSON.stringify(env)}`;
  const { once } = expected;
  // Rows that repeat have no order among each other, so it is not said which of them the first few are.
  const how = once ? 'exact' : spec.top === null || spec.aggregate ? 'anyOrder' : 'number';
  if (how !== 'number') met[how] += 1;
  const shape = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    ({ exact: rows.map(normal), anyOrder: multiset(rows), number: rows.length })[how];
  const ids = page.rows.map((row) => row.id);
  expect(once ? ids : null, about).toEqual(once ? expected.ids : null);
  expect(shape(actual), about).toEqual(shape(expected.rows));
  const isCounted =
    spec.top === null && (!spec.aggregate || spec.root.columns.some((one) => one.group === true));
  if (isCounted) met.counted += 1;
  const counted = isCounted ? all(plan.count.text, plan.count.params)[0]?.[0] : null;
  expect(counted, `${about}\n${plan.count.text}`).toBe(isCounted ? expected.rows.length : null);
  checkPredicate(spec, world, plan, expected.ids, about);
  if (once && spec.top === null && plan.keyset) {
    const options = { model: index, context: contextOf(env), isFolded };
    checkPages(parsed.value, options, all, expected.ids ?? [], about);
  }
}

/** Pages by cookie, forwards and then backwards, show every row once and in order. */
function checkPages(
  query: FetchQuery,
  options: CompileOptions,
  all: ReadAll,
  ids: readonly string[],
  about: string,
): void {
  const read = (page: number, pagingCookie: string | null) => {
    const paged = { ...query, count: 3, page, pagingCookie };
    const compiled = compileQuery(paged, options);
    if (compiled.kind === 'invalid') throw compiled.errors[0];
    return runPlan(paged, compiled.value, all);
  };
  const forwards: (readonly string[])[] = [];
  const backwards: (readonly string[])[] = [];
  let cookie: string | null = null;
  for (let page = 1; ; page++) {
    const result = read(page, cookie);
    forwards.push(result.rows.map((row) => row.id));
    if (page > 1 && result.rows.length > 0) {
      const before = read(page - 1, result.pagingCookie ?? cookie);
      backwards.push(before.rows.map((row) => row.id));
    }
    if (!result.moreRecords) break;
    cookie = result.pagingCookie;
  }
  met.pages += forwards.length;
  met.back += backwards.length;
  expect(forwards.flat(), `${about}\npages`).toEqual(ids);
  expect(backwards, `${about}\nback`).toEqual(
    forwards.filter((_, page) => (forwards[page + 1]?.length ?? 0) > 0),
  );
}

/** The JavaScript forms of filter and order say the same as the SQL. */
function checkPredicate(
  spec: Spec,
  world: World,
  plan: QueryPlan,
  ids: readonly string[] | null,
  about: string,
): void {
  const predicate = predicateOf(plan.resolved);
  if (predicate === null || ids === null || spec.top !== null || plan.resolved.joins.length > 0)
    return;
  const { table } = spec.root;
  const definition = index.table(table);
  if (definition === undefined) throw new Error(table);
  const readers = (world[table] ?? []).map((row) => {
    const values = Object.fromEntries(
      Object.entries(row).map(([column, value]) => [column, typed(table, column, value)]),
    );
    const cells = valuesToCells(definition, values);
    const targetName = (column: string) => {
      const target = targets[`${table}.${column}`] ?? targets[column] ?? '';
      const found = (world[target] ?? []).find((one) => one[`${target}id`] === row[column]);
      const name = found?.[target === 'person' ? 'name' : 'title'] ?? null;
      return name === null ? null : String(name);
    };
    return {
      id: String(row[`${table}id`]),
      cell: (slot: string) => cells[slot] ?? null,
      targetName,
    };
  });
  const found = readers.filter(predicate);
  const comparator = comparatorOf(plan.resolved);
  if (comparator === null) throw new Error(`${about}\nno comparator for rows of one table`);
  met.predicates += 1;
  const sorted = [...found].sort(comparator).map((row) => row.id);
  expect(sorted, about).toEqual(ids);
}

test(`${rounds * queriesPerWorld} random queries give the rows that a naive evaluation gives`, async () => {
  for (let seed = first; seed < first + rounds; seed++) {
    const dice = new Dice(seed);
    const world = makeWorld(dice);
    const folded = seed % 2 === 0;
    const store = await load(world, folded);
    for (let i = 0; i < queriesPerWorld; i++) {
      const env = moment(dice);
      const spec = makeSpec(dice);
      const usable = spec.distinct || spec.aggregate ? { ...spec, top: null } : spec;
      try {
        check(usable, world, env, store, folded);
      } catch (error) {
        throw new Error(
          `seed ${seed}, query ${i}: ${error instanceof Error ? error.message : error}\n${JSON.stringify(world)}`,
        );
      }
    }
    await store.close();
  }
  expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(rounds / 20);
}, 600_000);
