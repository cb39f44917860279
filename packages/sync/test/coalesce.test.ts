import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyBase } from '../src/apply/overlay.ts';
import { joined } from '../src/outbox/coalesce.ts';
import { markSent, setEntryState } from '../src/outbox/entry.ts';
import { Outbox } from '../src/outbox/outbox.ts';
import type { EntryKey } from '../src/protocol/index.ts';
import { app, id, type LocalDevice, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
  device.take((tx) => {
    applyBase(tx, 'account', id(1), {
      name: 'Alpine',
      city: 'Bern',
      employees: 5,
      versionnumber: 7,
    });
    applyBase(tx, 'account', id(9), { name: 'Known', versionnumber: 3 });
  });
});
afterEach(() => device.store.close());

const key = (seq: number): EntryKey => ['e1', seq];
const update = (n: number, cells: Readonly<Record<string, string | number | null>>) =>
  device.edit((tx) => tx.update('account', id(n), cells));
const create = (n: number, cells: Readonly<Record<string, string | number | null>> = {}) =>
  device.edit((tx) => tx.insert('account', id(n), cells));
const remove = (n: number) => device.edit((tx) => tx.delete('account', id(n)));
const entries = () =>
  device.entries().map(({ key: [, seq], op, id: row, set }) => [seq, op, row, set]);
const bases = () => device.own('SELECT row_id FROM "$base" ORDER BY 1').flat();

describe('two edits of a row that wait become one', () => {
  test('with the newest values, and what the user saw before the first', () => {
    update(1, { city: 'Chur', employees: 6 });
    update(1, { city: 'Davos', name: 'Alpine Ski' });
    expect(device.entries()).toMatchObject([
      {
        key: key(1),
        op: 'update',
        set: { city: 'Davos', employees: 6, name: 'Alpine Ski' },
        base: { city: 'Bern', employees: 5, name: 'Alpine' },
        baseVersion: 7,
        baseOf: null,
      },
    ]);
  });

  test('a create stays one, with the base of a row that was not there', () => {
    create(2, { name: 'New' });
    update(2, { name: 'Newer', city: 'Bern' });
    expect(device.entries()).toMatchObject([
      { op: 'create', set: { name: 'Newer', city: 'Bern', accountid: id(2) } },
    ]);
    expect(device.entries()[0]?.base).toEqual({ accountid: null, name: null });
  });

  test('an update that ends in a delete stays beside it, to be there when the deletion is undone', () => {
    update(1, { city: 'Chur' });
    remove(1);
    expect(device.entries()).toMatchObject([
      { key: key(1), op: 'update', set: { city: 'Chur' }, baseVersion: 7 },
      { key: key(2), op: 'delete', set: {}, baseOf: key(1) },
    ]);
    expect(bases()).toEqual([id(1)]);
  });

  test('a create that ends in a delete never was, and nothing of it is left', () => {
    create(2, { name: 'New' });
    remove(2);
    expect(entries()).toEqual([]);
    expect(bases()).toEqual([]);
    create(2, { name: 'Again' });
    expect(entries()).toEqual([[2, 'create', id(2), { accountid: id(2), name: 'Again' }]]);
  });

  test('and waits for whatever either waits for, once', () => {
    create(2, { name: 'Parent' });
    create(3, { name: 'Other parent' });
    create(4, { name: 'Child', parentaccountid: id(2) });
    update(4, { parentaccountid: id(3) });
    update(4, { parentaccountid: id(2) });
    expect(device.entries().map((one) => [one.key[1], one.after])).toEqual([
      [1, []],
      [2, []],
      [3, [key(1), key(2)]],
    ]);
  });
});

