import { type ColumnValue, isLookupValue, valuesToCells } from '@outpost/model';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileQuery, parseFetch, postgresql } from '../src/index.ts';
import { Dice } from './oracle/dice.ts';
import { type Environment, evaluate } from './oracle/evaluate.ts';
import { makeSpec, targets, toFetchXml } from './oracle/spec.ts';
import { id, index, makeWorld, model, type World } from './oracle/world.ts';
import { address, openPostgres, type PostgresDatabase } from './postgres.ts';

const rounds = lengthOf('OUTPOST_ROUNDS', { short: 4, long: 60 });
const tables = ['person', 'place', 'visit'];
const periods = { 1: 'annually', 2: 'semiannually', 4: 'quarterly', 12: 'monthly' } as const;

describe.skipIf(address === undefined)('the same queries on PostgreSQL', () => {
  let database: PostgresDatabase;

  beforeAll(async () => {
    database = await openPostgres('oracle');
    await database.create(model.tables);
  });
  afterAll(() => database.close());

  const load = async (world: World) => {
    for (const name of tables) {
      const table = index.table(name);
      if (table === undefined) throw new Error(name);
      await database.client.query(`DELETE FROM "${name}"`);
      for (const row of world[name] ?? []) {
        const values = Object.fromEntries(
          Object.entries(row).map(([column, value]): [string, ColumnValue] => {
            const target = targets[`${name}.${column}`] ?? targets[column];
            const plain = target === undefined || value === null || column === table.primaryId;
            return [column, plain ? (value as ColumnValue) : { table: target, id: String(value) }];
          }),
        );
        await database.insert(table, valuesToCells(table, values));
      }
    }
  };
  const normal = (row: Readonly<Record<string, unknown>>) =>
    JSON.stringify(
      Object.entries(row)
        .map(([key, value]) => [
          key,
          typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value,
        ])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );

  test(`${rounds * 20} random queries give the rows that a naive evaluation gives`, async () => {
    const met = { exact: 0, anyOrder: 0 };
    for (let seed = 1; seed <= rounds; seed++) {
      const dice = new Dice(seed);
      const world = makeWorld(dice);
      await load(world);
      for (let i = 0; i < 20; i++) {
        const count = dice.pick([1, 2, 4, 12] as const);
        const env: Environment = {
          now: dice.pick([
            '2026-03-08T18:30:15.250Z',
            '2026-01-01T00:30:00.000Z',
            '2024-02-29T12:00:00.000Z',
          ]),
          zone: dice.pick(['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']),
          fiscalStart: dice.pick(['01-01', '07-01', '10-01']),
          periods: count,
          userId: id(1, 1),
          teamIds: [id(1, 2), id(2, 1)],
        };
        const made = makeSpec(dice);
        const spec = made.distinct || made.aggregate ? { ...made, top: null } : made;
        const xml = toFetchXml(spec);
        const parsed = parseFetch(xml);
        if (parsed.kind === 'invalid') throw parsed.errors[0];
        const compiled = compileQuery(parsed.value, {
          model: index,
          dialect: postgresql,
          isFolded: () => true,
          context: {
            now: Date.parse(env.now),
            timeZone: env.zone,
            userId: env.userId,
            businessUnitId: null,
            teamIds: env.teamIds,
            fiscal: { start: env.fiscalStart, period: periods[count] },
          },
        });
        if (compiled.kind === 'invalid') throw compiled.errors[0];
        const { text, params } = compiled.value.rows(spec.top ?? 5000, 0);
        const result = await database.client.query({ text, values: [...params], rowMode: 'array' });
        const key = `${spec.root.table}id`;
        const selected = spec.root.columns.some((one) => one.column === key);
        const actual = result.rows.map((cells) => {
          const { values } = compiled.value.decode(cells);
          const shown = Object.entries(values).filter(
            ([name]) => name !== key || selected || spec.aggregate,
          );
          return normal(
            Object.fromEntries(
              shown.map(([name, value]) => [name, isLookupValue(value) ? value.id : value]),
            ),
          );
        });
        const expected = evaluate(spec, world, env);
        const rows = expected.rows.map(normal);
        const about = `seed ${seed}, query ${i}: ${xml}\n${text}\n${JSON.stringify(env)}`;
        const { once } = expected;
        // Rows that repeat have no order among each other, so it is not said which of them the first few are.
        const how = once ? 'exact' : spec.top === null ? 'anyOrder' : 'number';
        if (how !== 'number') met[how] += 1;
        const shape = (found: readonly string[]) =>
          ({ exact: found, anyOrder: [...found].sort(), number: found.length })[how];
        expect(shape(actual), about).toEqual(shape(rows));
      }
    }
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(0);
  }, 600_000);
});
