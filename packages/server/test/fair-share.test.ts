import { expect, test } from 'vitest';
import { FairShare } from '../src/limits/fair-share.ts';
import { sharesOf } from '../src/limits/shares-of.ts';
import { Health } from '../src/node/health.ts';
import { InFlight } from '../src/node/in-flight.ts';

test('O03g: one user cannot take all connections: each has a share, and users take turns', async () => {
  const share = new FairShare({ perUser: 2, all: 3 });
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const start = (user: string, n: number) =>
    share.run(user, () => {
      begun.push(`${user} ${n}`);
      return new Promise<void>((resolve) => gates.set(`${user} ${n}`, resolve));
    });
  const all = [
    ...[1, 2, 3, 4, 5].map((n) => start('ana', n)),
    ...[1, 2].map((n) => start('ben', n)),
    start('eva', 1),
  ];
  const end = async (name: string) => {
    gates.get(name)?.();
    for (let n = 0; n < 10; n++) await Promise.resolve();
  };
  expect(begun).toEqual(['ana 1', 'ana 2', 'ben 1']);
  await end('ana 1');
  await end('ana 2');
  // Ana was first in the queue, then each in turn.
  expect(begun.slice(3)).toEqual(['ana 3', 'ben 2']);
  await end('ben 1');
  await end('ana 3');
  expect(begun.slice(5)).toEqual(['eva 1', 'ana 4']);
  for (const name of ['ben 2', 'eva 1', 'ana 4', 'ana 5']) await end(name);
  await Promise.all(all);
  expect(begun).toHaveLength(8);
});

test('O03g: a request that fails gives its place back', async () => {
  const share = new FairShare({ perUser: 1, all: 1 });
  const failed = share.run('ana', () => Promise.reject(new Error('no')));
  const next = share.run('ben', async () => 'done');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('done');
});

test.each([1, 2, 3, 5, 10, 50])('O03g: of %i connections no user gets all', (connections) => {
  const { cycles, queries } = sharesOf(connections);
  for (const { perUser, all } of [cycles, queries]) {
    expect(perUser).toBeGreaterThanOrEqual(1);
    expect(perUser).toBeLessThanOrEqual(all);
  }
  expect(cycles.all + queries.all).toBeLessThanOrEqual(Math.max(2, connections - 1));
});

test('O03h: bodies and answers of one caller are counted together, and given back', () => {
  const inFlight = new InFlight();
  const megabytes = 1024 * 1024;
  const held = Array.from({ length: 4 }, () => inFlight.hold('ana', 8 * megabytes));
  expect(() => inFlight.demand('ana')).toThrow(expect.objectContaining({ status: 429 }));
  inFlight.demand('ben');
  held[0]?.();
  inFlight.demand('ana');
  const others = Array.from({ length: 30 }, (_, n) => inFlight.hold(`u${n}`, 8 * megabytes));
  expect(() => inFlight.demand('ben')).toThrow(expect.objectContaining({ status: 503 }));
  for (const release of [...held.slice(1), ...others]) release();
  inFlight.demand('ben');
});

test('O03i: health is answered whatever the store is busy with: as it was when it last answered', async () => {
  let fail: (error: Error) => void = () => undefined;
  let asked = 0;
  const health = new Health({
    isLoaded: () => {
      asked += 1;
      return new Promise((_, reject) => {
        fail = reject;
      });
    },
  });
  expect(await health.isGood()).toBe(true);
  fail(new Error('gone'));
  await Promise.resolve();
  expect(await health.isGood()).toBe(false);
  // The store does not answer this question either, and is not asked another one.
  expect(await health.isGood()).toBe(false);
  expect(asked).toBe(2);
});
