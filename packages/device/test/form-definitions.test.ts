import { type AppModel, defineTable } from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { afterEach, expect, test } from 'vitest';
import { openWorld, sync, type World } from './world.ts';

const app = (columns: Parameters<typeof defineTable>[0]['columns']): AppModel => ({
  ...sampleApp,
  tables: [
    ...sampleApp.tables,
    defineTable({
      name: 'job',
      label: 'Job',
      primaryName: 'title',
      ownership: 'user',
      isCustom: true,
      columns: { title: { type: 'string', label: 'Title', required: 'required' }, ...columns },
    }),
  ],
  roles: sampleApp.roles.map((role) => ({
    ...role,
    privileges: { ...role.privileges, job: { create: 4, read: 4, write: 4, delete: 4 } },
  })),
  profile: {
    ...sampleApp.profile,
    items: [
      ...sampleApp.profile.items,
      { table: 'job', criteria: 'all', relationships: [], intervalMinutes: 10 },
    ],
  },
});
const place = { place: { type: 'string', label: 'Place' } } as const;
const hours = { hours: { type: 'integer', label: 'Hours' } } as const;

let world: World | undefined;
afterEach(() => world?.close());

test('N04f: an open form follows definitions that are published; what was typed into a column that is gone stays a draft', async () => {
  world = await openWorld(0, app(place));
  const device = await world.synced('ana');
  const made = device.create('job', { title: 'Roof' });
  if (made.kind !== 'saved') throw new Error('not saved');
  await sync(device);
  await sync(device);
  const form = device.openForm('job', made.id);
  form.set('title', 'Roof and walls');
  form.set('place', 'Graz');

  await world.organization.publish(app(hours));
  await sync(device);
  const labels = form.current.sections.flatMap(({ fields }) => fields.map((one) => one.label));
  expect(labels).toContain('Hours');
  expect(labels).not.toContain('Place');
  expect(form.current).toMatchObject({ dirty: true, leftOver: { place: 'Graz' } });
  form.set('hours', 3);
  expect(form.save().kind).toBe('saved');
  expect(device.get('job', made.id)).toMatchObject({ title: 'Roof and walls', hours: 3 });
  expect(form.current).toMatchObject({ dirty: false, leftOver: { place: 'Graz' } });
  form.close();
  expect(device.drafts()).toMatchObject([{ typed: { values: { place: 'Graz' } } }]);

  // The column comes back, and with it what was typed.
  await world.organization.publish(app({ ...hours, ...place }));
  await sync(device);
  const again = device.openForm('job', made.id);
  again.restore();
  expect(again.current).toMatchObject({ dirty: true, leftOver: {} });
  expect(again.save().kind).toBe('saved');
  again.close();
  expect(device.get('job', made.id)).toMatchObject({ place: 'Graz' });
  expect(device.drafts()).toEqual([]);
  await sync(device);
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
});

test('N04f: what was typed moves to the new name of its column; what does not fit it any more stays a text', async () => {
  world = await openWorld(0, app({ ...place, note: { type: 'string', label: 'Note' } }));
  const device = await world.synced('ana');
  const form = device.openForm('job', null);
  form.set('title', 'Roof');
  form.set('place', 'Graz');
  form.set('note', 'many');
  await world.organization.publish(
    app({
      site: { type: 'string', label: 'Site', renamedFrom: 'place' },
      hint: { type: 'string', label: 'Hint', maxLength: 3, renamedFrom: 'note' },
    }),
  );
  await sync(device);
  const fields = form.current.sections.flatMap((section) => section.fields);
  expect(fields.find((one) => one.column === 'site')).toMatchObject({ value: 'Graz' });
  expect(fields.find((one) => one.column === 'hint')).toMatchObject({
    text: 'many',
    error: expect.any(String),
  });
  expect(form.save()).toMatchObject({ kind: 'refused' });
  form.set('hint', 'few');
  expect(form.save()).toMatchObject({ kind: 'saved' });
  form.close();
  expect(device.drafts()).toEqual([]);
});
