import {
  type Cells,
  type DataverseErrorName,
  type Depth,
  dataverseErrors,
  defineApp,
  defineTable,
  type ManyToMany,
  type ManyToOne,
  type ProcessFlow,
  parentalCascade,
  privileges,
  profileLimits,
  type TablePrivileges,
} from '@outpost/model';
import { seededRandom } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerStore } from '../src/index.ts';
import { publishApp } from '../src/published-app.ts';
import { readShares } from '../src/security/shares.ts';
import { createSchema } from '../src/store/physical-schema.ts';
import { Refusal } from '../src/write/refusal.ts';
import { RowWriter } from '../src/write/row-writer.ts';
import type { RowWrite, WriteEnv, Writer } from '../src/write/write-env.ts';
import { callerOf } from './callers.ts';
import { openStore } from './stores.ts';

const name = { type: 'string', maxLength: 100 } as const;
const toAccount = { type: 'lookup', targets: ['account'] } as const;
const owned = (table: string, columns: object = {}) =>
  defineTable({
    name: table,
    label: `The ${table}`,
    primaryName: 'name',
    ownership: 'user',
    columns: { name, ...columns },
  });
const below = (table: string, column: string, target: string, columns: object = {}) =>
  defineTable({
    name: table,
    label: `The ${table}`,
    primaryName: null,
    ownership: 'none',
    columns: {
      [column]: { type: 'lookup', targets: [target] },
      amount: { type: 'integer' },
      ...columns,
    },
  });
const pointsAt = (
  table: string,
  cascade: ManyToOne['cascade'],
  column = 'accountid',
  target = 'account',
): ManyToOne => ({ kind: 'manyToOne', name: `${target}_${table}`, table, column, target, cascade });
const pairs = (intersect: string, table2: string, column2: string): ManyToMany => ({
  kind: 'manyToMany',
  name: `${intersect}s`,
  intersect,
  table1: 'account',
  column1: 'accountid',
  table2,
  column2,
});
const accountTag = pairs('account_tag', 'tag', 'tagid');
const onlyDelete = (kind: ManyToOne['cascade']['delete']) =>
  ({ assign: 'noCascade', delete: kind }) as const;

const saleFlow: ProcessFlow = {
  id: 'f',
  name: 'Sale',
  table: 'sale',
  instanceTable: 'sale_flow',
  instanceColumn: 'saleid',
  stages: ['s1', 's2'].map((one) => ({ id: one, name: one, table: 'sale', steps: [] })),
};

/** Accounts, and rows that point at them in each way there is; sales, with all that may be said against a write. */
const app = publishApp(
  defineApp({
    uniqueName: 't',
    tables: [
      {
        ...owned('account', {
          city: { type: 'string' },
          number: { type: 'string' },
          parentaccountid: toAccount,
          logo: { type: 'memo', maxLength: 2_000_000 },
        }),
        alternateKeys: [
          { name: 'byname', columns: ['name'] },
          { name: 'bynumber', columns: ['number', 'city'] },
        ],
      },
      owned('contact', { accountid: toAccount }),
      owned('visit', { accountid: toAccount }),
      owned('contract', { accountid: toAccount }),
      owned('remark', { accountid: toAccount }),
      below('line', 'accountid', 'account', {
        parentlineid: { type: 'lookup', targets: ['line'] },
      }),
      owned('note', { lineid: { type: 'lookup', targets: ['line'] } }),
      owned('sale', {
        amount: { type: 'integer' },
        code: { type: 'string', label: 'Code', required: 'system' },
        secret: { type: 'string', label: 'Secret', secured: true },
      }),
      owned('sale_flow', {
        saleid: { type: 'lookup', targets: ['sale'] },
        activestageid: { type: 'string' },
        traversedpath: { type: 'string', maxLength: 1250 },
      }),
      below('part', 'lineid', 'line'),
      below('footnote', 'accountid', 'account'),
      defineTable({
        name: 'tag',
        label: 'Tag',
        primaryName: 'name',
        ownership: 'organization',
        columns: { name },
      }),
      defineTable({
        name: 'account_tag',
        label: 'Account tag',
        primaryName: null,
        ownership: 'none',
        isIntersect: true,
        columns: { accountid: toAccount, tagid: { type: 'lookup', targets: ['tag'] } },
      }),
      defineTable({
        name: 'activitypointer',
        label: 'Activity',
        primaryId: 'activityid',
        primaryName: 'subject',
        ownership: 'user',
        isActivity: true,
        columns: { subject: name, activitytypecode: { type: 'string' } },
      }),
      defineTable({
        name: 'task',
        label: 'Task',
        primaryId: 'activityid',
        primaryName: 'subject',
        ownership: 'user',
        isActivity: true,
        columns: { subject: name, effort: { type: 'integer' } },
      }),
    ],
    relationships: [
      pointsAt('contact', parentalCascade),
      // Of a table that this organization has not.
      pointsAt('gone', parentalCascade),
      pointsAt('visit', { ...onlyDelete('removeLink'), assign: 'userOwned' }),
      pointsAt('contract', { ...onlyDelete('restrict'), assign: 'active' }),
      pointsAt('remark', onlyDelete('noCascade')),
      pointsAt('line', parentalCascade),
      pointsAt('part', onlyDelete('cascade'), 'lineid', 'line'),
      pointsAt('line', onlyDelete('cascade'), 'parentlineid', 'line'),
      pointsAt('note', parentalCascade, 'lineid', 'line'),
      pointsAt('footnote', onlyDelete('removeLink')),
      pointsAt(
        'account',
        { ...onlyDelete('removeLink'), assign: 'cascade', share: 'cascade' },
        'parentaccountid',
      ),
      accountTag,
    ],
    rules: [
      {
        id: 'r',
        name: 'Amounts',
        table: 'sale',
        scope: 'table',
        state: 'active',
        order: 1,
        branches: [
          {
            when: { column: 'amount', op: 'greater', operands: [{ literal: 100 }] },
            then: [{ kind: 'error', column: 'amount', message: 'Too much.' }],
          },
          {
            when: { column: 'amount', op: 'equals', operands: [{ literal: 7 }] },
            then: [{ kind: 'setValue', column: 'name', value: { literal: 'Seven' } }],
          },
        ],
      },
    ],
    flows: [saleFlow],
    profile: {
      id: 'p',
      name: 'p',
      items: [
        { table: 'visit', criteria: 'all', relationships: [], intervalMinutes: 10 },
        {
          table: 'account',
          criteria: 'related',
          relationships: ['account_visit'],
          intervalMinutes: 10,
        },
        {
          table: 'tag',
          criteria: 'related',
          relationships: ['account_tags'],
          intervalMinutes: 10,
        },
      ],
    },
  }),
  profileLimits.current,
);
const env: WriteEnv = {
  ...app,
  now: () => Date.parse('2026-03-02T08:00:00Z'),
  random: seededRandom(1),
  maxDocumentBytes: 9,
};

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const [ana, ben, sales, service] = [id(501), id(502), id(601), id(602)];
const system: Writer = { kind: 'system' };
const userOf = (rights: Readonly<Record<string, TablePrivileges>>): Writer => {
  const { context } = callerOf(ana, rights);
  return { kind: 'user', context, name: 'Ana' };
};
const all = Object.fromEntries(privileges.map((one) => [one, 4 as Depth])) as TablePrivileges;
const without = (...missing: readonly (typeof privileges)[number][]): TablePrivileges =>
  Object.fromEntries(Object.entries(all).filter(([one]) => !missing.includes(one as never)));
