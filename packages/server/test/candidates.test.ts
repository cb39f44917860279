import { type Depth, defineApp, defineTable, withSystemTables } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Candidates, readCandidates } from '../src/feed/candidates.ts';
import type { ServerStore } from '../src/index.ts';
import { createSchema } from '../src/store/physical-schema.ts';
import type { Caller } from '../src/sync/sync-env.ts';
import { callerOf } from './callers.ts';
import { openStore } from './stores.ts';

const [ana, ben, team, sales, service] = ['ana', 'ben', 'team', 'sales', 'service'];
const everybody = '';
const table = (name: string) =>
  defineTable({ name, label: name, primaryName: null, ownership: 'user', columns: {} });
const model = withSystemTables(
  defineApp({ name: 'T', uniqueName: 't', tables: [table('account'), table('contact')] }),
);

/** With a depth of reading by table. */
const anaReads = (depths: Readonly<Record<string, Depth>>) =>
  callerOf(
    ana,
    Object.fromEntries(Object.entries(depths).map(([name, depth]) => [name, { read: depth }])),
  );

let store: ServerStore;
beforeEach(async () => {
  store = openStore();
  await store.write((tx) => createSchema(tx, model, []));
});
afterEach(() => store.close());

interface Logged {
  readonly at: number;
  readonly table?: string;
  readonly id: string;
  readonly owner?: string | null;
  readonly bu?: string | null;
}
const log = (...entries: readonly Logged[]) =>
  store.write(async (tx) => {
    for (const { at, table: name = 'account', id, owner = ana, bu = null } of entries)
      await tx.run(
        'INSERT INTO "$log" (position, tbl, pk, owner, bu, at) VALUES (?, ?, ?, ?, ?, 0)',
        [at, name, id, owner, bu],
      );
  });
const read = (
  caller: Caller,
  { from = 0, top = 100, most = 50, tables = ['account', 'contact'] } = {},
): Promise<Candidates> => store.read((tx) => readCandidates(tx, caller, tables, from, top, most));
const shown = ({ to, byTable }: Candidates) => ({
  to,
  ...Object.fromEntries([...byTable].map(([name, ids]) => [name, [...ids].sort()])),
});
const everything = anaReads({ account: 4, contact: 4 });

describe('a caller is told', () => {
  const entries: readonly Logged[] = [
    { at: 1, id: 'mine', owner: ana },
    { at: 2, id: 'of the team', owner: team },
    { at: 3, id: 'shared with everybody', owner: everybody },
    { at: 4, id: 'of ben in sales', owner: ben, bu: sales },
    { at: 5, id: 'of ben in service', owner: ben, bu: service },
    { at: 6, id: 'of ben', owner: ben },
    { at: 7, id: 'of nobody', owner: null },
    { at: 8, id: 'contact', table: 'contact', owner: ana },
  ];
  const own = ['mine', 'of the team', 'shared with everybody'];

  test('of every change in a table that may be read whole', async () => {
    await log(...entries);
    expect(shown(await read(everything))).toEqual({
      to: 100,
      account: entries
        .slice(0, 7)
        .map((one) => one.id)
        .sort(),
      contact: ['contact'],
    });
  });

  test('of changes under the own name, those of teams, and of everybody', async () => {
    await log(...entries);
    const { byTable } = await read(anaReads({ account: 1 }));
    expect([...(byTable.get('account') ?? [])]).toEqual(own);
    expect([...byTable.keys()]).toEqual(['account']);
  });

  test('of those of the business unit too, where the role reaches so far', async () => {
    await log(...entries);
    const { byTable } = await read(anaReads({ account: 2 }));
    expect([...(byTable.get('account') ?? [])].sort()).toEqual([...own, 'of ben in sales'].sort());
  });

  test('nothing of a table that may not be read, or was not asked about', async () => {
    await log(...entries);
    expect(shown(await read(anaReads({})))).toEqual({ to: 100 });
    expect(shown(await read(everything, { tables: ['contact'] }))).toEqual({
      to: 100,
      contact: ['contact'],
    });
  });

  test('of a row once, however often it changed', async () => {
    await log({ at: 1, id: 'a' }, { at: 1, id: 'a', owner: ben, bu: sales }, { at: 3, id: 'a' });
    expect(shown(await read(anaReads({ account: 2 })))).toEqual({ to: 100, account: ['a'] });
  });
});

