import { expect, test } from 'vitest';
import { sqlChanges } from '../src/sql-mutants.ts';

/** The strings of a file after each change to it. */
const changed = (sql: string): readonly string[] => {
  const text = `export const sql: string = ${sql};`;
  return sqlChanges(text).map(
    ({ start, end, to }) => `${text.slice(27, start)}${to}${text.slice(end, -1)}`,
  );
};

test('a condition is not asked, and conditions are joined the other way', () => {
  expect(changed("'DELETE FROM t WHERE a = ? AND b = 2'")).toEqual([
    "'DELETE FROM t WHERE (a = ? OR 1) AND b = 2'",
    "'DELETE FROM t WHERE a = ? OR b = 2'",
    "'DELETE FROM t WHERE a = ? AND (b = 2 OR 1)'",
  ]);
  expect(changed('\'SELECT 1 FROM t WHERE "$m".low IS NULL\'')).toEqual([
    '\'SELECT 1 FROM t WHERE "$m".low IS NOT NULL\'',
  ]);
});

test('bounds are one off', () => {
  expect(changed("'SELECT a FROM t WHERE a <= ?'")).toContain("'SELECT a FROM t WHERE a < ?'");
  expect(changed("'SELECT a FROM t WHERE a > 0'")).toContain("'SELECT a FROM t WHERE a >= 0'");
});

test('a column is not set, with its parameters in place', () => {
  expect(changed("'UPDATE t SET a = ?, b = max(b, ?) WHERE c = ?'")).toEqual([
    "'UPDATE t SET a = iif(1, a, ?), b = max(b, ?) WHERE c = ?'",
    "'UPDATE t SET a = ?, b = iif(1, b, max(b, ?)) WHERE c = ?'",
    "'UPDATE t SET a = ?, b = min(b, ?) WHERE c = ?'",
    "'UPDATE t SET a = ?, b = max(b, ?) WHERE (c = ? OR 1)'",
  ]);
});

test('a state is missing from a list, and an order is the other one', () => {
  expect(changed(`"SELECT a FROM t WHERE s IN ('x', 'y') ORDER BY a"`)).toEqual([
    `"SELECT a FROM t WHERE s IN ('y') ORDER BY a"`,
    `"SELECT a FROM t WHERE s IN ('x') ORDER BY a"`,
    `"SELECT a FROM t WHERE s IN ('x', 'y') ORDER BY a DESC"`,
  ]);
  expect(changed("'SELECT a FROM t ORDER BY a DESC'")).toEqual(["'SELECT a FROM t ORDER BY a'"]);
});

test('what is compared may be an expression of a template', () => {
  const hole = (name: string) => `$\{${name}}`;
  expect(changed(`\`DELETE FROM ${hole('t')} WHERE ${hole('c')} = ?\``)).toEqual([
    `\`DELETE FROM ${hole('t')} WHERE ${hole('c')} IS NOT iif(1, char(0), ?)\``,
  ]);
});

test('strings that are no SQL are left to Stryker', () => {
  expect(changed("'Edits and more'")).toEqual([]);
  expect(changed("'a < b'")).toEqual([]);
});
