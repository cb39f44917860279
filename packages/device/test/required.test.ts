import { type AppModel, type BusinessRule, defineTable } from '@outpost/model';
import { sampleApp } from '@outpost/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

const job = defineTable({
  name: 'job',
  label: 'Job',
  primaryName: 'title',
  ownership: 'user',
  isCustom: true,
  columns: {
    title: { type: 'string', label: 'Title', required: 'required' },
    code: { type: 'string', label: 'Code', required: 'system' },
    urgent: { type: 'boolean', label: 'Urgent' },
  },
});
const lifted: BusinessRule = {
  id: 'lifted',
  name: 'An urgent job needs no title',
  table: 'job',
  scope: 'table',
  state: 'active',
  order: 1,
  branches: [
    {
      when: { column: 'urgent', op: 'equals', operands: [{ literal: true }] },
      then: [{ kind: 'require', column: 'title', level: 'none' }],
    },
  ],
};
const app: AppModel = {
  ...sampleApp,
  tables: [...sampleApp.tables, job],
  rules: [lifted],
  forms: [
    {
      id: 'f0000000-0000-4000-8000-0000000000ff',
      name: 'Information',
      table: 'job',
      type: 'main',
      tabs: [
        {
          label: '',
          sections: [
            {
              label: 'General',
              controls: ['title', 'code', 'urgent'].map((column) => ({ column, label: '' })),
            },
          ],
        },
      ],
    },
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
};

let world: World;
let device: Device;
beforeEach(async () => {
  world = await openWorld(0, app);
  device = await world.device('ana');
  await sync(device);
});
afterEach(() => world.close());

test('a form asks for what people must fill in, unless a rule lifts it; code need not', async () => {
  const form = device.openForm('job', null);
  form.set('code', 'A');
  expect(form.save()).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'requiredColumn', column: 'title', message: 'Title is required.' }],
  });
  form.set('urgent', true);
  expect(form.save().kind).toBe('saved');
  form.close();
  expect(device.create('job', { code: 'B' }).kind).toBe('saved');
  await sync(device);
  expect(device.sync.errors.list()).toEqual([]);
  expect(await device.sync.compare()).toEqual([]);
});

test('what the platform requires is asked for by the form, and of code', () => {
  const missing = {
    kind: 'refused',
    reasons: [{ kind: 'requiredColumn', column: 'code', message: 'Code is required.' }],
  };
  const form = device.openForm('job', null);
  form.set('title', 'Roof');
  expect(form.save()).toMatchObject(missing);
  form.close();
  expect(device.create('job', { title: 'Roof' })).toMatchObject(missing);
});
