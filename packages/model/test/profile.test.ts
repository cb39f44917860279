import { describe, expect, test } from 'vitest';
import {
  type AppModel,
  defineTable,
  indexModel,
  type OfflineProfile,
  type OfflineProfileItem,
  offlineCommands,
  planProfile,
  withSystemTables,
} from '../src/index.ts';

const lookup = (target: string) => ({ type: 'lookup', targets: [target] }) as const;
const name = { type: 'string', maxLength: 100 } as const;
const noCascade = { assign: 'noCascade', delete: 'noCascade' } as const;
const many = (table: string, column: string, target: string) =>
  ({
    kind: 'manyToOne',
    name: `${table}_${column}`,
    table,
    column,
    target,
    cascade: noCascade,
  }) as const;

const model: AppModel = withSystemTables({
  name: 'Test',
  uniqueName: 'test',
  version: '1',
  tables: [
    defineTable({
      name: 'account',
      label: 'Account',
      primaryName: 'name',
      ownership: 'user',
      columns: { name, parentid: lookup('account'), mainid: lookup('contact') },
    }),
    defineTable({
      name: 'contact',
      label: 'Contact',
      primaryName: 'name',
      ownership: 'user',
      columns: { name, accountid: lookup('account') },
    }),
    defineTable({
      name: 'hidden',
      label: 'Hidden',
      primaryName: 'name',
      ownership: 'user',
      availableOffline: false,
      columns: { name },
    }),
  ],
  relationships: [
    many('contact', 'accountid', 'account'),
    many('account', 'parentid', 'account'),
    many('account', 'mainid', 'contact'),
  ],
  savedQueries: [],
  forms: [],
  rules: [],
  flows: [],
  roles: [],
  siteMap: { areas: [] },
  profile: { id: '1', name: 'p', items: [] },
});
const index = indexModel(model);
const item = (table: string, more: Partial<OfflineProfileItem> = {}): OfflineProfileItem => ({
  table,
  criteria: 'all',
  relationships: [],
  intervalMinutes: 10,
  ...more,
});
const plan = (...items: OfflineProfileItem[]) =>
  planProfile(index, { id: '1', name: 'p', items } satisfies OfflineProfile);

describe('planProfile', () => {
  test('orders sources of related rows before the tables they bring', () => {
    const planned = plan(
      item('account', { criteria: 'related', relationships: ['contact_accountid'] }),
      item('contact'),
    );
    expect(planned).toMatchObject({
      kind: 'ok',
      tables: [
        { table: 'contact' },
        { table: 'account', edges: [{ source: 'contact', direction: 'target' }] },
      ],
    });
  });

  test.each([
    ['an unknown table', [item('nope')], '0x8006099b'],
    ['a table twice', [item('contact'), item('contact')], '0x8006099d'],
    ['a table that is not offline', [item('hidden')], '0x8006099e'],
    [
      'related rows without a relationship',
      [item('contact', { criteria: 'related' })],
      '0x80071140',
    ],
    ['a self reference', [item('account', { relationships: ['account_parentid'] })], '0x80071141'],
    [
      'a related table outside the profile',
      [item('account', { relationships: ['contact_accountid'] })],
      '0x80071142',
    ],
    [
      'a foreign relationship',
      [item('contact', { relationships: ['account_parentid'] })],
      '0x80060999',
    ],
    [
      'a circle',
      [
        item('account', { relationships: ['contact_accountid'] }),
        item('contact', { relationships: ['contact_accountid'] }),
      ],
      '0x80071141',
    ],
    ['an owner filter without a choice', [item('contact', { criteria: 'other' })], '0x80071113'],
  ])('refuses %s', (_, items, code) => {
    const planned = plan(...items);
    expect(planned.kind === 'invalid' ? planned.findings.map((one) => one.code) : []).toContain(
      code,
    );
  });

  test('reports every finding at once', () => {
    const planned = plan(item('nope'), item('hidden'), item('contact', { criteria: 'related' }));
    expect(planned.kind === 'invalid' ? planned.findings : []).toHaveLength(3);
  });
});

test('commands offline follow the matrix; a custom table gets all four', () => {
  const custom = defineTable({
    name: 'new_visit',
    label: 'Visit',
    primaryName: null,
    ownership: 'user',
    isCustom: true,
    columns: {},
  });
  expect(offlineCommands({ ...custom, name: 'product' })).toEqual(['read']);
  expect(offlineCommands(custom)).toEqual(
    expect.arrayContaining(['create', 'read', 'update', 'delete']),
  );
});