describe('the list of changes', () => {
  test('begins after where the last one ended, and goes to the top', async () => {
    await log({ at: 4, id: 'old' }, { at: 5, id: 'a' }, { at: 9, id: 'b' }, { at: 10, id: 'new' });
    expect(shown(await read(everything, { from: 4, top: 9 }))).toEqual({
      to: 9,
      account: ['a', 'b'],
    });
    expect(shown(await read(everything, { from: 10, top: 20 }))).toEqual({ to: 20 });
  });

  test('ends before it holds more than was asked for', async () => {
    await log(...[1, 2, 3, 4, 5].map((at) => ({ at, id: `a${at}` })));
    expect(shown(await read(everything, { most: 3 }))).toEqual({
      to: 3,
      account: ['a1', 'a2', 'a3'],
    });
    expect(shown(await read(everything, { from: 3, most: 3 }))).toEqual({
      to: 100,
      account: ['a4', 'a5'],
    });
    expect((await read(everything, { most: 5 })).to).toBe(100);
    expect((await read(everything, { most: 4 })).to).toBe(4);
  });

  test('counts the changes of all tables together, in the order they were made', async () => {
    await log(
      { at: 1, id: 'a1' },
      { at: 4, id: 'a4' },
      { at: 2, id: 'c2', table: 'contact' },
      { at: 3, id: 'c3', table: 'contact' },
    );
    const first = await read(everything, { most: 3 });
    expect(shown(first)).toEqual({ to: 3, account: ['a1'], contact: ['c2', 'c3'] });
    const { byTable } = await read(everything, { from: 3, most: 3 });
    expect([...byTable.keys()]).toEqual(['account']);
  });

  test('ends where one table is not known any further, though another is', async () => {
    await log(...[1, 2, 3, 4, 5, 6].map((at) => ({ at, id: `a${at}` })), {
      at: 5,
      id: 'c5',
      table: 'contact',
    });
    expect(shown(await read(everything, { most: 2 }))).toEqual({ to: 2, account: ['a1', 'a2'] });
  });

  test('ends at the first place that is not known in full, of several', async () => {
    const both = anaReads({ account: 2 });
    await log(
      ...[1, 2, 3].map((at) => ({ at, id: `unit ${at}`, owner: ben, bu: sales })),
      ...[4, 5, 6].map((at) => ({ at, id: `mine ${at}` })),
    );
    expect(shown(await read(both, { most: 2 }))).toEqual({ to: 2, account: ['unit 1', 'unit 2'] });
  });

  test('never ends inside a transaction', async () => {
    await log({ at: 1, id: 'a' }, ...['b', 'c', 'd'].map((id) => ({ at: 2, id })), {
      at: 3,
      id: 'e',
    });
    expect(shown(await read(everything, { most: 2 }))).toEqual({ to: 1, account: ['a'] });
    // Larger than an answer should be: taken whole, with its changes in all tables.
    await log({ at: 2, id: 'f', table: 'contact' });
    expect(shown(await read(everything, { from: 1, most: 2 }))).toEqual({
      to: 2,
      account: ['b', 'c', 'd'],
      contact: ['f'],
    });
    expect(shown(await read(everything, { from: 2, most: 2 }))).toEqual({
      to: 100,
      account: ['e'],
    });
  });

  test('is not empty before the end, even when a large transaction comes first', async () => {
    await log(...['a', 'b', 'c'].map((id) => ({ at: 9, id })));
    expect(shown(await read(everything, { most: 2 }))).toEqual({ to: 9, account: ['a', 'b', 'c'] });
  });

  test('takes the last transaction before the top whole too', async () => {
    await log(...['a', 'b', 'c'].map((id) => ({ at: 9, id })));
    expect(shown(await read(everything, { top: 9, most: 2 }))).toEqual({
      to: 9,
      account: ['a', 'b', 'c'],
    });
  });
});

test('read on and on, every change is met once, whole transactions at a time, and no step stands still', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed);
    const upTo = (n: number) => Math.floor(random.next() * n);
    const entries = Array.from({ length: 5 + upTo(25) }, (_, i) => ({
      at: seed * 100 + 1 + upTo(20),
      table: upTo(2) === 0 ? 'account' : 'contact',
      id: `${seed}/${i}`,
      owner: [ana, ben, team, everybody][upTo(4)] ?? null,
      bu: [sales, service, null][upTo(3)] ?? null,
    }));
    await log(...entries);
    const caller = anaReads({ account: 2, contact: 4 });
    const concerns = ({ table: name, owner, bu }: (typeof entries)[number]) =>
      name === 'contact' || owner !== ben || bu === sales;
    const top = seed * 100 + 20;
    let from = seed * 100;
    for (let steps = 0; from < top; steps++) {
      expect(steps).toBeLessThan(21);
      const { to, byTable } = await read(caller, { from, top, most: 1 + upTo(6) });
      const [start, end] = [from, to];
      expect(end).toBeGreaterThan(start);
      const ids = (name: string) =>
        entries
          .filter((one) => one.table === name && one.at > start && one.at <= end && concerns(one))
          .map((one) => one.id)
          .sort();
      for (const name of ['account', 'contact'])
        expect([...(byTable.get(name) ?? [])].sort()).toEqual(ids(name));
      from = to;
    }
    expect(from).toBe(top);
  }
});