const everything = userOf(Object.fromEntries(app.model.tables.map((one) => [one.name, all])));
const allBut = (table: string, ...missing: readonly (typeof privileges)[number][]): Writer =>
  userOf({
    ...Object.fromEntries(app.model.tables.map((one) => [one.name, all])),
    [table]: without(...missing),
  });

let store: ServerStore;
beforeEach(async () => {
  store = openStore();
  await store.write((tx) => createSchema(tx, app.model, app.plan));
  for (const [n, fullname, businessunitid] of [
    [501, 'Ana', sales],
    [502, 'Ben', service],
  ] as const)
    await write({
      op: 'create',
      table: 'systemuser',
      id: id(n),
      set: { fullname, businessunitid },
    });
  await store.write((tx) => tx.run('DELETE FROM "$log"'));
});
afterEach(() => store.close());

const using = <T>(writer: Writer, fn: (rows: RowWriter) => Promise<T>): Promise<T> =>
  store.write((tx) => fn(new RowWriter(env, tx, writer)));
const write = (one: RowWrite, writer: Writer = system) => using(writer, (rows) => rows.write(one));
const create = (table: string, n: number, set: Cells = {}, writer: Writer = system) =>
  write(
    { op: 'create', table, id: id(n), set: { ownerid: ana, ownerid$t: 'systemuser', ...set } },
    writer,
  );
/** Of a table whose rows have no owner. */
const add = (table: string, n: number, set: Cells, writer: Writer = system) =>
  write({ op: 'create', table, id: id(n), set }, writer);
const update = (table: string, n: number, set: Cells, writer: Writer = system) =>
  write({ op: 'update', table, id: id(n), set }, writer);
const remove = (table: string, n: number, writer: Writer = system) =>
  write({ op: 'delete', table, id: id(n), set: {} }, writer);
const give = (table: string, n: number, to: string, writer: Writer = system) =>
  update(table, n, { ownerid: to, ownerid$t: 'systemuser' }, writer);

const row = async (table: string, n: number) => {
  const key = app.index.table(table)?.primaryId ?? '';
  const names = await store.read((tx) => tx.engine.columnsOf(tx, table));
  const [cells] = await store.read((tx) =>
    tx.all(`SELECT * FROM "${table}" WHERE "${key}" = ?`, [id(n)]),
  );
  return cells && Object.fromEntries([...names].map((one, i) => [one, cells[i] ?? null]));
};
const here = async (table: string) => {
  const key = app.index.table(table)?.primaryId ?? '';
  const rows = await store.read((tx) => tx.all(`SELECT "${key}" FROM "${table}" ORDER BY 1`));
  return rows.map(([one]) => Number.parseInt(String(one).slice(-12), 16));
};
const owners = async (table: string, ...numbers: readonly number[]) => {
  const found: unknown[] = [];
  for (const n of numbers) found.push((await row(table, n))?.['$owner']);
  return found;
};
const link = (n: number): Cells => ({ accountid: id(n), accountid$t: 'account' });

/** What the log has been told since it was last asked: row, owner, business unit. */
const logged = (): Promise<readonly (readonly unknown[])[]> =>
  store.write(async (tx) => {
    const rows = await tx.all('SELECT tbl, pk, owner, bu FROM "$log" ORDER BY id');
    await tx.run('DELETE FROM "$log"');
    return rows.map(([table, pk, owner, bu]) => [
      `${table} ${Number.parseInt(String(pk).slice(-12), 16)}`,
      owner,
      bu,
    ]);
  });
const refusal = async (promise: Promise<unknown>): Promise<Refusal> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
const code = (of: DataverseErrorName) => ({ code: dataverseErrors[of] });

