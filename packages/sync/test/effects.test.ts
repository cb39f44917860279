import { indexModel, type ModelIndex } from '@outpost/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyPull } from '../src/apply/apply-rows.ts';
import { applyBase } from '../src/apply/overlay.ts';
import { markSent, setEntryState } from '../src/outbox/entry.ts';
import { undoDelayMs } from '../src/outbox/outbox.ts';
import type { EntryKey } from '../src/protocol/index.ts';
import { readDrafts } from '../src/repair/notices.ts';
import { app, id, type LocalDevice, now, openLocalDevice } from './local-device.ts';

/** Contacts go with their account; accounts below it stay. */
const related: ModelIndex = indexModel({
  ...app,
  relationships: [
    {
      kind: 'manyToOne',
      name: 'contacts',
      table: 'contact',
      column: 'parentcustomerid',
      target: 'account',
      cascade: { delete: 'cascade', assign: 'cascade' },
    },
    {
      kind: 'manyToOne',
      name: 'branches',
      table: 'account',
      column: 'parentaccountid',
      target: 'account',
      cascade: { delete: 'removeLink', assign: 'noCascade' },
    },
  ],
});

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
  device.outbox.effects.use(related);
  device.take((tx) => {
    applyBase(tx, 'account', id(1), { name: 'Alpine', versionnumber: 7 });
    applyBase(tx, 'account', id(2), { name: 'Branch', parentaccountid: id(1), versionnumber: 8 });
    const parent = { parentcustomerid: id(1), parentcustomerid$t: 'account' };
    applyBase(tx, 'contact', id(3), { fullname: 'Ana', ...parent, versionnumber: 9 });
  });
});
afterEach(() => device.store.close());

const key = (seq: number): EntryKey => ['e1', seq];
const edit = (fn: Parameters<LocalDevice['edit']>[0]) =>
  device.edit((tx) => {
    fn(tx);
    device.outbox.effects.carryOut(tx);
  });
const remove = (n: number) => edit((tx) => tx.delete('account', id(n)));
const batch = () => device.outbox.nextBatch().map((entry) => entry.key[1]);
const effects = () =>
  device.own('SELECT seq, op, table_name, row_id, set_json FROM "$effect" ORDER BY seq, no');
/** The organization has applied an edit, and its effect is in these rows. */
const settle = (seq: number, rows: Readonly<Record<string, readonly [string, number]>>) =>
  applyPull(
    device.store,
    {
      now,
      current: { app: '', access: '' },
      changes: Object.entries(rows).map(([rowId, [name, version]]) => ({
        table: 'account',
        columns: ['accountid', 'name', 'versionnumber'],
        empty: [],
        rows: [[rowId, name, version]],
      })),
      removes: [{ table: 'contact', ids: [id(3)], reason: 'deleted' }],
      tokens: [],
      check: [],
      acked: [['e1', seq, seq]],
      more: false,
    },
    0,
  );

