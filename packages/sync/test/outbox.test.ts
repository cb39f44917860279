import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyBase } from '../src/apply/overlay.ts';
import {
  deleteEntry,
  type Entry,
  freshEntry,
  holdEntry,
  insertEntry,
  markSent,
  readEntries,
  readerOf,
  setEntryState,
} from '../src/outbox/entry.ts';
import { Outbox, toPushEntry } from '../src/outbox/outbox.ts';
import type { EntryKey } from '../src/protocol/index.ts';
import { id, type LocalDevice, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
});
afterEach(() => device.store.close());

const key = (seq: number): EntryKey => ['e1', seq];
const fromServer = (table: string, n: number, cells: Readonly<Record<string, string | number>>) =>
  device.take((tx) => applyBase(tx, table, id(n), cells));
const keysOf = (entries: readonly Entry[]) => entries.map((entry) => entry.key[1]);

describe('an edit is queued', () => {
  test('as the cells it changed, with what they were, the version seen, and when it was made', () => {
    fromServer('account', 1, { name: 'Alpine', city: 'Bern', versionnumber: 7 });
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur', employees: 3 }));
    expect(device.entries()).toEqual([
      {
        ...freshEntry,
        key: key(1),
        op: 'update',
        table: 'account',
        id: id(1),
        set: { city: 'Chur', employees: 3 },
        base: { city: 'Bern', employees: null },
        baseVersion: 7,
        baseOf: null,
        after: [],
        changeSet: null,
        at: '2026-03-02T08:00:00.000Z',
      },
    ]);
  });

  test('as a create with every cell that is not empty, of no version', () => {
    device.edit((tx) => tx.insert('account', id(1), { name: 'Alpine', versionnumber: 3 }));
    expect(device.entries()).toMatchObject([
      { op: 'create', set: { accountid: id(1), name: 'Alpine' }, baseVersion: null, baseOf: null },
    ]);
    expect(device.entries()[0]?.base).toMatchObject({ accountid: null, name: null });
    expect(Object.keys(device.entries()[0]?.set ?? {})).not.toContain('city');
  });

  test('as a delete of the version seen', () => {
    fromServer('account', 1, { name: 'Alpine', versionnumber: 7 });
    device.edit((tx) => tx.delete('account', id(1)));
    expect(device.entries()).toMatchObject([{ op: 'delete', set: {}, base: {}, baseVersion: 7 }]);
  });

  test('of no version where the row never had one', () => {
    fromServer('account', 1, { name: 'Alpine' });
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    expect(device.entries()[0]?.baseVersion).toBeNull();
  });

  test('only when the user makes it: what the organization sends is none', () => {
    fromServer('account', 1, { name: 'Alpine' });
    expect(device.entries()).toEqual([]);
  });

  test('in one change set with the others of its transaction, and in none when it is alone', () => {
    device.edit((tx) => {
      tx.insert('account', id(1), { name: 'A' });
      tx.update('account', id(1), { city: 'Bern' });
    });
    device.edit((tx) => {
      tx.insert('account', id(2), { name: 'B' });
      tx.insert('account', id(3), { name: 'C' });
    });
    const [first, second, third] = device.entries();
    expect(first?.changeSet).toBeNull();
    expect(second?.changeSet).toMatch(/^00000abc-/);
    expect(third?.changeSet).toBe(second?.changeSet);
  });

  test('under numbers that go on in the next opening of the database', () => {
    device.edit((tx) => tx.insert('account', id(1), { name: 'A' }));
    device.edit((tx) => tx.insert('account', id(2), { name: 'B' }));
    const next = new Outbox(device.store, device, 'e2');
    device.take((tx) =>
      next.describe({ table: 'account', id: id(3), kind: 'insert', before: null, after: null }, tx),
    );
    expect(device.entries().map((entry) => entry.key)).toEqual([key(1), key(2), ['e2', 3]]);
    expect(device.own('SELECT epoch, next_seq FROM "$epoch" ORDER BY 1')).toEqual([
      ['e1', 3],
      ['e2', 4],
    ]);
  });

  test('on top of the one before it, by its key, when that one may be known already', () => {
    fromServer('account', 1, { name: 'Alpine', versionnumber: 7 });
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    device.take((tx) => markSent(tx.sql, key(1)));
    device.edit((tx) => tx.update('account', id(1), { city: 'Davos' }));
    expect(device.entries()[1]).toMatchObject({
      key: key(2),
      base: { city: 'Chur' },
      baseVersion: null,
      baseOf: key(1),
      after: [key(1)],
    });
    // What is applied need not be waited for, but the version that it made is the one to build on.
    device.take((tx) => {
      setEntryState(tx.sql, key(1), 'applied');
      markSent(tx.sql, key(2));
      setEntryState(tx.sql, key(2), 'applied');
    });
    device.edit((tx) => tx.update('account', id(1), { city: 'Sion' }));
    expect(device.entries()[2]).toMatchObject({ baseOf: key(2), after: [] });
  });
});

