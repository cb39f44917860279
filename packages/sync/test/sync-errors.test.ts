import type { ChangeSet } from '@outpost/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyBase } from '../src/apply/overlay.ts';
import { applyResults } from '../src/outbox/apply-results.ts';
import { type Entry, markSent, setEntryState } from '../src/outbox/entry.ts';
import type { EntryKey, EntryResult } from '../src/protocol/index.ts';
import { type SyncErrorRow, SyncErrors } from '../src/repair/sync-errors.ts';
import { SyncError } from '../src/sync-error.ts';
import { app, id, type LocalDevice, now, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
  fromServer(1, { name: 'Account 1', city: 'Bern', employees: 5, versionnumber: 7 });
  fromServer(2, { name: 'Account 2', city: 'Basel', versionnumber: 8 });
});
afterEach(() => device.store.close());

const key = (seq: number): EntryKey => ['e1', seq];
const errorId = (n: number) => id(900 + n);
const fromServer = (n: number, cells: Readonly<Record<string, string | number>> | null) =>
  device.take((tx) => applyBase(tx, 'account', id(n), cells));
const city = (n: number) => device.row('account', id(n))?.['city'];
const move = (n: number, to: string) =>
  device.edit((tx) => tx.update('account', id(n), { city: to }));
/** Edits of the app's rows; those of the error rows themselves are uploaded too. */
const edits = (): readonly Entry[] => device.entries().filter((one) => one.table !== 'syncerror');
const refused = (seq: number, errorType: 0 | 1 | 2 | 3 = 0): EntryResult => ({
  key: key(seq),
  status: 'refused',
  errorType,
  code: `code ${seq}`,
  message: `Refused ${seq}.`,
  columns: [],
  syncError: errorId(seq),
});
/** The organization refuses what was sent. */
const refuse = (...numbers: number[]) => {
  device.take((tx) => {
    for (const n of numbers) markSent(tx.sql, key(n));
  });
  const results = numbers.map((n) => refused(n));
  applyResults(device.store, device.outbox, device.ids, id(500), { now, results }, () => 0);
};
const listed = (): readonly SyncErrorRow[] => device.errors.list();
const errorOf = (seq: number): string =>
  device.entries().find((one) => one.key[1] === seq)?.syncErrorId ?? '';
const errorRow = (rowId: string) => device.row('syncerror', rowId);

describe('the list of sync errors', () => {
  test('says of each what was wanted, why it was refused, and that it can be sent again', () => {
    move(1, 'Chur');
    refuse(1);
    expect(listed()).toEqual([
      {
        id: errorId(1),
        table: 'account',
        rowId: id(1),
        name: 'Account 1',
        action: 'Update',
        type: 'Conflict',
        code: 'code 1',
        message: 'Refused 1.',
        at: '2026-03-02T08:00:00Z',
        wanted: { city: 'Chur' },
        canRetry: true,
      },
    ]);
  });

  test('has those of the user’s other devices too, which cannot be sent from here', () => {
    move(1, 'Chur');
    refuse(1);
    const elsewhere = { name: 'contact', statecode: 0, errortime: '2026-03-02T07:00:00Z' };
    device.take((tx) => applyBase(tx, 'syncerror', errorId(7), elsewhere));
    expect(listed().map((one) => one.id)).toEqual([errorId(1), errorId(7)]);
    expect(listed()[1]).toEqual({
      id: errorId(7),
      table: 'contact',
      rowId: '',
      name: null,
      action: '',
      type: 'Others',
      code: '',
      message: '',
      at: '2026-03-02T07:00:00Z',
      wanted: {},
      canRetry: false,
    });
    expect(device.errors.sides(errorId(7))).toEqual([]);
  });

  test('is newest first, and lacks what is repaired', () => {
    device.take((tx) => {
      for (const [n, hour, statecode] of [
        [1, 6, 0],
        [2, 9, 0],
        [3, 7, 0],
        [4, 8, 1],
        [5, 7, 0],
      ] as const)
        applyBase(tx, 'syncerror', errorId(n), {
          statecode,
          errortime: `2026-03-02T0${hour}:00:00Z`,
        });
    });
    expect(listed().map((one) => one.id)).toEqual([2, 3, 5, 1].map(errorId));
    expect(listed()[0]).toMatchObject({ table: '', at: '2026-03-02T09:00:00Z' });
  });

  test.each([
    [0, 'Conflict'],
    [1, 'Record not found'],
    [2, 'Record already exists'],
    [3, 'Others'],
    [9, 'Others'],
    [null, 'Others'],
  ] as const)('calls the kind %s "%s"', (errortype, name) => {
    device.take((tx) => applyBase(tx, 'syncerror', errorId(1), { errortype, statecode: 0 }));
    expect(listed()[0]).toMatchObject({ type: name, at: '' });
  });

  test('is empty before the first sync', () => {
    device.store.applySchema(app, ['account']);
    expect(new SyncErrors(device.store, device.outbox).list()).toEqual([]);
  });

  test('is told anew when one comes or is repaired, and not for anything else', () => {
    const lengths: number[] = [];
    device.errors.changes.subscribe((list) => lengths.push(list.length));
    move(1, 'Chur');
    expect(lengths).toEqual([0]);
    refuse(1);
    expect(lengths).toEqual([0, 1]);
    device.errors.resolve(errorId(1), 'discard');
    expect(lengths).toEqual([0, 1, 0]);
  });
});