describe('two edits of a row stay two', () => {
  const staysTwo = () => expect(device.entries().filter((one) => one.id === id(1))).toHaveLength(2);

  test.each(['sent', 'applied', 'refused'] as const)('when the first is %s', (state) => {
    update(1, { city: 'Chur' });
    device.take((tx) => setEntryState(tx.sql, key(1), state));
    update(1, { city: 'Davos' });
    staysTwo();
  });

  test('when the first was sent once, though it waits again: its key names its content for ever', () => {
    update(1, { city: 'Chur' });
    device.take((tx) => {
      markSent(tx.sql, key(1));
      setEntryState(tx.sql, key(1), 'queued');
    });
    update(1, { city: 'Davos' });
    expect(entries()).toEqual([
      [1, 'update', id(1), { city: 'Chur' }],
      [2, 'update', id(1), { city: 'Davos' }],
    ]);
  });

  test('when the first is of an earlier opening of the database', () => {
    update(1, { city: 'Chur' });
    const before = device.store.get('account', id(1));
    const next = new Outbox(device.store, device, 'e2');
    device.take((tx) => {
      tx.update('account', id(1), { city: 'Davos' });
      const after = tx.get('account', id(1));
      next.describe({ table: 'account', id: id(1), kind: 'update', before, after }, tx);
    });
    expect(device.entries().map((one) => one.key)).toEqual([key(1), ['e2', 2]]);
  });

  test('when either is a part of a change set', () => {
    device.edit((tx) => {
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(9), { city: 'Chur' });
    });
    update(1, { city: 'Davos' });
    staysTwo();
    create(2);
    device.edit((tx) => {
      tx.update('account', id(2), { city: 'Davos' });
      tx.update('account', id(9), { city: 'Davos' });
    });
    expect(device.entries().filter((one) => one.id === id(2))).toHaveLength(2);
  });

  test('when the first is a delete, and the row is made again', () => {
    remove(1);
    create(1, { name: 'Again' });
    expect(entries()).toEqual([
      [1, 'delete', id(1), {}],
      [2, 'create', id(1), { accountid: id(1), name: 'Again' }],
    ]);
  });

  test('when the row left meanwhile, and is made again', () => {
    update(1, { city: 'Chur' });
    device.take((tx) => applyBase(tx, 'account', id(1), null));
    create(1, { name: 'Again' });
    expect(entries()).toEqual([
      [1, 'update', id(1), { city: 'Chur' }],
      [2, 'create', id(1), { accountid: id(1), name: 'Again' }],
    ]);
  });

  test.each(['queued', 'sent', 'refused'] as const)(
    'when something %s depends on the first: what it needs would come with what came later',
    (state) => {
      create(2, { name: 'Parent' });
      create(3, { name: 'Child', parentaccountid: id(2) });
      device.take((tx) => setEntryState(tx.sql, key(2), state));
      update(2, { city: 'Bern' });
      expect(device.entries().map((one) => one.key[1])).toEqual([1, 2, 3]);
    },
  );

  test('when the second needs something that was made between them', () => {
    update(1, { city: 'Chur' });
    create(2, { name: 'Parent' });
    update(1, { parentaccountid: id(2) });
    expect(device.entries().map((one) => [one.key[1], one.after])).toEqual([
      [1, []],
      [2, []],
      [3, [key(1), key(2)]],
    ]);
  });
});

test('an edit on which nothing depends any more can be joined again', () => {
  create(2, { name: 'Parent' });
  create(3, { name: 'Child', parentaccountid: id(2) });
  device.take((tx) => setEntryState(tx.sql, key(2), 'applied'));
  update(2, { city: 'Bern' });
  expect(device.entries().map((one) => one.key[1])).toEqual([1, 2]);
});

test('N09c: an edit joins one that was made under a former name of its column', () => {
  update(1, { city: 'Chur' });
  const tables = app.tables.map((table) => {
    const columns = table.columns.map((one) =>
      one.name === 'city' ? { ...one, name: 'town', renamedFrom: 'city' } : one,
    );
    return table.name === 'account' ? { ...table, columns } : table;
  });
  device.store.applySchema({ ...app, tables }, ['account', 'contact', 'visit', 'syncerror']);
  expect(device.row('account', id(1))).toMatchObject({ town: 'Chur' });
  update(1, { town: 'Davos' });
  expect(device.entries().map(({ set, base }) => ({ set, base }))).toEqual([
    { set: { town: 'Davos' }, base: { town: 'Bern' } },
  ]);
});

test('what stays on the device stays there when edits are joined', () => {
  create(2, { name: 'A', score: 1 });
  update(2, { city: 'Bern' });
  expect(device.entries()).toMatchObject([
    { set: { name: 'A', score: 1, city: 'Bern' }, local: ['accountid', 'score'] },
  ]);
  update(2, { score: 2, name: 'B' });
  expect(device.entries()[0]?.local.toSorted()).toEqual(['accountid', 'score']);
});

test('nothing is joined to a delete, whatever it is', () => {
  remove(1);
  const next = {
    op: 'update',
    id: id(1),
    set: { city: 'Chur' },
    base: {},
    local: [],
    after: [],
    changeSet: null,
    at: '2026-03-02T08:00:00.000Z',
    effects: [],
  } as const;
  expect(device.take((tx) => joined(tx, 'e1', device.entries()[0], next))).toBeNull();
  expect(device.take((tx) => joined(tx, 'e1', undefined, next))).toBeNull();
});