test('edits are in the outbox when what makes indexes of a commit looks at it', () => {
  const seen: number[] = [];
  device.store.participate({
    name: 'index',
    phase: 'index',
    beforeCommit: (tx) => {
      seen.push(readEntries(readerOf(tx.sql)).length);
    },
  });
  // Whichever came to the store first.
  const late = new Outbox(device.store, device, 'e2');
  device.store.participate(late);
  device.edit((tx) => tx.insert('account', id(1), { name: 'A' }));
  expect(seen).toEqual([2]);
});

describe('what an edit points at comes before it', () => {
  const pointer = (n: number, to: number) => ({
    fullname: `Contact ${n}`,
    parentcustomerid: id(to),
    parentcustomerid$t: 'account',
  });

  test('when both are made in one transaction, in whatever order', () => {
    device.edit((tx) => {
      tx.insert('contact', id(2), pointer(2, 1));
      tx.insert('account', id(1), { name: 'Alpine' });
    });
    expect(device.entries()).toMatchObject([
      { key: key(1), table: 'account', after: [] },
      { key: key(2), table: 'contact', after: [key(1)] },
    ]);
  });

  test('through a chain, and edits of rows that are there keep their places', () => {
    fromServer('account', 9, { name: 'Known' });
    device.edit((tx) => {
      tx.update('account', id(9), { parentaccountid: id(1) });
      tx.insert('contact', id(3), pointer(3, 2));
      tx.insert('account', id(2), { name: 'B', parentaccountid: id(1) });
      tx.insert('account', id(1), { name: 'A' });
    });
    expect(device.entries().map((entry) => [entry.id, entry.after])).toEqual([
      [id(1), []],
      [id(9), [key(1)]],
      [id(2), [key(1)]],
      [id(3), [key(3)]],
    ]);
  });

  test('but a row that points at itself, at nothing, or at a row that is there, waits for none', () => {
    fromServer('account', 9, { name: 'Known' });
    device.edit((tx) => tx.update('account', id(9), { city: 'Bern' }));
    device.edit((tx) => {
      tx.insert('account', id(1), { name: 'A', parentaccountid: id(1) });
      tx.insert('account', id(2), { name: 'B', parentaccountid: id(9) });
      tx.insert('account', id(3), { name: 'C', city: id(77) });
    });
    expect(device.entries().map((entry) => [entry.id, entry.after])).toEqual([
      [id(9), []],
      [id(1), []],
      [id(2), []],
      [id(3), []],
    ]);
  });

  test('and rows that point at each other keep the order they were written in', () => {
    device.edit((tx) => {
      tx.insert('account', id(2), { name: 'B', parentaccountid: id(1) });
      tx.insert('account', id(1), { name: 'A', parentaccountid: id(2) });
    });
    expect(device.entries().map((entry) => [entry.id, entry.after])).toEqual([
      [id(2), []],
      [id(1), [key(1)]],
    ]);
  });

  test('though a known row and a new one point at each other: the new one comes first', () => {
    fromServer('account', 9, { name: 'Known' });
    device.edit((tx) => {
      tx.update('account', id(9), { parentaccountid: id(1) });
      tx.insert('account', id(1), { name: 'A', parentaccountid: id(9) });
    });
    expect(device.entries().map((entry) => [entry.id, entry.after])).toEqual([
      [id(1), []],
      [id(9), [key(1)]],
    ]);
  });

  test.each([
    ['queued', [key(1)]],
    ['sent', [key(1)]],
    ['applied', []],
  ] as const)('also when it was made earlier and is %s', (state, after) => {
    device.edit((tx) => tx.insert('account', id(1), { name: 'Alpine' }));
    device.take((tx) => setEntryState(tx.sql, key(1), state));
    device.edit((tx) => tx.insert('contact', id(2), pointer(2, 1)));
    expect(device.entries()[1]?.after).toEqual(after);
  });
});