describe('the sides of a conflict', () => {
  test('are what was seen, wanted, and is there now', () => {
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur', parentaccountid: id(2) }));
    refuse(1);
    fromServer(1, { name: 'Account 1', city: 'Zug' });
    expect(device.errors.sides(errorId(1))).toEqual([
      { column: 'city', base: 'Bern', mine: 'Chur', theirs: 'Zug' },
      { column: 'parentaccountid', base: null, mine: id(2), theirs: null },
    ]);
  });

  test('are the organization’s, not those of an edit made since', () => {
    move(1, 'Chur');
    refuse(1);
    move(2, 'Olten');
    move(1, 'Davos');
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: 'Bern', mine: 'Chur' }]);
    fromServer(1, { city: 'Zug' });
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: 'Zug' }]);
    fromServer(1, { name: 'Account 1' });
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: null }]);
    fromServer(1, null);
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: null }]);
  });

  test('are those of the row and table of the edit, among others that are edited', () => {
    device.take((tx) => {
      applyBase(tx, 'contact', id(2), { fullname: 'Ana', ownerid: id(31) });
      applyBase(tx, 'account', id(2), { city: 'Basel', ownerid: id(32) });
    });
    const toBen = { ownerid: id(33) };
    device.edit((tx) => tx.update('contact', id(2), toBen));
    device.edit((tx) => tx.update('account', id(2), { city: 'Davos' }));
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    refuse(1, 2);
    device.edit((tx) => tx.update('contact', id(2), { fullname: 'Ben' }));
    device.edit((tx) => tx.update('account', id(2), { employees: 4 }));
    expect(device.errors.sides(errorId(1))).toMatchObject([{ column: 'ownerid', theirs: id(31) }]);
    expect(device.errors.sides(errorId(2))).toMatchObject([{ column: 'city', theirs: 'Basel' }]);
  });

  test('are not there where the row is not, or its table', () => {
    move(1, 'Chur');
    refuse(1);
    fromServer(1, null);
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: null, mine: 'Chur' }]);
    device.store.applySchema(app, ['contact', 'syncerror']);
    expect(device.errors.sides(errorId(1))).toMatchObject([{ theirs: null, mine: 'Chur' }]);
    expect(device.errors.sides('unknown')).toEqual([]);
  });

  test('are those of the edit that was asked for, of several', () => {
    move(1, 'Chur');
    move(2, 'Davos');
    refuse(1, 2);
    expect(device.errors.sides(errorId(2))).toMatchObject([{ mine: 'Davos', theirs: 'Basel' }]);
    expect(listed().map((one) => one.wanted)).toEqual([{ city: 'Chur' }, { city: 'Davos' }]);
  });
});

