import { sampleApp, sampleUsers } from '@outpost/sample';
import {
  type DataverseTransportOptions,
  dataverseTransport,
  discoverTransport,
} from '@outpost/sync/dataverse';
import { staticToken } from '@outpost/sync/http';
import { testSystem } from '@outpost/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const carla = () => world.organization.as(sampleUsers.carla.id);
const system = testSystem(31);

/** What travels, decoded, and an organization without a sync endpoint. */
function plainWeb() {
  const asked: string[] = [];
  const web = {
    asked,
    /** Reads since the last call, as text. */
    take: () => asked.splice(0).join('\n'),
    fetch: (async (input: string, init?: RequestInit) => {
      if (String(input).includes('/sync/v1/')) return new Response('', { status: 404 });
      asked.push(decodeURIComponent(`${String(input)}\n${String(init?.body ?? '')}`));
      return fetch(input, init);
    }) as typeof fetch,
  };
  return web;
}

function options(more: Partial<DataverseTransportOptions> = {}): DataverseTransportOptions {
  const tokens = staticToken(tokenOf('ana'));
  return { url: world.server.url, tokens, app: sampleApp, clock: system.clock, ...more };
}

test('the transport is the one that the organization can serve', async () => {
  const own = await discoverTransport(options());
  expect(own.hints).toBeTypeOf('function');
  const web = plainWeb();
  const plain = await discoverTransport(options({ fetch: web.fetch }));
  expect(plain.hints).toBeUndefined();
  const device = await world.device('ana', { transport: plain });
  await sync(device);
  expect(await device.sync.compare()).toEqual([]);
  expect(world.server.requests.get('/sync/v1/pull')).toBeUndefined();
});

describe('what changed', () => {
  async function synced(more: Partial<DataverseTransportOptions> = {}) {
    const web = plainWeb();
    const transport = dataverseTransport(options({ fetch: web.fetch, ...more }));
    const device = await world.device('ana', { transport });
    await sync(device);
    await sync(device);
    web.take();
    return { web, device };
  }
  const firstOf = (device: Awaited<ReturnType<World['device']>>, table: string) =>
    String(device.store.all(`SELECT ${table}id FROM "${table}" ORDER BY 1 LIMIT 1`)[0]?.[0]);

  test('nothing: a few requests, and no row is read', async () => {
    const { web, device } = await synced();
    await sync(device);
    const requests = web.asked.length;
    // One for who the user is, one batch of rights, one of counts and versions, and a delta link per tracked table.
    const links = web.asked.filter((one) => one.includes('$deltatoken')).length;
    expect(requests - links).toBeLessThanOrEqual(5);
    expect(web.take()).not.toContain('operator="in"');
  });

  test('in a table of which the user may read all rows: by delta link, with what was deleted', async () => {
    const { web, device } = await synced();
    const id = firstOf(device, 'competitor');
    await carla().update({ table: 'competitor', id, values: { name: 'Renamed' } });
    await sync(device);
    expect(device.get('competitor', id)).toMatchObject({ name: 'Renamed' });
    expect(web.take()).toMatch(/competitors\?.*\$deltatoken=/);
    await carla().delete('competitor', id);
    await sync(device);
    expect(device.get('competitor', id)).toBeNull();
    const left = device.sync.explain('competitor', id);
    expect(left).toMatchObject({ left: { reason: 'deleted' } });
    // An expired link: everything is compared, and a new one begins.
    await carla().create({
      table: 'competitor',
      id: '00000000-0000-4000-8000-00000000c0de',
      values: { name: 'Late' },
    });
    await world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
    await sync(device);
    expect(await device.sync.compare()).toEqual([]);
    expect(device.get('competitor', '00000000-0000-4000-8000-00000000c0de')).not.toBeNull();
  });

  test('in other tables: by version, one row at a time; ids are compared when the count differs', async () => {
    const { web, device } = await synced();
    const id = firstOf(device, 'account');
    await carla().update({ table: 'account', id, values: { telephone1: '777' } });
    await sync(device);
    expect(device.get('account', id)).toMatchObject({ telephone1: '777' });
    const changed = web.take();
    expect(changed).toContain('attribute="versionnumber" operator="gt"');
    expect(changed).toContain(`<value>${id}</value>`);
    expect(changed.match(/<value>/g)).toHaveLength(1);
    await carla().delete('account', id);
    await sync(device);
    expect(device.get('account', id)).toBeNull();
    expect(await device.sync.compare()).toEqual([]);
  });

  test.each([
    ['half an hour later', 31],
    ['O15b: at once, when the clock was set back by years', -10 * 525_600],
  ])('one row for another: the next reconciliation finds it, %s', async (_, minutes) => {
    const { device } = await synced({ reconcileMinutes: 30 });
    const gone = firstOf(device, 'account');
    const dev = { table: 'systemuser', id: sampleUsers.dev.id };
    const ana = { table: 'systemuser', id: sampleUsers.ana.id };
    const others = new Set(
      device.store.all('SELECT accountid FROM account').map((row) => String(row[0])),
    );
    const all = await carlaSees();
    const entering = all.find((one) => !others.has(one)) ?? '';
    await carla().update({ table: 'account', id: gone, values: { ownerid: dev } });
    await carla().update({ table: 'account', id: entering, values: { ownerid: ana } });
    await sync(device);
    expect(device.get('account', entering)).not.toBeNull();
    system.clock.set(system.clock.now() + minutes * 60_000);
    await sync(device);
    expect(device.get('account', gone)).toBeNull();
    expect(await device.sync.compare()).toEqual([]);
  });

  async function carlaSees(): Promise<readonly string[]> {
    const response = await world.organization.handle({
      method: 'GET',
      url: '/api/data/v9.2/accounts?$select=accountid',
      headers: { authorization: `Bearer ${tokenOf('carla')}` },
      body: null,
    });
    const { value } = JSON.parse(response.body) as { value: readonly { accountid: string }[] };
    return value.map((one) => one.accountid);
  }
});

