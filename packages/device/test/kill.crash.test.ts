import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileStorage } from '../src/node/index.ts';
import { openWorld, sync, type World } from './world.ts';

/** How many kills; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 15 });
const folder = mkdtempSync(join(tmpdir(), 'outpost-kill-'));
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

test('N04e: SIGKILL while offline loses no saved edit, and nothing that was typed; all edits arrive afterwards', async () => {
  const first = await world.device('ana', { storage: fileStorage(folder, 'device') });
  await sync(first);
  await first.close();
  const acknowledged = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('editing-child.ts', import.meta.url)), folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (output.split('\n').length > 5 + round * 7) child.kill('SIGKILL');
    });
    await once(child, 'close');
    for (const id of output.split('\n').slice(0, -1)) acknowledged.add(id);
  }
  expect(acknowledged.size).toBeGreaterThan(rounds * 3);
  const device = await world.device('ana', { storage: fileStorage(folder, 'device') });
  expect(device.store.integrity()).toEqual([]);
  const pending = new Set(device.sync.outbox.pending().map((entry) => entry.id));
  expect(
    [...acknowledged].filter((id) => !pending.has(id) || device.get('account', id) === null),
  ).toEqual([]);
  const typed = new Map(device.drafts().map((one) => [one.rowId, one.typed.values['telephone1']]));
  expect([...acknowledged].filter((id) => typed.get(id) !== id.slice(0, 8))).toEqual([]);
  for (let n = 0; n < 5; n++) await sync(device);
  expect(device.sync.currentStatus).toMatchObject({ pending: { updates: 0 }, errors: 0 });
  expect(await device.sync.compare()).toEqual([]);
});
