import { seededRandom } from '@outpost/testkit';
import { expect, test } from 'vitest';
import { editDistance, nearWords } from '../src/vocabulary/near-words.ts';
import { Vocabulary } from '../src/vocabulary/vocabulary.ts';
import { distance, nearest } from './oracle.ts';

const random = seededRandom(Number(process.env['OUTPOST_SEED'] ?? 3));
const int = (below: number) => Math.floor(random.next() * below);
const makeWord = (letters: string, most: number) =>
  Array.from({ length: 1 + int(most) }, () => letters[int(letters.length)]).join('');

test('F-4: exactly the words that are near by the whole table of distances, each with its distance', () => {
  for (const [letters, count] of [
    ['ab', 60],
    ['abcdé', 200],
    ['abcdefghij𠮷', 300],
  ] as const) {
    const words = [...new Set(Array.from({ length: count }, () => makeWord(letters, 12)))].sort();
    for (let i = 0; i < 15; i++) {
      const word = makeWord(letters, 11);
      for (const most of [1, 2]) {
        for (const prefix of [false, true]) {
          const wanted = words
            .map((one) => ({ word: one, distance: nearest(word, one, prefix) }))
            .filter((one) => one.distance <= most);
          expect({ word, found: nearWords(words, word, most, prefix) }).toEqual({
            word,
            found: wanted,
          });
        }
      }
    }
  }
});

test('distances are those of the whole table, beyond the limit one more than it', () => {
  for (let i = 0; i < 500; i++) {
    const [a, b] = [makeWord('abc', 9), makeWord('abc', 9)];
    for (const most of [1, 2]) {
      expect([a, b, editDistance(a, b, most, false)]).toEqual([
        a,
        b,
        Math.min(distance(a, b), most + 1),
      ]);
      const near = Math.min(nearest(a, b, true), most + 1);
      expect([a, b, editDistance(a, b, most, true)]).toEqual([a, b, near]);
    }
  }
});

test('words that were added are found before and after they are sorted in', () => {
  const vocabulary = new Vocabulary(['alpine', 'ski']);
  for (let n = 0; n < 4500; n++) vocabulary.add(`house${n}`);
  vocabulary.add('alpina');
  expect(vocabulary.containing('lpin')).toEqual(expect.arrayContaining(['alpine', 'alpina']));
  const near = vocabulary.near('house4499', 1, false).map((one) => one.word);
  expect(near).toEqual(expect.arrayContaining(['house4499', 'house499', 'house4498', 'house4489']));
  expect(
    vocabulary
      .near('alpinx', 1, false)
      .map((one) => one.word)
      .sort(),
  ).toEqual(['alpina', 'alpine']);
});
