import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type AppModel,
  capabilitiesDocument,
  commandMatrix,
  defineApp,
  defineTable,
  describeCapabilities,
  indexModel,
  lookupUnavailable,
  offersAddExisting,
  offlineCommands,
  type Table,
  tablesWithoutOfflineViews,
  webResourceAvailable,
} from '../src/index.ts';

const table = (name: string, more: Partial<Parameters<typeof defineTable>[0]> = {}): Table =>
  defineTable({
    name,
    label: name,
    primaryName: 'name',
    ownership: 'user',
    columns: { name: { type: 'string' }, met: { type: 'dateOnly' } },
    ...more,
  });

describe('B00: what works offline can be read before anything is set up', () => {
  test('for a table: its commands, views, searchable columns and the limits', () => {
    expect(describeCapabilities(table('product'))).toMatchObject({
      commands: ['read'],
      views: true,
    });
    const task = describeCapabilities(table('task'));
    expect(task).toMatchObject({ views: false, commands: ['create', 'read', 'update', 'delete'] });
    expect(task.searchableColumns).toContain('name');
    expect(task.searchableColumns).not.toContain('met');
    expect(task.limits.map((one) => one.area)).toEqual(
      expect.arrayContaining([
        'views',
        'search',
        'relationships',
        'web resources',
        'process flows',
      ]),
    );
  });

  test('the document is made from the data the device obeys', () => {
    const document = readFileSync(new URL('../CAPABILITIES.md', import.meta.url), 'utf8');
    expect(document).toBe(capabilitiesDocument());
    for (const name of [...Object.keys(commandMatrix), ...tablesWithoutOfflineViews]) {
      expect(document).toContain(name);
    }
  });
});

test('B22: a custom table gets create, read, update and delete by itself', () => {
  const custom = table('new_visit', { isCustom: true });
  expect(offlineCommands(custom)).toEqual(
    expect.arrayContaining(['create', 'read', 'update', 'delete']),
  );
  expect(offlineCommands(table('fax'))).toEqual(['read']);
});

const model: AppModel = defineApp({
  name: 'T',
  uniqueName: 't',
  tables: [
    table('account'),
    table('contact', {
      columns: {
        name: { type: 'string' },
        customerid: { type: 'customer', targets: ['account', 'contact'] },
      },
    }),
    table('pair', { isIntersect: true, primaryName: null, ownership: 'none' }),
  ],
  relationships: [
    {
      kind: 'manyToOne',
      name: 'customers',
      table: 'contact',
      column: 'customerid',
      target: 'account',
      cascade: { assign: 'noCascade', delete: 'noCascade' },
    },
    {
      kind: 'manyToMany',
      name: 'pairs',
      intersect: 'pair',
      table1: 'account',
      column1: 'accountid',
      table2: 'contact',
      column2: 'contactid',
    },
  ],
});
const index = indexModel(model);

test('C09, C10: a lookup needs every table it may point at', () => {
  const column = index.column('contact', 'customerid');
  if (column === undefined) throw new Error('no column');
  expect(lookupUnavailable(index, column, new Set(['account', 'contact']))).toBe(null);
  expect(lookupUnavailable(index, column, new Set(['contact']))).toMatchObject({
    code: '0x80071125',
    message: expect.stringContaining('account'),
  });
});

test('C33: Add Existing is offered for 1:N and never for N:N', () => {
  expect([offersAddExisting(index, 'customers'), offersAddExisting(index, 'pairs')]).toEqual([
    true,
    false,
  ]);
});

test('C34: rows of an intersect table can only be read', () => {
  const pair = index.table('pair');
  expect(pair && offlineCommands(pair)).toEqual(['read']);
});

test('C36: web resources inside HTML do not work on iOS, images and RESX nowhere, form scripts everywhere', () => {
  const platforms = ['android', 'windows', 'ios'] as const;
  const where = (use: Parameters<typeof webResourceAvailable>[0]) =>
    platforms.map((one) => webResourceAvailable(use, one));
  expect(where('formScript')).toEqual([true, true, true]);
  expect(where('embeddedHtml')).toEqual([true, true, false]);
  expect(where('scriptInHtml')).toEqual([true, true, false]);
  expect(where('embeddedImage')).toEqual([false, false, false]);
  expect(where('siteMapPage')).toEqual([false, false, false]);
});
