import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  applyBase,
  dropBase,
  ensureBase,
  imageToCells,
  readBase,
  recomputeVisible,
  unsettledEntries,
} from '../src/apply/overlay.ts';
import { deleteEntry, setEntryState } from '../src/outbox/entry.ts';
import { id, type LocalDevice, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
});
afterEach(() => device.store.close());

const bases = () =>
  device.own('SELECT table_name, row_id, cells IS NULL FROM "$base" ORDER BY 1, 2');
const fromServer = (n: number, cells: Readonly<Record<string, string | number | null>> | null) =>
  device.take((tx) => applyBase(tx, 'account', id(n), cells));
const city = (n: number) => device.row('account', id(n))?.['city'];

describe('a row without edits', () => {
  test('is what the organization sent: cells that it did not send are empty, and the id is its own', () => {
    fromServer(1, { name: 'Alpine', city: 'Bern', versionnumber: 7 });
    const row = device.row('account', id(1));
    expect(row).toMatchObject({ name: 'Alpine', city: 'Bern', versionnumber: 7 });
    expect(row).toMatchObject({ accountid: id(1), employees: null });
    expect(bases()).toEqual([]);
  });

  test('is replaced whole by what comes next', () => {
    fromServer(1, { name: 'Alpine', city: 'Bern', employees: 12 });
    fromServer(1, { name: 'Alpine Ski', accountid: id(9) });
    expect(device.row('account', id(1))).toMatchObject({ name: 'Alpine Ski', city: null });
    expect(device.row('account', id(1))).toMatchObject({ accountid: id(1), employees: null });
    expect(device.row('account', id(9))).toBeNull();
    expect(device.store.count('account')).toBe(1);
  });

  test('goes when it is not for this device any more, and no other goes with it', () => {
    fromServer(1, { name: 'Alpine' });
    fromServer(2, { name: 'Fabrikam' });
    fromServer(1, null);
    expect(device.row('account', id(1))).toBeNull();
    expect(device.row('account', id(2))).not.toBeNull();
    expect(bases()).toEqual([]);
  });

  test('is left alone by a rebuild', () => {
    fromServer(1, { name: 'Alpine' });
    device.take((tx) => recomputeVisible(tx, 'account', id(1)));
    device.take((tx) => recomputeVisible(tx, 'account', id(2)));
    expect(device.row('account', id(1))?.['name']).toBe('Alpine');
    expect(device.row('account', id(2))).toBeNull();
    expect(bases()).toEqual([]);
  });
});

