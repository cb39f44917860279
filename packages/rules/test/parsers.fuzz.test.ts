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
    if (result.kind === 'invalid') {
      expect(result.errors.every((one) => one.message !== '' && one.code !== '')).toBe(true);
    }
  }
  expect(counts.ok).toBeGreaterThan(0);
  expect(counts.invalid).toBeGreaterThan(0);
});

test('a file of cases of any shape is read or refused', () => {
  const random = seededRandom(2);
  const text = JSON.stringify([{ rule: 'r', event: 'load', values: { a: 1 }, expect: {} }]);
  for (let n = 0; n < rounds / 4; n++) {
    try {
      parseRuleCases(mutateText(random, text));
    } catch (error) {
      expect(error instanceof SyntaxError || error instanceof RangeError).toBe(true);
    }
  }
});
