import { defineApp, withSystemTables } from '@outpost/model';
import type { EntryKey, EntryResult, PushEntry } from '@outpost/sync/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerStore } from '../src/index.ts';
import { createSchema } from '../src/store/physical-schema.ts';
import {
  hashOf,
  lowMark,
  maxMarks,
  pruneMarks,
  raiseMark,
  readResult,
  recordResult,
} from '../src/sync/results.ts';
import { callerOf } from './callers.ts';
import { openStore } from './stores.ts';

const model = withSystemTables(defineApp({ name: 'T', uniqueName: 't', tables: [] }));
const [ana, ben] = [callerOf('ana'), callerOf('ben')];
const key = (seq: number, epoch = 'e1'): EntryKey => [epoch, seq];
const entry = (more: Partial<PushEntry> = {}): PushEntry => ({
  key: key(1),
  op: 'update',
  table: 'account',
  id: 'a1',
  set: { city: 'Chur' },
  base: { city: 'Bern' },
  baseVersion: 7,
  baseOf: null,
  after: [],
  changeSet: null,
  attempt: 1,
  at: 'then',
  ...more,
});
const applied = (of: EntryKey, version = 9): EntryResult => ({
  key: of,
  status: 'applied',
  version,
});
const refused: EntryResult = {
  key: key(1),
  status: 'refused',
  errorType: 0,
  code: 'c',
  message: 'm',
  columns: ['city'],
  syncError: 's1',
};

let store: ServerStore;
beforeEach(async () => {
  store = openStore();
  await store.write((tx) => createSchema(tx, model, []));
});
afterEach(() => store.close());

const record = (result: EntryResult, device = 'd1', caller = ana, position: number | null = 5) =>
  store.write((tx) => {
    const version = result.status === 'applied' ? result.version : null;
    const verdict = { result, version, position };
    return recordResult(tx, caller, device, entry({ key: result.key }), verdict);
  });
const recorded = (of: EntryKey, device = 'd1') => store.read((tx) => readResult(tx, device, of));
const raise = (mark: EntryKey, device = 'd1', caller = ana) =>
  store.write((tx) => raiseMark(tx, caller, device, mark, 0));
const mark = (epoch = 'e1', device = 'd1', caller = ana) =>
  store.read((tx) => lowMark(tx, caller, device, epoch));

describe('a verdict', () => {
  test('is read again as it was given, with whose it is, its content and its version', async () => {
    await record(applied(key(1)));
    expect(await recorded(key(1))).toEqual({
      status: 'applied',
      version: 9,
      result: applied(key(1)),
      hash: hashOf(entry()),
      userId: 'ana',
    });
  });

  test('of a refused edit has no version', async () => {
    await record(refused, 'd1', ana, null);
    expect(await recorded(key(1))).toMatchObject({
      status: 'refused',
      version: null,
      result: refused,
    });
  });

  test('is known under its own key only: device, opening and number', async () => {
    await record(applied(key(1), 11));
    await record(applied(key(2), 12));
    await record(applied(key(1, 'e2'), 13));
    await record(applied(key(1), 14), 'd2');
    expect((await recorded(key(1)))?.version).toBe(11);
    expect((await recorded(key(2)))?.version).toBe(12);
    expect((await recorded(key(1, 'e2')))?.version).toBe(13);
    expect((await recorded(key(1), 'd2'))?.version).toBe(14);
    for (const [of, device] of [
      [key(3), 'd1'],
      [key(2, 'e2'), 'd1'],
      [key(2), 'd2'],
      [key(1), 'd3'],
    ] as const)
      expect(await recorded(of, device)).toBeNull();
  });

  test('keeps the place of its changes in the feed and the table, for what is asked about them', async () => {
    await record(applied(key(1)));
    await record({ ...refused, key: key(2) }, 'd1', ana, null);
    const rows = await store.read((tx) =>
      tx.all('SELECT seq, tbl, position FROM "$result" ORDER BY seq'),
    );
    expect(rows).toEqual([
      [1, 'account', 5],
      [2, 'account', null],
    ]);
  });
});

