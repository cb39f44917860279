import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RowStatements } from '../src/gateway/row-statements.ts';
import { WriteTx } from '../src/gateway/write-tx.ts';
import {
  buildSchema,
  type ChangeSet,
  type DeviceStore,
  type RowChange,
  type SqlDriver,
  StoreError,
  type WriteTx as Tx,
} from '../src/index.ts';
import { accountColumns, id, modelOf, openTestStore } from './fixture.ts';

const model = modelOf({ account: accountColumns, contact: { name: { type: 'string' } } });
let store: DeviceStore;
let commits: ChangeSet[];
beforeEach(async () => {
  ({ store, commits } = await openTestStore());
  store.applySchema(model, ['account', 'contact']);
  commits.splice(0);
});
afterEach(() => store.close());

const write = <T>(fn: (tx: Tx) => T): T => store.write({ origin: 'local' }, fn).value;
const slot = (name: string, table = 'account'): number =>
  store.schema.get(table)?.slotIndex.get(name) ?? -1;
const cell = (row: RowChange['after'] | undefined, name: string) => row?.[slot(name)];
const failure = (fn: (tx: Tx) => unknown): StoreError => {
  try {
    write(fn);
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('an insert', () => {
  test('puts cells under their names, the id where it belongs, and leaves the rest empty', () => {
    write((tx) => tx.insert('account', id(1), { city: 'Bern', employees: 3, accountid: id(7) }));
    const row = store.get('account', id(1));
    expect(cell(row, 'accountid')).toBe(id(1));
    expect([cell(row, 'city'), cell(row, 'employees'), cell(row, 'name')]).toEqual([
      'Bern',
      3,
      null,
    ]);
    expect([cell(row, 'city$f'), cell(row, 'name$f')]).toEqual(['bern', null]);
    expect(store.get('account', id(7))).toBeNull();
  });

  test('of a row that is there is refused by name, with what to do, and what SQLite said', () => {
    write((tx) => tx.insert('account', id(1), {}));
    const error = failure((tx) => tx.insert('account', id(1), { name: 'B' }));
    expect(error.code).toBe('write.rowExists');
    expect(error.message).toBe(`Table "account" already has row ${id(1)}.`);
    expect(error.fix).toBe('Update the row, or use another id.');
    expect(error.cause).toMatchObject({ code: 'sql.unique' });
  });

  test.each([
    ['of SQLite', new StoreError('sql.full', 'The disk is full.', 'Free some space.')],
    ['of any kind', new Error('sql.unique')],
  ])('passes on another error %s', (_, thrown) => {
    const driver = {
      prepare: () => ({
        run: () => {
          throw thrown;
        },
      }),
    } as unknown as SqlDriver;
    const schema = buildSchema(model, ['account']).get('account');
    if (schema === undefined) throw new Error('no schema');
    const tx = new WriteTx({
      driver,
      origin: 'local',
      label: null,
      rows: () => new RowStatements(schema),
      isLoading: () => false,
    });
    expect(() => tx.insert('account', id(1), {})).toThrow(thrown);
    expect(tx.writes).toBe(0);
  });
});

describe('an update', () => {
  beforeEach(() => {
    write((tx) => tx.insert('account', id(1), { name: 'A', city: 'Bern', employees: 3 }));
    commits.splice(0);
  });

  test('changes the cells it names, and the folded copies of those that changed', () => {
    expect(write((tx) => tx.update('account', id(1), { city: 'Chur', employees: 3 }))).toBe(
      'updated',
    );
    const row = store.get('account', id(1));
    expect([cell(row, 'name'), cell(row, 'city'), cell(row, 'employees')]).toEqual([
      'A',
      'Chur',
      3,
    ]);
    expect([cell(row, 'name$f'), cell(row, 'city$f')]).toEqual(['a', 'chur']);
    write((tx) => tx.update('account', id(1), { city: null }));
    expect(cell(store.get('account', id(1)), 'city$f')).toBeNull();
  });

  test('never changes the id', () => {
    expect(write((tx) => tx.update('account', id(1), { accountid: id(2) }))).toBe('unchanged');
    expect(write((tx) => tx.update('account', id(1), { accountid: id(2), city: 'X' }))).toBe(
      'updated',
    );
    expect(cell(store.get('account', id(1)), 'accountid')).toBe(id(1));
  });

  test('that changes nothing, or meets no row, writes nothing and says so', () => {
    const answers = write((tx) => {
      const all = [
        tx.update('account', id(1), { city: 'Bern' }),
        tx.update('account', id(9), { city: 'Bern' }),
        tx.upsert('account', id(1), { employees: 3 }),
        tx.delete('account', id(9)),
      ];
      return [...all, tx.writes, tx.counts.size, tx.changes.length];
    });
    expect(answers).toEqual(['unchanged', 'missing', 'unchanged', 'missing', 0, 0, 0]);
    expect(commits).toEqual([]);
    expect(store.count('account')).toBe(1);
  });
});

test('an upsert inserts what is not there and changes what is', () => {
  const answers = write((tx) => [
    tx.upsert('account', id(1), { name: 'A', city: 'Bern' }),
    tx.upsert('account', id(1), { city: 'Chur' }),
    tx.upsert('account', id(1), { city: 'Chur' }),
  ]);
  expect(answers).toEqual(['inserted', 'updated', 'unchanged']);
  const row = store.get('account', id(1));
  expect([cell(row, 'name'), cell(row, 'city')]).toEqual(['A', 'Chur']);
});

test('a delete takes the row, and no other', () => {
  write((tx) => {
    tx.insert('account', id(1), {});
    tx.insert('account', id(2), {});
  });
  expect(write((tx) => tx.delete('account', id(1)))).toBe('deleted');
  expect([store.get('account', id(1)), store.count('account')]).toEqual([null, 1]);
});

describe('what a transaction has changed so far', () => {
  beforeEach(() => {
    write((tx) => {
      for (const n of [1, 2, 3]) tx.insert('account', id(n), { name: `A${n}`, city: 'Bern' });
    });
    commits.splice(0);
  });
  const everything = () => [...(store.get('account', id(1)) ?? []).keys()];

  test('is the net change of each row, with both images and the cells that differ', () => {
    const changes = write((tx) => {
      tx.insert('account', id(4), { name: 'new' });
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(1), { city: 'Davos' });
      tx.delete('account', id(2));
      tx.insert('account', id(5), {});
      tx.delete('account', id(5));
      tx.update('account', id(3), { city: 'X' });
      tx.update('account', id(3), { city: 'Bern' });
      return tx.changes;
    });
    expect(
      changes.map(({ table, id: row, kind, rid, isNew }) => ({ table, id: row, kind, rid, isNew })),
    ).toEqual([
      { table: 'account', id: id(4), kind: 'insert', rid: null, isNew: true },
      { table: 'account', id: id(1), kind: 'update', rid: 1, isNew: false },
      { table: 'account', id: id(2), kind: 'delete', rid: 2, isNew: false },
    ]);
    const [insert, update, remove] = changes;
    expect([insert?.before, cell(insert?.after, 'name')]).toEqual([null, 'new']);
    expect([cell(update?.before, 'city'), cell(update?.after, 'city')]).toEqual(['Bern', 'Davos']);
    expect([cell(remove?.before, 'name'), remove?.after]).toEqual(['A2', null]);
    expect(insert?.changed).toEqual(everything());
    expect(update?.changed).toEqual([slot('city'), slot('city$f')]);
    expect(remove?.changed).toEqual(everything());
  });

  test('keeps rows of the same id in two tables apart', () => {
    const changes = write((tx) => {
      tx.insert('contact', id(1), { name: 'C' });
      tx.delete('account', id(1));
      return tx.changes;
    });
    expect(changes.map(({ table, kind }) => [table, kind])).toEqual([
      ['contact', 'insert'],
      ['account', 'delete'],
    ]);
    expect([...(commits[0]?.tables ?? [])].map(([table, { kind }]) => [table, kind])).toEqual([
      ['contact', 'rows'],
      ['account', 'rows'],
    ]);
  });

  test('has all rows of a table together', () => {
    write((tx) => {
      tx.update('account', id(1), { city: 'A' });
      tx.insert('contact', id(1), {});
      tx.update('account', id(2), { city: 'B' });
    });
    const rows = commits[0]?.tables.get('account');
    expect(rows).toMatchObject({ kind: 'rows', rows: [{ id: id(1) }, { id: id(2) }] });
  });

  test('says of a row that went and came back where it lies, even if nothing else differs', () => {
    const changes = write((tx) => {
      tx.delete('account', id(1));
      tx.insert('account', id(1), { name: 'A1', city: 'Bern' });
      tx.update('account', id(1), { city: 'Chur' });
      tx.update('account', id(1), { city: 'Bern' });
      tx.delete('account', id(2));
      tx.insert('account', id(2), { name: 'B' });
      tx.delete('account', id(2));
      return tx.changes;
    });
    expect(changes).toMatchObject([
      { id: id(1), kind: 'update', rid: 1, isNew: true, changed: [] },
      { id: id(2), kind: 'delete', rid: 2, isNew: false },
    ]);
  });

  test('names the tables it is in, and none before there is any', () => {
    write((tx) => {
      expect([...tx.tables.keys()]).toEqual([]);
      tx.update('account', id(1), { city: 'X' });
      expect([...tx.tables.keys()]).toEqual(['account']);
    });
  });

  test('is counted by table and operation, for comparison with what SQLite saw', () => {
    const counted = write((tx) => {
      tx.insert('account', id(4), {});
      tx.insert('account', id(5), {});
      tx.update('account', id(1), { city: 'X' });
      tx.delete('account', id(2));
      tx.insert('contact', id(1), {});
      return { counts: Object.fromEntries(tx.counts), writes: tx.writes };
    });
    expect(counted).toEqual({
      counts: { 'account I': 2, 'account U': 1, 'account D': 1, 'contact I': 1 },
      writes: 5,
    });
  });
});

describe('a nested part that throws', () => {
  const undo = new Error('undo');
  const failed = (tx: Tx, fn: () => void) =>
    expect(() =>
      tx.nested(() => {
        fn();
        throw undo;
      }),
    ).toThrow(undo);

  test('undoes its own rows, changes and counts, and nothing else', () => {
    write((tx) => tx.insert('account', id(1), { city: 'Bern' }));
    commits.splice(0);
    write((tx) => {
      tx.update('account', id(1), { city: 'Chur' });
      failed(tx, () => {
        tx.update('account', id(1), { city: 'Davos' });
        tx.insert('account', id(2), {});
      });
      expect([tx.writes, Object.fromEntries(tx.counts)]).toEqual([1, { 'account U': 1 }]);
      expect(tx.changes.map((one) => [one.id, cell(one.after, 'city')])).toEqual([[id(1), 'Chur']]);
    });
    expect(cell(store.get('account', id(1)), 'city')).toBe('Chur');
    expect(store.count('account')).toBe(1);
  });

  test('undoes what it loaded', () => {
    store.startLoad('account', 10);
    const load = (tx: Tx, n: number) => tx.load('account', ['accountid'], [[id(n)]]);
    write((tx) => {
      load(tx, 1);
      failed(tx, () => load(tx, 2));
      load(tx, 3);
    });
    expect(store.count('account')).toBe(2);
    expect(commits[0]?.tables.get('account')).toEqual({ kind: 'loaded', count: 2, overwritten: 0 });
  });

  test('answers what it returns when it does not throw', () => {
    expect(
      write((tx) => {
        const answer = tx.nested(() => tx.upsert('account', id(1), {}));
        return [answer, tx.changes.length];
      }),
    ).toEqual(['inserted', 1]);
  });
});

describe('a load', () => {
  beforeEach(() => store.startLoad('account', 10));

  test('counts its rows, and those that were there, over all its calls', () => {
    write((tx) => tx.load('account', ['accountid', 'name'], [[id(1), 'A']]));
    write((tx) => {
      tx.load(
        'account',
        ['accountid', 'name'],
        [
          [id(1), 'B'],
          [id(2), 'B'],
        ],
      );
      tx.load(
        'account',
        ['name', 'accountid'],
        [
          ['C', id(2)],
          ['C', id(3)],
          ['C', id(4)],
        ],
      );
    });
    expect(commits.map((one) => one.tables.get('account'))).toEqual([
      { kind: 'loaded', count: 1, overwritten: 0 },
      { kind: 'loaded', count: 5, overwritten: 2 },
    ]);
    expect(store.all('SELECT name FROM account ORDER BY accountid').flat()).toEqual([
      'B',
      'C',
      'C',
      'C',
    ]);
  });

  test('of no rows is none', () => {
    write((tx) => tx.load('account', ['accountid'], []));
    expect(commits).toEqual([]);
  });

  test('stands for the table, whatever else changed in it', () => {
    write((tx) => {
      tx.insert('account', id(9), {});
      tx.load('account', ['accountid'], [[id(1)]]);
    });
    expect(commits[0]?.tables.get('account')).toMatchObject({ kind: 'loaded', count: 1 });
  });

  test('needs a table that is being loaded', () => {
    const error = failure((tx) => tx.load('contact', ['contactid'], [[id(1)]]));
    expect(error.code).toBe('write.notLoading');
    expect(error.message).toBe('Table "contact" is not being loaded.');
    expect(error.fix).toMatch(/`startLoad`/);
  });

  test('needs the primary key', () => {
    const error = failure((tx) => tx.load('account', ['name'], [['A']]));
    expect(error.code).toBe('write.type');
    expect(error.message).toBe('The columns to load lack "accountid".');
    expect(error.fix).toBe('Load the primary key with every row.');
  });

  test.each([
    ['among its columns', ['accountid', 'nope'], []],
    ['among the empty ones', ['accountid'], ['nope']],
  ])('refuses a column that the table has not, %s', (_, columns, empty) => {
    const rows = [columns.map(() => id(1))];
    expect(failure((tx) => tx.load('account', columns, rows, empty)).code).toBe(
      'write.unknownColumn',
    );
    expect(store.count('account')).toBe(0);
  });

  test('empties the columns that it is told to', () => {
    write((tx) => tx.insert('account', id(1), { name: 'A', city: 'Bern' }));
    write((tx) => tx.load('account', ['accountid'], [[id(1)]], ['city']));
    const row = store.get('account', id(1));
    expect([cell(row, 'name'), cell(row, 'city'), cell(row, 'city$f')]).toEqual(['A', null, null]);
  });
});

describe('a table', () => {
  test('that is not there is refused by name', () => {
    for (const use of [
      (tx: Tx) => tx.get('nope', id(1)),
      (tx: Tx) => tx.insert('nope', id(1), {}),
      (tx: Tx) => tx.schemaOf('nope'),
    ]) {
      const error = failure(use);
      expect(error.code).toBe('write.unknownTable');
      expect(error.message).toBe('Table "nope" is not in this database.');
      expect(error.fix).toBe('Write only to tables of the offline profile.');
    }
  });

  test('tells its schema, and a row that is not there is null', () => {
    expect(write((tx) => tx.schemaOf('contact').table.name)).toBe('contact');
    expect(write((tx) => tx.get('contact', id(1)))).toBeNull();
  });

  test('that was changed with SQL comes without images', async () => {
    const faults: unknown[] = [];
    const other = await openTestStore({ tripwire: 'warn', onFault: (fault) => faults.push(fault) });
    other.store.write({ origin: 'local' }, (tx) => {
      tx.insert('account', id(1), {});
      tx.sql.prepare('UPDATE account SET city = ?').run(['X']);
    });
    expect(other.commits[0]?.tables.get('account')).toEqual({
      kind: 'unknown',
      reason: 'bypassed',
    });
    expect(faults).toHaveLength(1);
    await other.store.close();
  });
});

describe('a transaction', () => {
  test('tells who wrote, and why', () => {
    const told = store.write({ origin: 'sync', label: 'page' }, (tx) => [tx.origin, tx.label]);
    expect(told.value).toEqual(['sync', 'page']);
    expect(write((tx) => tx.label)).toBeNull();
  });

  test('lets participants read rows, and write none', () => {
    const errors: unknown[] = [];
    const seen: unknown[] = [];
    store.participate({
      name: 'curious',
      phase: 'derive',
      beforeCommit(tx) {
        seen.push(cell(tx.get('account', id(1)) ?? undefined, 'city'));
        for (const use of [
          () => tx.insert('account', id(2), {}),
          () => tx.update('account', id(1), { city: 'X' }),
          () => tx.upsert('account', id(1), { city: 'X' }),
          () => tx.delete('account', id(1)),
        ]) {
          try {
            use();
          } catch (error) {
            errors.push(error);
          }
        }
      },
    });
    write((tx) => tx.insert('account', id(1), { city: 'Bern' }));
    expect(seen).toEqual(['Bern']);
    expect(errors).toHaveLength(4);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'write.reentrant',
        message: 'A participant writes to table "account".',
        fix: 'Participants write to their own `$` tables only.',
      });
    }
    expect(store.count('account')).toBe(1);
  });

  test('that is over cannot be used, not even for reading', () => {
    let kept: Tx | undefined;
    write((tx) => {
      kept = tx;
    });
    for (const use of [
      () => kept?.get('account', id(1)),
      () => kept?.insert('account', id(1), {}),
      () => kept?.schemaOf('account'),
    ]) {
      expect(use).toThrow(
        expect.objectContaining({
          code: 'write.reentrant',
          message: 'The transaction is over.',
          fix: 'Use a transaction inside the function it was given to.',
        }),
      );
    }
    expect(store.count('account')).toBe(0);
  });
});

