import type { OfflineProfileItem } from '@outpost/model';
import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import { afterEach, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

let world: World | undefined;
afterEach(() => world?.close());

const { profile } = sampleApp;
const withItems = (items: readonly OfflineProfileItem[]) => ({
  ...sampleApp,
  profile: { ...profile, items },
});
const reasonsOf = (device: Device, table: string) =>
  device.views(table).flatMap(({ reasons }) => reasons);

test('D07: the account view with its primary contact is available once Contact is in the published profile', async () => {
  const withoutContacts = profile.items.flatMap((item): OfflineProfileItem[] => {
    if (item.table === 'contact') return [];
    const names = new Set(
      sampleApp.relationships.flatMap((one) =>
        one.kind === 'manyToOne' && (one.table === 'contact' || one.target === 'contact')
          ? [one.name]
          : [],
      ),
    );
    return [{ ...item, relationships: item.relationships.filter((one) => !names.has(one)) }];
  });
  world = await openWorld(200, withItems(withoutContacts));
  const device = await world.device('carla');
  await sync(device);
  expect(reasonsOf(device, 'account')).toMatchObject([
    { reason: 'tableNotOffline', code: '0x80071125' },
  ]);

  // An edit made before the new profile arrives is kept and uploaded.
  const id = String(device.store.all('SELECT accountid FROM account LIMIT 1')[0]?.[0]);
  const edited = device.update('account', id, { telephone1: '+43 1 555' });
  expect(edited.kind).toBe('saved');
  await world.organization.publish(sampleApp);
  await sync(device);
  expect(reasonsOf(device, 'account')).toEqual([]);
  expect(device.store.count('contact')).toBeGreaterThan(0);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
  const server = world.organization.as(sampleUsers.carla.id);
  expect(await server.retrieve('account', id)).toMatchObject({
    telephone1: '+43 1 555',
  });
});

test('E03: a changed day limit takes rows off devices and brings them back', async () => {
  world = await openWorld();
  const device = await world.device('carla');
  await sync(device);
  const all = device.store.count('lead');
  expect(all).toBeGreaterThan(0);
  const days = (limit: number) =>
    withItems(
      profile.items.map((item) => (item.table === 'lead' ? { ...item, days: limit } : item)),
    );
  await world.organization.publish(days(0));
  await sync(device);
  expect(device.store.count('lead')).toBe(0);
  const made = device.create('lead', {
    subject: 'Mine',
    lastname: 'Mine',
    leadqualitycode: 'Cold',
    budgetamount: 1,
  });
  expect(made.kind).toBe('saved');
  await world.organization.publish(days(3650));
  await sync(device);
  expect(device.store.count('lead')).toBe(all + 1);
  expect(await device.sync.compare()).toEqual([]);
});

test('a table that leaves the profile leaves the device, except for edits that are not uploaded', async () => {
  world = await openWorld();
  const device = await world.device('carla');
  await sync(device);
  const items = profile.items.filter((item) => item.table !== 'competitoraddress');
  await world.organization.publish(withItems(items));
  await sync(device);
  expect(() => device.get('competitoraddress', namedRows.alpine)).toThrow(
    expect.objectContaining({ code: 'device.unknownTable' }),
  );
  expect(await device.sync.compare()).toEqual([]);
});

test('definitions that cannot be published change nothing', async () => {
  world = await openWorld();
  const account = sampleApp.tables.find((one) => one.name === 'account');
  const columns = account?.columns.map((one) =>
    one.name === 'telephone1' ? { ...one, type: 'integer' as const } : one,
  );
  const retyped = sampleApp.tables.map((one) =>
    one.name === 'account' && columns !== undefined ? { ...one, columns } : one,
  );
  await expect(world.organization.publish({ ...sampleApp, tables: retyped })).rejects.toMatchObject(
    { code: 'model.invalid', message: expect.stringContaining('account.telephone1') },
  );
  await expect(
    world.organization.publish({ ...sampleApp, profile: { ...profile, name: '', items: [] } }),
  ).rejects.toMatchObject({ code: 'profile.invalid' });
  const device = await world.device('carla');
  await sync(device);
  expect(device.store.count('competitor')).toBeGreaterThan(0);
});

test('a live view begins when the definitions come and follows those that are published later', async () => {
  world = await openWorld();
  const device = await world.device('carla');
  const totals: (number | null)[] = [];
  const subscription = device
    .live((queries) => ({ view: queries.viewOf('account', 'public')?.id ?? '' }))
    .subscribe(({ total }) => totals.push(total));
  expect(totals).toEqual([]);
  await sync(device);
  device.create('account', { name: 'New' });
  const view = sampleApp.savedQueries.find((one) => one.table === 'account' && one.queryType === 0);
  // The same view with another filter: what was open shows it, without being opened again.
  await world.organization.publish({
    ...sampleApp,
    savedQueries: sampleApp.savedQueries.map((one) =>
      one.id === view?.id
        ? {
            ...one,
            fetchXml: one.fetchXml.replace(
              '</entity>',
              '<filter><condition attribute="name" operator="eq" value="New"/></filter></entity>',
            ),
          }
        : one,
    ),
  });
  await sync(device);
  expect(totals.at(-1)).toBe(1);
  await world.organization.publish(sampleApp);
  await sync(device);
  const all = device.queries.run({ view: view?.id ?? '' });
  expect(totals.at(-1)).toBe(all.kind === 'ok' ? all.value.total : null);
  expect(totals.at(-1)).toBeGreaterThan(1);
  device.create('account', { name: 'Newer' });
  expect(totals.at(-1)).toBe((all.kind === 'ok' ? all.value.total : 0) + 1);
  subscription.unsubscribe();
});
