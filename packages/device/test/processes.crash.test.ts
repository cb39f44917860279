import { once } from 'node:events';
import { sampleUsers } from '@outpost/sample';
import { memoryStorage } from '@outpost/store/node';
import type { SyncTransport } from '@outpost/sync';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, expect, test } from 'vitest';
import { type Device, openDevice } from '../src/index.ts';
import { dropShared } from './organization-store.ts';
import { type Serving, serve } from './serve.ts';
import { sync } from './world.ts';

const address = process.env['OUTPOST_POSTGRES'];
/** How many devices, and how often a process is killed; more on request. */
const count = lengthOf('OUTPOST_DEVICES', { short: 2, long: 6 });
const kills = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 8 });
const schema = `outpost_${process.pid}_${process.hrtime.bigint() % 1_000_000_000n}`;
const random = seededRandom(7);
const users = Object.keys(sampleUsers);

const serving: Serving[] = [];
afterAll(async () => {
  for (const { child } of serving) child.kill('SIGKILL');
  if (address !== undefined) await dropShared(schema);
});

/** Each request goes to whichever process. */
function anyProcess(user: string): SyncTransport {
  const pick = () => {
    const { url } = serving[random.next() < 0.5 ? 0 : 1] as Serving;
    return httpTransport({ url, tokens: staticToken(`token-${user}`) });
  };
  return {
    hello: (message, signal) => pick().hello(message, signal),
    app: (signal) => pick().app(signal),
    pull: (message, signal) => pick().pull(message, signal),
    page: (message, signal) => pick().page(message, signal),
    digest: (message, signal) => pick().digest(message, signal),
    push: (message, signal) => pick().push(message, signal),
    upload: (message, signal) => pick().upload(message, signal),
    document: (message, signal) => pick().document(message, signal),
  };
}

test.skipIf(address === undefined)(
  `two processes on one PostgreSQL, one of them killed ${kills} times: ${count} devices lose nothing`,
  async () => {
    serving.push(await serve(address ?? '', schema), await serve(address ?? '', schema));
    const devices: Device[] = [];
    for (let n = 0; n < count; n++) {
      const user = users[n % users.length] ?? '';
      const transport = anyProcess(user);
      const system = testSystem(500 + n);
      devices.push(
        await openDevice({ storage: memoryStorage(), transport, system, pageRows: 200 }),
      );
    }
    let working = true;
    const names: string[] = [];
    const work = async (device: Device, n: number) => {
      for (let round = 0; working || round < 2; round++) {
        if (device.sync.hello !== null) {
          const name = `Device ${n} ${round}`;
          if (device.create('account', { name }).kind === 'saved') names.push(name);
        }
        // It fails only where a process was killed under it.
        expect(['done', 'failed']).toContain((await device.sync.run('DELTA_SYNC')).kind);
      }
    };
    const kill = async () => {
      for (let n = 0; n < kills; n++) {
        const place = n % 2;
        const { child } = serving[place] as Serving;
        // In the middle of whatever it is doing: the other one answers a request first.
        await fetch(`${serving[1 - place]?.url}/health`);
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        serving[place] = await serve(address ?? '', schema);
      }
      working = false;
    };
    await Promise.all([kill(), ...devices.map(work)]);
    for (const device of devices) {
      // Verdicts that were lost come with the next request; changes of others with the one after it.
      for (let n = 0; n < 10; n++) {
        await sync(device);
        if (device.sync.outbox.unsettled().length === 0) break;
      }
      expect(device.sync.outbox.unsettled()).toEqual([]);
      expect(device.sync.errors.list()).toEqual([]);
    }
    const stored = new Map<string, number>();
    for (const device of devices.slice(0, users.length)) {
      await sync(device);
      expect(await device.sync.compare()).toEqual([]);
      for (const [id, name] of device.store.all(
        `SELECT accountid, name FROM account WHERE name LIKE 'Device %'`,
      )) {
        stored.set(`${String(name)}/${String(id)}`, 1);
      }
    }
    const found = [...stored.keys()].map((one) => one.split('/')[0]).sort();
    expect(found).toEqual([...names].sort());
    expect(names.length).toBeGreaterThan(count);
    for (const device of devices) await device.close();
  },
);
