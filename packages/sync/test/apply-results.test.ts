import type { ChangeSet } from '@outpost/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyBase } from '../src/apply/overlay.ts';
import { applyResults } from '../src/outbox/apply-results.ts';
import {
  type Entry,
  holdEntry,
  insertEntry,
  markSent,
  setEntryState,
} from '../src/outbox/entry.ts';
import type { EntryKey, EntryResult } from '../src/protocol/index.ts';
import { id, type LocalDevice, now, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
let commits: ChangeSet[];
beforeEach(async () => {
  device = await openLocalDevice();
  device.take((tx) => {
    for (const n of [1, 2])
      applyBase(tx, 'account', id(n), { name: `Account ${n}`, city: 'Bern', versionnumber: n });
  });
  commits = [];
  device.store.commits.subscribe((set) => commits.push(set));
});
afterEach(() => device.store.close());

const user = id(500);
const errorId = id(900);
const heldUntil = 77_000;
const key = (seq: number): EntryKey => ['e1', seq];
const city = (n: number) => device.row('account', id(n))?.['city'];
const entry = (seq: number): Entry => {
  const found = device.entries().find((one) => one.key[0] === 'e1' && one.key[1] === seq);
  if (found === undefined) throw new Error(`no entry ${seq}`);
  return found;
};

/** The user changes a city; entry after entry. */
const move = (n: number, to: string) =>
  device.edit((tx) => tx.update('account', id(n), { city: to }));
const send = (...numbers: number[]) =>
  device.take((tx) => {
    for (const n of numbers) markSent(tx.sql, key(n));
  });
const answer = (...results: readonly EntryResult[]) =>
  applyResults(device.store, device.outbox, device.ids, user, { now, results }, () => heldUntil);
const refused = (seq: number, syncError = errorId): EntryResult => ({
  key: key(seq),
  status: 'refused',
  errorType: 0,
  code: '-2147088254',
  message: 'Somebody else changed the row.',
  columns: ['city'],
  syncError,
});
const errors = () =>
  device.own('SELECT regardingobjectid, errormessage, errortype FROM "syncerror" ORDER BY _rid');

describe('the verdict on an edit that was sent', () => {
  beforeEach(() => {
    move(1, 'Chur');
    move(2, 'Davos');
    send(1, 2);
  });

  test.each([
    ['applied', { key: key(1), status: 'applied', version: 9 }, 'applied'],
    ['settled', { key: key(1), status: 'settled' }, 'applied'],
    ['blocked', { key: key(1), status: 'blocked' }, 'queued'],
  ] as const)('%s: the edit stays on its row, others as they are', (_, result, state) => {
    answer(result);
    expect(entry(1)).toMatchObject({ state, attempts: 0, heldUntil: 0, everSent: true });
    expect(entry(2).state).toBe('sent');
    expect([city(1), city(2)]).toEqual(['Chur', 'Davos']);
    expect(errors()).toEqual([]);
  });

  test('put off: it waits again, counted, and not before its time', () => {
    answer({ key: key(1), status: 'retryLater' });
    expect(entry(1)).toMatchObject({ state: 'queued', attempts: 1, heldUntil });
    send(1);
    answer({ key: key(1), status: 'retryLater' });
    expect(entry(1)).toMatchObject({ state: 'queued', attempts: 2 });
    expect(entry(2)).toMatchObject({ state: 'sent', attempts: 0, heldUntil: 0 });
  });

  test('refused: the row is what the organization has, and the edit a sync error with everything in it', () => {
    answer(refused(1));
    expect([city(1), city(2)]).toEqual(['Bern', 'Davos']);
    expect(entry(1)).toMatchObject({ state: 'refused', syncErrorId: errorId, blockedBy: null });
    expect(entry(1).set).toEqual({ city: 'Chur' });
    expect(entry(2)).toMatchObject({ state: 'sent', syncErrorId: null });
    expect(device.row('syncerror', errorId)).toMatchObject({
      name: 'account',
      action: 'Update',
      actiondata: '{"city":"Chur"}',
      errorcode: '-2147088254',
      errormessage: 'Somebody else changed the row.',
      errortime: '2026-03-02T08:00:00Z',
      errortype: 0,
      regardingobjectid: id(1),
      ownerid: user,
      statecode: 0,
    });
    // The organization has made this row itself: nothing is to be uploaded for it.
    expect(device.entries()).toHaveLength(2);
  });

  test('refused with a sync error that a pull has brought already: that one stays', () => {
    device.take((tx) => applyBase(tx, 'syncerror', errorId, { name: 'account', statecode: 1 }));
    answer(refused(1));
    expect(device.row('syncerror', errorId)).toMatchObject({ statecode: 1, errormessage: null });
    expect(entry(1)).toMatchObject({ state: 'refused', syncErrorId: errorId });
  });

  test('is durable when the call returns, all verdicts in one commit', () => {
    commits = [];
    answer(refused(1), refused(2, id(901)));
    expect(commits).toHaveLength(1);
    expect(commits[0]).toMatchObject({ durable: true, origin: 'sync' });
  });
});

describe('a verdict is passed over', () => {
  test.each(['queued', 'applied', 'refused'] as const)('when its edit is %s', (state) => {
    move(1, 'Chur');
    device.take((tx) => setEntryState(tx.sql, key(1), state));
    answer(refused(1));
    expect(entry(1)).toMatchObject({ state, syncErrorId: null });
    expect(errors()).toEqual([]);
  });

  test('when there is no such edit, and the next one is taken', () => {
    move(1, 'Chur');
    send(1);
    answer(refused(7), { key: ['e0', 1], status: 'blocked' });
    expect(entry(1).state).toBe('sent');
    answer(refused(7), { key: key(1), status: 'applied', version: 2 });
    expect(entry(1).state).toBe('applied');
  });
});

test('edits of two openings with the same number are two', () => {
  move(1, 'Chur');
  send(1);
  move(1, 'Davos');
  device.take((tx) => {
    for (const seq of [1, 2])
      insertEntry(tx.sql, { ...entry(seq), key: ['e0', seq], id: id(2), after: [], baseOf: null });
    // Found first, and refused long ago.
    setEntryState(tx.sql, ['e0', 2], 'refused');
  });
  answer(refused(1));
  const states = device.entries().map((one) => [one.key[0], one.key[1], one.state]);
  expect(states.filter(([epoch]) => epoch === 'e0')).toEqual([
    ['e0', 1, 'sent'],
    ['e0', 2, 'refused'],
  ]);
  expect(states.filter(([epoch]) => epoch === 'e1').slice(0, 2)).toEqual([
    ['e1', 1, 'refused'],
    ['e1', 2, 'refused'],
  ]);
});

describe('what depends on a refused edit is refused with it', () => {
  const waits = (seq: number, on: number) =>
    expect(entry(seq)).toMatchObject({
      state: 'refused',
      blockedBy: key(on),
      syncErrorId: expect.stringMatching(/^00000abc-/),
    });

  test('a later edit of the row, with a sync error that is uploaded as a create', () => {
    move(1, 'Chur');
    send(1);
    move(1, 'Davos');
    answer(refused(1));
    waits(2, 1);
    expect(city(1)).toBe('Bern');
    expect(errors()).toEqual([
      [id(1), 'Somebody else changed the row.', 0],
      [id(1), `Waits for the refused update of account ${id(1)}.`, 3],
    ]);
    const second = entry(2).syncErrorId ?? '';
    expect(device.row('syncerror', second)).toMatchObject({ errorcode: 'outpost:blocked' });
    expect(entry(3)).toMatchObject({
      state: 'queued',
      op: 'create',
      table: 'syncerror',
      id: second,
      set: { errorcode: 'outpost:blocked', ownerid: user },
    });
    expect(device.entries()).toHaveLength(3);
  });

  test('a row that points at a created one, and what points at that, each by what is before it', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'Parent' }));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    device.edit((tx) =>
      tx.insert('account', id(5), { name: 'Grandchild', parentaccountid: id(4) }),
    );
    move(2, 'Davos');
    send(1, 2);
    answer(refused(1), { key: key(2), status: 'blocked' });
    waits(2, 1);
    waits(3, 2);
    expect(entry(4)).toMatchObject({ state: 'queued', blockedBy: null });
    expect([3, 4, 5].map((n) => device.row('account', id(n)))).toEqual([null, null, null]);
    expect(errors().map((row) => row[1])).toEqual([
      'Somebody else changed the row.',
      `Waits for the refused create of account ${id(3)}.`,
      `Waits for the refused create of account ${id(4)}.`,
    ]);
  });

  test('the others of its change set', () => {
    device.edit((tx) => {
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(2), { city: 'Davos' });
    });
    device.edit((tx) => {
      tx.insert('account', id(3), {});
      tx.insert('account', id(4), {});
    });
    send(1, 2);
    answer(refused(1));
    waits(2, 1);
    expect([city(1), city(2)]).toEqual(['Bern', 'Bern']);
    expect([entry(3).state, entry(4).state]).toEqual(['queued', 'queued']);
  });

  test('an edit that builds on the version that it would have made', () => {
    move(1, 'Chur');
    send(1);
    move(1, 'Davos');
    // It need not wait for the first one any more, but it builds on it.
    device.take((tx) => {
      tx.sql.prepare(`UPDATE "$outbox" SET after_json = '[]' WHERE seq = 2`).run();
    });
    answer(refused(1));
    waits(2, 1);
  });

  test('once, though it depends on two that are refused, or was taken along by another', () => {
    device.edit((tx) => {
      tx.insert('account', id(3), { name: 'Parent' });
      tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) });
      tx.insert('account', id(5), { name: 'Grandchild', parentaccountid: id(4) });
    });
    send(1, 2, 3);
    answer(refused(1), { key: key(2), status: 'blocked' });
    expect(errors()).toHaveLength(3);
    expect(device.entries().filter((one) => one.table === 'syncerror')).toHaveLength(2);
    waits(2, 1);
    waits(3, 2);
  });

  test('but not what the organization answered itself: that has its own verdict', () => {
    device.edit((tx) => {
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(2), { city: 'Davos' });
    });
    send(1, 2);
    answer(refused(1), { ...refused(2, id(901)), message: 'No right to write.' } as EntryResult);
    expect(entry(2)).toMatchObject({ state: 'refused', blockedBy: null, syncErrorId: id(901) });
    expect(errors().map((row) => row[1])).toEqual([
      'Somebody else changed the row.',
      'No right to write.',
    ]);
  });

  test.each([
    ['applied', { key: key(2), status: 'applied', version: 4 }, 'applied'],
    ['refused', refused(2, id(901)), 'refused'],
  ] as const)('nor one that was answered with "%s" before it', (_, result, state) => {
    move(1, 'Chur');
    send(1);
    move(1, 'Davos');
    send(2);
    answer(result, refused(1));
    expect(entry(2)).toMatchObject({ state, blockedBy: null });
  });

  test('also when the organization put it off, or said that it waits', () => {
    move(1, 'Chur');
    send(1);
    move(1, 'Davos');
    send(2);
    answer({ key: key(2), status: 'retryLater' }, refused(1));
    waits(2, 1);
    expect(entry(2).attempts).toBe(1);
  });

  test('and not what is applied, nor an edit of another opening with the same number', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'Parent' }));
    device.edit((tx) => tx.insert('account', id(4), { name: 'Child', parentaccountid: id(3) }));
    device.edit((tx) => tx.insert('account', id(5), { name: 'Child', parentaccountid: id(3) }));
    device.take((tx) => {
      markSent(tx.sql, key(1));
      setEntryState(tx.sql, key(2), 'applied');
      holdEntry(tx.sql, key(3), 5);
      tx.sql.prepare(`UPDATE "$outbox" SET after_json = '[["e0",1]]' WHERE seq = 3`).run();
    });
    answer(refused(1));
    expect([entry(2).state, entry(3).state]).toEqual(['applied', 'queued']);
    expect(errors()).toHaveLength(1);
  });
});