describe('the queue tells', () => {
  const states = ['queued', 'sent', 'applied', 'refused'] as const;
  beforeEach(() => {
    states.forEach((_, i) => {
      device.edit((tx) => tx.insert(i === 3 ? 'contact' : 'account', id(i + 1), {}));
    });
    device.take((tx) => {
      for (const [i, state] of states.entries()) setEntryState(tx.sql, key(i + 1), state);
    });
  });

  test('what waits to be uploaded, what is not settled, and what waits to be seen', () => {
    expect(keysOf(device.outbox.pending())).toEqual([1, 2]);
    expect(keysOf(device.outbox.unsettled())).toEqual([1, 2, 3]);
    expect(device.outbox.awaiting()).toEqual([key(3)]);
  });

  test('which tables have edits, each once and in order', () => {
    expect(device.outbox.editedTables()).toEqual(['account', 'contact']);
  });

  test('below which number every edit of an opening is finished', () => {
    const finish = (...numbers: number[]) =>
      device.take((tx) => {
        for (const n of numbers) deleteEntry(tx.sql, key(n));
      });
    expect(device.outbox.lowMarks()).toEqual([key(1)]);
    finish(1, 3);
    expect(device.outbox.lowMarks()).toEqual([key(2)]);
    finish(2, 4);
    expect(device.outbox.lowMarks()).toEqual([key(5)]);
    // What another opening still has to do says nothing about this one.
    const next = new Outbox(device.store, device, 'e2');
    device.take((tx) => {
      for (const n of [8, 9])
        next.describe(
          { table: 'account', id: id(n), kind: 'insert', before: null, after: null },
          tx,
        );
      deleteEntry(tx.sql, ['e2', 5]);
    });
    expect(next.lowMarks()).toEqual([key(5), ['e2', 6]]);
  });

  test('nothing of openings that are finished and known to be, but never forgets its own', () => {
    const epochs = () => device.own('SELECT epoch FROM "$epoch" ORDER BY 1').flat();
    device.take((tx) => {
      tx.sql.prepare(`INSERT INTO "$epoch" VALUES ('e0', 3), ('old', 9)`).run();
      device.outbox.forgetFinished(tx, [
        ['e0', 2],
        ['e1', 5],
      ]);
    });
    expect(epochs()).toEqual(['e0', 'e1', 'old']);
    device.take((tx) => device.outbox.forgetFinished(tx, [['e0', 3]]));
    expect(epochs()).toEqual(['e1', 'old']);
    device.take((tx) => device.outbox.forgetFinished(tx, [['old', 12]]));
    expect(epochs()).toEqual(['e1']);
  });
});

