import type { RowValues } from '@outpost/model';
import { sampleUsers } from '@outpost/sample';
import type { Hint } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorld, tokenOf, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** What a user is told of, over real HTTP; resolves when the organization listens. */
async function listen(user: 'ana' | 'dev') {
  const abort = new AbortController();
  const heard: Hint[] = [];
  const transport = httpTransport({ url: world.server.url, tokens: staticToken(tokenOf(user)) });
  const hints = transport.hints?.(abort.signal)[Symbol.asyncIterator]();
  if (hints === undefined) throw new Error('This transport gives no hints.');
  expect(await hints.next()).toEqual({ done: false, value: 'connected' });
  return {
    heard,
    /** Waits for the next hint. */
    async hear(): Promise<void> {
      const { value, done } = await hints.next();
      if (done === true || value === 'connected') throw new Error('The stream ended.');
      heard.push(value);
    },
    stop: () => abort.abort(),
  };
}

test('devices are told which tables changed, within the rights of their users, and nothing else', async () => {
  const [ana, dev] = [await listen('ana'), await listen('dev')];
  const carla = world.organization.as(sampleUsers.carla.id);
  const create = (n: number, table: string, values: RowValues, owner: string) =>
    carla.create({
      table,
      id: `cc000000-0000-4000-8000-00000000000${n}`,
      values: { ...values, ownerid: { table: 'systemuser', id: owner } },
    });
  await create(1, 'account', { name: 'News of Ana' }, sampleUsers.ana.id);
  await ana.hear();
  await create(2, 'contact', { lastname: 'News of Dev' }, sampleUsers.dev.id);
  await dev.hear();
  expect(ana.heard).toEqual([{ tables: ['account'], jitterMs: 5000 }]);
  // The first that Dev hears is of his own row: of Ana's he was told nothing.
  expect(dev.heard).toEqual([{ tables: ['contact'], jitterMs: 5000 }]);
  ana.stop();
  dev.stop();
});

test('without an accepted token there is no stream', async () => {
  const transport = httpTransport({ url: world.server.url, tokens: staticToken('nobody') });
  const heard: unknown[] = [];
  const hints = transport.hints?.(new AbortController().signal);
  if (hints === undefined) throw new Error('This transport gives no hints.');
  for await (const hint of hints) heard.push(hint);
  expect(heard).toEqual([]);
});
