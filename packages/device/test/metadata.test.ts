import { type AppModel, defineTable, type SavedQuery } from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { afterEach, expect, test } from 'vitest';
import { openWorld, sync, tokenOf, type World } from './world.ts';

let world: World | null = null;
afterEach(() => world?.close());

/** The sample app with `count` further tables, each with a view; in the profile, or of another app. */
function appWith(count: number, where: 'profile' | 'another app', label = 'Part'): AppModel {
  const more = Array.from({ length: count }, (_, i) =>
    defineTable({
      name: `new_part${String(i).padStart(3, '0')}`,
      label,
      primaryName: 'new_name',
      ownership: 'user',
      availableOffline: true,
      changeTracking: true,
      columns: { new_name: { type: 'string', maxLength: 100 } },
    }),
  );
  const views = more.map(
    ({ name }): SavedQuery => ({
      id: `all of ${name}`,
      name: 'All',
      table: name,
      queryType: 0,
      isDefault: true,
      fetchXml: `<fetch><entity name="${name}"><attribute name="new_name"/></entity></fetch>`,
      layout: [{ name: 'new_name', width: 100 }],
    }),
  );
  const items = more.map(({ name }) => ({
    table: name,
    criteria: 'all' as const,
    relationships: [],
    intervalMinutes: 10,
  }));
  const { profile } = sampleApp;
  return {
    ...sampleApp,
    tables: [...sampleApp.tables, ...more],
    savedQueries: [...sampleApp.savedQueries, ...views],
    profile: {
      ...profile,
      items: where === 'profile' ? [...profile.items, ...items] : profile.items,
    },
  };
}

/** Characters of the definitions that a new device gets, and the requests it makes for them. */
async function firstSync(model: AppModel) {
  world = await openWorld(10, model);
  let characters = 0;
  const inner = httpTransport({ url: world.server.url, tokens: staticToken(tokenOf('ana')) });
  const device = await world.device('ana', {
    transport: {
      ...inner,
      app: async (signal) => {
        const reply = await inner.app(signal);
        if (reply.kind === 'ok') characters += JSON.stringify(reply.value.model).length;
        return reply;
      },
    },
  });
  await sync(device);
  const requests = world.server.requests;
  const asked = ['hello', 'app'].map((name) => requests.get(`/sync/v1/${name}`) ?? 0);
  const { tables, savedQueries, roles } = device.model;
  return { characters, asked, tables: tables.length, views: savedQueries.length, roles };
}
async function measured(model: AppModel) {
  const result = await firstSync(model);
  await world?.close();
  world = null;
  return result;
}

test('D04: definitions grow with the tables of the app, by as much for each; those of other apps cost nothing', async () => {
  const bare = await measured(appWith(0, 'profile'));
  const ten = await measured(appWith(10, 'profile'));
  const twenty = await measured(appWith(20, 'profile'));
  const per = (ten.characters - bare.characters) / 10;
  expect(per).toBeGreaterThan(100);
  expect((twenty.characters - ten.characters) / 10).toBeCloseTo(per, 0);
  expect(twenty.tables).toBe(bare.tables + 20);
  expect(await measured(appWith(200, 'another app'))).toEqual(bare);
  // One request each, however many tables there are.
  expect([bare.asked, twenty.asked]).toEqual([
    [1, 1],
    [1, 1],
  ]);
  // What others may do is not for devices.
  expect(bare.roles).toEqual([]);
});

test('a change of another app asks nothing of devices; one of their own app reaches them', async () => {
  world = await openWorld(10, appWith(3, 'another app'));
  const device = await world.device('ana');
  await sync(device);
  const asked = () => world?.server.requests.get('/sync/v1/app');
  expect(asked()).toBe(1);
  await world.organization.publish(appWith(3, 'another app', 'Renamed'));
  await sync(device);
  expect(asked()).toBe(1);
  await world.organization.publish(appWith(3, 'profile', 'Renamed'));
  await sync(device);
  expect(asked()).toBe(2);
  expect(device.model.tables.find((one) => one.name === 'new_part000')?.label).toBe('Renamed');
});
