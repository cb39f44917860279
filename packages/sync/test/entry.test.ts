import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  deleteEntry,
  type Entry,
  freshEntry,
  holdEntry,
  insertEntry,
  markSent,
  readEntries,
  rewriteEntry,
  setEntryState,
} from '../src/outbox/entry.ts';
import type { EntryKey } from '../src/protocol/index.ts';
import { id, type LocalDevice, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
});
afterEach(() => device.store.close());

/** As little as an entry can say. */
const least: Entry = {
  ...freshEntry,
  key: ['e1', 1],
  op: 'delete',
  table: 'account',
  id: id(1),
  set: {},
  base: {},
  baseVersion: null,
  baseOf: null,
  after: [],
  changeSet: null,
  at: 'then',
};
/** Everything that an entry can say. */
const most: Entry = {
  key: ['e0', 2],
  state: 'refused',
  op: 'update',
  table: 'contact',
  id: id(2),
  set: { fullname: 'Ana "A"', employees: 3, city: null },
  base: { fullname: null },
  baseVersion: 7,
  baseOf: ['e0', 1],
  after: [
    ['e0', 1],
    ['e1', 1],
  ],
  changeSet: 'x',
  at: 'now',
  syncErrorId: id(9),
  blockedBy: ['e0', 1],
  everSent: true,
  attempts: 4,
  heldUntil: 99,
  local: ['city'],
};
const put = (...entries: readonly Entry[]) =>
  device.take((tx) => {
    for (const entry of entries) insertEntry(tx.sql, entry);
  });

test('an entry is read as it was written, in the order of numbers', () => {
  put(most, least);
  expect(device.entries()).toEqual([least, most]);
  expect(readEntries(device.store, 'change_set = ?', ['x'])).toEqual([most]);
  expect(readEntries(device.store, 'blocked_by IS NULL AND base_of IS NULL')).toEqual([least]);
});

test('a new entry waits, was never sent or put off, and has no sync error', () => {
  expect(freshEntry).toEqual({
    state: 'queued',
    syncErrorId: null,
    blockedBy: null,
    everSent: false,
    attempts: 0,
    heldUntil: 0,
    local: [],
  });
});

describe('of the entries of two openings with the same numbers, only the one that is meant', () => {
  const key: EntryKey = ['e1', 1];
  const others = [
    { ...least, key: ['e0', 1] },
    { ...least, key: ['e1', 2] },
  ] as const;
  const after = (act: (sql: Parameters<typeof markSent>[0]) => void): readonly Entry[] => {
    put(least, ...others);
    device.take((tx) => act(tx.sql));
    const left = device.entries();
    for (const one of others) expect(left).toContainEqual(one);
    return left.filter((one) => one.key[0] === 'e1' && one.key[1] === 1);
  };

  test('gets another state', () => {
    expect(after((sql) => setEntryState(sql, key, 'applied'))).toEqual([
      { ...least, state: 'applied' },
    ]);
  });

  test('is on its way, and known to have been', () => {
    expect(after((sql) => markSent(sql, key))).toEqual([
      { ...least, state: 'sent', everSent: true },
    ]);
  });

  test('is put off, counted, and waits', () => {
    const held = after((sql) => {
      setEntryState(sql, key, 'sent');
      holdEntry(sql, key, 50);
      holdEntry(sql, key, 60);
    });
    expect(held).toEqual([{ ...least, attempts: 2, heldUntil: 60 }]);
  });

  test('gets other content', () => {
    const content = { ...most, key };
    expect(after((sql) => rewriteEntry(sql, content))).toEqual([content]);
  });

  test('is deleted', () => {
    expect(after((sql) => deleteEntry(sql, key))).toEqual([]);
  });
});
