import { type AppModel, defineTable } from '@outpost/model';
import { sampleApp, sampleUsers } from '@outpost/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Device, FormSession, SaveResult } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

const trip = defineTable({
  name: 'new_trip',
  label: 'Trip',
  primaryName: 'new_number',
  ownership: 'user',
  isCustom: true,
  columns: {
    new_number: {
      type: 'string',
      label: 'Number',
      maxLength: 100,
      required: 'required',
      autoNumberFormat: 'TRIP-{SEQNUM:6}',
    },
    new_code: {
      type: 'string',
      label: 'Code',
      required: 'system',
      autoNumberFormat: '{RANDSTRING:4}',
    },
    new_priced: { type: 'boolean', label: 'Priced', required: 'required', readOnly: true },
    new_office: { type: 'string', label: 'Office', maxLength: 100, required: 'required' },
    new_place: { type: 'string', label: 'Place', maxLength: 100 },
    new_notes: { type: 'memo', label: 'Notes', maxLength: 100 },
  },
});
const controls = trip.columns.map(({ name }) => ({
  column: name,
  label: '',
  ...(name === 'new_number' || name === 'new_office' ? { readOnly: true } : {}),
}));
const app: AppModel = {
  ...sampleApp,
  tables: [...sampleApp.tables, trip],
  forms: [
    {
      id: 'f0000000-0000-4000-8000-0000000000fe',
      name: 'Information',
      table: trip.name,
      type: 'main',
      tabs: [{ label: '', sections: [{ label: 'General', controls }] }],
    },
  ],
  rules: [
    {
      id: 'fill',
      name: 'Fill in the place',
      table: trip.name,
      scope: 'allForms',
      state: 'active',
      order: 2,
      branches: [
        {
          when: { column: 'new_place', op: 'noData', operands: [] },
          then: [{ kind: 'setValue', column: 'new_place', value: { literal: 'Here' } }],
        },
      ],
    },
    {
      id: 'suggest',
      name: 'Suggest notes',
      table: trip.name,
      scope: 'table',
      state: 'active',
      order: 1,
      branches: [
        {
          when: { column: 'new_notes', op: 'noData', operands: [] },
          then: [
            {
              kind: 'recommend',
              column: 'new_notes',
              title: 'Say why',
              text: 'Say why',
              actions: [{ kind: 'setValue', column: 'new_notes', value: { literal: 'Customer' } }],
            },
          ],
        },
      ],
    },
  ],
  roles: sampleApp.roles.map((role) => ({
    ...role,
    privileges: { ...role.privileges, new_trip: { create: 4, read: 4, write: 4, delete: 4 } },
  })),
  profile: {
    ...sampleApp.profile,
    items: [
      ...sampleApp.profile.items,
      { table: trip.name, criteria: 'all', relationships: [], intervalMinutes: 10 },
    ],
  },
};

let world: World;
let device: Device;
beforeEach(async () => {
  world = await openWorld(0, app);
  device = await world.device('ana');
  await sync(device);
});
afterEach(() => world.close());

const idOf = (saved: SaveResult) => (saved.kind === 'saved' ? saved.id : '');
const field = (form: FormSession, column: string) =>
  form.current.sections.flatMap(({ fields }) => fields).find((one) => one.column === column);
const givenIn = (form: FormSession) =>
  form.current.sections
    .flatMap(({ fields }) => fields)
    .filter((one) => one.given)
    .map((one) => one.column);

test('N10c: nobody is asked for what the platform makes, nor for what is locked; the organization gives it', async () => {
  const form = device.openForm(trip.name, null);
  const made = trip.columns
    .map(({ name }) => name)
    .filter((name) => !/office|place|notes/.test(name));
  expect(givenIn(form).sort()).toEqual([...made].sort());
  expect(field(form, 'new_number')).toMatchObject({ required: false, locked: true });
  expect(field(form, 'new_office')).toMatchObject({ required: false, locked: true, given: false });
  const id = idOf(form.save());
  expect(device.get(trip.name, id)).not.toHaveProperty('new_number');
  expect(field(form, 'new_number')).toMatchObject({ given: true, value: null });
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(field(form, 'new_number')).toMatchObject({ given: false, value: 'TRIP-001000' });
  expect(field(form, 'new_code')?.value).toMatch(/^[0-9A-Z]{4}$/);
  expect(givenIn(form)).toEqual([]);
  form.close();
  const next = device.create(trip.name, {});
  await sync(device);
  expect(device.get(trip.name, idOf(next))).toMatchObject({ new_number: 'TRIP-001001' });
  expect(await device.sync.compare()).toEqual([]);
});

test('N10d: numbers go on above those that rows brought; one that is given stays', async () => {
  const carla = world.organization.as(sampleUsers.carla.id);
  await world.organization.load([
    {
      table: trip.name,
      id: '0b000000-0000-4000-8000-000000000001',
      values: { new_number: 'TRIP-004711' },
    },
    {
      table: trip.name,
      id: '0b000000-0000-4000-8000-000000000002',
      values: { new_number: 'Other 9999' },
    },
  ]);
  const own = device.create(trip.name, { new_number: 'mine' });
  const made = device.create(trip.name, {});
  await sync(device);
  expect(await carla.retrieve(trip.name, idOf(own))).toMatchObject({ new_number: 'mine' });
  expect(await carla.retrieve(trip.name, idOf(made))).toMatchObject({ new_number: 'TRIP-004712' });
});

test('N10a: a recommendation blocks no save, on the device and in the organization', async () => {
  const form = device.openForm(trip.name, null);
  expect(form.current.recommendations).toMatchObject([{ title: 'Say why' }]);
  expect(field(form, 'new_notes')?.error).toBeNull();
  const saved = form.save();
  expect(saved.kind).toBe('saved');
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(device.get(trip.name, idOf(saved))).toMatchObject({ new_number: 'TRIP-001000' });
  expect(device.get(trip.name, idOf(saved))).not.toHaveProperty('new_notes');
});

test('N06d: rules write nothing into a closed row that is only looked at, and recommend nothing', () => {
  const id = idOf(device.create(trip.name, {}));
  const open = device.openForm(trip.name, id);
  expect(open.current).toMatchObject({ dirty: true, recommendations: [{ title: 'Say why' }] });
  open.discard();
  open.close();
  expect(device.update(trip.name, id, { statecode: 1 }).kind).toBe('saved');
  const form = device.openForm(trip.name, id);
  expect(form.current).toMatchObject({ dirty: false, recommendations: [], draft: null });
  expect(field(form, 'new_place')?.value).toBeNull();
  form.close();
  expect(device.drafts()).toEqual([]);
});