describe('a cell', () => {
  test.each([
    ['name', 'text'],
    ['name', ''],
    ['name', null],
    ['employees', 3],
    ['employees', 0],
    ['employees', null],
    ['revenue', 2.5],
    ['revenue', 3],
    ['revenue', null],
  ])('of column %s may be %s', (column, value) => {
    write((tx) => tx.insert('account', id(1), { [column]: value }));
    expect(cell(store.get('account', id(1)), column)).toBe(value);
  });

  test.each([
    ['name', 3, 'TEXT; number 3'],
    ['employees', '3', 'INTEGER; string 3'],
    ['employees', 2.5, 'INTEGER; number 2.5'],
    ['employees', Number.NaN, 'INTEGER; number NaN'],
    ['revenue', '2.5', 'REAL; string 2.5'],
    ['revenue', Number.NaN, 'REAL; number NaN'],
    ['revenue', Number.POSITIVE_INFINITY, 'REAL; number Infinity'],
    ['employees', 'x'.repeat(50), `INTEGER; string ${'x'.repeat(40)}`],
  ])('of column %s cannot be %s', (column, value, said) => {
    const error = failure((tx) => tx.insert('account', id(1), { [column]: value }));
    expect(error.code).toBe('write.type');
    expect(error.message).toBe(
      `Column "${column}" of table "account" is stored as ${said} does not fit.`,
    );
    expect(error.fix).toBe('Convert the value with the data model before writing it.');
    expect(store.count('account')).toBe(0);
  });

  test('of a column that is not there is refused by name', () => {
    for (const name of ['nope', 'name$f']) {
      const error = failure((tx) => tx.insert('account', id(1), { [name]: null }));
      expect(error.code).toBe('write.unknownColumn');
      expect(error.message).toBe(`Table "account" has no column "${name}".`);
      expect(error.fix).toBe('Use the logical names of the app model.');
    }
  });
});