describe('a create', () => {
  test('stores the row with its defaults, its owner’s unit and who made it, and answers its version', async () => {
    const version = await add('account', 1, { name: 'Alpine', versionnumber: 99 }, everything);
    expect(await row('account', 1)).toMatchObject({
      accountid: id(1),
      name: 'Alpine',
      city: null,
      statecode: 0,
      statuscode: 1,
      ownerid: ana,
      ownerid$n: 'Ana',
      owningbusinessunit: sales,
      createdby: ana,
      createdon: '2026-03-02T08:00:00Z',
      modifiedon: '2026-03-02T08:00:00Z',
      versionnumber: version,
      $owner: ana,
      $bu: sales,
    });
    expect(await logged()).toEqual([['account 1', ana, sales]]);
    expect(await create('account', 2, { name: 'B' })).toBeGreaterThan(version);
  });

  test('of a row that is there is refused, and changes nothing', async () => {
    await create('account', 1, { name: 'Alpine' });
    expect(await refusal(create('account', 1, { name: 'B' }))).toMatchObject({
      ...code('duplicateRecord'),
      errorType: 2,
      message: `The account ${id(1)} exists already.`,
    });
    expect((await row('account', 1))?.['name']).toBe('Alpine');
  });

  test('of a table that is not there is refused', async () => {
    expect(await refusal(create('nope', 1))).toMatchObject({
      ...code('unknownTable'),
      message: 'Table "nope" does not exist.',
    });
  });

  test('needs the right to create, and to append when it points at something', async () => {
    await create('account', 1);
    const to = link(1);
    expect(await refusal(create('contact', 2, {}, allBut('contact', 'create')))).toMatchObject({
      message: 'No role grants create on The contact.',
    });
    expect(await refusal(create('contact', 2, to, allBut('contact', 'append')))).toMatchObject({
      message: 'No role grants append on The contact.',
    });
    expect(await refusal(create('contact', 2, to, allBut('account', 'appendTo')))).toMatchObject({
      message: 'No role grants appendTo on The account.',
    });
    expect(await here('contact')).toEqual([]);
    await create('contact', 2, {}, allBut('contact', 'append'));
    expect(await here('contact')).toEqual([2]);
  });

  test('needs what the platform requires', async () => {
    const free = { ownerid: null, ownerid$t: null };
    expect(await create('account', 1, free, everything)).toBeGreaterThan(0);
    expect((await row('account', 1))?.['ownerid']).toBe(ana);
    await create('account', 2, free);
    expect((await row('account', 2))?.['ownerid']).toBeNull();
  });

  test('keeps the content of a file beside the row', async () => {
    await create('account', 1, { logo: 'AAEC' });
    expect((await row('account', 1))?.['logo']).toMatch(/^sha256:[0-9a-f]{64}:3$/);
    const parts = () => store.read((tx) => tx.all('SELECT tbl, pk, col FROM "$document"'));
    expect(await parts()).toEqual([['account', id(1), 'logo']]);
    await create('account', 2, { logo: 'AAEC' });
    await remove('account', 1);
    expect(await parts()).toEqual([['account', id(2), 'logo']]);
  });
});

describe('an update', () => {
  beforeEach(async () => {
    await create('account', 1, { name: 'Alpine', city: 'Bern', number: '7' });
    await create('account', 2, { name: 'Fabrikam', city: 'Basel' });
    await logged();
  });

  test('changes what it names and who changed it, under a higher version, and nothing else', async () => {
    const before = await row('account', 1);
    const version = await update('account', 1, { city: 'Chur' }, everything);
    expect(await row('account', 1)).toEqual({
      ...before,
      city: 'Chur',
      modifiedby: ana,
      modifiedby$n: 'Ana',
      modifiedon: '2026-03-02T08:00:00Z',
      versionnumber: version,
    });
    expect(version).toBeGreaterThan(Number(before?.['versionnumber']));
    expect((await row('account', 2))?.['city']).toBe('Basel');
    expect(await logged()).toEqual([['account 1', ana, sales]]);
  });

  test('of a row that is not there is refused as that', async () => {
    expect(await refusal(update('account', 9, { city: 'Chur' }))).toMatchObject({
      ...code('objectDoesNotExist'),
      errorType: 1,
      message: `The account With Id = ${id(9)} Does Not Exist`,
    });
  });

  test('needs the right to write, to append when it points at something new, to assign when it gives away', async () => {
    await create('contact', 3, link(1));
    const denied = async (promise: Promise<unknown>) => (await refusal(promise)).message;
    expect(await denied(update('account', 1, { city: 'X' }, allBut('account', 'write')))).toMatch(
      /grants write/,
    );
    expect(await denied(update('contact', 3, link(2), allBut('contact', 'append')))).toMatch(
      /grants append on The contact/,
    );
    await update('contact', 3, { ...link(1), name: 'X' }, allBut('contact', 'append'));
    expect(await denied(give('account', 1, ben, allBut('account', 'assign')))).toMatch(
      /grants assign/,
    );
    expect((await row('account', 1))?.['city']).toBe('Bern');
  });

  test('is compared with what its user saw, when the policy says so', async () => {
    const seen = (policy: 'off' | 'on' | 'merge', set: Cells, base: Cells) =>
      write({
        op: 'update',
        table: 'account',
        id: id(1),
        set,
        expected: { policy, version: 0, base },
      });
    expect(await refusal(seen('on', { city: 'Chur' }, { city: 'Bern' }))).toMatchObject({
      errorType: 0,
      columns: ['city'],
    });
    expect(await refusal(seen('merge', { city: 'Chur' }, { city: 'Zug' }))).toMatchObject({
      columns: ['city'],
    });
    await seen('merge', { name: 'Alpine Ski', city: 'Bern' }, { name: 'Alpine', city: 'Zug' });
    expect(await row('account', 1)).toMatchObject({ name: 'Alpine Ski', city: 'Bern' });
    await seen('off', { city: 'Chur' }, { city: 'Zug' });
    expect((await row('account', 1))?.['city']).toBe('Chur');
  });

  test('leaves an equal content of a file where it is', async () => {
    await update('account', 1, { logo: 'AAEC' });
    await update('account', 1, { city: 'Chur' });
    const parts = await store.read((tx) => tx.all('SELECT pk FROM "$document"'));
    expect(parts).toEqual([[id(1)]]);
    await update('account', 1, { logo: null });
    expect(await store.read((tx) => tx.all('SELECT pk FROM "$document"'))).toEqual([]);
  });
});

