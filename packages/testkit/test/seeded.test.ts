import { isGuid } from '@outpost/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  countingGuids,
  seededGuids,
  seededRandom,
  testSystem,
  VirtualClock,
} from '../src/index.ts';

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.next(), random.next()];
  };
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      expect(draw(seed)).toEqual(draw(seed));
      expect(draw(seed)).not.toEqual(draw(seed + 1));
      for (const number of draw(seed)) expect(number >= 0 && number < 1).toBe(true);
    }),
  );
});

test('generated ids are GUIDs and do not repeat', () => {
  for (const ids of [seededGuids(seededRandom(7)), countingGuids(3)]) {
    const drawn = Array.from({ length: 1000 }, () => ids.next());
    expect(drawn.every(isGuid)).toBe(true);
    expect(new Set(drawn).size).toBe(drawn.length);
  }
});

test('timers run in order of time, then of setting; cancelled ones never', () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.schedule(20, () => ran.push('b'));
  clock.schedule(10, () => {
    ran.push(`a at ${clock.now()}`);
    clock.schedule(15, () => ran.push('nested'));
  });
  clock.schedule(20, () => ran.push('c'));
  clock.schedule(5, () => ran.push('never'))();
  clock.advance({ ms: 20 });
  expect(ran).toEqual(['a at 10', 'nested', 'b', 'c']);
  expect(clock.pending).toBe(0);
});

test('a test system is repeatable', () => {
  expect(testSystem(5).ids.next()).toBe(testSystem(5).ids.next());
});

test('a time that is set forward lets timers run that are due by it, one that is set back all', () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.schedule(20, () => ran.push('near'));
  clock.schedule(2000, () => ran.push('far'));
  clock.set(1000);
  expect([clock.now(), clock.steady(), clock.nextAt]).toEqual([1000, 0, 20]);
  clock.advance({ ms: 1 });
  expect(ran).toEqual(['near']);
  clock.set(-1000);
  clock.advance({ ms: 1 });
  expect(ran).toEqual(['near', 'far']);
  expect([clock.now(), clock.steady(), clock.pending]).toEqual([-999, 2, 0]);
});
