import { seededRandom } from '@outpost/testkit';
import { expect, test } from 'vitest';
import { parametersOf } from '../src/driver/parameters-of.ts';
import { readWasm } from '../src/node/read-wasm.ts';
import { loadEngine } from '../src/sql-js/load-engine.ts';

/** Pieces of a list of columns, with parameters and with what only looks like one. */
const pieces = [
  '?',
  '?2',
  '?7',
  ':name',
  ':other',
  '@name',
  '$name',
  '$name::more',
  ':größe',
  `':no'`,
  `'it''s ?'`,
  '1 AS "a ""?"" b"',
  '1 AS [?]',
  '1 AS `?`',
  '1 AS a$b',
  '1 /* :no\n? */',
  '1 -- ?\n',
  "x'00'",
  '1.5e3',
  'max(?, ?1)',
  '(SELECT :name)',
];

test('N08c: parameters are counted as SQLite counts them', async () => {
  const loaded = await loadEngine(readWasm);
  const db = new (loaded.kind === 'ready' ? loaded.engine : loaded).module.Database();
  /** SQLite takes so many values, and no more. */
  const takes = (sql: string, count: number): boolean => {
    const statement = db.prepare(sql);
    try {
      return statement.bind(Array.from({ length: count }, () => 1));
    } catch (error) {
      if (/out of range/.test(String(error))) return false;
      throw error;
    } finally {
      statement.free();
    }
  };
  const random = seededRandom(8);
  const counts = new Set<number>();
  for (let round = 0; round < 2000; round++) {
    const columns = Array.from(
      { length: 1 + Math.floor(random.next() * 6) },
      () => pieces[Math.floor(random.next() * pieces.length)] ?? '',
    );
    const sql = `SELECT ${columns.join(', ')}${random.next() < 0.2 ? '; SELECT ?9' : ''}`;
    const count = parametersOf(sql).length;
    counts.add(count);
    expect([takes(sql, count), takes(sql, count + 1)], sql).toEqual([true, false]);
  }
  expect(counts.size).toBeGreaterThan(8);
  db.close();
});
