import {
  associate,
  batchOperation,
  boundAction,
  boundFunction,
  type ChangeSet,
  create,
  createWithReturnData,
  deleteProperty,
  deleteRecord,
  disassociate,
  retrieve,
  retrieveAlternateKey,
  retrieveMultiple,
  retrieveMultipleNextPage,
  unboundAction,
  unboundFunction,
  update,
  updateProperty,
  updateWithReturnData,
  WebApiConfig,
} from 'dataverse-webapi';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { id, openWorld, users, type WebApiWorld } from './world.ts';
import { FetchXmlHttpRequest } from './xml-http-request.ts';

/** What the client makes of a part of a batch. */
interface BatchAnswer {
  readonly httpStatus: number;
  readonly entityId?: string;
  readonly data?: unknown;
}

let world: WebApiWorld;
let config: WebApiConfig;
beforeAll(async () => {
  vi.stubGlobal('XMLHttpRequest', FetchXmlHttpRequest);
  world = await openWorld();
  config = new WebApiConfig('9.2', 'rita', world.server.url);
});
afterAll(async () => {
  await world.close();
  vi.unstubAllGlobals();
});

test('create, retrieve, update, delete', async () => {
  const made = await create(config, 'accounts', { name: 'Alpine', telephone1: '1' });
  expect(made).toMatch(/^[0-9a-f-]{36}$/);
  const row = await retrieve(config, 'accounts', made, '$select=name,telephone1');
  expect(row).toMatchObject({ accountid: made, name: 'Alpine', telephone1: '1' });
  await update(config, 'accounts', made, { telephone1: '2' });
  await updateProperty(config, 'accounts', made, 'websiteurl', 'https://alpine.example');
  const changed = await updateWithReturnData(
    config,
    'accounts',
    made,
    { name: 'Alpine 2' },
    '$select=name,telephone1,websiteurl',
  );
  expect(changed).toMatchObject({
    name: 'Alpine 2',
    telephone1: '2',
    websiteurl: 'https://alpine.example',
  });
  await deleteProperty(config, 'accounts', made, 'telephone1');
  await deleteRecord(config, 'accounts', made);
  await expect(retrieve(config, 'accounts', made)).rejects.toMatchObject({ code: '0x80040217' });
});

test('alternate keys, navigation, many rows and pages', async () => {
  const contact = await createWithReturnData(
    config,
    'contacts',
    { lastname: 'Berg' },
    '$select=lastname',
  );
  const contactId = String(contact['contactid']);
  await create(config, 'accounts', {
    name: 'Keyed',
    accountnumber: 'K-1',
    'primarycontactid@odata.bind': `/contacts(${contactId})`,
  });
  const keyed = await retrieveAlternateKey(config, 'accounts', "accountnumber='K-1'");
  const key = String(keyed['accountid']);
  const row = await retrieve(
    config,
    'accounts',
    key,
    '$select=name&$expand=primarycontactid($select=lastname)',
  );
  expect(row).toMatchObject({ primarycontactid: { contactid: contactId, lastname: 'Berg' } });
  for (let n = 0; n < 5; n++) await create(config, 'competitors', { name: `C${n}` });
  const first = await retrieveMultiple(config, 'competitors', '$select=name&$orderby=name', {
    maxPageSize: 3,
  });
  expect(first.value.map((one) => one['name'])).toEqual(['C0', 'C1', 'C2']);
  const apart = new WebApiConfig('9.2', 'rita', world.server.url);
  const second = await retrieveMultipleNextPage(apart, first['@odata.nextLink'] ?? '', {
    maxPageSize: 3,
  });
  expect(second.value.map((one) => one['name'])).toEqual(['C3', 'C4']);
});

test('associate, disassociate', async () => {
  const account = await create(config, 'accounts', { name: 'R' });
  const rival = await create(config, 'competitors', { name: 'R' });
  await associate(config, 'accounts', account, 'account_rivals', 'competitors', rival);
  const rivals = async () =>
    retrieve(config, 'accounts', account, '$select=name&$expand=account_rivals($select=name)');
  expect(await rivals()).toMatchObject({ account_rivals: [{ competitorid: rival }] });
  await disassociate(config, 'accounts', account, 'account_rivals', rival);
  expect(await rivals()).toMatchObject({ account_rivals: [] });
});

test('actions and functions, bound and not', async () => {
  const lead = await create(config, 'leads', { subject: 'Lift', lastname: 'Ivers' });
  const made = await boundAction(config, 'leads', lead, 'QualifyLead', {
    CreateAccount: false,
    CreateContact: true,
    CreateOpportunity: false,
  });
  expect(made).toMatchObject({ value: [{ '@odata.type': '#Microsoft.Dynamics.CRM.contact' }] });
  const account = await create(config, 'accounts', { name: 'Shared' });
  await unboundAction(config, 'GrantAccess', {
    Target: { '@odata.type': 'Microsoft.Dynamics.CRM.account', accountid: account },
    PrincipalAccess: {
      AccessMask: 'ReadAccess, WriteAccess',
      Principal: { '@odata.type': 'Microsoft.Dynamics.CRM.systemuser', systemuserid: users.ana },
    },
  });
  const access = await boundFunction(config, 'systemusers', users.ana, 'RetrievePrincipalAccess', [
    { name: 'Target', alias: 't', value: `{"@odata.id":"accounts(${account})"}` },
  ]);
  expect(access).toMatchObject({ AccessRights: 'ReadAccess, WriteAccess' });
  expect(await unboundFunction(config, 'WhoAmI')).toMatchObject({ UserId: users.rita });
});

test('a batch with a change set and reads', async () => {
  const changes: ChangeSet[] = [
    { queryString: 'accounts', method: 'POST', entity: { accountid: id(900), name: 'In batch' } },
    { queryString: `accounts(${id(900)})`, method: 'PATCH', entity: { telephone1: '7' } },
  ];
  const answers = (await batchOperation(config, 'b1', 'c1', changes, [
    `accounts(${id(900)})?$select=name,telephone1`,
  ])) as readonly BatchAnswer[];
  expect(answers.map((one) => one.httpStatus)).toEqual([204, 204, 200]);
  expect(answers[0]?.entityId).toBe(id(900));
  expect(answers[2]?.data).toMatchObject({ name: 'In batch', telephone1: '7' });
  await expect(
    batchOperation(
      config,
      'b2',
      'c2',
      [{ queryString: 'accounts', method: 'POST', entity: { nope: 1 } }],
      [],
    ),
  ).rejects.toMatchObject({ code: '0x80060888' });
});
