/**
 * Time, chance and ids under control: what a test needs to be repeatable.
 *
 * ```ts
 * const system = testSystem(42);
 * system.clock.advance({ minutes: 10 });
 * ```
 */
export { countingGuids, seededGuids, seededRandom, testSystem } from './seeded.ts';
export { VirtualClock } from './virtual-clock.ts';
