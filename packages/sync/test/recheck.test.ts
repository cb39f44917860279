import { type AppModel, type Column, indexModel } from '@outpost/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recheckRetyped } from '../src/apply/recheck.ts';
import { readSyncTables } from '../src/engine/sync-state.ts';
import { app, type LocalDevice, model, openLocalDevice } from './local-device.ts';

let device: LocalDevice;
beforeEach(async () => {
  device = await openLocalDevice();
  device.take((tx) => {
    for (const [i, [table, state]] of [
      ...[['account', 'ready'] as const, ['contact', 'load'] as const],
      ['visit', 'check'] as const,
    ].entries()) {
      tx.sql
        .prepare(
          `INSERT INTO "$sync_table" (table_name, state, order_no, columns, ranges) VALUES (?, ?, ?, '["a"]', '[]')`,
        )
        .run([table, state, i]);
    }
  });
});
afterEach(() => device.store.close());

const becomes = (changed: Readonly<Record<string, Partial<Column>>>): AppModel => ({
  ...app,
  tables: app.tables.map((table) => ({
    ...table,
    columns: table.columns.map((one) => ({ ...one, ...changed[`${table.name}.${one.name}`] })),
  })),
});
const states = () =>
  readSyncTables(device.store).map(({ table, state, again, ranges, columns }) => ({
    ...{ table, state, again, known: ranges !== null || columns.length > 0 },
  }));

test('N09f: tables with a column of a type that may not hold its values are read again, whatever they are at', () => {
  const other = { type: 'decimal' } as const;
  const after = becomes({
    'account.employees': { ...other, name: 'staff', renamedFrom: 'employees', type: 'string' },
    'contact.fullname': other,
    'visit.duration': { type: 'string' },
  });
  device.take((tx) => recheckRetyped(tx, model, after));
  expect(states()).toEqual([
    { table: 'account', state: 'check', again: false, known: false },
    { table: 'contact', state: 'load', again: true, known: false },
    { table: 'visit', state: 'check', again: false, known: false },
  ]);
});

test('N09f: what keeps its values is not read again', () => {
  const before = states();
  const after = becomes({
    'account.employees': { type: 'decimal' },
    'account.city': { type: 'memo', name: 'town', renamedFrom: 'city' },
    'contact.fullname': { maxLength: 4000 },
  });
  device.take((tx) => recheckRetyped(tx, model, after));
  device.take((tx) => recheckRetyped(tx, null, becomes({ 'visit.duration': { type: 'string' } })));
  device.take((tx) => recheckRetyped(tx, indexModel({ ...app, tables: [] }), app));
  expect(states()).toEqual(before);
});
