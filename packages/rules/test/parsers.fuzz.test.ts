import type { BusinessRule } from '@outpost/model';
import { mutateJson, mutateText, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { parseRuleCases, readBusinessRules, writeBusinessRules } from '../src/index.ts';

/** Texts of each parser; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1500, long: 50_000 });

const rule: BusinessRule = {
  id: 'r1',
  name: 'Hot leads',
  table: 'lead',
  scope: 'table',
  state: 'active',
  order: 1,
  branches: [
    {
      when: { column: 'name', op: 'equals', operands: [{ literal: 'X' }] },
      then: [{ kind: 'error', column: 'name', message: 'No.' }],
    },
  ],
};

test('a file of rules of any shape is read, or every fault is named with its place', () => {
  const random = seededRandom(1);
  const text = writeBusinessRules([rule, { ...rule, id: 'r2' }]);
  expect(readBusinessRules(text)).toMatchObject({ kind: 'ok' });
  const counts = { ok: 0, invalid: 0 };
  for (let n = 0; n < rounds; n++) {
    const changed =
      n % 2 === 0
        ? mutateText(random, text)
        : JSON.stringify(mutateJson(random, JSON.parse(text), 0.05));
    const result = readBusinessRules(changed);
    counts[result.kind] += 1;
    const errors = result.kind === 'invalid' ? result.errors : [];
    expect(errors.length > 0).toBe(result.kind === 'invalid');
    expect(errors.filter((one) => one.message === '' || one.code === '')).toEqual([]);
  }
  expect(counts.ok).toBeGreaterThan(0);
  expect(counts.invalid).toBeGreaterThan(0);
});

test('a file of cases of any shape is read or refused', () => {
  const random = seededRandom(2);
  const cases = [
    { rule: 'r', table: 't', event: 'load', values: { a: 1 }, expect: { values: { b: 2 } } },
    { rule: 'r', table: 't', event: 'change', values: {}, changed: { a: 1 }, expect: {} },
  ];
  const text = JSON.stringify({ format: 'rule-conformance/1', cases });
  expect(parseRuleCases(text)).toEqual(cases);
  const counts = { read: 0, refused: 0 };
  for (let n = 0; n < rounds / 4; n++) {
    try {
      parseRuleCases(mutateText(random, text));
      counts.read += 1;
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      counts.refused += 1;
    }
  }
  expect(Math.min(counts.read, counts.refused), JSON.stringify(counts)).toBeGreaterThan(0);
});
