import { mutateJson, mutateText, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { id, openWorld, users, type WebApiWorld } from './world.ts';

const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 6 }) * 600;
let world: WebApiWorld;
const faults: unknown[] = [];
beforeAll(async () => {
  world = await openWorld((fault) => faults.push(fault));
  const rita = world.organization.as(users.rita);
  await rita.create({ table: 'account', id: id(100), values: { name: 'Classified' } });
  const ana = world.organization.as(users.ana);
  await ana.create({ table: 'account', id: id(101), values: { name: 'Open', accountnumber: 'O' } });
});
afterAll(() => world.close());

const link =
  '<fetch count="2"><entity name="account"><all-attributes/><link-entity name="contact" from="contactid" to="primarycontactid" link-type="outer"/></entity></fetch>';
const requests: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['GET', "accounts?$select=name&$filter=name eq 'Open' or revenue gt 5&$orderby=name desc&$top=3"],
  ['GET', 'accounts?$expand=primarycontactid($select=lastname),contact_customer_accounts($top=2)'],
  ['GET', `accounts?fetchXml=${encodeURIComponent(link)}`],
  ['GET', `accounts(${id(101)})?$select=name`],
  ['GET', "accounts(accountnumber='O')/contact_customer_accounts/$count"],
  ['GET', "EntityDefinitions(LogicalName='account')/Attributes?$filter=LogicalName eq 'name'"],
  ['GET', "RetrieveTotalRecordCount(EntityNames=@p)?@p=['account']"],
  ['GET', 'competitors?$select=name&$deltatoken=WyJ4IiwxXQ'],
  ['POST', 'accounts', { name: 'New', 'primarycontactid@odata.bind': `/contacts(${id(5)})` }],
  ['PATCH', `accounts(${id(101)})`, { telephone1: '1', revenue: 5, industrycode: 1 }],
  ['PUT', `accounts(${id(101)})/telephone1`, { value: '2' }],
  ['DELETE', `accounts(${id(101)})/telephone1`],
  ['POST', `accounts(${id(101)})/contact_customer_accounts/$ref`, { '@odata.id': 'contacts(x)' }],
  ['POST', 'GrantAccess', { Target: { accountid: id(101) }, PrincipalAccess: {} }],
  ['POST', 'accounts/Microsoft.Dynamics.CRM.UpsertMultiple', { Targets: [{ name: 'M' }] }],
];
const batch = [
  '--b',
  'Content-Type: multipart/mixed; boundary=c',
  '',
  '--c',
  'Content-Type: application/http',
  'Content-ID: 1',
  '',
  'POST /api/data/v9.2/accounts HTTP/1.1',
  'Content-Type: application/json',
  '',
  '{"name":"In batch"}',
  '--c--',
  '--b',
  'Content-Type: application/http',
  '',
  'GET accounts?$select=name HTTP/1.1',
  '',
  '--b--',
].join('\r\n');

test('no request of any shape is answered with a fault, nor with what the caller may not see', async () => {
  const random = seededRandom(3);
  const statuses = new Map<number, number>();
  for (let n = 0; n < rounds; n++) {
    const [method, path, body] = requests[n % requests.length] ?? ['GET', ''];
    const isBatch = n % 8 === 0;
    const url = isBatch || random.next() < 0.3 ? path : mutateText(random, path);
    const text =
      body === undefined
        ? ''
        : random.next() < 0.3
          ? mutateText(random, JSON.stringify(body))
          : JSON.stringify(mutateJson(random, body, 0.1));
    const response = await world.organization.handle({
      method: isBatch ? 'POST' : method,
      url: `/api/data/v9.2/${isBatch ? '$batch' : url}`,
      headers: {
        authorization: 'Bearer ana',
        ...(isBatch ? { 'content-type': 'multipart/mixed; boundary=b' } : {}),
        ...(random.next() < 0.2 ? { prefer: mutateText(random, 'return=representation') } : {}),
        ...(random.next() < 0.1 ? { 'if-match': mutateText(random, 'W/"12"') } : {}),
      },
      body: new TextEncoder().encode(isBatch ? mutateText(random, batch) : text),
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    const what = `${method} ${url} ${text.slice(0, 300)}`;
    // 501 says that there is no such operation here.
    expect(response.status === 501 ? 400 : response.status, what).toBeLessThan(500);
    expect(response.body, what).not.toContain('Classified');
    expect(response.body, what).not.toMatch(/SQLITE|at .*\.ts:|node:/);
    if (response.status < 400 || isBatch) continue;
    const answer = JSON.parse(response.body) as { error?: { code: string; message: string } };
    expect(answer.error, what).toEqual({
      code: expect.stringMatching(/^(0x[0-9a-f]{8}|outpost:\w+)$/i),
      message: expect.stringMatching(/\S/),
    });
  }
  expect(faults).toEqual([]);
  expect(statuses.get(200)).toBeGreaterThan(rounds / 20);
  expect(statuses.get(400)).toBeGreaterThan(rounds / 20);
  const kept = await world.organization.as(users.rita).retrieve('account', id(100));
  expect(kept).toMatchObject({ name: 'Classified' });
});
