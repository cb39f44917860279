import { sampleUsers } from '@outpost/sample';
import { metricsText } from '@outpost/server';
import { listen } from '@outpost/server/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorld, sync, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const carla = () => world.organization.as(sampleUsers.carla.id);

test('every row on a device was recorded as sent to it, in pages and deltas, and nothing that it did not get', async () => {
  const device = await world.device('ana');
  const other = await world.device('ben');
  await sync(device);
  await sync(other);
  const ids = device.store.all('SELECT accountid FROM account').map((row) => String(row[0]));
  for (const id of ids) {
    const sent = await world.organization.sent({
      userId: sampleUsers.ana.id,
      table: 'account',
      id,
    });
    expect(sent).toHaveLength(1);
  }
  const pages = await world.organization.sent({ userId: sampleUsers.ana.id, table: 'account' });
  expect(pages.reduce((sum, one) => sum + one.rows, 0)).toBe(ids.length);
  const [id] = ids as [string];
  await carla().update({ table: 'account', id, values: { telephone1: 'new' } });
  await sync(device);
  expect((await world.organization.sent({ table: 'account', limit: 1 }))[0]).toMatchObject({
    userId: sampleUsers.ana.id,
    rows: 1,
    removed: 0,
    ids: [id],
  });
  const dev = { table: 'systemuser', id: sampleUsers.dev.id };
  await carla().update({ table: 'account', id, values: { ownerid: dev } });
  await sync(device);
  expect((await world.organization.sent({ table: 'account', limit: 1 }))[0]).toMatchObject({
    rows: 0,
    removed: 1,
  });
  const all = (await world.organization.sent()).length;
  await sync(device);
  expect((await world.organization.sent()).length).toBe(all);
  await world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
  expect(await world.organization.sent()).toEqual([]);
});

test('counts tell what was answered and how far devices are behind; only those who asked for them are shown', async () => {
  const device = await world.device('ana');
  await sync(device);
  const rows = device.store.count('account');
  const behind = async () => (await world.organization.metrics()).devices[0]?.behind;
  expect(await behind()).toBe(0);
  const id = String(device.store.all('SELECT accountid FROM account LIMIT 1')[0]?.[0]);
  for (const telephone1 of ['1', '2']) {
    await carla().update({ table: 'account', id, values: { telephone1 } });
  }
  expect(await behind()).toBe(2);
  device.update('account', id, { telephone1: '3' });
  device.update('account', id, { name: '' });
  await sync(device);
  const metrics = await world.organization.metrics();
  expect(metrics.devices[0]?.behind).toBe(0);
  expect(metrics.rowsSent['account']).toBe(rows + 1);
  expect(metrics.checks['first']).toBeGreaterThan(0);
  expect(metrics.results['applied']).toBeGreaterThan(0);
  expect(metrics.requests['/sync/v1/hello 200']).toBe(1);
  await world.organization.handle({ method: 'GET', url: '/x', headers: {}, body: null });
  expect((await world.organization.metrics()).requests['other 401']).toBe(1);
  expect(metricsText(metrics)).toContain(`outpost_rows_sent_total{table="account"} ${rows + 1}\n`);
  const open = await listen(world.organization, { metrics: true });
  const shown = await fetch(`${open.url}/metrics`);
  expect(await shown.text()).toContain('outpost_watermark ');
  expect((await fetch(`${open.url}/health`)).status).toBe(200);
  expect((await fetch(`${world.server.url}/metrics`)).status).toBe(401);
  await open.close();
});