describe('a delete', () => {
  beforeEach(async () => {
    await create('account', 1, { name: 'Alpine' });
    await create('account', 2, { name: 'Fabrikam' });
    await logged();
  });

  test('removes the row, its shares, and no other, and is told to whoever had it', async () => {
    await using(system, (rows) => rows.share('account', id(1), ben, ['read']));
    await using(system, (rows) => rows.share('account', id(2), ben, ['read']));
    await logged();
    const version = await remove('account', 1);
    expect(await here('account')).toEqual([2]);
    expect(version).toBeGreaterThan(Number((await row('account', 2))?.['versionnumber']));
    expect(await logged()).toEqual([
      ['account 1', ana, sales],
      ['account 1', ben, null],
    ]);
    expect(await store.read((tx) => readShares(tx, 'account', id(1)))).toEqual([]);
    expect(await store.read((tx) => readShares(tx, 'account', id(2)))).toHaveLength(1);
  });

  test('of a row that is gone is what was wanted', async () => {
    expect(await remove('account', 9, userOf({}))).toBeGreaterThan(0);
    expect(await logged()).toEqual([]);
  });

  test('needs the right to delete, and the version seen when the policy says so', async () => {
    expect(await refusal(remove('account', 1, allBut('account', 'delete')))).toMatchObject({
      message: 'No role grants delete on The account.',
    });
    const expected = { policy: 'merge', version: 0, base: {} } as const;
    const seen = { op: 'delete', table: 'account', id: id(1), set: {}, expected } as const;
    expect((await refusal(write(seen))).errorType).toBe(0);
    expect(await here('account')).toEqual([1, 2]);
  });

  test('takes with it, frees, or is held back by what points at the row, as the relationships say', async () => {
    for (const n of [1, 2]) {
      await create('contact', 10 + n, link(n));
      await create('visit', 20 + n, { ...link(n), name: `Visit ${n}` });
      await create('remark', 30 + n, link(n));
      await add('line', 40 + n, link(n));
      await add('part', 50 + n, { lineid: id(40 + n), lineid$t: 'line' });
      await add('footnote', 60 + n, link(n));
    }
    await create('account', 3, { name: 'Below', parentaccountid: id(1) });
    await create('contract', 70, link(1));
    expect(await refusal(remove('account', 1))).toMatchObject({
      ...code('cannotDeleteDueToAssociation'),
      message: 'The account cannot be deleted: 1 The contract refers to it.',
    });
    await remove('contract', 70);
    const before = await row('visit', 21);
    await logged();
    await remove('account', 1);
    expect(await here('account')).toEqual([2, 3]);
    expect([await here('contact'), await here('line'), await here('part')]).toEqual([
      [12],
      [42],
      [52],
    ]);
    expect([await here('visit'), await here('footnote')]).toEqual([
      [21, 22],
      [61, 62],
    ]);
    const freed = await row('visit', 21);
    expect(freed).toEqual({
      ...before,
      accountid: null,
      accountid$n: null,
      versionnumber: freed?.['versionnumber'],
    });
    expect(freed?.['name']).toBe('Visit 1');
    expect(Number(freed?.['versionnumber'])).toBeGreaterThan(Number(before?.['versionnumber']));
    expect((await row('footnote', 61))?.['accountid']).toBeNull();
    expect((await row('account', 3))?.['parentaccountid']).toBeNull();
    // What does not cascade keeps a lookup of a row that is gone.
    expect((await row('remark', 31))?.['accountid']).toBe(id(1));
    expect((await row('visit', 22))?.['accountid']).toBe(id(2));
    const told = (await logged()).map(([one]) => one);
    for (const one of ['account 1', 'contact 11', 'line 41', 'part 51', 'visit 21', 'account 3'])
      expect(told).toContain(one);
    for (const one of ['account 2', 'contact 12', 'remark 31', 'visit 22'])
      expect(told).not.toContain(one);
  });
});

describe('an alternate key', () => {
  beforeEach(() => create('account', 1, { name: 'Alpine', number: '7', city: 'Bern' }));

  test('is not given twice', async () => {
    expect(await refusal(create('account', 2, { name: 'Alpine' }))).toMatchObject({
      ...code('duplicateEntityKey'),
      errorType: 2,
      message: 'Another The account has the same name.',
      columns: ['name'],
    });
    expect(await refusal(create('account', 2, { number: '7', city: 'Bern' }))).toMatchObject({
      message: 'Another The account has the same number, city.',
      columns: ['number', 'city'],
    });
    await create('account', 2, { number: '7', city: 'Basel' });
    expect(await refusal(update('account', 2, { city: 'Bern' }))).toMatchObject({
      columns: ['number', 'city'],
    });
  });

  test('is no key while a part of it is empty, and a row is not its own double', async () => {
    await create('account', 2, { number: '7' });
    await create('account', 3, { number: '7' });
    await create('account', 4, { city: 'Bern' });
    await update('account', 1, { name: 'Alpine' });
    expect(await here('account')).toEqual([1, 2, 3, 4]);
  });
});

