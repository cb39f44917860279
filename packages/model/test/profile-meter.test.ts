import { expect, test } from 'vitest';
import { profileMeter, recommendedUse } from '../src/index.ts';

test('X06: a profile is compared with what is recommended, pointer by pointer', () => {
  const use = { rows: 100_000, tables: 80, dataBytes: 1_000_000_001, fileBytes: 0 };
  expect(profileMeter(use).map(({ what, share, level }) => [what, share, level])).toEqual([
    ['rows', 0.5, 'good'],
    ['tables', 0.8, 'near'],
    ['dataBytes', expect.closeTo(1), 'over'],
    ['fileBytes', 0, 'good'],
  ]);
  expect(profileMeter(recommendedUse).map(({ level }) => level)).toEqual(Array(4).fill('near'));
});
