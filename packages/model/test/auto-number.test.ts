import { describe, expect, test } from 'vitest';
import { autoNumber, parseAutoNumber, sequenceIn } from '../src/index.ts';

/** Repeatable, and far enough from a pattern. */
function seededRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return { next };
}

const now = Date.parse('2026-03-02T18:05:09Z');
const made = (format: string, sequence = 1000) =>
  autoNumber(parseAutoNumber(format), sequence, now, seededRandom(1));

describe('N10b: auto-numbers', () => {
  test.each([
    ['VIS-{SEQNUM:6}', 'VIS-001000'],
    ['{SEQNUM:2}', '1000'],
    ['{DATETIMEUTC:yyyyMM}-{SEQNUM:5}', '202603-01000'],
    ['{DATETIMEUTC:yyyyMMddHHmmss}', '20260302180509'],
    ['{DATETIMEUTC:yy-M-d h:m:s}', '26-3-2 6:5:9'],
    ['plain', 'plain'],
    ['{OTHER:4} {SEQNUM}', '{OTHER:4} {SEQNUM}'],
  ])('%s', (format, value) => {
    expect(made(format)).toBe(value);
  });

  test('random characters are capital letters and digits, of the length asked for', () => {
    const values = Array.from({ length: 50 }, (_, seed) =>
      autoNumber(parseAutoNumber('{RANDSTRING:4}'), 0, now, seededRandom(seed + 1)),
    );
    expect(values.filter((value) => !/^[0-9A-Z]{4}$/.test(value))).toEqual([]);
    expect(new Set(values).size).toBeGreaterThan(45);
  });

  test('the number in a value that the format made is found, in another one none', () => {
    const format = 'A.{SEQNUM:3}-{RANDSTRING:2}-{DATETIMEUTC:yyyy}';
    const parts = parseAutoNumber(format);
    expect(sequenceIn(parts, made(format, 1234))).toBe(1234);
    for (const other of ['', 'A.12-AB-2026', 'Ax1234-AB-2026', 'A.1234-ab-2026', 'A.1234-AB-']) {
      expect(sequenceIn(parts, other), other).toBeNull();
    }
  });
});