test('a file that is attached offline reaches the organization', async () => {
  const transport = dataverseTransport(options());
  const device = await world.device('ana', { transport });
  await sync(device);
  world.online.next(false);
  const account = String(device.store.all('SELECT accountid FROM account ORDER BY 1')[0]?.[0]);
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  const body = Buffer.from(bytes).toString('base64');
  const attachment = { fileName: 'lift.bin', mimeType: 'application/octet-stream', body };
  const saved = device.addNote('account', account, { subject: 'Lift', attachment });
  expect(saved).toMatchObject({ kind: 'saved' });
  world.online.next(true);
  await sync(device);
  expect(device.sync.outbox.unsettled()).toEqual([]);
  const note = saved.kind === 'saved' ? await carla().retrieve('annotation', saved.id) : null;
  expect(note?.['documentbody']).toBe(body);
});

describe('failures are clear', () => {
  test.each([
    ['a wrong token', { tokens: staticToken('nobody') }, 'auth'],
    ['an address without a server', { url: 'http://127.0.0.1:9' }, 'network'],
    [
      'a service that is busy',
      {
        fetch: (async () =>
          new Response('{}', {
            status: 429,
            headers: { 'odata-version': '4.0', 'retry-after': '7' },
          })) as typeof fetch,
      },
      'server',
    ],
    [
      'an answer that is cut off',
      { fetch: (async () => new Response('{"UserId":"', { status: 200 })) as typeof fetch },
      'network',
    ],
  ] as const)('%s', async (_, more, kind) => {
    const transport = dataverseTransport(options(more));
    const device = await world.device('ana', { transport });
    const result = await device.sync.run('DELTA_SYNC');
    expect(result).toMatchObject({ kind: 'failed', failure: { class: kind } });
  });

  test('an app whose profile is wrong is refused at once', () => {
    const app = { ...sampleApp, profile: { ...sampleApp.profile, name: '' } };
    expect(() => dataverseTransport(options({ app }))).toThrow(
      expect.objectContaining({ code: 'app.invalid' }),
    );
  });
});