describe('a row with edits', () => {
  beforeEach(() => {
    fromServer(1, { name: 'Alpine', city: 'Bern', employees: 12 });
    fromServer(2, { name: 'Fabrikam', city: 'Basel' });
    device.edit((tx) => tx.update('account', id(1), { city: 'Chur' }));
  });
  const keyOf = (n: number) => {
    const entry = device.entries().find((one) => one.id === id(n));
    if (entry === undefined) throw new Error(`no edit of row ${n}`);
    return entry.key;
  };

  test('keeps what the organization sent as its base, whatever is edited after', () => {
    device.edit((tx) => tx.update('account', id(1), { city: 'Davos', employees: 13 }));
    const base = device.take((tx) => readBase(tx, 'account', id(1)));
    expect(base).toMatchObject({ accountid: id(1), name: 'Alpine', city: 'Bern', employees: 12 });
    expect(bases()).toEqual([['account', id(1), 0]]);
  });

  test('takes the rest from a newer base, and keeps the edit on top', () => {
    fromServer(1, { name: 'Alpine Ski', city: 'Zug', employees: 20 });
    expect(device.row('account', id(1))).toMatchObject({
      name: 'Alpine Ski',
      city: 'Chur',
      employees: 20,
    });
    const base = device.take((tx) => readBase(tx, 'account', id(1)));
    expect(base).toEqual({ name: 'Alpine Ski', city: 'Zug', employees: 20 });
    expect(device.row('account', id(2))).toMatchObject({ name: 'Fabrikam', city: 'Basel' });
  });

  test('goes when the organization takes it away, but its edit and the fact stay', () => {
    fromServer(1, null);
    expect(device.row('account', id(1))).toBeNull();
    expect(device.entries().map((one) => one.set)).toEqual([{ city: 'Chur' }]);
    expect(bases()).toEqual([['account', id(1), 1]]);
    expect(device.take((tx) => readBase(tx, 'account', id(1)))).toBeNull();
    fromServer(1, { name: 'Alpine', city: 'Bern' });
    expect(city(1)).toBe('Chur');
  });

  test('stays in spite of that when it was made here', () => {
    device.edit((tx) => tx.insert('account', id(3), { name: 'New' }));
    fromServer(3, null);
    expect(device.row('account', id(3))?.['name']).toBe('New');
    expect(bases()).toContainEqual(['account', id(3), 1]);
  });

  test('is its base again when the edit is settled, and nothing of the edit is left', () => {
    device.edit((tx) => tx.update('account', id(2), { city: 'Sion' }));
    fromServer(1, { name: 'Alpine', city: 'Zug', employees: 12 });
    device.take((tx) => {
      deleteEntry(tx.sql, keyOf(1));
      recomputeVisible(tx, 'account', id(1));
    });
    expect(city(1)).toBe('Zug');
    expect(city(2)).toBe('Sion');
    expect(bases()).toEqual([['account', id(2), 0]]);
  });

  test.each(['queued', 'sent', 'applied'] as const)('shows an edit that is %s', (state) => {
    device.take((tx) => {
      setEntryState(tx.sql, keyOf(1), state);
      recomputeVisible(tx, 'account', id(1));
    });
    expect(city(1)).toBe('Chur');
    expect(device.take((tx) => unsettledEntries(tx, 'account', id(1)))).toHaveLength(1);
  });

  test('does not show one that was refused', () => {
    device.take((tx) => {
      setEntryState(tx.sql, keyOf(1), 'refused');
      recomputeVisible(tx, 'account', id(1));
    });
    expect(city(1)).toBe('Bern');
    expect(bases()).toEqual([]);
  });

  test('shows edits of its own only, not of a row of the same id in another table', () => {
    device.take((tx) => applyBase(tx, 'contact', id(1), { fullname: 'Ana' }));
    device.edit((tx) => tx.update('contact', id(1), { fullname: 'Ana B' }));
    const of = (table: string, n: number) =>
      device.take((tx) => unsettledEntries(tx, table, id(n)).map((one) => one.set));
    expect(of('account', 1)).toEqual([{ city: 'Chur' }]);
    expect(of('contact', 1)).toEqual([{ fullname: 'Ana B' }]);
    expect(of('account', 2)).toEqual([]);
    fromServer(1, { name: 'Alpine', city: 'Bern' });
    expect(city(1)).toBe('Chur');
    device.take((tx) => dropBase(tx, 'account', id(1)));
    expect(bases()).toEqual([['contact', id(1), 0]]);
  });

  test('shows its edits in the order they were made, in which they end in one deletion or one row', () => {
    device.take((tx) => setEntryState(tx.sql, keyOf(1), 'sent'));
    device.edit((tx) => tx.update('account', id(1), { city: 'Davos' }));
    fromServer(1, { name: 'Alpine', city: 'Bern' });
    expect(city(1)).toBe('Davos');
    device.edit((tx) => tx.delete('account', id(1)));
    fromServer(1, { name: 'Alpine', city: 'Bern' });
    expect(device.row('account', id(1))).toBeNull();
  });
});

test('the base of a first edit is the whole row, null for a row that was not there', () => {
  fromServer(1, { name: 'Alpine', city: 'Bern' });
  device.take((tx) => {
    ensureBase(tx, 'account', id(1), tx.get('account', id(1)));
    ensureBase(tx, 'account', id(2), null);
    expect(readBase(tx, 'account', id(1))).toMatchObject({ name: 'Alpine', city: 'Bern' });
    expect(readBase(tx, 'account', id(2))).toBeNull();
    expect(readBase(tx, 'account', id(3))).toBeUndefined();
    ensureBase(tx, 'account', id(1), null);
    expect(readBase(tx, 'account', id(1))).toMatchObject({ name: 'Alpine' });
  });
});

test('cells of an image stand under the names of their slots, without folded copies', () => {
  fromServer(1, { name: 'Alpine', city: 'Bern' });
  const cells = device.take((tx) => {
    const image = tx.get('account', id(1));
    return image === null ? null : imageToCells(tx, 'account', image);
  });
  expect(cells).toEqual(device.row('account', id(1)));
  expect(Object.keys(cells ?? {})).not.toContain('name$f');
});