describe('to give an edit up', () => {
  test.each(['discard', 'takeServer'] as const)(
    '(%s) leaves the row of the organization',
    (action) => {
      move(1, 'Chur');
      move(2, 'Davos');
      refuse(1, 2);
      device.errors.resolve(errorId(1), action);
      expect(edits().map((one) => one.key)).toEqual([key(2)]);
      expect(city(1)).toBe('Bern');
      expect(errorRow(errorId(1))).toMatchObject({ statecode: 1, statuscode: 1 });
      expect(errorRow(errorId(2))).toMatchObject({ statecode: 0 });
      expect(listed().map((one) => one.id)).toEqual([errorId(2)]);
      // The organization is told.
      expect(device.entries().filter((one) => one.table === 'syncerror')).toMatchObject([
        { op: 'update', id: errorId(1), set: { statecode: 1, statuscode: 1 }, state: 'queued' },
      ]);
    },
  );

  test('shows the newest row of the organization and an edit made since', () => {
    move(1, 'Chur');
    refuse(1);
    device.edit((tx) => tx.update('account', id(1), { employees: 9 }));
    fromServer(1, { name: 'Account 1', city: 'Zug' });
    device.errors.resolve(errorId(1), 'discard');
    expect(device.row('account', id(1))).toMatchObject({ city: 'Zug', employees: 9 });
  });

  test('gives up with it what waited for it, and the rest of its change set', () => {
    device.edit((tx) => {
      tx.insert('account', id(3), { name: 'Parent' });
      tx.update('account', id(2), { city: 'Davos' });
    });
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    move(1, 'Chur');
    refuse(1, 4);
    expect(listed()).toHaveLength(4);
    const [second, third] = [errorOf(2), errorOf(3)];
    device.errors.resolve(errorId(1), 'discard');
    expect(edits().map((one) => one.key)).toEqual([key(4)]);
    expect([3, 4].map((n) => device.row('account', id(n)))).toEqual([null, null]);
    expect(listed().map((one) => one.id)).toEqual([errorId(4)]);
    for (const one of [errorId(1), second, third])
      expect(errorRow(one)).toMatchObject({ statecode: 1, statuscode: 1 });
  });

  test('leaves other change sets as they are', () => {
    for (const pair of [
      [1, 2],
      [5, 6],
    ]) {
      for (const n of pair) fromServer(n, { city: 'Bern' });
      device.edit((tx) => {
        for (const n of pair) tx.update('account', id(n), { city: 'Chur' });
      });
    }
    refuse(1, 2, 3, 4);
    device.errors.resolve(errorId(3), 'discard');
    expect(edits().map((one) => one.key)).toEqual([key(1), key(2)]);
  });

  test('of one that waited leaves the one that it waited for', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'Parent' }));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    refuse(1);
    device.errors.resolve(errorOf(2), 'discard');
    expect(edits().map((one) => one.key)).toEqual([key(1)]);
    expect(listed().map((one) => one.id)).toEqual([errorId(1)]);
  });

  test('says nothing more about an error that the organization has taken away', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'Parent' }));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    refuse(1);
    const second = errorOf(2);
    device.take((tx) => {
      tx.sql.prepare(`DELETE FROM "$outbox" WHERE row_id = ?`).run([second]);
      applyBase(tx, 'syncerror', second, null);
    });
    device.errors.resolve(errorId(1), 'discard');
    expect(device.entries().map((one) => one.id)).toEqual([errorId(1)]);
  });

  test('works for an error of another device', () => {
    device.take((tx) => applyBase(tx, 'syncerror', errorId(7), { statecode: 0, versionnumber: 3 }));
    device.errors.resolve(errorId(7), 'discard');
    expect(listed()).toEqual([]);
    expect(device.entries()).toMatchObject([
      { op: 'update', id: errorId(7), set: { statecode: 1 }, baseVersion: 3 },
    ]);
  });
});

