import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type ServerStore, tokenList } from '@outpost/server';
import { listen } from '@outpost/server/node';
import { memoryStorage } from '@outpost/store/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem, VirtualClock } from '@outpost/testkit';
import { BehaviorSubject } from 'rxjs';
import { expect, test } from 'vitest';
import { openDevice } from '../src/index.ts';
import { organizationStore } from './organization-store.ts';
import { sync } from './world.ts';

/** A store that breaks at one value. */
function breaking(inner: ServerStore): ServerStore {
  return {
    engine: inner.engine,
    read: (fn) => inner.read(fn),
    write: (fn) =>
      inner.write((tx) =>
        fn({
          ...tx,
          run: (sql, params = []) => {
            // The record of what was refused may name it.
            if (sql.startsWith('UPDATE "account"') && params.includes('poison')) {
              throw new Error('The disk is on fire.');
            }
            return tx.run(sql, params);
          },
        }),
      ),
    close: () => inner.close(),
  };
}

test('H-12: an edit at which the organization always fails is put off five times, then it is a sync error', async () => {
  const faults: unknown[] = [];
  const system = testSystem(71);
  const organization = await createServer({
    store: breaking(organizationStore()),
    model: sampleApp,
    auth: tokenList(new Map([['ana', sampleUsers.ana.id]])),
    system,
    onFault: (fault) => faults.push(fault),
  });
  await organization.load(
    generateRows({ random: seededRandom(5), now: system.clock.now(), rows: 200 }),
  );
  const server = await listen(organization);
  const clock = new VirtualClock();
  const device = await openDevice({
    storage: memoryStorage(),
    transport: httpTransport({ url: server.url, tokens: staticToken('ana') }),
    online: new BehaviorSubject(true),
    system: { ...testSystem(72), clock },
  });
  await sync(device);
  const [first, second] = device.store
    .all('SELECT accountid FROM account ORDER BY 1 LIMIT 2')
    .map((row) => String(row[0])) as [string, string];
  device.update('account', first, { telephone1: 'poison' });
  device.update('account', second, { telephone1: 'fine' });
  for (let attempt = 1; attempt <= 4; attempt++) {
    await sync(device);
    expect(device.sync.outbox.pending()).toMatchObject([{ id: first, attempts: attempt }]);
    clock.advance({ minutes: 1 });
  }
  const ana = organization.as(sampleUsers.ana.id);
  expect(await ana.retrieve('account', second)).toMatchObject({ telephone1: 'fine' });
  await sync(device);
  expect(device.sync.outbox.pending()).toEqual([]);
  expect(device.sync.errors.list()).toMatchObject([
    { rowId: first, code: '0x80040224', type: 'Others', wanted: { telephone1: 'poison' } },
  ]);
  expect(faults).toHaveLength(5);
  expect(await device.sync.compare()).toEqual([]);
  await device.close();
  await server.close();
  await organization.close();
});