describe('giving a row to somebody else', () => {
  beforeEach(async () => {
    await create('account', 1);
    await create('account', 2);
  });

  test('is told under both owners', async () => {
    await logged();
    await give('account', 1, ben);
    expect(await row('account', 1)).toMatchObject({
      ownerid: ben,
      owningbusinessunit: service,
      $owner: ben,
      $bu: service,
    });
    expect(await logged()).toEqual([
      ['account 1', ana, sales],
      ['account 1', ben, service],
    ]);
    expect(await owners('account', 2)).toEqual([ana]);
  });

  test('takes rows along that point at it: all, the active ones, or those of the old owner', async () => {
    await create('contact', 10, link(1));
    await create('contact', 11, { ...link(1), ownerid: id(777) });
    await create('contact', 12, link(2));
    await create('contact', 14, { ...link(1), statecode: 1, statuscode: 2 });
    await create('visit', 20, link(1));
    await create('visit', 21, { ...link(1), ownerid: id(777) });
    await create('contract', 30, link(1));
    await create('contract', 31, { ...link(1), statecode: 1, statuscode: 2 });
    await create('remark', 40, link(1));
    await create('account', 3, { parentaccountid: id(1) });
    await create('contact', 13, link(3));
    await give('account', 1, ben);
    expect(await owners('contact', 10, 11, 12, 14)).toEqual([ben, ben, ana, ben]);
    expect(await owners('visit', 20, 21)).toEqual([ben, id(777)]);
    expect(await owners('contract', 30, 31)).toEqual([ben, ana]);
    expect(await owners('remark', 40)).toEqual([ana]);
    // And on from there.
    expect(await owners('account', 3)).toEqual([ben]);
    expect(await owners('contact', 13)).toEqual([ben]);
    expect(await row('contact', 10)).toMatchObject({
      ownerid: ben,
      owningbusinessunit: service,
      accountid: id(1),
      $bu: service,
    });
  });

  test('leaves alone, and does not go on from, what is the new owner’s already', async () => {
    await create('account', 3, { parentaccountid: id(1), ownerid: ben });
    await create('contact', 10, link(3));
    const before = await row('account', 3);
    await give('account', 1, ben);
    expect(await row('account', 3)).toEqual(before);
    expect(await owners('contact', 10)).toEqual([ana]);
  });

  test('ends where rows point at each other in a ring', async () => {
    await update('account', 1, { parentaccountid: id(2) });
    await update('account', 2, { parentaccountid: id(1) });
    await give('account', 1, ben);
    expect(await owners('account', 1, 2)).toEqual([ben, ben]);
  });

  test('takes rows without an owner of their own along, as deep as they go', async () => {
    await add('line', 10, link(1));
    await add('part', 20, { lineid: id(10), lineid$t: 'line' });
    await add('line', 11, link(2));
    await add('footnote', 30, link(1));
    expect(await owners('line', 10, 11)).toEqual([ana, ana]);
    expect(await owners('part', 20)).toEqual([ana]);
    expect(await owners('footnote', 30)).toEqual([null]);
    await logged();
    await give('account', 1, ben);
    expect(await owners('line', 10, 11)).toEqual([ben, ana]);
    expect(await owners('part', 20)).toEqual([ben]);
    expect((await row('line', 10))?.['$bu']).toBe(service);
    expect(await owners('footnote', 30)).toEqual([null]);
    expect(await logged()).toEqual(
      expect.arrayContaining([
        ['line 10', ana, sales],
        ['line 10', ben, service],
        ['part 20', ana, sales],
        ['part 20', ben, service],
      ]),
    );
  });

  test('is told under both units when only the unit is another, or only the owner', async () => {
    await write({
      op: 'create',
      table: 'systemuser',
      id: id(503),
      set: { fullname: 'Cat', businessunitid: sales },
    });
    await add('line', 10, link(1));
    await logged();
    await update('account', 1, { owningbusinessunit: service });
    expect(await logged()).toEqual([
      ['account 1', ana, sales],
      ['account 1', ana, service],
      ['line 10', ana, sales],
      ['line 10', ana, service],
    ]);
    await update('account', 1, { owningbusinessunit: sales });
    await logged();
    await give('account', 1, id(503));
    expect(await logged()).toEqual([
      ['account 1', ana, sales],
      ['account 1', id(503), sales],
      ['line 10', ana, sales],
      ['line 10', id(503), sales],
    ]);
  });

  test('does not make rows below it newer that have no owner of their own', async () => {
    await add('line', 10, link(1));
    const before = await row('line', 10);
    await give('account', 1, ben);
    expect(await row('line', 10)).toEqual({ ...before, $owner: ben, $bu: service });
  });

  test('ends where rows without an owner point at each other in a ring', async () => {
    await add('line', 10, link(1));
    await add('line', 11, { parentlineid: id(10), parentlineid$t: 'line' });
    await update('line', 10, { parentlineid: id(11), parentlineid$t: 'line' });
    await give('account', 1, ben);
    expect(await owners('line', 10, 11)).toEqual([ben, ben]);
  });

  test('is no matter of a row that moves without an owner: who owns what is below it stays', async () => {
    await give('account', 2, ben);
    await add('line', 10, link(1));
    await create('note', 20, { lineid: id(10), lineid$t: 'line' });
    const before = await row('note', 20);
    await update('line', 10, link(2));
    expect(await owners('line', 10)).toEqual([ben]);
    expect(await row('note', 20)).toEqual(before);
  });

  test('leaves a change of anything else alone', async () => {
    await create('contact', 10, { ...link(1), ownerid: id(777) });
    await add('line', 20, link(1));
    await logged();
    await update('account', 1, { city: 'Chur' });
    expect(await owners('contact', 10)).toEqual([id(777)]);
    expect(await logged()).toEqual([['account 1', ana, sales]]);
  });
});

