import { sampleUsers } from '@outpost/sample';
import type { Hint } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openWorld, tokenOf, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld(100);
});
afterEach(() => world.close());

/** Collects what a user is told of, over real HTTP. */
function listen(user: 'ana' | 'dev') {
  const abort = new AbortController();
  const heard: Hint[] = [];
  const transport = httpTransport({ url: world.server.url, tokens: staticToken(tokenOf(user)) });
  const done = (async () => {
    for await (const hint of transport.hints?.(abort.signal) ?? []) {
      if (hint !== 'connected') heard.push(hint);
    }
  })().catch(() => undefined);
  return {
    heard,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

test('devices are told which tables changed, within the rights of their users, and nothing else', async () => {
  const [ana, dev] = [listen('ana'), listen('dev')];
  const carla = world.organization.as(sampleUsers.carla.id);
  const owner = { table: 'systemuser', id: sampleUsers.ana.id };
  // The connection is there once something is heard.
  let n = 0;
  await vi.waitFor(
    async () => {
      const id = `cc000000-0000-4000-8000-${String(++n).padStart(12, '0')}`;
      await carla.create({ table: 'account', id, values: { name: 'News', ownerid: owner } });
      expect(ana.heard.length).toBeGreaterThan(0);
    },
    { timeout: 300_000 },
  );
  expect(ana.heard[0]).toEqual({ tables: ['account'], jitterMs: 5000 });
  expect(dev.heard.flatMap((hint) => hint.tables)).toEqual([]);
  await ana.stop();
  await dev.stop();
});

test('without an accepted token there is no stream', async () => {
  const transport = httpTransport({ url: world.server.url, tokens: staticToken('nobody') });
  const heard: unknown[] = [];
  for await (const hint of transport.hints?.(new AbortController().signal) ?? []) heard.push(hint);
  expect(heard).toEqual([]);
});
