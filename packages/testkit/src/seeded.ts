import type { IdGenerator, Random, System } from '@outpost/model';
import { VirtualClock } from './virtual-clock.ts';

/** A small generator (mulberry32): the same seed gives the same numbers on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/**
 * Chance by name instead of by turn: the same seed, label and numbers give the same answer, whatever was asked before.
 * Taking a step out of a run changes nothing that the other steps drew.
 */
export interface KeyedRandom {
  /** From 0 to below 1. */
  at(label: string, ...keys: readonly number[]): number;
}

export function keyedRandom(seed: number): KeyedRandom {
  return {
    at(label, ...keys) {
      let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
      const mix = (value: number) => {
        h = Math.imul(h ^ value, 0x9e3779b1);
        h ^= h >>> 15;
      };
      for (let i = 0; i < label.length; i++) mix(label.charCodeAt(i));
      for (const key of keys) {
        mix(key | 0);
        mix(Math.floor(key / 0x1_0000_0000) | 0);
      }
      return seededRandom(h).next();
    },
  };
}

/** GUIDs of version 4 drawn from `random`. */
export function seededGuids(random: Random): IdGenerator {
  const word = () => Math.floor(random.next() * 0x1_0000_0000);
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return {
    next() {
      const [a, b, c, d] = [hex(word()), hex(word()), hex(word()), hex(word())];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}

/** GUIDs that count: readable in failing tests. */
export function countingGuids(prefix = 0): IdGenerator {
  let count = 0;
  return {
    next() {
      count += 1;
      const head = prefix.toString(16).padStart(8, '0');
      return `${head}-0000-4000-8000-${count.toString(16).padStart(12, '0')}`;
    },
  };
}

/** Clock, random and ids from one seed. */
export function testSystem(seed = 1): System & { readonly clock: VirtualClock } {
  const random = seededRandom(seed);
  return { clock: new VirtualClock(), random, ids: seededGuids(random) };
}