describe('a row that is the reason for another to be on devices', () => {
  beforeEach(async () => {
    await create('account', 1);
    await create('account', 2);
    await create('visit', 10, link(1));
    await logged();
  });

  test('is told with it when it points somewhere else, or nowhere', async () => {
    await update('visit', 10, link(2));
    expect(await logged()).toEqual([
      ['visit 10', ana, sales],
      ['account 1', ana, sales],
      ['account 2', ana, sales],
    ]);
    await update('visit', 10, { accountid: null, accountid$t: null });
    expect((await logged()).map(([one]) => one)).toEqual(['visit 10', 'account 2']);
  });

  test('is told alone when it points where it did', async () => {
    await update('visit', 10, { name: 'X' });
    expect((await logged()).map(([one]) => one)).toEqual(['visit 10']);
  });

  test('is told with it when it comes or goes', async () => {
    await create('visit', 11, link(2));
    expect((await logged()).map(([one]) => one)).toEqual(['visit 11', 'account 2']);
    await remove('visit', 11);
    expect((await logged()).map(([one]) => one)).toEqual(['visit 11', 'account 2']);
    // A row that is not there need not be told of.
    await create('visit', 12, link(99));
    expect((await logged()).map(([one]) => one)).toEqual(['visit 12']);
  });

  test('of another kind is told alone', async () => {
    await create('contact', 10, link(1));
    expect((await logged()).map(([one]) => one)).toEqual(['contact 10']);
  });
});

describe('a share', () => {
  const share = (
    n: number,
    rights: readonly ('read' | 'write' | 'share')[],
    writer: Writer = system,
  ) => using(writer, (rows) => rows.share('account', id(n), ben, rights));
  const sharesOf = (table: string, n: number) => store.read((tx) => readShares(tx, table, id(n)));
  beforeEach(async () => {
    await create('account', 1);
    await create('contact', 10, link(1));
    await create('visit', 20, link(1));
    await add('line', 30, link(1));
    await create('account', 2, { parentaccountid: id(1) });
    await create('contact', 11, link(2));
    await create('account', 3);
    await create('contact', 12, link(3));
    await logged();
  });

  test('goes to what cascades from the row, and is told to whom it is for', async () => {
    await share(1, ['read']);
    const given = [{ principal: ben, rights: ['read'] }];
    for (const [table, n] of [
      ['account', 1],
      ['contact', 10],
      ['account', 2],
      ['contact', 11],
    ] as const)
      expect(await sharesOf(table, n)).toEqual(given);
    for (const [table, n] of [
      ['visit', 20],
      ['line', 30],
      ['account', 3],
      ['contact', 12],
    ] as const)
      expect(await sharesOf(table, n)).toEqual([]);
    expect([...(await logged())].sort()).toEqual([
      ['account 1', ben, null],
      ['account 2', ben, null],
      ['contact 10', ben, null],
      ['contact 11', ben, null],
    ]);
  });

  test('ends where it is to end with the row, and stays where it is not', async () => {
    await share(1, ['read']);
    await share(1, []);
    expect([await sharesOf('account', 1), await sharesOf('contact', 10)]).toEqual([[], []]);
    expect(await sharesOf('account', 2)).toHaveLength(1);
  });

  test('with everybody is told to everybody', async () => {
    await using(system, (rows) => rows.share('account', id(3), null, ['read']));
    expect(await logged()).toEqual([
      ['account 3', '', null],
      ['contact 12', '', null],
    ]);
  });

  test('ends where rows point at each other in a ring', async () => {
    await update('account', 1, { parentaccountid: id(2) });
    await logged();
    await share(1, ['read']);
    expect((await logged()).filter(([one]) => one === 'account 1')).toHaveLength(1);
  });

  test('makes changes of the row known to whom it is shared with', async () => {
    await share(3, ['read']);
    await logged();
    await update('account', 3, { city: 'Chur' });
    expect(await logged()).toEqual([
      ['account 3', ana, sales],
      ['account 3', ben, null],
    ]);
  });

  test('needs the right to share, and every right that it gives', async () => {
    const denied = async (promise: Promise<unknown>) => (await refusal(promise)).message;
    expect(await denied(share(1, ['read'], allBut('account', 'share')))).toMatch(/grants share/);
    expect(await denied(share(1, ['read', 'write'], allBut('account', 'write')))).toMatch(
      /grants write/,
    );
    expect(await sharesOf('account', 1)).toEqual([]);
    await share(1, ['read', 'write'], everything);
    expect(await sharesOf('account', 1)).toHaveLength(1);
  });

  test('of a table or a row that is not there is refused', async () => {
    const of = (table: string, n: number) =>
      refusal(using(system, (rows) => rows.share(table, id(n), ben, ['read'])));
    expect(await of('nope', 1)).toMatchObject({
      ...code('unknownTable'),
      message: 'Table "nope" does not exist.',
    });
    expect((await of('account', 99)).errorType).toBe(1);
  });
});

