import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Organization } from '../src/index.ts';
import { ask, id, openRightsWorld, page, row, sync, user } from './rights-world.ts';

let organization: Organization;
beforeAll(async () => {
  organization = await openRightsWorld();
  const parent = (n: number) => ({ parentcustomerid: { table: 'account', id: id(n) } });
  await organization.load([
    row('account', 100, { name: 'Secret Alpine', ...user('rita') }),
    row('account', 101, { name: 'Own Berg', ...user('ana') }),
    row('contact', 110, { lastname: 'Kai', ...user('ana'), ...parent(100) }),
    row('contact', 111, { lastname: 'Lia', ...user('ana'), ...parent(101) }),
    row('contact', 112, { lastname: 'Secret Moser', ...user('rita') }),
    row('task', 120, {
      ...{ subject: 'Call', ...user('ana') },
      regardingobjectid: { table: 'contact', id: id(112) },
    }),
    row('email', 130, {
      ...{ subject: 'Mail', ...user('ana') },
      to: [
        { table: 'contact', id: id(112), name: 'Secret Moser' },
        { table: 'contact', id: id(111), name: 'Lia' },
      ],
    }),
  ]);
});
afterAll(() => organization.close());

const fetchXml = (table: string, set: string, body: string, more = '') =>
  `${set}?fetchXml=${encodeURIComponent(`<fetch ${more}><entity name="${table}">${body}</entity></fetch>`)}`;
const headers = { prefer: 'odata.include-annotations="*"' };

describe('O07a: no lookup has the name of a row that its reader may not read', () => {
  test.each([
    ['contacts', /Own Berg/],
    ['contacts?$select=lastname,_parentcustomerid_value', /Own Berg/],
    [`contacts(${id(110)})`, /Kai/],
    ['contacts?$orderby=parentcustomerid', /Own Berg/],
    ['tasks', /Call/],
    ['activitypointers', /Call/],
    ['emails', /Lia/],
    [fetchXml('contact', 'contacts', '<attribute name="parentcustomeridname"/>'), /Own Berg/],
    [
      fetchXml(
        'contact',
        'contacts',
        '<attribute name="parentcustomerid" alias="p" groupby="true"/><attribute name="contactid" alias="n" aggregate="count"/>',
        'aggregate="true"',
      ),
      /Own Berg/,
    ],
    [
      fetchXml('contact', 'contacts', '<attribute name="parentcustomerid"/>', 'distinct="true"'),
      /Own Berg/,
    ],
  ] as const)('%s', async (path, shown) => {
    expect((await ask(organization, 'rita', path, undefined, { headers })).text).toContain(
      'Secret',
    );
    const { status, text } = await ask(organization, 'ana', path, undefined, { headers });
    expect(status, text).toBe(200);
    expect(text).toMatch(shown);
    expect(text).not.toContain('Secret');
  });

  test.each([
    `contacts?$filter=contains(parentcustomeridname,'Secret')`,
    fetchXml(
      'contact',
      'contacts',
      '<filter><condition attribute="parentcustomerid" operator="like" value="Secret%"/></filter>',
    ),
    fetchXml(
      'contact',
      'contacts',
      '<filter><condition attribute="parentcustomeridname" operator="eq" value="Secret Alpine"/></filter>',
    ),
  ])('nor is it found by: %s', async (path) => {
    expect((await ask(organization, 'rita', path)).text).toContain(id(110));
    expect((await ask(organization, 'ana', path)).text).not.toContain(id(110));
  });

  test('nor one that comes to a device, or that a row is asked for', async () => {
    const all = await page(organization, 'rita', 'contact');
    expect(all).toContain('Secret Alpine');
    for (const [table, shown] of [
      ['contact', 'Own Berg'],
      ['task', 'Call'],
      ['activitypointer', 'Call'],
      ['email', 'Lia'],
    ] as const) {
      const text = await page(organization, 'ana', table);
      expect(text).toContain(shown);
      expect(text).not.toContain('Secret');
    }
    const contact = await organization.as(id(2)).retrieve('contact', id(110));
    expect(contact?.['parentcustomerid']).toEqual({ table: 'account', id: id(100) });
    const email = await organization.as(id(2)).retrieve('email', id(130));
    expect(email?.['to']).toEqual([
      { table: 'contact', id: id(112) },
      { table: 'contact', id: id(111), name: 'Lia' },
    ]);
  });

  test('nor one that is pulled', async () => {
    const from = async (token: string | null) => {
      const pulled = await sync(organization, 'ana', 'pull', {
        ...{ from: [{ token, tables: ['contact'] }], views: {}, awaiting: [], maxRows: 100 },
      });
      return JSON.parse(pulled.text);
    };
    const first = await from(null);
    await organization.as(id(2)).update(row('contact', 110, { firstname: 'Kai' }));
    const next = await from(first.tokens[0].token);
    expect(JSON.stringify(next.changes)).toContain('Kai');
    expect(JSON.stringify(next)).not.toContain('Secret');
  });
});

test('O07b: no message and no sync error has the name of a row that its user may not read', async () => {
  const entry = (seq: number, more: object) => ({
    ...{ key: ['n', seq], op: 'update', table: 'account', id: id(100), set: { name: 'Mine' } },
    ...{ base: { name: '' }, baseVersion: 1, baseOf: null, after: [], changeSet: null },
    ...{ attempt: 1, at: '2026-01-01T00:00:00Z', ...more },
  });
  const lookup = { parentcustomerid: id(100), parentcustomerid$t: 'account' };
  const entries = [
    entry(1, {}),
    entry(2, { op: 'delete', set: {}, base: {} }),
    entry(3, { op: 'create', baseVersion: null, base: {} }),
    entry(4, { table: 'contact', id: id(111), set: lookup, base: {} }),
    entry(5, { op: 'delete', table: 'contact', id: id(112), set: {}, base: {} }),
  ];
  const { text } = await sync(organization, 'ana', 'push', { entries, settledBelow: [] });
  expect(JSON.parse(text).results.map((one: { status: string }) => one.status)).toEqual(
    entries.map(() => 'refused'),
  );
  expect(text).not.toContain('Secret');
  const errors = await page(organization, 'ana', 'syncerror');
  expect(JSON.parse(errors).rows).toHaveLength(entries.length);
  expect(errors).not.toContain('Secret');
  expect((await ask(organization, 'ana', 'syncerrors', undefined, { headers })).text).not.toContain(
    'Secret',
  );
});
