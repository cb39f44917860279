import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Equivalent, equivalents } from '../src/equivalents.ts';
import { guarded, guardedFile } from '../src/guarded.ts';
import { judge } from '../src/judge.ts';
import type { Fate, Mutant } from '../src/mutant.ts';
import { reportOf } from '../src/report.ts';
import { root } from '../src/root.ts';

const mutant = (fate: Fate, more: Partial<Mutant> = {}): Mutant => ({
  line: 1,
  column: 1,
  endLine: 1,
  kind: 'EqualityOperator',
  from: 'a < b',
  to: 'a <= b',
  source: 'if (a < b) return;',
  fate,
  note: null,
  coveredBy: [],
  ...more,
});
const equivalent: Equivalent = {
  file: 'a.ts',
  source: 'if (a < b) return;',
  changes: [['a < b', 'a <= b']],
  why: 'a is never b.',
};

test('the score is what was noticed of what could be noticed', () => {
  const fates: Fate[] = ['killed', 'killed', 'timeout', 'survived', 'uncovered', 'invalid'];
  const verdict = judge(
    fates.map((fate) => mutant(fate)),
    [],
  );
  expect(verdict).toMatchObject({ killed: 2, equivalent: 0, invalid: 1, score: 60 });
  expect(verdict.timeouts).toHaveLength(1);
  expect(verdict.alive).toHaveLength(2);
  expect(judge([], []).score).toBe(100);
});

test('a mutant that is known to change nothing is not counted', () => {
  const verdict = judge([mutant('survived'), mutant('killed', { to: 'true' })], [equivalent]);
  expect(verdict).toMatchObject({ equivalent: 1, score: 100, alive: [], complaints: [] });
});

test('an excuse that fits nothing, fits twice, or excuses what a test notices, is an error', () => {
  const complaint = (mutants: readonly Mutant[], known: Equivalent = equivalent) =>
    judge(mutants, [known]).complaints.join();
  expect(complaint([mutant('survived', { source: 'if (a < b) {' })])).toMatch(/any more/);
  expect(complaint([mutant('survived'), mutant('survived', { line: 9 })])).toMatch(/means 2/);
  expect(complaint([mutant('killed')])).toMatch(/noticed by a test/);
  const twice = [mutant('survived'), mutant('survived', { line: 9 })];
  expect(judge(twice, [{ ...equivalent, nth: 2 }]).alive.map(({ line }) => line)).toEqual([1]);
  expect(complaint(twice, { ...equivalent, nth: 3 })).toMatch(/any more/);
});

test('the report names place, change, and the tests that ran through it', () => {
  const text = reportOf(
    'a.ts',
    judge([mutant('survived', { line: 7, coveredBy: ['one', 'two', 'three'] })], []),
  );
  expect(text).toBe(
    [
      'a.ts:7  survived, EqualityOperator',
      '  - a < b',
      '  + a <= b',
      '  seen by "one", "two" and 1 more',
      '  0.0 %  a.ts: 0 killed, 0 timeouts, 1 survived, 0 without a test, 0 equivalent',
    ].join('\n'),
  );
});

test('a guarded file is found by its path, or the end of it', () => {
  const [first] = guarded;
  const file = 'packages/sync/src/outbox/outbox.ts';
  expect(first?.file).toBe(file);
  for (const path of [file, `./${file}`, join(root, file), 'outbox/outbox', 'outbox.ts'])
    expect(guardedFile(path)).toBe(first);
  expect(guardedFile('box.ts')).toBeUndefined();
});

test('guarded files and their judges are there, and each excused line is in its file', () => {
  const missing = guarded.flatMap(({ file, judges }) =>
    [file, ...judges].filter((path) => !existsSync(join(root, path))),
  );
  expect(missing).toEqual([]);
  const names = guarded.map(({ file }) => file);
  expect(new Set(names).size).toBe(names.length);
  const stale = equivalents.filter(({ file, source, changes, why }) => {
    if (!names.includes(file) || why.length < 20) return true;
    const text = readFileSync(join(root, file), 'utf8');
    return (
      changes.some(([from]) => !text.includes(from)) ||
      !text.split('\n').some((line) => line.trim() === source)
    );
  });
  expect(stale).toEqual([]);
});
