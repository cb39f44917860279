import type { SqlDriver, SqlValue } from '../sql-driver.ts';
import { type ContractCase, fails, rejects, same } from './contract-case.ts';

async function using(
  env: { open(): Promise<SqlDriver> },
  fn: (db: SqlDriver) => void | Promise<void>,
): Promise<void> {
  const db = await env.open();
  try {
    await fn(db);
  } finally {
    await db.close();
  }
}

function contractCase(name: string, body: (db: SqlDriver) => void | Promise<void>): ContractCase {
  return { name, run: (env) => using(env, body) };
}

const one = (db: SqlDriver, sql: string, params: readonly SqlValue[] = []): SqlValue | undefined =>
  db.prepare(sql).get(params)?.[0];

/** Both drivers, every storage: the same answers, the same errors. */
export const driverContract: readonly ContractCase[] = [
  contractCase('values keep their type and value', (db) => {
    const values: readonly (readonly [SqlValue, string])[] = [
      [null, 'null'],
      [0, 'integer'],
      [1, 'integer'],
      [-1, 'integer'],
      [2 ** 31 - 1, 'integer'],
      [-(2 ** 31), 'integer'],
      [2 ** 31, 'real'],
      [2 ** 53 - 1, 'real'],
      [0.5, 'real'],
      [-1e300, 'real'],
      ['', 'text'],
      ['zwölf Boxkämpfer 😀 \u0000 x', 'text'],
      [new Uint8Array(0), 'blob'],
      [new Uint8Array([0, 255, 1]), 'blob'],
    ];
    for (const [value, type] of values) {
      const row = db.prepare('SELECT ?1, typeof(?1)').get([value]);
      same(row, [value, type], `value ${String(value)}`);
    }
  }),
  contractCase('minus zero is zero', (db) => {
    db.exec('CREATE TABLE t (a REAL, b INTEGER, c)');
    db.prepare('INSERT INTO t VALUES (?1, ?1, ?1)').run([-0]);
    const row = db.prepare('SELECT a, b, c, typeof(c) FROM t').get() ?? [];
    same(row, [0, 0, 0, 'integer'], 'row');
    same(
      row.map((cell) => Object.is(cell, -0)),
      [false, false, false, false],
      'sign',
    );
  }),
  contractCase('columns declared INTEGER store whole numbers as integers', (db) => {
    db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)');
    const numbers = [0, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1];
    const big = [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n];
    for (const n of [...numbers, ...big]) db.prepare('INSERT INTO t (n) VALUES (?)').run([n]);
    const rows = db.prepare('SELECT n, typeof(n) FROM t ORDER BY id').all();
    same(
      rows,
      [...numbers, ...big].map((n) => [n, 'integer']),
      'rows',
    );
    same(
      [...db.prepare('SELECT n FROM t ORDER BY id').iterate()].flat(),
      [...numbers, ...big],
      'iterate',
    );
    same(
      one(db, 'SELECT n FROM t WHERE n = ?', [2n ** 63n - 1n]),
      2n ** 63n - 1n,
      'found by value',
    );
  }),
  contractCase('values that SQLite cannot store are refused by position', (db) => {
    const bad: readonly unknown[] = [
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      true,
      new Date(0),
      {},
      [],
      Symbol('x'),
      () => 1,
      2n ** 63n,
    ];
    for (const value of bad) {
      fails(
        'sql.bind',
        () => db.prepare('SELECT ?, ?').get([1, value as SqlValue]),
        String(typeof value),
      );
    }
    same(db.prepare('SELECT ?, ?').get([1, 2]), [1, 2], 'still usable');
  }),
  contractCase('N08c: every parameter has its value, and no value is left over', (db) => {
    const statements: readonly (readonly [string, number])[] = [
      ['SELECT 1', 0],
      ['SELECT ?, ?', 2],
      ['SELECT ?3, ?1', 3],
      ['SELECT :name, @other, $third, :name', 3],
      [`SELECT ? AS "?", ':no' AS [:no], x'00' AS \`$no\` -- ?\n, /* ? */ ?2`, 2],
      ['SELECT ? AS a$n, ?1 AS "?"; SELECT ?', 1],
    ];
    for (const [sql, count] of statements) {
      const values = Array.from({ length: count }, (_, i) => i);
      const row = db.prepare(sql).get(values);
      for (const wrong of [values.slice(1), [...values, null]]) {
        if (wrong.length === count) continue;
        const statement = db.prepare(sql);
        const calls = [
          () => statement.get(wrong),
          () => statement.all(wrong),
          () => statement.run(wrong),
          () => [...statement.iterate(wrong)],
        ];
        for (const call of calls) fails('sql.bind', call, `${wrong.length} values for ${sql}`);
      }
      same(db.prepare(sql).get(values), row, `still usable: ${sql}`);
    }
  }),
  contractCase('a lone surrogate becomes U+FFFD', (db) => {
    same(one(db, 'SELECT ?', ['a\ud800b']), 'a\ufffdb', 'text');
    same(one(db, 'SELECT length(CAST(? AS BLOB))', ['\udc00']), 3, 'bytes');
    same(
      one(db, 'SELECT ?', [`${'long enough for another path '.repeat(3)}\ud83d`])
        ?.toString()
        .endsWith('\ufffd'),
      true,
      'long',
    );
  }),
  contractCase('5 MB of text and bytes pass', (db) => {
    db.exec('CREATE TABLE t (a TEXT, b BLOB)');
    const text = 'aé😀'.repeat(700_000);
    const bytes = new Uint8Array(5_000_000).map((_, i) => i % 251);
    db.prepare('INSERT INTO t VALUES (?, ?)').run([text, bytes]);
    const row = db.prepare('SELECT a, b FROM t').get() ?? [];
    same(row[0] === text, true, 'text');
    const got = row[1];
    const equal =
      got instanceof Uint8Array &&
      got.length === bytes.length &&
      got.every((byte, i) => byte === bytes[i]);
    same(equal, true, 'bytes');
    same(one(db, 'SELECT ?', ['short']), 'short', 'afterwards');
  }),
  contractCase('bytes are copies', (db) => {
    const given = new Uint8Array([1, 2, 3]);
    db.exec('CREATE TABLE t (b BLOB)');
    db.prepare('INSERT INTO t VALUES (?)').run([given]);
    given[0] = 9;
    const first = one(db, 'SELECT b FROM t');
    same(first, new Uint8Array([1, 2, 3]), 'stored');
    db.prepare('UPDATE t SET b = ?').run([new Uint8Array([7, 7, 7])]);
    same(first, new Uint8Array([1, 2, 3]), 'read before the update');
  }),
  contractCase('columns keep their position, whatever their names', (db) => {
    const statement = db.prepare('SELECT 1 AS a, 2 AS a, 3 AS "x y"');
    same(statement.columns, ['a', 'a', 'x y'], 'names');
    same(statement.all(), [[1, 2, 3]], 'cells');
    same(db.prepare('CREATE TABLE t (x)').columns, [], 'no columns');
  }),
  contractCase('a column added later is seen by statements prepared before', (db) => {
    db.exec('CREATE TABLE t (a)');
    db.prepare('INSERT INTO t VALUES (1)').run();
    same(db.prepare('SELECT * FROM t').all(), [[1]], 'before');
    db.exec('ALTER TABLE t ADD COLUMN b DEFAULT 2');
    same(db.prepare('SELECT * FROM t').all(), [[1, 2]], 'after');
  }),
  contractCase('errors have codes', (db) => {
    db.exec(
      'CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL, c TEXT UNIQUE, d CHECK (d > 0))',
    );
    const run =
      (sql: string, params: readonly SqlValue[] = []) =>
      () =>
        db.prepare(sql).run(params);
    run(`INSERT INTO t VALUES (1, 'b', 'c', 1)`)();
    fails('sql.unique', run(`INSERT INTO t VALUES (1, 'b', 'x', 1)`), 'primary key');
    fails('sql.unique', run(`INSERT INTO t VALUES (2, 'b', 'c', 1)`), 'unique');
    fails('sql.notNull', run('INSERT INTO t VALUES (3, NULL, NULL, 1)'), 'not null');
    fails('sql.check', run(`INSERT INTO t VALUES (4, 'b', NULL, 0)`), 'check');
    fails('sql.syntax', () => db.prepare('SELEC 1'), 'syntax');
    fails('sql.syntax', () => db.prepare(''), 'empty');
    fails('sql.syntax', () => db.prepare('SELECT nope FROM t'), 'no such column');
    fails('sql.syntax', () => db.prepare('SELECT 1 FROM nope'), 'no such table');
    fails('sql.syntax', () => db.exec('SELECT nope(1)'), 'no such function');
    fails('sql.syntax', () => db.exec('CREATE TABLE t (a)'), 'exists already');
    same(one(db, 'SELECT count(*) FROM t'), 1, 'rows');
  }),
  contractCase('a failed statement leaves its transaction usable', (db) => {
    db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)');
    db.transaction(() => {
      db.prepare('INSERT INTO t VALUES (1)').run();
      fails('sql.unique', () => db.prepare('INSERT INTO t VALUES (1)').run(), 'again');
      db.prepare('INSERT INTO t VALUES (2)').run();
    });
    same(db.prepare('SELECT a FROM t').all(), [[1], [2]], 'rows');
  }),
  contractCase('a throw rolls back its own transaction or savepoint and nothing else', (db) => {
    db.exec('CREATE TABLE t (a)');
    const insert = (a: number) => db.prepare('INSERT INTO t VALUES (?)').run([a]);
    const stop = new Error('stop');
    const attempt = (fn: () => void) => {
      try {
        db.transaction(fn);
      } catch (error) {
        if (error !== stop) throw error;
      }
    };
    same(db.inTransaction, false, 'outside');
    db.transaction(() => {
      same(db.inTransaction, true, 'inside');
      insert(1);
      attempt(() => {
        insert(2);
        attempt(() => {
          insert(3);
          throw stop;
        });
        insert(4);
      });
      attempt(() => {
        insert(5);
        db.transaction(() => insert(6));
        throw stop;
      });
    });
    attempt(() => {
      insert(7);
      throw stop;
    });
    same(db.inTransaction, false, 'afterwards');
    same(db.prepare('SELECT a FROM t').all().flat(), [1, 2, 4], 'rows');
  }),
  contractCase('a promise cannot be waited for in a transaction', (db) => {
    db.exec('CREATE TABLE t (a)');
    fails(
      'write.async',
      () => db.transaction(async () => db.exec('INSERT INTO t VALUES (1)')),
      'async',
    );
    same(one(db, 'SELECT count(*) FROM t'), 0, 'rolled back');
  }),
  contractCase('a statement may be prepared again while it is stepped', (db) => {
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)');
    const sql = 'SELECT a FROM t ORDER BY a';
    const pairs: SqlValue[][] = [];
    for (const [a] of db.prepare(sql).iterate()) {
      for (const [b] of db.prepare(sql).iterate()) pairs.push([a ?? null, b ?? null]);
    }
    same(pairs.length, 9, 'pairs');
    const statement = db.prepare(sql);
    for (const [first] of statement.iterate()) {
      same(first, 1, 'first row');
      fails('sql.busy', () => statement.all(), 'the same statement');
      break;
    }
    same(statement.all().length, 3, 'free again after the loop was left');
  }),
  contractCase(
    "a function may run statements, and what it throws is the statement's error",
    (db) => {
      db.exec("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x'), ('y')");
      db.defineFunction(
        'look',
        1,
        (a) => db.prepare('SELECT count(*) FROM t WHERE a = ?').get([a ?? null])?.[0] ?? null,
      );
      same(
        db.prepare('SELECT a, look(a) FROM t ORDER BY a').all(),
        [
          ['x', 1],
          ['y', 1],
        ],
        'rows',
      );
      db.defineFunction('bad', 0, () => {
        throw new Error('on purpose');
      });
      fails('sql.other', () => one(db, 'SELECT bad()'), 'thrown');
      same(one(db, 'SELECT 1'), 1, 'afterwards');
    },
  ),
  contractCase('functions take and give every type', (db) => {
    db.defineFunction('same', 1, (value) => value ?? null);
    const values: readonly SqlValue[] = [
      null,
      1,
      -5,
      2 ** 40,
      0.25,
      'é😀',
      '',
      new Uint8Array([1, 0]),
    ];
    for (const value of values) same(one(db, 'SELECT same(?)', [value]), value, String(value));
    db.defineFunction('list', -1, (...all) => all.map(String).join('|'));
    same(one(db, `SELECT list(1, 'a', 2.5) || list()`), '1|a|2.5', 'any number of arguments');
  }),
  contractCase('integers of functions are exact', (db) => {
    db.defineFunction('same', 1, (value) => value ?? null);
    same(one(db, 'SELECT typeof(same(7))'), 'integer', 'integer');
    same(one(db, 'SELECT same(9007199254740993)'), 9007199254740993n, 'bigint');
  }),
  contractCase('RETURNING, several statements at once, lists as JSON', (db) => {
    db.exec(`CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t (b) VALUES ('x'); -- comment
      INSERT INTO t (b) VALUES ('y;z');`);
    same(db.prepare('SELECT b FROM t ORDER BY a').all(), [['x'], ['y;z']], 'exec');
    const insert = db.prepare('INSERT INTO t (b) VALUES (?), (?) RETURNING a, b');
    same(
      insert.all(['p', 'q']),
      [
        [3, 'p'],
        [4, 'q'],
      ],
      'returning',
    );
    same(
      db.prepare('UPDATE t SET b = ? RETURNING a').run(['n']).changes,
      4,
      'run steps to the end',
    );
    const ids = JSON.stringify([2, 4]);
    same(
      db
        .prepare('SELECT a FROM t WHERE a IN (SELECT value FROM json_each(?)) ORDER BY a')
        .all([ids]),
      [[2], [4]],
      'list',
    );
  }),
  contractCase('32,766 parameters', (db) => {
    const count = 32_766;
    const places = Array.from({ length: count }, () => '?').join();
    const values = Array.from({ length: count }, (_, i) => i);
    same(
      one(
        db,
        `SELECT count(*) FROM (SELECT value FROM json_each('[1,${count}]') WHERE value IN (${places}))`,
        values,
      ),
      1,
      'found',
    );
  }),
  contractCase('more texts than the statement cache holds', (db) => {
    const first = db.prepare('SELECT 0');
    for (let i = 0; i < 600; i++) same(one(db, `SELECT ${i}`), i, 'value');
    same(first.get(), [0], 'a statement that was evicted prepares itself again');
  }),
  contractCase('a new database is empty', (db) => {
    same(one(db, 'SELECT count(*) FROM sqlite_schema'), 0, 'new');
  }),
  {
    name: 'full and normal commits survive closing; flush makes normal ones durable',
    async run(env) {
      await using(env, async (db) => {
        db.exec('CREATE TABLE t (a)');
        db.transaction(() => db.exec('INSERT INTO t VALUES (1)'), 'full');
        await db.durable;
        db.transaction(() => db.exec('INSERT INTO t VALUES (2)'), 'normal');
        await db.flush();
        db.checkpoint();
        db.transaction(() => db.exec('INSERT INTO t VALUES (3)'), 'normal');
      });
      await using(env, (db) => {
        same(db.prepare('SELECT a FROM t').all().flat(), [1, 2, 3], 'rows');
        same(db.integrity('full'), [], 'integrity');
        same(db.integrity('quick'), [], 'quick');
      });
    },
  },
  {
    name: 'a second opener is refused while the first lives',
    async run(env) {
      await using(env, async () => {
        await rejects('store.locked', () => env.open(), 'second');
      });
      await using(env, (db) => same(one(db, 'SELECT 1'), 1, 'third'));
    },
  },
  contractCase('a closed database says so, and closing again is fine', async (db) => {
    const statement = db.prepare('SELECT 1');
    await db.close();
    await db.close();
    fails('store.closed', () => db.prepare('SELECT 1'), 'prepare');
    fails('store.closed', () => db.exec('SELECT 1'), 'exec');
    fails('store.closed', () => db.transaction(() => 1), 'transaction');
    fails('store.closed', () => statement.get(), 'a statement from before');
  }),
  contractCase('a snapshot restores everything, in one transaction', (db) => {
    db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX ta ON t (a);
      CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID`);
    for (let i = 0; i < 500; i++) db.prepare('INSERT INTO t (a) VALUES (?)').run([`row ${i}`]);
    db.prepare('INSERT INTO w VALUES (?, ?)').run(['k', new Uint8Array([1])]);
    db.exec('DELETE FROM t WHERE id % 7 = 0');
    const before = db.prepare('SELECT id, a FROM t ORDER BY id').all();
    const bytes = db.snapshot();
    db.exec('DROP TABLE w; DELETE FROM t; CREATE TABLE extra (x)');
    db.restore(bytes);
    same(db.prepare('SELECT id, a FROM t ORDER BY id').all(), before, 'rows');
    same(db.prepare('SELECT k, v FROM w').all(), [['k', new Uint8Array([1])]], 'other table');
    const names = db
      .prepare(`SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name`)
      .all()
      .flat();
    same(names, ['t', 'ta', 'w'], 'schema');
    same(db.integrity('full'), [], 'integrity');
  }),
  contractCase('bytes that are no snapshot change nothing', (db) => {
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    fails('store.snapshot', () => db.restore(new Uint8Array(10)), 'short');
    fails(
      'store.snapshot',
      () => db.restore(new TextEncoder().encode('x'.repeat(5000))),
      'not SQLite',
    );
    const damaged = db.snapshot();
    damaged.fill(0xaa, 100, damaged.length);
    fails('store.snapshot', () => db.restore(damaged), 'damaged');
    same(one(db, 'SELECT a FROM t'), 1, 'row');
  }),
  contractCase('statistics say how big the database is', (db) => {
    db.exec('CREATE TABLE t (a)');
    const empty = db.stats().bytes;
    db.transaction(() => {
      for (let i = 0; i < 2000; i++) db.prepare('INSERT INTO t VALUES (?)').run(['x'.repeat(200)]);
    });
    const { bytes, pageSize, cacheBytes } = db.stats();
    same(bytes > empty + 400_000 && bytes % pageSize === 0, true, `bytes ${bytes}`);
    same(cacheBytes, 32_768 * 1024, 'cache');
  }),
];
