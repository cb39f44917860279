import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Organization } from '../src/index.ts';
import { ask, id, openRightsWorld, page, row, sync, user } from './rights-world.ts';

let organization: Organization;
beforeAll(async () => {
  organization = await openRightsWorld();
  await organization.load([
    row('task', 100, { subject: 'Own', ...user('ana') }),
    row('task', 101, { subject: 'Foreign task', ...user('rita') }),
    // Ana has no right on phone calls, also on her own.
    row('phonecall', 102, { subject: 'Foreign call', ...user('ana') }),
    ...[103, 104, 105].map((n) => row('task', n, { subject: `Task ${n}`, ...user('rita') })),
    row('task', 106, { subject: 'Shared', ...user('ben') }),
  ]);
});
afterAll(() => organization.close());
const as = (n: number) => organization.as(id(n));

describe('O08a: an activity that may not be read in its own table is not read among all activities', () => {
  test.each([
    'activitypointers',
    'activitypointers?$select=subject&$orderby=subject',
    "activitypointers?$filter=contains(subject,'Foreign')",
  ])('%s', async (path) => {
    expect((await ask(organization, 'rita', path)).text).toMatch(/Foreign task/);
    expect((await ask(organization, 'ana', path)).text).not.toContain('Foreign');
  });

  test('nor by its id, nor counted, nor on a device', async () => {
    for (const n of [101, 102]) {
      expect((await ask(organization, 'ana', `activitypointers(${id(n)})`)).status).toBe(403);
      expect(await as(2).retrieve('activitypointer', id(n))).toBeNull();
    }
    const own = await ask(organization, 'ana', 'activitypointers?$count=true');
    expect(own.json).toMatchObject({ '@odata.count': 1, value: [{ subject: 'Own' }] });
    const text = await page(organization, 'ana', 'activitypointer');
    expect(text).toContain('Own');
    expect(text).not.toContain('Foreign');
  });

  test('a share of the activity shows it there too, as long as it lasts', async () => {
    const seen = async () =>
      (await ask(organization, 'ana', `activitypointers(${id(106)})?$select=subject`)).status;
    expect(await seen()).toBe(403);
    await as(3).share('task', id(106), id(2), ['read']);
    expect(await seen()).toBe(200);
    expect(await page(organization, 'ana', 'activitypointer')).toContain('Shared');
    await as(3).share('task', id(106), id(2), []);
    expect(await seen()).toBe(403);
  });
});

describe('O08b: an activity is not changed past its own table', () => {
  const pointer = (n: number) => `activitypointers(${id(n)})`;
  test.each<readonly [string, string, object | undefined, number]>([
    ['PATCH', pointer(100), { subject: 'Past' }, 400],
    ['PATCH', pointer(101), { subject: 'Past' }, 400],
    ['PUT', `${pointer(100)}/subject`, { value: 'Past' }, 400],
    ['POST', 'activitypointers', { subject: 'Past' }, 400],
    ['DELETE', pointer(101), undefined, 403],
    ['DELETE', pointer(102), undefined, 403],
    [
      'POST',
      'GrantAccess',
      {
        Target: { activityid: id(100), '@odata.type': 'Microsoft.Dynamics.CRM.activitypointer' },
        PrincipalAccess: { AccessMask: 'ReadAccess', Principal: { systemuserid: id(3) } },
      },
      400,
    ],
  ])('%s %s', async (method, path, body, status) => {
    const answered = await ask(organization, 'ana', path, body, { method });
    expect(answered.status, answered.text).toBe(status);
    expect((await ask(organization, 'rita', 'activitypointers')).text).not.toContain('Past');
    for (const n of [100, 101]) expect(await as(1).retrieve('task', id(n))).not.toBeNull();
  });

  test('nor by a device, which may delete what it may delete there', async () => {
    const push = async (seq: number, op: string, n: number, set: object) => {
      const entry = {
        ...{ key: ['e', seq], op, table: 'activitypointer', id: id(n), set, base: {} },
        ...{ baseVersion: null, baseOf: null, after: [], changeSet: null, attempt: 1, at: '' },
      };
      const sent = { entries: [entry], settledBelow: [] };
      return JSON.parse((await sync(organization, 'ana', 'push', sent)).text).results[0].status;
    };
    expect(await push(1, 'update', 100, { subject: 'Past' })).toBe('refused');
    expect(await push(2, 'delete', 101, {})).toBe('refused');
    await as(1).share('task', id(103), id(2), ['read', 'delete']);
    expect(await push(3, 'delete', 103, {})).toBe('applied');
    expect(await as(1).retrieve('task', id(103))).toBeNull();
  });

  test('and what an activity may not be linked to, is not linked to its pointer', async () => {
    const note = (n: number) =>
      as(2).create(
        row('annotation', 300 + n, { objectid: { table: 'task', id: id(n) }, subject: 'Note' }),
      );
    await note(100);
    await expect(note(104)).rejects.toMatchObject({ code: '0x80040220' });
  });
});
