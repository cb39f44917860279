import { type AppModel, columnRights, type FieldSecurityProfile } from '@outpost/model';
import { namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

const profileOf = (
  id: number,
  rights: FieldSecurityProfile['permissions'][number]['rights'],
): FieldSecurityProfile => ({
  id: `f0000000-0000-4000-8000-00000000000${id}`,
  name: `Profile ${id}`,
  permissions: [{ table: 'account', column: 'revenue', rights }],
});
const full = profileOf(1, columnRights);
const readOnly = profileOf(2, ['read']);
/** `account.revenue` is secured. */
const securedApp: AppModel = {
  ...sampleApp,
  fieldSecurityProfiles: [full, readOnly],
  tables: sampleApp.tables.map((table) =>
    table.name === 'account'
      ? {
          ...table,
          columns: table.columns.map((one) =>
            one.name === 'revenue' ? { ...one, secured: true } : one,
          ),
        }
      : table,
  ),
};

const membership = (n: number, user: string, profile: FieldSecurityProfile) => ({
  table: 'systemuserprofiles',
  id: `f1000000-0000-4000-8000-00000000000${n}`,
  values: {
    systemuserid: { table: 'systemuser', id: user },
    fieldsecurityprofileid: profile.id,
  },
});

let world: World;
let member: Device;
let outsider: Device;
beforeEach(async () => {
  world = await openWorld(200, securedApp);
  await world.organization.load([membership(1, sampleUsers.carla.id, full)]);
  member = await world.device('carla');
  outsider = await world.device('ben');
  for (const device of [member, outsider]) await sync(device);
});
afterEach(() => world.close());

const revenues = (device: Device) =>
  Number(device.store.all('SELECT count(revenue) FROM account')[0]?.[0]);
const field = (device: Device, id: string) =>
  device
    .openForm('account', id)
    .current.sections.flatMap((section) => section.fields)
    .find((one) => one.column === 'revenue');

test('D15: a secured column comes only to devices of users who may read it', async () => {
  expect(revenues(member)).toBeGreaterThan(0);
  expect(outsider.store.count('account')).toBeGreaterThan(0);
  expect(revenues(outsider)).toBe(0);
  expect(await outsider.sync.compare()).toEqual([]);
  // Not through direct reads of the organization either.
  const [first] = outsider.store.all('SELECT accountid FROM account LIMIT 1');
  const row = await world.organization
    .as(sampleUsers.ben.id)
    .retrieve('account', String(first?.[0]));
  expect(row).not.toBe(null);
  expect(row?.['revenue']).toBe(undefined);
});

test('D15: forms mask and lock it; setting it is refused on the device, and by the organization when a device tries', async () => {
  const [row] = outsider.store.all('SELECT accountid FROM account WHERE accountid <> ? LIMIT 1', [
    namedRows.alpine,
  ]);
  const id = String(row?.[0]);
  expect(field(outsider, id)).toMatchObject({ masked: true, locked: true, value: null });
  const [own] = member.store.all('SELECT accountid FROM account LIMIT 1');
  expect(field(member, String(own?.[0]))).toMatchObject({ masked: false, locked: false });
  expect(outsider.update('account', id, { revenue: 1 })).toMatchObject({
    kind: 'refused',
    reasons: [{ kind: 'privilege', code: '0x80040220' }],
  });
  await expect(
    world.organization
      .as(sampleUsers.ben.id)
      .update({ table: 'account', id, values: { revenue: 1 } }),
  ).rejects.toMatchObject({ code: '0x80040220', message: expect.stringContaining('update') });
  // Everything else of the row can still be edited, and what is hidden survives it.
  expect(outsider.update('account', id, { telephone1: '1' }).kind).not.toBe('refused');
  await sync(outsider);
  expect(outsider.sync.errors.list()).toEqual([]);
  await world.organization.load([membership(9, sampleUsers.ben.id, readOnly)]);
  await sync(outsider);
  expect(outsider.get('account', id)).toMatchObject({
    telephone1: '1',
    revenue: expect.any(Number),
  });
});

test('D15: joining a profile brings the column at the next cycle, leaving takes it away', async () => {
  await world.organization.load([membership(9, sampleUsers.ben.id, readOnly)]);
  await sync(outsider);
  expect(revenues(outsider)).toBeGreaterThan(0);
  const [first] = outsider.store.all('SELECT accountid FROM account LIMIT 1');
  expect(field(outsider, String(first?.[0]))).toMatchObject({ masked: false, locked: true });
  const without = securedApp.fieldSecurityProfiles?.filter((one) => one !== readOnly) ?? [];
  await world.organization.publish({ ...securedApp, fieldSecurityProfiles: without });
  await sync(outsider);
  expect(revenues(outsider)).toBe(0);
  expect(await outsider.sync.compare()).toEqual([]);
});

test('D15: a filter of the profile cannot ask about it', async () => {
  const filter =
    '<fetch><entity name="account"><filter><condition attribute="revenue" operator="not-null"/></filter></entity></fetch>';
  const items = securedApp.profile.items.map((item) =>
    item.table === 'account'
      ? {
          table: 'account',
          criteria: 'custom' as const,
          filter,
          relationships: item.relationships,
          intervalMinutes: 10,
        }
      : item,
  );
  await world.organization.publish({ ...securedApp, profile: { ...securedApp.profile, items } });
  for (const device of [member, outsider]) await sync(device);
  expect(revenues(member)).toBe(member.store.count('account'));
  expect(member.store.count('account')).toBeGreaterThan(0);
  // Accounts that come with other rows may remain, without the column.
  expect(revenues(outsider)).toBe(0);
});
