import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Organization } from '../src/index.ts';
import { ask, id, model, openRightsWorld, page, row, sync, user } from './rights-world.ts';

let organization: Organization;
beforeAll(async () => {
  organization = await openRightsWorld();
  await organization.load([
    row('account', 100, { name: 'Alpine', accountnumber: 'A1', revenue: 4711, ...user('ana') }),
    row('account', 101, { name: 'Berg', accountnumber: 'A2', revenue: 815, ...user('ana') }),
    row('contact', 110, {
      ...{ lastname: 'Kai', ...user('ana') },
      parentcustomerid: { table: 'account', id: id(100) },
    }),
    row('task', 120, {
      ...{ subject: 'Call', description: 'Hush 4711', scheduledend: '2026-05-04T07:11:00Z' },
      ...user('ana'),
    }),
  ]);
});
afterAll(() => organization.close());

const fetchXml = (body: string) =>
  `accounts?fetchXml=${encodeURIComponent(`<fetch><entity name="account">${body}</entity></fetch>`)}`;

describe('O06a: a secured column is left out of what a user reads who lacks it', () => {
  test.each([
    'accounts',
    `accounts(${id(100)})`,
    "accounts(accountnumber='A1')",
    `accounts(${id(100)})?$expand=contact_customer_accounts`,
    `contacts(${id(110)})?$expand=parentcustomerid_account`,
    `contacts(${id(110)})/parentcustomerid_account`,
    fetchXml('<all-attributes/>'),
    `tasks(${id(120)})`,
    `activitypointers(${id(120)})`,
    `activitypointers?$filter=activityid eq ${id(120)}`,
  ])('%s', async (path) => {
    const whole = await ask(organization, 'rita', path);
    expect(whole.text).toMatch(/4711|07:11/);
    const part = await ask(organization, 'ana', path);
    expect(part.status, part.text).toBe(200);
    expect(part.text).toMatch(/Alpine|Kai|Call/);
    expect(part.text).not.toMatch(/4711|07:11|"revenue"/);
  });

  test('and of changes, and of what comes to a device', async () => {
    for (const table of ['account', 'task', 'activitypointer']) {
      expect(await page(organization, 'rita', table)).toMatch(/4711|07:11/);
      const text = await page(organization, 'ana', table);
      expect(text).toMatch(/Alpine|Call/);
      expect(text).not.toMatch(/4711|07:11/);
    }
    const headers = { prefer: 'odata.track-changes' };
    const changes = await ask(organization, 'ana', 'activitypointers', undefined, { headers });
    expect(changes.status, changes.text).toBe(200);
    expect(changes.text).toContain('Call');
    expect(changes.text).not.toMatch(/4711|07:11/);
    expect(await organization.as(id(2)).retrieve('task', id(120))).not.toHaveProperty(
      'description',
    );
    const shown = await organization.as(id(2)).retrieve('activitypointer', id(120));
    expect(shown).not.toHaveProperty('description');
    expect(shown).not.toHaveProperty('scheduledend');
  });
});

describe('O06b: a secured column decides nothing that a user sees who lacks it', () => {
  test.each([
    'accounts?$select=revenue',
    'accounts?$filter=revenue gt 1000',
    'accounts?$orderby=revenue',
    `accounts(${id(100)})/revenue`,
    'accounts/$count?$filter=revenue gt 1000',
    fetchXml('<attribute name="name"/><order attribute="revenue"/>'),
    fetchXml('<filter><condition attribute="revenue" operator="not-null"/></filter>'),
    'accounts?$apply=groupby((revenue))',
    `accounts?fetchXml=${encodeURIComponent('<fetch aggregate="true"><entity name="account"><attribute name="revenue" alias="r" groupby="true"/></entity></fetch>')}`,
    `accounts?fetchXml=${encodeURIComponent('<fetch aggregate="true"><entity name="account"><attribute name="revenue" alias="r" aggregate="max"/></entity></fetch>')}`,
    `contacts?fetchXml=${encodeURIComponent('<fetch><entity name="contact"><link-entity name="account" from="accountid" to="parentcustomerid"><filter><condition attribute="revenue" operator="gt" value="1"/></filter></link-entity></entity></fetch>')}`,
    "activitypointers?$filter=contains(description,'Hush')",
    'activitypointers?$orderby=scheduledend',
    'tasks?$filter=scheduledend gt 2020-01-01T00:00:00Z',
  ])('%s', async (path) => {
    const answered = await ask(organization, 'ana', path);
    expect(answered.status).toBe(400);
    expect(answered.text).not.toMatch(/4711|815|07:11/);
  });
});

describe('O06c: nobody learns a secured value by writing', () => {
  const push = async (as: 'ana' | 'ben', seq: number, revenue: number) => {
    const entry = {
      ...{ key: ['e', seq], op: 'update', table: 'account', id: id(as === 'ana' ? 100 : 130) },
      ...{ set: { revenue }, base: { revenue: null }, baseVersion: 1, baseOf: null },
      ...{ after: [], changeSet: null, attempt: 1, at: '2026-01-01T00:00:00Z' },
    };
    const { text } = await sync(organization, as, 'push', { entries: [entry], settledBelow: [] });
    const { status, code, message } = JSON.parse(text).results[0];
    return { status, code, message };
  };

  test('who may not set it is refused, whether or not the guess is right', async () => {
    await organization.load([row('account', 130, { name: 'Ben', revenue: 33, ...user('ben') })]);
    const [right, wrong] = [await push('ben', 1, 33), await push('ben', 2, 34)];
    expect(right).toMatchObject({ status: 'refused', code: '0x80040220' });
    expect(wrong).toEqual(right);
  });

  test('who may set and not read it has no conflict about it', async () => {
    const answers = [await push('ana', 1, 4711), await push('ana', 2, 4712)];
    expect(answers.map((one) => one.status)).toEqual(['applied', 'applied']);
    await organization.as(id(1)).update(row('account', 100, { revenue: 4711 }));
  });

  test('qualifying a lead copies nothing that its user may not read', async () => {
    const lead = { subject: 'Lift', companyname: 'Ski', lastname: 'Moser', ...user('ana') };
    const secret = { description: 'Hush 4711', telephone1: '4711' };
    await organization.load([140, 141].map((n) => row('lead', n, { ...lead, ...secret })));
    const qualify = (as: 'ana' | 'rita', n: number) =>
      ask(organization, as, `leads(${id(n)})/Microsoft.Dynamics.CRM.QualifyLead`, { Status: 3 });
    expect((await qualify('rita', 140)).status).toBe(200);
    const filter = (n: number) => `?$filter=_originatingleadid_value eq ${id(n)}`;
    const copies = async (n: number) => {
      const found = [];
      for (const set of ['accounts', 'contacts', 'opportunities']) {
        found.push((await ask(organization, 'rita', `${set}${filter(n)}`)).text);
      }
      return found.join('\n');
    };
    expect(await copies(140)).toMatch(/Hush 4711/);
    const answered = await qualify('ana', 141);
    expect(answered.status, answered.text).toBe(200);
    expect(await copies(141)).toContain('Moser');
    expect(await copies(141)).not.toContain('4711');
  });

  test('an alternate key has no secured column', async () => {
    const keyed = {
      ...model,
      tables: model.tables.map((table) =>
        table.name === 'account'
          ? { ...table, alternateKeys: [{ name: 'k', columns: ['name', 'revenue'] }] }
          : table,
      ),
    };
    await expect(organization.publish(keyed)).rejects.toMatchObject({
      code: 'model.invalid',
      message: expect.stringContaining('account.revenue'),
    });
  });
});
