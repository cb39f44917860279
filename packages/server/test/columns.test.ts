import {
  type AppModel,
  type ColumnDefinition,
  defineApp,
  defineTable,
  type RowValues,
  withSystemTables,
} from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createServer, type Organization, type ServerStore, tokenList } from '../src/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const ana = id(1);
const rights = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;
type Columns = Readonly<Record<string, ColumnDefinition>>;

function modelWith(columns: Columns): AppModel {
  const table = (name: string, more: Columns) =>
    defineTable({
      ...{ name, label: name, primaryName: 'name', ownership: 'user' as const },
      columns: { name: { type: 'string', maxLength: 100 }, ...more },
    });
  const item = { criteria: 'all', relationships: [], intervalMinutes: 10 } as const;
  return withSystemTables(
    defineApp({
      uniqueName: 't',
      tables: [table('account', {}), table('visit', columns)],
      relationships: Object.entries(columns).flatMap(([column, { targets = [] }]) =>
        targets.map((target) => ({
          ...{ kind: 'manyToOne' as const, name: `visit_${column}_${target}`, table: 'visit' },
          ...{ column, target, cascade: { assign: 'noCascade', delete: 'removeLink' } as const },
        })),
      ),
      roles: [{ id: id(50), name: 'All', privileges: { account: rights, visit: rights } }],
      profile: {
        ...{ id: 'p', name: 'p' },
        items: [
          { table: 'account', ...item },
          { table: 'visit', ...item },
        ],
      },
    }),
  );
}
const people = [
  { table: 'businessunit', id: id(90), values: { name: 'Root' } },
  {
    ...{ table: 'systemuser', id: ana },
    values: { fullname: 'Ana', businessunitid: { table: 'businessunit', id: id(90) } },
  },
  {
    ...{ table: 'systemuserroles', id: id(91) },
    values: { systemuserid: { table: 'systemuser', id: ana }, roleid: id(50) },
  },
];

const first: Columns = {
  remark: { type: 'string', maxLength: 100 },
  place: { type: 'lookup', targets: ['account', 'visit'] },
  count: { type: 'integer' },
};
const values: RowValues = {
  ...{ name: 'V', remark: 'Ça va', count: 7 },
  place: { table: 'account', id: id(10), name: 'Alpine' },
};

let store: ServerStore;
let organization: Organization;
const start = (columns: Columns) =>
  createServer({
    ...{ store, model: modelWith(columns), limits: 'off' as const, system: testSystem(1) },
    auth: tokenList(new Map([['ana', ana]])),
  });
beforeEach(async () => {
  store = openStore();
  organization = await start(first);
  await organization.load(people);
  const user = organization.as(ana);
  await user.create({ table: 'account', id: id(10), values: { name: 'Alpine' } });
  await user.create({ table: 'visit', id: id(20), values });
});
afterEach(() => organization.close());

const read = () => organization.as(ana).retrieve('visit', id(20));
const write = (changed: RowValues) =>
  organization.as(ana).update({ table: 'visit', id: id(20), values: changed });
const publish = (columns: Columns) => organization.publish(modelWith(columns));
const { remark: _remark, place: _place, ...others } = first;
const second: Columns = {
  ...others,
  notes: { type: 'memo', maxLength: 2000, renamedFrom: 'remark' },
  site: { type: 'lookup', targets: ['account', 'visit'], renamedFrom: ['place'] },
};

test('N09c: a renamed column has its values, with names and tables of targets, and is searched and linked by its new name', async () => {
  await publish(second);
  expect(await read()).toMatchObject({ notes: 'Ça va', site: values['place'], count: 7 });
  const answer = await organization.handle({
    method: 'GET',
    url: "/api/data/v9.2/visits?$select=visitid&$filter=contains(notes,'CA VA')",
    headers: { authorization: 'Bearer ana' },
    body: null,
  });
  expect(JSON.parse(String(answer.body))).toMatchObject({ value: [{ visitid: id(20) }] });
  await organization.as(ana).delete('account', id(10));
  expect((await read())?.['site']).toBe(undefined);
});

test('N09c: whole numbers stay when their column takes others too', async () => {
  await publish({ ...first, count: { type: 'decimal', precision: 2 } });
  expect(await read()).toMatchObject({ count: 7 });
  await write({ count: 7.25 });
  expect(await read()).toMatchObject({ count: 7.25 });
  await expect(publish(first)).rejects.toMatchObject({ code: 'model.invalid' });
  expect(await read()).toMatchObject({ count: 7.25 });
});

test('N09c: what was said once holds: the next definitions, and a restart, keep the values too', async () => {
  await publish(second);
  const third = { ...second, notes: { type: 'memo', maxLength: 2000 } } as const;
  await publish(third);
  const column = organization.model.tables
    .find((one) => one.name === 'visit')
    ?.columns.find((one) => one.name === 'notes');
  expect(column?.renamedFrom).toEqual(['remark']);
  const hash = organization.appHash;
  organization = await start(third);
  expect(organization.appHash).toBe(hash);
  // Back to the first names.
  await publish(first);
  expect(await read()).toMatchObject(values);
});

test('N09d: a column left out keeps its values for the time when it is back, and for no other column', async () => {
  const { remark: _, ...without } = first;
  await publish(without);
  await publish(first);
  expect(await read()).toMatchObject({ remark: 'Ça va' });
  await publish(without);
  const invalid = { code: 'model.invalid', message: expect.stringContaining('visit.remark') };
  await expect(publish({ ...first, remark: { type: 'integer' } })).rejects.toMatchObject(invalid);
  await expect(
    publish({ remark: { type: 'string', renamedFrom: 'name2' }, count: { type: 'integer' } }),
  ).resolves.toBe(undefined);
  expect(await read()).toMatchObject({ remark: 'Ça va' });
});

test('N09d: a column cannot take the values of another one while it has its own', async () => {
  const { remark, ...rest } = first;
  const both = { ...first, extra: { type: 'string', maxLength: 100 } } as const;
  await publish(both);
  await write({ extra: 'mine' });
  const invalid = { code: 'model.invalid' };
  const taking = { ...rest, extra: { ...remark, type: 'string', renamedFrom: 'remark' } } as const;
  await expect(publish(taking)).rejects.toMatchObject(invalid);
  await publish(first);
  // It was left out, and has values still.
  await expect(publish(taking)).rejects.toMatchObject(invalid);
  expect(await read()).toMatchObject({ remark: 'Ça va' });
  await publish(both);
  await write({ extra: null });
  await publish(first);
  await publish(taking);
  expect(await read()).toMatchObject({ extra: 'Ça va' });
});

test.each<readonly [string, Columns]>([
  ['of a column that is there', { ...first, notes: { type: 'string', renamedFrom: 'remark' } }],
  [
    'of two columns',
    {
      notes: { type: 'string', renamedFrom: 'remark' },
      memo: { type: 'string', renamedFrom: ['x', 'remark'] },
    },
  ],
  ['with another type', { notes: { type: 'integer', renamedFrom: 'remark' } }],
])('N09d: a former name %s is refused, and nothing changes', async (_name, columns) => {
  await expect(publish(columns)).rejects.toMatchObject({ code: 'model.invalid' });
  expect(await read()).toMatchObject(values);
});
