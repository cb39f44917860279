import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { leave, note } from '../src/apply/leave.ts';
import { applyBase } from '../src/apply/overlay.ts';
import { deleteEntry } from '../src/outbox/entry.ts';
import { readDrafts, readNotices } from '../src/repair/notices.ts';
import { id, type LocalDevice, now, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
  device.take((tx) => {
    applyBase(tx, 'account', id(1), { name: 'Alpine', city: 'Bern' });
    applyBase(tx, 'account', id(2), { city: 'Bern' });
    applyBase(tx, 'visit', id(3), { duration: 4 });
  });
});
afterEach(() => device.store.close());

const gone = (table: string, n: number, reason: Parameters<typeof leave>[3] = 'filter') =>
  device.take((tx) => leave(tx, table, id(n), reason, now));
const notices = () => readNotices(device.store);

describe('a row that leaves', () => {
  test('is gone, and what it was called, why and when it left is noted', () => {
    gone('account', 1, 'deleted');
    expect(device.row('account', id(1))).toBeNull();
    expect(device.row('account', id(2))).not.toBeNull();
    expect(notices()).toEqual([
      { kind: 'rowLeft', table: 'account', id: id(1), name: 'Alpine', reason: 'deleted', at: now },
    ]);
  });

  test('for want of a right to read it is not told by its name', () => {
    gone('account', 1, 'access');
    expect(notices()).toMatchObject([{ kind: 'rowLeft', name: null, reason: 'access' }]);
  });

  test('may have no name, or be of a table that has none', () => {
    gone('account', 2);
    gone('visit', 3);
    expect(notices()).toMatchObject([
      { table: 'visit', id: id(3), name: null },
      { table: 'account', id: id(2), name: null },
    ]);
  });

  test('and has edits, is noted as such; they stay, as drafts', () => {
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    gone('account', 1);
    expect(notices()).toMatchObject([{ kind: 'editedRowLeft', id: id(1), name: 'Alpine' }]);
    expect(readDrafts(device.store)).toMatchObject([{ id: id(1), values: { city: 'Chur' } }]);
  });

  test('and was not here, is noted once or never', () => {
    gone('account', 9);
    expect(notices()).toEqual([]);
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    gone('account', 1);
    gone('account', 1);
    expect(notices()).toHaveLength(1);
    // What the organization sent is not forgotten to have left, though nobody saw it leave.
    device.take((tx) => deleteEntry(tx.sql, ['e1', 1]));
    gone('account', 1);
    expect(device.row('account', id(1))).toBeNull();
  });
});

test('the newest thousand notices are kept', () => {
  device.take((tx) => {
    for (let n = 1; n <= 1002; n++)
      note(tx, 'rowLeft', { table: 'account', id: id(n), name: n, reason: null, at: now });
  });
  const all = readNotices(device.store, 5000);
  expect(all).toHaveLength(1000);
  expect([all[0]?.id, all.at(-1)?.id]).toEqual([id(1002), id(3)]);
  expect(all[0]).toMatchObject({ name: null, reason: null });
});
