import type { Random } from '@outpost/model';

/** One item of a list, each as likely. */
export function one<const Item>(random: Random, list: readonly Item[]): Item {
  const item = list[Math.floor(random.next() * list.length)];
  if (item === undefined) throw new Error('There is nothing to draw from.');
  return item;
}

/** A kind, by weight. */
export function drawn<Kind extends string>(
  random: Random,
  weight: ReadonlyMap<Kind, number>,
): Kind | undefined {
  const total = [...weight.values()].reduce((sum, one) => sum + one, 0);
  let left = random.next() * total;
  for (const [kind, own] of weight) {
    left -= own;
    if (left < 0) return kind;
  }
  return undefined;
}

/** A run's own weights: a quarter of the kinds becomes rare, a part of the others frequent. */
export function biased<Kind extends string>(
  random: Random,
  kinds: readonly Kind[],
  weights: Readonly<Record<Kind, number>>,
): Map<Kind, number> {
  return new Map(
    kinds.map((kind) => {
      const bias = random.next() < 0.25 ? 0.1 : random.next() < 0.25 ? 4 : 1;
      return [kind, weights[kind] * bias];
    }),
  );
}

/** Mostly while requests are on their way, sometimes hours later, rarely days. */
export function waitOf(random: Random): number {
  const chance = random.next();
  if (chance < 0.75) return Math.floor(random.next() * 1500);
  if (chance < 0.97) return Math.floor(random.next() * 3_600_000);
  return Math.floor(random.next() * 9 * 86_400_000);
}

/** A place in a list. */
export function fraction(random: Random): number {
  return Math.floor(random.next() * 10_000) / 10_000;
}
