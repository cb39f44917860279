import { compareCodePoints, fold, type RowValues } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, describe, expect, test } from 'vitest';
import { rankRow } from './oracle.ts';
import { Generator, id, openWorld, type World } from './world.ts';

/** Worlds, each with 60 terms. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 3, long: 15 });
const first = Number(process.env['OUTPOST_SEED'] ?? 1);
const seeds = Array.from({ length: rounds }, (_, i) => first + i);

interface Rows {
  readonly contacts: Map<string, RowValues>;
  readonly accounts: Map<string, RowValues>;
}

function fill(world: World, make: Generator): Rows {
  const contacts = new Map<string, RowValues>();
  const accounts = new Map<string, RowValues>();
  world.store.write({ origin: 'sync' }, (tx) => {
    for (let n = 0; n < 9; n++) accounts.set(id('a', n), make.accountRow());
    for (let n = 0; n < 60; n++) contacts.set(id('c', n), make.contact());
    for (const [key, values] of accounts) world.put(tx, 'account', key, values);
    for (const [key, values] of contacts) world.put(tx, 'contact', key, values);
  });
  return { contacts, accounts };
}

describe('F-2: begins finds the rows of the quick find query, in its order', () => {
  test.each(seeds)('seed %i', async (seed) => {
    const world = await openWorld();
    const make = new Generator(seededRandom(seed));
    fill(world, make);
    let byIndex = 0;
    for (let i = 0; i < 60; i++) {
      const term = make.term();
      for (const table of ['contact', 'account']) {
        const result = world.search.query({ table, term, limit: 1000 });
        const query = world.queries.quickFind(table, term);
        if (query.kind === 'invalid') throw new Error('No quick find view.');
        const wanted = world.queries.run({ query: query.value }, { limit: 1000, offset: 0 });
        if (wanted.kind === 'invalid' || result.kind === 'refused') throw new Error('Refused.');
        expect({ term, ids: result.hits.map((hit) => hit.row.id) }).toEqual({
          term,
          ids: wanted.value.rows.map((row) => row.id),
        });
        expect(result.total).toBe(wanted.value.total);
        if (world.search.explain({ table, term }).answeredBy === 'index') byIndex += 1;
      }
    }
    expect(byIndex).toBeGreaterThan(40);
    await world.store.close();
  });
});

describe('F-3, F-4: words and smart find what a look at every row finds, by rank and in the order of the view', () => {
  let typos = 0;
  let neighbours = 0;
  afterAll(() => expect(Math.min(typos, neighbours)).toBeGreaterThan(0));
  test.each(seeds)('seed %i', async (seed) => {
    const world = await openWorld();
    const make = new Generator(seededRandom(seed * 7919));
    const { contacts, accounts } = fill(world, make);
    const nameOf = (target: string) => {
      const values = accounts.get(target) ?? contacts.get(target);
      const name = values?.['name'] ?? values?.['fullname'] ?? null;
      return name === null ? null : String(name);
    };
    const byName = (key: string) => {
      const name = contacts.get(key)?.['fullname'] ?? null;
      return name === null ? null : fold(String(name));
    };
    for (let i = 0; i < 60; i++) {
      const term = make.term();
      for (const mode of ['words', 'any', 'smart'] as const) {
        if (term.trim() === '') continue;
        const result = world.search.query({
          table: 'contact',
          term,
          mode: mode === 'any' ? 'words' : mode,
          anyColumn: mode === 'any',
          limit: 1000,
        });
        if (result.kind === 'refused') throw new Error(result.message);
        const options = {
          anyColumn: mode !== 'words',
          isInfix: mode === 'smart',
          withTypos: mode === 'smart',
        };
        const wanted = [...contacts]
          .filter(([, values]) => values['statecode'] === 0)
          .flatMap(([key, values]) => {
            const rank = rankRow({ id: key, values }, term, options, nameOf);
            return rank === null ? [] : [`${rank} ${key}`];
          });
        const found = result.hits.map((hit) => `${hit.rank} ${hit.row.id}`);
        expect({ term, mode, found: [...found].sort() }).toEqual({
          term,
          mode,
          found: wanted.sort(),
        });
        typos += found.filter((one) => one.startsWith('typo')).length;
        // Within a rank, the view's order.
        const outOfOrder: string[] = [];
        for (let at = 1; at < found.length; at++) {
          const [a, b] = [result.hits[at - 1], result.hits[at]];
          if (a === undefined || b === undefined || a.rank !== b.rank) continue;
          const [x, y] = [byName(a.row.id), byName(b.row.id)];
          const inOrder =
            x === y
              ? a.row.id < b.row.id
              : x === null || (y !== null && compareCodePoints(x, y) < 0);
          neighbours += 1;
          if (!inOrder) outOfOrder.push(`${x} before ${y}`);
        }
        expect({ term, mode, outOfOrder }).toEqual({ term, mode, outOfOrder: [] });
      }
    }
    await world.store.close();
  });
});