describe('to send an edit again', () => {
  beforeEach(() => {
    move(1, 'Chur');
    refuse(1);
    fromServer(1, { name: 'Account 1', city: 'Zug', employees: 6, versionnumber: 12 });
  });

  test('as it was: under a new key, with the base that the user saw', () => {
    device.errors.resolve(errorId(1), 'retry');
    expect(edits()).toMatchObject([
      {
        key: key(2),
        state: 'queued',
        op: 'update',
        set: { city: 'Chur' },
        base: { city: 'Bern' },
        baseVersion: 7,
        baseOf: null,
        after: [],
        changeSet: null,
        syncErrorId: null,
        everSent: false,
      },
    ]);
    expect(city(1)).toBe('Chur');
    expect(errorRow(errorId(1))).toMatchObject({ statecode: 1, statuscode: 1 });
    // What is refused again falls back to what the organization sent last.
    refuse(2);
    expect(device.row('account', id(1))).toMatchObject({ city: 'Zug', employees: 6 });
  });

  test('over what the organization has: with its newest values and version as the base', () => {
    device.errors.resolve(errorId(1), 'keepMine');
    expect(edits()).toMatchObject([
      { key: key(2), set: { city: 'Chur' }, base: { city: 'Zug' }, baseVersion: 12, baseOf: null },
    ]);
    expect(edits()[0]?.base).toEqual({ city: 'Zug' });
    expect(city(1)).toBe('Chur');
  });

  test('over a row that is not here, or has no version: with an empty base', () => {
    fromServer(1, { city: 'Zug' });
    device.errors.resolve(errorId(1), 'keepMine');
    expect(edits()).toMatchObject([{ base: { city: 'Zug' }, baseVersion: null }]);
    refuse(2);
    fromServer(1, null);
    device.errors.resolve(errorId(2), 'keepMine');
    expect(edits()).toMatchObject([{ base: { city: null }, baseVersion: null }]);
  });

  test('with other values: those of the user joined to what the edit wanted', () => {
    device.errors.editAndRetry(errorId(1), { employees: 8, city: 'Davos' });
    expect(edits()).toMatchObject([
      {
        set: { city: 'Davos', employees: 8 },
        base: { city: 'Zug', employees: 6 },
        baseVersion: 12,
      },
    ]);
    expect(device.row('account', id(1))).toMatchObject({ city: 'Davos', employees: 8 });
  });

  test('is not held up by others that are refused or newer, which stay as they are', () => {
    move(2, 'Davos');
    refuse(2);
    const elsewhere = { statecode: 0, errortime: '2026-03-02T09:00:00Z' };
    device.take((tx) => applyBase(tx, 'syncerror', errorId(7), elsewhere));
    device.errors.resolve(errorId(1), 'retry');
    expect(edits()).toMatchObject([
      { key: key(2), state: 'refused' },
      { id: id(1), state: 'queued', baseVersion: 7, baseOf: null },
    ]);
    expect(listed().map((one) => one.id)).toEqual([errorId(7), errorId(2)]);
  });

  test('is durable when the call returns, and one commit', () => {
    const commits: ChangeSet[] = [];
    device.store.commits.subscribe((set) => commits.push(set));
    device.errors.resolve(errorId(1), 'retry');
    expect(commits).toMatchObject([{ durable: true, origin: 'sync' }]);
  });
});