describe('the name of an edit’s content', () => {
  test.each([
    ['operation', { op: 'delete' }],
    ['table', { table: 'contact' }],
    ['row', { id: 'a2' }],
    ['values', { set: { city: 'Zug' } }],
    ['seen values', { base: { city: 'Zug' } }],
    ['seen version', { baseVersion: 8 }],
    ['edit below', { baseOf: key(3) }],
    ['change set', { changeSet: 'x' }],
  ] as const)('is another one when its %s is', (_, more) => {
    expect(hashOf(entry(more))).not.toBe(hashOf(entry()));
  });

  test('stays when the edit is sent again, as what is before it is done by then', () => {
    const again = entry({ attempt: 4, at: 'later', after: [key(9)], key: key(5) });
    expect(hashOf(again)).toBe(hashOf(entry()));
    // Kept across versions of this program: devices send again what older ones answered.
    expect(hashOf(entry())).toBe(
      'bba7ef479f716153cc24f7c9dd021f33801a4b059cda1a63d54c298c1a96f301',
    );
  });
});

describe('a low mark', () => {
  test('is nothing until it is raised, and then what it was raised to', async () => {
    expect(await mark()).toBe(0);
    await raise(key(4));
    expect(await mark()).toBe(4);
    await raise(key(6));
    expect(await mark()).toBe(6);
  });

  test('never sinks', async () => {
    await raise(key(6));
    await raise(key(4));
    expect(await mark()).toBe(6);
  });

  test('is of one user, device and opening', async () => {
    await raise(key(4));
    await raise(key(5, 'e2'));
    await raise(key(6), 'd2');
    await raise(key(7), 'd1', ben);
    expect(await mark()).toBe(4);
    expect(await mark('e2')).toBe(5);
    expect(await mark('e1', 'd2')).toBe(6);
    expect(await mark('e1', 'd1', ben)).toBe(7);
    expect(await mark('e2', 'd2')).toBe(0);
    expect(await mark('e2', 'd1', ben)).toBe(0);
    expect(await mark('e1', 'd2', ben)).toBe(0);
  });

  test('that is raised lets verdicts below it be forgotten, and none else', async () => {
    for (const seq of [1, 2, 3]) await record(applied(key(seq)));
    await record(applied(key(1, 'e2')));
    await record(applied(key(1)), 'd2');
    await raise(key(3));
    const left = async () => [
      (await recorded(key(1))) !== null,
      (await recorded(key(2))) !== null,
      (await recorded(key(3))) !== null,
      (await recorded(key(1, 'e2'))) !== null,
      (await recorded(key(1), 'd2')) !== null,
    ];
    expect(await left()).toEqual([false, false, true, true, true]);
    // Raised to where it is already: nothing more is forgotten.
    await record(applied(key(2)));
    await raise(key(3));
    expect(await left()).toEqual([false, true, true, true, true]);
  });

  test('of one user cannot have verdicts of another forgotten', async () => {
    await record(applied(key(1)), 'd1', ben);
    await raise(key(5), 'd1', ana);
    expect((await recorded(key(1)))?.userId).toBe('ben');
  });
});

test('O11a: marks of one user are bounded, however many a device sends; the newest stay', async () => {
  const count = async () =>
    Number((await store.read((tx) => tx.all('SELECT count(*) FROM "$mark"', [])))[0]?.[0]);
  await store.write(async (tx) => {
    const over = maxMarks + 3;
    await tx.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${over})
       INSERT INTO "$mark" (user_id, device, epoch, low, at) SELECT 'ana', 'd' || (i % 7), 'o' || i, 5, i FROM n`,
    );
    await raiseMark(tx, ben, 'd1', ['e1', 3], 0);
    await pruneMarks(tx, ana);
  });
  expect(await count()).toBe(maxMarks + 1);
  expect([await mark('o3', 'd3'), await mark('o4', 'd4')]).toEqual([0, 5]);
  expect(await mark('e1', 'd1', ben)).toBe(3);
});