describe('N07d: edits around a deletion', () => {
  test('of a child wait for nothing, and the deletion for them', () => {
    edit((tx) => tx.update('contact', id(3), { fullname: 'Anna' }));
    remove(1);
    expect(batch()).toEqual([1, 2]);
    expect(device.outbox.nextBatch(100, (entry) => entry.table === 'account')).toEqual([]);
    device.take((tx) => markSent(tx.sql, key(1)));
    expect(batch()).toEqual([]);
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    expect(batch()).toEqual([2]);
    // A refused one goes nowhere.
    device.take((tx) => setEntryState(tx.sql, key(1), 'refused'));
    expect(batch()).toEqual([2]);
  });

  test('of a row that lost a link wait until the new version is known, and are based on it', () => {
    remove(1);
    edit((tx) => tx.update('account', id(2), { city: 'Chur' }));
    expect(device.entries()[1]).toMatchObject({ baseVersion: 8, baseOf: null });
    expect(batch()).toEqual([1]);
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    expect(batch()).toEqual([]);
    settle(1, { [id(2)]: ['Branch', 20] });
    expect(device.entries()).toMatchObject([{ key: key(2), baseVersion: 20, baseOf: null }]);
    expect(batch()).toEqual([2]);
    expect([effects(), device.row('account', id(2))?.['city']]).toEqual([[], 'Chur']);
  });

  test('but keep the version that was seen where somebody else has changed the row', () => {
    remove(1);
    edit((tx) => tx.update('account', id(2), { city: 'Chur' }));
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    settle(1, { [id(2)]: ['Theirs', 20] });
    expect(device.entries()).toMatchObject([{ key: key(2), baseVersion: 8 }]);
  });

  test('that stand on an own edit before it are based on what the deletion made of that', () => {
    edit((tx) => tx.update('account', id(2), { name: 'Mine' }));
    device.take((tx) => markSent(tx.sql, key(1)));
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    remove(1);
    edit((tx) => tx.update('account', id(2), { city: 'Chur' }));
    device.take((tx) => setEntryState(tx.sql, key(2), 'applied'));
    expect(device.entries()[2]).toMatchObject({ baseOf: key(1) });
    // The older one is still to be seen: nothing is known of its version.
    settle(2, { [id(2)]: ['Mine', 20] });
    expect(device.entries()[1]).toMatchObject({ key: key(3), baseOf: key(1) });
  });

  test('are no drafts when their rows went with it', () => {
    edit((tx) => tx.update('contact', id(3), { fullname: 'Anna' }));
    remove(1);
    device.take((tx) => applyBase(tx, 'contact', id(3), null));
    expect(readDrafts(device.store)).toEqual([]);
    const [deletion] = device.entries().filter((entry) => entry.op === 'delete');
    expect(deletion?.base).toEqual({ name: 'Alpine' });
  });
});

describe('N07a: a deletion', () => {
  test('is never joined to an earlier edit, for it can be undone', () => {
    edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    remove(1);
    expect(device.entries().map((entry) => entry.op)).toEqual(['update', 'delete']);
    expect(effects()).toEqual([
      [2, 'delete', 'contact', id(3), '{}'],
      [2, 'update', 'account', id(2), '{"parentaccountid":null}'],
    ]);
    edit((tx) => tx.update('account', id(2), { city: 'Chur' }));
    remove(2);
    expect(device.entries().map((entry) => [entry.op, entry.id])).toEqual([
      ['update', id(1)],
      ['delete', id(1)],
      ['update', id(2)],
      ['delete', id(2)],
    ]);
  });

  test('is not joined across an edit that took a row away from it', () => {
    edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
    edit((tx) => {
      tx.update('contact', id(3), { parentcustomerid: id(2) });
      tx.update('account', id(2), { parentaccountid: null });
    });
    remove(1);
    expect(device.entries().map((entry) => entry.op)).toEqual([
      'update',
      'update',
      'update',
      'delete',
    ]);
  });

  test('N05b: may be undone for five seconds, unless it was sent', () => {
    remove(1);
    const [entry] = device.entries();
    const mayBe = () => entry !== undefined && device.outbox.mayBeUndone(entry);
    expect([mayBe(), device.outbox.nextHeldAt()]).toEqual([true, device.clock.now() + undoDelayMs]);
    device.clock.advance({ ms: undoDelayMs - 1 });
    expect(mayBe()).toBe(true);
    device.clock.advance({ ms: 1 });
    expect([mayBe(), device.outbox.nextHeldAt()]).toEqual([false, null]);
    remove(2);
    device.take((tx) => markSent(tx.sql, key(2)));
    device.take((tx) => setEntryState(tx.sql, key(2), 'queued'));
    expect(device.entries().map((one) => device.outbox.mayBeUndone(one))).toEqual([false, false]);
  });

  test('of nothing that the device knows to be deleted is no deletion', () => {
    expect(device.outbox.isDeleted('contact', id(3))).toBe(false);
    remove(1);
    const asked = [
      ['account', id(1)],
      ['contact', id(3)],
      ['account', id(2)],
      ['contact', id(99)],
    ] as const;
    expect(asked.map(([table, row]) => device.outbox.isDeleted(table, row))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('is seen only where the tables of all that it did are asked for', () => {
    remove(1);
    device.take((tx) => setEntryState(tx.sql, key(1), 'applied'));
    expect(device.outbox.awaiting(['account'])).toEqual([]);
    expect(device.outbox.awaiting(['account', 'contact'])).toEqual([key(1)]);
    expect(device.outbox.awaiting()).toEqual([key(1)]);
    expect(device.outbox.editedTables()).toEqual(['account', 'contact']);
  });
});