describe('the next batch', () => {
  const put = (seq: number, more: Partial<Entry> = {}) =>
    device.take((tx) =>
      insertEntry(tx.sql, {
        ...freshEntry,
        key: key(seq),
        op: 'update',
        table: 'account',
        id: id(seq),
        set: {},
        base: {},
        baseVersion: null,
        baseOf: null,
        after: [],
        changeSet: null,
        at: '',
        ...more,
      }),
    );
  const batch = (most?: number, ready?: (entry: Entry) => boolean) =>
    keysOf(device.outbox.nextBatch(most, ready));

  test('has what is queued, in the order it was made, and nothing else', () => {
    put(3);
    put(1);
    put(2, { state: 'sent' });
    put(4, { state: 'applied' });
    put(5, { state: 'refused' });
    expect(batch()).toEqual([1, 3]);
  });

  test('has what depends on something when that is in the batch too, applied, or settled', () => {
    put(1, { state: 'applied' });
    put(2);
    put(3, { after: [key(2), key(1)] });
    put(4, { after: [['e0', 99]] });
    expect(batch()).toEqual([2, 3, 4]);
  });

  test.each(['sent', 'refused'] as const)(
    'lacks what depends on something %s, and so on',
    (state) => {
      put(1, { state });
      put(2, { after: [key(1)] });
      put(3, { after: [key(2)] });
      put(4);
      expect(batch()).toEqual([4]);
    },
  );

  test('keeps keys of different openings apart', () => {
    put(1, { state: 'sent', key: ['e0', 1] });
    put(2, { after: [key(1)] });
    expect(batch()).toEqual([2]);
  });

  test('lacks what is put off until its time has come', () => {
    put(1);
    device.take((tx) => holdEntry(tx.sql, key(1), device.clock.now() + 1000));
    put(2);
    expect(batch()).toEqual([2]);
    expect(device.outbox.nextHeldAt()).toBe(device.clock.now() + 1000);
    device.clock.advance({ ms: 999 });
    expect(batch()).toEqual([2]);
    device.clock.advance({ ms: 1 });
    expect(batch()).toEqual([1, 2]);
  });

  test.each([
    ['forward', 1],
    ['back', -1],
  ])(
    'O15c: measures what is put off on a steady clock, if the time is set %s by years',
    (_, sign) => {
      put(1);
      const until = device.clock.now() + 60_000;
      device.take((tx) => holdEntry(tx.sql, key(1), until));
      device.outbox.noteHeld(key(1), until);
      device.clock.set(device.clock.now() + sign * 10 * 365 * 86_400_000);
      device.clock.advance({ ms: 59_999 });
      expect(batch()).toEqual([]);
      expect(device.outbox.nextHeldAt()).toBe(device.clock.now() + 1);
      device.clock.advance({ ms: 1 });
      expect(batch()).toEqual([1]);
      device.clock.set(until - 30_000);
      expect(batch()).toEqual([1]);
    },
  );

  test('O15c: does not hold what an earlier opening has put off until a time that is too far away', () => {
    put(1, { heldUntil: device.clock.now() + 300_000 });
    put(2, { heldUntil: device.clock.now() + 300_001 });
    expect(batch()).toEqual([2]);
    expect(device.outbox.nextHeldAt()).toBe(device.clock.now());
  });

  test('takes a change set whole, in the place of its first edit', () => {
    put(1, { changeSet: 'x' });
    put(2);
    put(3, { changeSet: 'x', after: [key(1)] });
    put(4, { changeSet: 'y' });
    expect(batch()).toEqual([1, 3, 2, 4]);
    put(5, { changeSet: 'x', heldUntil: device.clock.now() + 1 });
    expect(batch()).toEqual([2, 4]);
  });

  test('lacks a change set of which one edit waits for something', () => {
    put(1, { state: 'sent' });
    put(2, { changeSet: 'x' });
    put(3, { changeSet: 'x', after: [key(1)] });
    put(4, { after: [key(2)] });
    expect(batch()).toEqual([]);
  });

  test('ends before it is larger than wished, unless its first group is', () => {
    put(1);
    put(2, { changeSet: 'x' });
    put(3, { changeSet: 'x' });
    put(4);
    expect(batch(2)).toEqual([1]);
    expect(batch(3)).toEqual([1, 2, 3]);
    device.take((tx) => deleteEntry(tx.sql, key(1)));
    expect(batch(1)).toEqual([2, 3]);
  });

  test('has at most a hundred edits', () => {
    for (let n = 1; n <= 102; n++) put(n);
    expect(batch()).toHaveLength(100);
  });

  test('lacks what the caller is not ready for, and what depends on it', () => {
    put(1);
    put(2, { changeSet: 'x' });
    put(3, { changeSet: 'x', table: 'contact' });
    put(4, { after: [key(3)] });
    expect(batch(100, (entry) => entry.table === 'account')).toEqual([1]);
  });

  test('will have something when the earliest edit that was put off is due', () => {
    expect(device.outbox.nextHeldAt()).toBeNull();
    put(1);
    expect(device.outbox.nextHeldAt()).toBeNull();
    put(2, { heldUntil: 900 });
    put(3, { heldUntil: 800 });
    put(4, { heldUntil: 700, state: 'sent' });
    expect(device.outbox.nextHeldAt()).toBe(800);
  });
});

test('what stays on the device does not travel; everything else does, whatever has become of its column', () => {
  const cells = {
    fullname: 'Ana',
    parentcustomerid: id(1),
    parentcustomerid$t: 'account',
    parentcustomerid$n: 'Alpine',
    versionnumber: 4,
    contactid: id(2),
    removed: 1,
  };
  const entry: Entry = {
    ...freshEntry,
    key: key(7),
    op: 'update',
    table: 'contact',
    id: id(2),
    set: cells,
    base: { ...cells, fullname: 'An' },
    baseVersion: 4,
    baseOf: key(6),
    after: [key(6)],
    changeSet: 'x',
    attempts: 2,
    at: 'then',
    local: ['parentcustomerid$n', 'versionnumber', 'contactid'],
  };
  const travels = {
    fullname: 'Ana',
    parentcustomerid: id(1),
    parentcustomerid$t: 'account',
    removed: 1,
  };
  expect(toPushEntry(entry)).toEqual({
    key: key(7),
    op: 'update',
    table: 'contact',
    id: id(2),
    set: travels,
    base: { ...travels, fullname: 'An' },
    baseVersion: 4,
    baseOf: key(6),
    after: [key(6)],
    changeSet: 'x',
    attempt: 3,
    at: 'then',
  });
});

test('names of lookup targets and what the platform writes stay on the device', () => {
  device.edit((tx) =>
    tx.insert('account', id(1), { name: 'A', score: 3, createdon: '2026-01-01T00:00:00Z' }),
  );
  device.edit((tx) =>
    tx.insert('contact', id(2), {
      ...{ fullname: 'Ana', parentcustomerid: id(1) },
      ...{ parentcustomerid$t: 'account', parentcustomerid$n: 'A' },
    }),
  );
  const [account, contact] = device.entries().map(toPushEntry);
  expect(account?.set).toEqual({ name: 'A' });
  expect(contact?.set).toEqual({
    ...{ fullname: 'Ana', parentcustomerid: id(1), parentcustomerid$t: 'account' },
  });
});