describe('two rows of a many-to-many relationship', () => {
  const connect = (
    connected: boolean,
    { pair = accountTag, one = 1, two = 5, as = 90, writer = system as Writer } = {},
  ) => using(writer, (rows) => rows.associate(pair, [id(one), id(two)], connected, id(as)));
  beforeEach(async () => {
    for (const n of [1, 2]) await create('account', n);
    for (const n of [5, 6]) await add('tag', n, { name: `Tag ${n}` });
    await logged();
  });

  test('are connected once, however often it is asked, and told to devices', async () => {
    await connect(true);
    await connect(true, { as: 91 });
    expect(await here('account_tag')).toEqual([90]);
    expect(await row('account_tag', 90)).toMatchObject({ accountid: id(1), tagid: id(5) });
    expect((await logged()).map(([one]) => one)).toEqual(['account_tag 90', 'tag 5']);
  });

  test('are parted, and no others', async () => {
    await connect(true, { as: 90 });
    await connect(true, { two: 6, as: 91 });
    await connect(true, { one: 2, as: 92 });
    await connect(false);
    expect(await here('account_tag')).toEqual([91, 92]);
    await connect(false);
    expect(await here('account_tag')).toEqual([91, 92]);
  });

  test('need the right to append and append to, on both', async () => {
    for (const table of ['account', 'tag']) {
      for (const right of ['append', 'appendTo'] as const) {
        const { message } = await refusal(connect(true, { writer: allBut(table, right) }));
        expect(message).toContain(`grants ${right} on`);
      }
    }
    expect(await here('account_tag')).toEqual([]);
    await connect(true, { writer: everything });
    await connect(true, { two: 6, as: 91, writer: allBut('account_tag', ...privileges) });
    expect(await here('account_tag')).toEqual([90, 91]);
  });

  test('must be there, as the tables must', async () => {
    expect(await refusal(connect(true, { one: 99 }))).toMatchObject({ errorType: 1 });
    expect(await refusal(connect(true, { two: 99 }))).toMatchObject({ errorType: 1 });
    const odd = (more: Partial<ManyToMany>) =>
      refusal(connect(true, { pair: { ...accountTag, ...more } }));
    const missing = { ...code('unknownTable'), message: '"nope" does not exist.' };
    expect(await odd({ intersect: 'nope' })).toMatchObject(missing);
    expect(await odd({ table2: 'nope' })).toMatchObject(missing);
  });

  test('that say who has which rights need the right to make and to end that', async () => {
    const membership: ManyToMany = {
      kind: 'manyToMany',
      name: 'members',
      intersect: 'teammembership',
      table1: 'team',
      column1: 'teamid',
      table2: 'systemuser',
      column2: 'systemuserid',
    };
    await add('team', 7, { name: 'Team' });
    const join = (connected: boolean, writer: Writer) =>
      connect(connected, { pair: membership, one: 7, two: 501, as: 80, writer });
    expect((await refusal(join(true, allBut('teammembership', 'create')))).message).toMatch(
      /grants create/,
    );
    await join(true, allBut('teammembership', 'delete'));
    expect(await here('teammembership')).toEqual([80]);
    expect((await refusal(join(false, allBut('teammembership', 'delete')))).message).toMatch(
      /grants delete/,
    );
    await join(false, allBut('teammembership', 'create'));
    expect(await here('teammembership')).toEqual([]);
  });
});