describe('edits that were refused together are sent again together', () => {
  test('in order, their references following to the new keys', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'Parent' }));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    device.edit((tx) => tx.update('account', id(3), { city: 'Bern' }));
    refuse(1);
    expect(edits().map((one) => one.state)).toEqual(['refused', 'refused', 'refused']);
    expect(edits().map((one) => one.baseOf)).toEqual([null, null, key(1)]);
    device.errors.resolve(errorId(1), 'retry');
    expect(edits()).toMatchObject([
      { op: 'create', id: id(3), after: [] },
      { op: 'create', id: id(4) },
      { op: 'update', id: id(3), set: { city: 'Bern' } },
    ]);
    const [parent, child, update] = edits().map((one) => one.key);
    expect(edits()[1]?.after).toEqual([parent]);
    expect(edits()[2]).toMatchObject({ after: [parent], baseOf: parent });
    expect(new Set([parent, child, update].map((one) => one?.[1])).size).toBe(3);
    expect(device.row('account', id(3))).toMatchObject({ name: 'Parent', city: 'Bern' });
    expect(listed()).toEqual([]);
  });

  test('with other values for the one that was asked about only', () => {
    move(1, 'Chur');
    device.take((tx) => markSent(tx.sql, key(1)));
    device.edit((tx) => tx.update('account', id(1), { employees: 9 }));
    refuse(1);
    device.errors.editAndRetry(errorId(1), { city: 'Davos' });
    expect(edits().map((one) => one.set)).toEqual([{ city: 'Davos' }, { employees: 9 }]);
  });

  test('as one change set', () => {
    device.edit((tx) => {
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(2), { city: 'Davos' });
    });
    const name = edits()[0]?.changeSet;
    refuse(1, 2);
    device.errors.resolve(errorId(2), 'retry');
    expect(edits()).toMatchObject([
      { id: id(1), changeSet: name, state: 'queued' },
      { id: id(2), changeSet: name, state: 'queued' },
    ]);
    expect(listed()).toEqual([]);
  });

  test('and one that waited can go alone, on what the refused one stood on', () => {
    move(1, 'Chur');
    device.take((tx) => markSent(tx.sql, key(1)));
    device.edit((tx) => tx.update('account', id(1), { employees: 9 }));
    refuse(1);
    expect(edits()[1]).toMatchObject({ baseOf: key(1), after: [key(1)], baseVersion: null });
    device.errors.resolve(errorOf(2), 'retry');
    expect(edits()).toMatchObject([
      { key: key(1), state: 'refused' },
      { state: 'queued', set: { employees: 9 }, baseVersion: 7, baseOf: null, after: [] },
    ]);
    expect(device.row('account', id(1))).toMatchObject({ city: 'Bern', employees: 9 });
    expect(listed().map((one) => one.id)).toEqual([errorId(1)]);
  });

  test('and one that builds on an edit that is not refused goes on building on it', () => {
    move(1, 'Chur');
    device.take((tx) => setEntryState(tx.sql, key(1), 'sent'));
    move(1, 'Davos');
    refuse(2);
    device.errors.resolve(errorId(2), 'retry');
    expect(edits()[1]).toMatchObject({ baseOf: key(1), after: [key(1)], set: { city: 'Davos' } });
  });
});

describe('a sync error cannot be repaired', () => {
  const failure = (fn: () => void): SyncError => {
    try {
      fn();
    } catch (error) {
      if (error instanceof SyncError) return error;
      throw error;
    }
    throw new Error('no error');
  };

  test('when there is none, or not any more', () => {
    move(1, 'Chur');
    refuse(1);
    device.errors.resolve(errorId(1), 'discard');
    move(2, 'Davos');
    refuse(2 + 1);
    expect(listed()).toHaveLength(1);
    for (const unknown of [errorId(1), 'unknown']) {
      expect(failure(() => device.errors.resolve(unknown, 'retry'))).toMatchObject({
        code: 'error.unknown',
        message: expect.stringContaining(unknown),
        fix: expect.stringContaining('List the errors'),
      });
    }
  });

  test.each(['retry', 'keepMine'] as const)('(%s) when the edit is on another device', (action) => {
    device.take((tx) => applyBase(tx, 'syncerror', errorId(7), { statecode: 0 }));
    expect(failure(() => device.errors.resolve(errorId(7), action))).toMatchObject({
      code: 'error.elsewhere',
      message: expect.stringContaining('another device'),
      fix: expect.stringContaining('Discard'),
    });
    expect(listed()).toHaveLength(1);
  });
});
