import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStorage } from '@outpost/store/node';
import type { SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, expect, test } from 'vitest';
import { openDevice } from '../src/index.ts';
import { serve } from './serve.ts';
import { sync } from './world.ts';

/** How many kills; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 3, long: 20 });
const folder = mkdtempSync(join(tmpdir(), 'outpost-server-kill-'));
let child: ChildProcess | null = null;
afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function serveAnew(): Promise<string> {
  const started = await serve(join(folder, 'org.db'));
  child = started.child;
  return started.url;
}

test('SIGKILL of the server between requests and inside them: every edit arrives once', async () => {
  const random = seededRandom(4);
  let url = await serveAnew();
  let requests = 0;
  let killAt = Number.POSITIVE_INFINITY;
  /** The server dies with the request on its way, at a place nobody chooses. */
  const through = <T>(send: (to: SyncTransport) => Promise<T>): Promise<T> => {
    const sent = send(httpTransport({ url, tokens: staticToken('token-ana') }));
    if (++requests >= killAt) child?.kill('SIGKILL');
    return sent;
  };
  const device = await openDevice({
    storage: memoryStorage(),
    system: testSystem(9),
    pageRows: 50,
    transport: {
      hello: (message, signal) => through((to) => to.hello(message, signal)),
      app: (signal) => through((to) => to.app(signal)),
      pull: (message, signal) => through((to) => to.pull(message, signal)),
      page: (message, signal) => through((to) => to.page(message, signal)),
      digest: (message, signal) => through((to) => to.digest(message, signal)),
      push: (message, signal) => through((to) => to.push(message, signal)),
      upload: (message, signal) => through((to) => to.upload(message, signal)),
      document: (message, signal) => through((to) => to.document(message, signal)),
    },
  });
  let killed = 0;
  const names: string[] = [];
  for (let round = 0; round < rounds; round++) {
    requests = 0;
    killAt = 1 + Math.floor(random.next() * 6);
    if (round === 0) killAt = 5;
    const child0 = child;
    for (let n = 0; n < 3 && device.sync.hello !== null; n++) {
      const name = `Round ${round} ${n}`;
      if (device.create('account', { name }).kind === 'saved') names.push(name);
    }
    const { kind } = await device.sync.run('DELTA_SYNC');
    // It fails only if the server was killed under it.
    expect(child0?.killed === true ? 'done' : kind).toBe('done');
    if (child0?.killed === true) {
      killed += 1;
      if (child0.exitCode === null && child0.signalCode === null) await once(child0, 'exit');
      url = await serveAnew();
    }
  }
  killAt = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 4; n++) {
    await sync(device);
  }
  expect(killed).toBeGreaterThan(rounds / 3);
  expect(names.length).toBeGreaterThan(3);
  expect(device.sync.outbox.unsettled()).toEqual([]);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
  const stored = device.store
    .all(`SELECT name FROM account WHERE name LIKE 'Round %' ORDER BY name`)
    .map((row) => String(row[0]));
  expect(stored).toEqual([...names].sort());
  await device.close();
});