describe('an activity', () => {
  test('is also a row of all activities, with what both have, under its id', async () => {
    await create('task', 1, { subject: 'Call', effort: 3 });
    expect(await row('activitypointer', 1)).toMatchObject({
      activityid: id(1),
      subject: 'Call',
      activitytypecode: 'task',
      ownerid: ana,
      $owner: ana,
      $bu: sales,
    });
    expect(await logged()).toEqual([
      ['task 1', ana, sales],
      ['activitypointer 1', ana, sales],
    ]);
    await update('task', 1, { subject: 'Mail' });
    await give('task', 1, ben);
    expect(await row('activitypointer', 1)).toMatchObject({ subject: 'Mail', $owner: ben });
    expect(await here('activitypointer')).toEqual([1]);
  });

  test('without an owner has none there either', async () => {
    await add('task', 1, { subject: 'Call' });
    expect(await row('activitypointer', 1)).toMatchObject({ $owner: null, $bu: null });
  });

  test('goes as both, whichever is deleted, and with nothing else of the same id', async () => {
    for (const n of [1, 2, 3]) await create('task', n, { subject: 'Call' });
    for (const n of [1, 2]) await create('contact', n);
    await remove('task', 1);
    expect([await here('task'), await here('activitypointer')]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    await remove('activitypointer', 2);
    expect([await here('task'), await here('activitypointer')]).toEqual([[3], [3]]);
    expect(await here('contact')).toEqual([1, 2]);
  });

  test('is a row like others in an app without a table of all activities', async () => {
    const table = (one: string) => (one === 'activitypointer' ? undefined : app.index.table(one));
    const model = {
      ...app.model,
      tables: app.model.tables.filter((one) => one.name !== 'activitypointer'),
    };
    const without = { ...env, index: { ...app.index, model, table } };
    const set = { subject: 'Call' };
    const run = (op: 'create' | 'delete') =>
      store.write((tx) =>
        new RowWriter(without, tx, system).write({ op, table: 'task', id: id(1), set }),
      );
    await run('create');
    expect([await here('task'), await here('activitypointer')]).toEqual([[1], []]);
    await run('delete');
    expect(await here('task')).toEqual([]);
  });

  test('is none when its table is none', async () => {
    await create('contact', 1, { name: 'Ana' });
    expect(await here('activitypointer')).toEqual([]);
    await create('task', 1, { subject: 'Call' });
    await remove('contact', 1);
    expect(await here('activitypointer')).toEqual([1]);
  });
});

test('a row that a delete meets twice goes once', async () => {
  await create('account', 1);
  await add('line', 10, link(1));
  await add('line', 11, { ...link(1), parentlineid: id(10), parentlineid$t: 'line' });
  await logged();
  await remove('account', 1);
  expect(await here('line')).toEqual([]);
  expect((await logged()).map(([one]) => one)).toEqual(['line 11', 'line 10', 'account 1']);
});

describe('a write of a user', () => {
  const sale = (set: Cells, writer = everything) =>
    create('sale', 1, { code: 'C', ...set }, writer);
  const change = (set: Cells, writer = everything) => update('sale', 1, set, writer);

  test('of a new row has what the platform requires', async () => {
    expect(await refusal(sale({ code: null }))).toMatchObject({
      ...code('requiredFieldMissing'),
      columns: ['code'],
    });
    await sale({});
    await change({ code: null });
    expect((await row('sale', 1))?.['code']).toBeNull();
  });

  test('has state and status that belong together, each completed by the other', async () => {
    expect(await refusal(sale({ statecode: 0, statuscode: 2 }))).toMatchObject({
      ...code('invalidStatusForState'),
      columns: ['statuscode'],
    });
    await sale({ statecode: 1 });
    expect(await row('sale', 1)).toMatchObject({ statecode: 1, statuscode: 2 });
    await change({ statecode: 0 });
    expect(await row('sale', 1)).toMatchObject({ statecode: 0, statuscode: 1 });
    expect((await refusal(change({ statuscode: 2, statecode: 0 }))).columns).toEqual([
      'statuscode',
    ]);
  });

  test('is what the rules of its table make of it, or refused by them', async () => {
    expect(await refusal(sale({ amount: 101 }))).toMatchObject({
      ...code('isvAborted'),
      message: 'Too much.',
      columns: ['amount'],
    });
    await sale({ amount: 7, name: 'X' });
    expect((await row('sale', 1))?.['name']).toBe('Seven');
    expect((await refusal(change({ amount: 101 }))).message).toBe('Too much.');
    await change({ amount: 8, name: 'X' });
    await change({ amount: 7 });
    expect((await row('sale', 1))?.['name']).toBe('Seven');
  });

  test('stands in a process flow where the flow allows it', async () => {
    const move = (set: Cells) => update('sale_flow', 2, set, everything);
    const at = async () => {
      const cells = await row('sale_flow', 2);
      return [cells?.['activestageid'], cells?.['traversedpath']];
    };
    await create('sale_flow', 2, {}, everything);
    expect(await at()).toEqual(['s1', 's1']);
    expect((await refusal(move({ activestageid: 'nowhere' }))).columns).toEqual(['activestageid']);
    await move({ activestageid: 's2', traversedpath: 's1,s2' });
    expect(await at()).toEqual(['s2', 's1,s2']);
  });

  test('needs the right to set a secured column: one to create, another to update', async () => {
    const may = (...rights: readonly ('create' | 'update')[]): Writer => {
      const { context } = callerOf(ana, { sale: all });
      return {
        kind: 'user',
        name: 'Ana',
        context: { ...context, columns: { sale: { secret: rights } } },
      };
    };
    const denied = { ...code('privilegeDenied'), columns: ['secret'] };
    expect(await refusal(sale({ secret: 'x' }, may('update')))).toMatchObject(denied);
    await sale({ secret: 'x' }, may('create'));
    expect(await refusal(change({ secret: 'y' }, may('create')))).toMatchObject(denied);
    await change({ secret: 'y' }, may('update'));
    expect((await row('sale', 1))?.['secret']).toBe('y');
  });
});

test('a change that would cascade too far is refused, and nothing of it is kept', async () => {
  await create('account', 1);
  for (const n of [10, 11, 12]) await create('contact', n, link(1));
  const most = (rows: number, fn: (writer: RowWriter) => Promise<unknown>) =>
    store.write((tx) => fn(new RowWriter({ ...env, maxCascadeRows: rows }, tx, system)));
  const deleted = { op: 'delete', table: 'account', id: id(1), set: {} } as const;
  const given = { ownerid: ben, ownerid$t: 'systemuser' };
  const assigned = { op: 'update', table: 'account', id: id(1), set: given } as const;
  const message = 'The change would cascade to more than 3 rows.';
  expect(await refusal(most(3, (rows) => rows.write(deleted)))).toMatchObject({
    ...code('invalidArgument'),
    message,
  });
  expect(
    (await refusal(most(3, (rows) => rows.share('account', id(1), ben, ['read'])))).message,
  ).toBe(message);
  expect((await refusal(most(2, (rows) => rows.write(assigned)))).message).toMatch(/more than 2/);
  expect([await here('account'), await here('contact')]).toEqual([[1], [10, 11, 12]]);
  expect(await owners('contact', 10)).toEqual([ana]);
  await most(3, (rows) => rows.write(assigned));
  for (const n of [20, 21]) await add('line', n, link(1));
  const back = { ownerid: ana, ownerid$t: 'systemuser' };
  const moved = { op: 'update', table: 'account', id: id(1), set: back } as const;
  expect((await refusal(most(4, (rows) => rows.write(moved)))).message).toMatch(/more than 4/);
  await most(5, (rows) => rows.write(moved));
  await most(6, (rows) => rows.write(deleted));
  expect([await here('account'), await here('contact')]).toEqual([[], []]);
});
