/**
 * Time, chance and ids under control: what a test needs to be repeatable.
 *
 * ```ts
 * const system = testSystem(42);
 * system.clock.advance({ minutes: 10 });
 * ```
 *
 * @packageDocumentation
 */
export { mutateBytes, mutateJson, mutateText } from './mutate.ts';
export {
  contextInput,
  randomSecurityWorld,
  type SecurityWorld,
} from './security-world.ts';
export {
  countingGuids,
  type KeyedRandom,
  keyedRandom,
  seededGuids,
  seededRandom,
  testSystem,
} from './seeded.ts';
export { VirtualClock } from './virtual-clock.ts';
