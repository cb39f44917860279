import { DynamicsWebApi } from 'dynamics-web-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { id, openWorld, users, type WebApiWorld } from './world.ts';

let world: WebApiWorld;
let api: DynamicsWebApi;
beforeAll(async () => {
  world = await openWorld();
  api = client('rita');
});
afterAll(() => world.close());

function client(user: keyof typeof users): DynamicsWebApi {
  return new DynamicsWebApi({
    serverUrl: world.server.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: async () => user,
  });
}

/** What a row looks like to a client. */
type Row = Record<string, unknown>;
const failed = (status: number, code?: string) =>
  expect.objectContaining({ status, ...(code === undefined ? {} : { code }) });

describe('rows', () => {
  test('create gives the id; create with representation gives the row', async () => {
    const made = await api.create<Row, string>({
      collection: 'accounts',
      data: { name: 'Alpine', revenue: 10.5, industrycode: 1 },
    });
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    const row = await api.create<Row, Row>({
      collection: 'contacts',
      data: {
        firstname: 'Kai',
        lastname: 'Berg',
        'parentcustomerid_account@odata.bind': `/accounts(${made})`,
      },
      returnRepresentation: true,
      select: ['fullname', '_parentcustomerid_value'],
    });
    expect(row).toMatchObject({ fullname: 'Kai Berg', _parentcustomerid_value: made });
  });

  test('retrieve: columns, formatted values, expansion, entity tag', async () => {
    const contact = await api.create<Row, string>({
      collection: 'contacts',
      data: { lastname: 'Ruiz' },
    });
    const account = await api.create<Row, string>({
      collection: 'accounts',
      data: {
        name: 'Beta',
        accountnumber: 'B-1',
        industrycode: 1,
        'primarycontactid@odata.bind': `contacts(${contact})`,
      },
    });
    const row = await api.retrieve<Row>({
      collection: 'accounts',
      key: account,
      select: ['name', 'industrycode', '_primarycontactid_value'],
      expand: [{ property: 'primarycontactid', select: ['lastname'] }],
      includeAnnotations: '*',
    });
    expect(row).toMatchObject({
      accountid: account,
      name: 'Beta',
      industrycode_Formatted: expect.any(String),
      _primarycontactid_value: contact,
      _primarycontactid_value_LogicalName: 'contact',
      primarycontactid: { contactid: contact, lastname: 'Ruiz' },
    });
    const byKey = await api.retrieve<Row>({ collection: 'accounts', key: "accountnumber='B-1'" });
    expect(byKey['accountid']).toBe(account);
    const etag = String(row['@odata.etag']);
    expect(
      await api.retrieve<Row | null>({
        collection: 'accounts',
        key: account,
        select: ['name'],
        ifnonematch: etag,
      }),
    ).toBeUndefined();
  });

  test('update, single property, conditions', async () => {
    const key = await api.create<Row, string>({ collection: 'accounts', data: { name: 'Gamma' } });
    const before = await api.retrieve<Row>({ collection: 'accounts', key, select: ['name'] });
    const etag = String(before['@odata.etag']);
    await api.update({ collection: 'accounts', key, data: { telephone1: '1' }, ifmatch: etag });
    await expect(
      api.update({ collection: 'accounts', key, data: { telephone1: '2' }, ifmatch: etag }),
    ).resolves.toBe(false);
    await api.updateSingleProperty({
      collection: 'accounts',
      key,
      fieldValuePair: { telephone1: '3' },
    });
    const row = await api.update<Row, Row>({
      collection: 'accounts',
      key,
      data: { websiteurl: 'https://gamma.example' },
      returnRepresentation: true,
      select: ['telephone1', 'websiteurl'],
    });
    expect(row).toMatchObject({ telephone1: '3', websiteurl: 'https://gamma.example' });
    await expect(
      api.update({ collection: 'accounts', key: id(999), data: { name: 'x' } }),
    ).rejects.toEqual(failed(404, '0x80040217'));
  });

  test('upsert by key and by alternate key, each in its three moods', async () => {
    await api.upsert({ collection: 'accounts', key: id(500), data: { name: 'New' } });
    expect(await api.retrieve<Row>({ collection: 'accounts', key: id(500) })).toMatchObject({
      name: 'New',
    });
    await api.upsert({
      collection: 'accounts',
      key: "accountnumber='U-1'",
      data: { name: 'Keyed' },
    });
    await api.upsert({
      collection: 'accounts',
      key: "accountnumber='U-1'",
      data: { name: 'Again' },
    });
    const found = await api.retrieveMultiple<Row>({
      collection: 'accounts',
      filter: "accountnumber eq 'U-1'",
      select: ['name', 'accountnumber'],
    });
    expect(found.value).toEqual([expect.objectContaining({ name: 'Again', accountnumber: 'U-1' })]);
    expect(
      await api.upsert({ collection: 'accounts', key: id(501), data: { name: 'x' }, ifmatch: '*' }),
    ).toBeNull();
    expect(
      await api.upsert({
        collection: 'accounts',
        key: id(500),
        data: { name: 'x' },
        ifnonematch: '*',
      }),
    ).toBeNull();
    await expect(
      api.create({ collection: 'accounts', data: { name: 'Other', accountnumber: 'U-1' } }),
    ).rejects.toEqual(failed(412, '0x80060892'));
  });

  test('delete a row, a value, with a condition', async () => {
    const key = await api.create<Row, string>({
      collection: 'accounts',
      data: { name: 'Old', telephone1: '9' },
    });
    await api.deleteRecord({ collection: 'accounts', key, property: 'telephone1' });
    const row = await api.retrieve<Row>({ collection: 'accounts', key, select: ['telephone1'] });
    expect(row['telephone1']).toBeNull();
    expect(await api.deleteRecord({ collection: 'accounts', key, ifmatch: 'W/"1"' })).toBe(false);
    await api.deleteRecord({ collection: 'accounts', key });
    await expect(api.retrieve({ collection: 'accounts', key })).rejects.toEqual(failed(404));
    await expect(api.deleteRecord({ collection: 'accounts', key })).rejects.toEqual(failed(404));
  });

  test('deep insert, both ways', async () => {
    const key = await api.create<Row, string>({
      collection: 'accounts',
      data: {
        name: 'Deep',
        primarycontactid: { lastname: 'First' },
        contact_customer_accounts: [{ lastname: 'Second' }, { lastname: 'Third' }],
      },
    });
    const row = await api.retrieve<Row>({
      collection: 'accounts',
      key,
      select: ['name'],
      expand: [
        { property: 'primarycontactid', select: ['lastname'] },
        { property: 'contact_customer_accounts', select: ['lastname'], orderBy: ['lastname desc'] },
      ],
    });
    expect(row['primarycontactid']).toMatchObject({ lastname: 'First' });
    expect((row['contact_customer_accounts'] as Row[]).map((one) => one['lastname'])).toEqual([
      'Third',
      'Second',
    ]);
  });
});

describe('queries', () => {
  beforeAll(async () => {
    for (let n = 1; n <= 7; n++) {
      await api.create({
        collection: 'competitors',
        data: { competitorid: id(700 + n), name: `Rival ${n}` },
      });
    }
  });
  const names = (rows: readonly Row[]) => rows.map((one) => one['name']);

  test('filter, order, top, count', async () => {
    const found = await api.retrieveMultiple<Row>({
      collection: 'competitors',
      select: ['name'],
      filter: "name ne 'Rival 3' and startswith(name,'Rival')",
      orderBy: ['name desc'],
      top: 2,
      count: true,
    });
    expect(names(found.value)).toEqual(['Rival 7', 'Rival 6']);
    expect(found.oDataCount).toBe(6);
    expect(await api.count({ collection: 'competitors' })).toBe(7);
    expect(await api.count({ collection: 'competitors', filter: "name eq 'Rival 1'" })).toBe(1);
    expect(await api.countAll({ collection: 'competitors' })).toBe(7);
  });

  test('pages by link', async () => {
    const first = await api.retrieveMultiple<Row>({
      collection: 'competitors',
      select: ['name'],
      orderBy: ['name'],
      maxPageSize: 3,
    });
    expect(names(first.value)).toEqual(['Rival 1', 'Rival 2', 'Rival 3']);
    const second = await api.retrieveMultiple<Row>(
      { collection: 'competitors', maxPageSize: 3 },
      first.oDataNextLink,
    );
    expect(names(second.value)).toEqual(['Rival 4', 'Rival 5', 'Rival 6']);
    const all = await api.retrieveAll<Row>({
      collection: 'competitors',
      select: ['name'],
      maxPageSize: 2,
    });
    expect(names(all.value).sort()).toHaveLength(7);
  });

  test('FetchXML with cookies, and a query too long for an address', async () => {
    const fetchXml =
      '<fetch count="3"><entity name="competitor"><attribute name="name"/><order attribute="name"/></entity></fetch>';
    const first = await api.fetch<Row>({ collection: 'competitors', fetchXml });
    expect(names(first.value)).toEqual(['Rival 1', 'Rival 2', 'Rival 3']);
    expect(first.PagingInfo?.nextPage).toBe(2);
    const second = await api.fetch<Row>({
      collection: 'competitors',
      fetchXml,
      pageNumber: 2,
      ...(first.PagingInfo === undefined ? {} : { pagingCookie: first.PagingInfo.cookie ?? '' }),
    });
    expect(names(second.value)).toEqual(['Rival 4', 'Rival 5', 'Rival 6']);
    const all = await api.fetchAll<Row>({ collection: 'competitors', fetchXml });
    expect(names(all.value)).toHaveLength(7);
    const values = Array.from({ length: 200 }, (_, n) => `<value>Rival ${n}</value>`).join('');
    const long = await api.fetch<Row>({
      collection: 'competitors',
      fetchXml: `<fetch><entity name="competitor"><attribute name="name"/><filter><condition attribute="name" operator="in">${values}</condition></filter></entity></fetch>`,
    });
    expect(long.value).toHaveLength(7);
  });

  test('what is wrong with a query', async () => {
    await expect(
      api.retrieveMultiple({ collection: 'accounts', filter: 'nope eq 1' }),
    ).rejects.toEqual(failed(400));
    await expect(api.retrieveMultiple({ collection: 'nopes' })).rejects.toEqual(failed(404));
  });
});

describe('relationships', () => {
  test('associate and disassociate: one, many, many to many', async () => {
    const account = await api.create<Row, string>({ collection: 'accounts', data: { name: 'R' } });
    const contact = await api.create<Row, string>({
      collection: 'contacts',
      data: { lastname: 'R' },
    });
    const rival = await api.create<Row, string>({ collection: 'competitors', data: { name: 'R' } });
    await api.associateSingleValued({
      collection: 'accounts',
      primaryKey: account,
      navigationProperty: 'primarycontactid',
      relatedCollection: 'contacts',
      relatedKey: contact,
    });
    await api.associate({
      collection: 'accounts',
      primaryKey: account,
      relationshipName: 'contact_customer_accounts',
      relatedCollection: 'contacts',
      relatedKey: contact,
    });
    await api.associate({
      collection: 'accounts',
      primaryKey: account,
      relationshipName: 'account_rivals',
      relatedCollection: 'competitors',
      relatedKey: rival,
    });
    const read = () =>
      api.retrieve<Row>({
        collection: 'accounts',
        key: account,
        select: ['name'],
        expand: [
          { property: 'primarycontactid', select: ['lastname'] },
          { property: 'contact_customer_accounts', select: ['lastname'] },
          { property: 'account_rivals', select: ['name'] },
        ],
      });
    expect(await read()).toMatchObject({
      primarycontactid: { contactid: contact },
      contact_customer_accounts: [{ contactid: contact }],
      account_rivals: [{ competitorid: rival }],
    });
    await api.disassociateSingleValued({
      collection: 'accounts',
      primaryKey: account,
      navigationProperty: 'primarycontactid',
    });
    await api.disassociate({
      collection: 'accounts',
      primaryKey: account,
      relationshipName: 'contact_customer_accounts',
      relatedKey: contact,
    });
    await api.disassociate({
      collection: 'accounts',
      primaryKey: account,
      relationshipName: 'account_rivals',
      relatedKey: rival,
    });
    expect(await read()).toMatchObject({
      primarycontactid: null,
      contact_customer_accounts: [],
      account_rivals: [],
    });
  });
});

describe('batch', () => {
  test('a change set with references is one transaction', async () => {
    api.startBatch();
    void api.create({ collection: 'accounts', data: { name: 'Batch' }, contentId: '1' });
    void api.create({
      collection: 'contacts',
      data: { lastname: 'In batch', 'parentcustomerid_account@odata.bind': '$1' },
      contentId: '2',
    });
    const [account, contact] = (await api.executeBatch()) as readonly string[];
    const row = await api.retrieve<Row>({
      collection: 'contacts',
      key: contact ?? '',
      select: ['_parentcustomerid_value'],
    });
    expect(row['_parentcustomerid_value']).toBe(account);
  });

  test('a change set that fails leaves nothing behind', async () => {
    api.startBatch();
    void api.create({ collection: 'accounts', data: { name: 'Undone' } });
    void api.create({ collection: 'accounts', data: { nope: 1 } });
    await expect(api.executeBatch()).rejects.toMatchObject([
      { status: 400, error: { code: '0x80060888' } },
    ]);
    expect(await api.count({ collection: 'accounts', filter: "name eq 'Undone'" })).toBe(0);
  });

  test('reads in a batch, going on after a failure', async () => {
    api.startBatch();
    void api.retrieveMultiple({ collection: 'competitors', select: ['name'], top: 1 });
    void api.retrieve({ collection: 'accounts', key: id(12345) });
    void api.count({ collection: 'competitors', filter: "name eq 'Rival 2'" });
    const answers: readonly unknown[] = await api.executeBatch({ continueOnError: true });
    const [rows, missing, count] = answers;
    expect(rows).toMatchObject({ value: [{ name: expect.any(String) }] });
    expect(missing).toMatchObject({ status: 404 });
    expect(count).toBe(1);
  });
});

describe('operations and definitions', () => {
  test('functions', async () => {
    const me = await api.callFunction<Row>('WhoAmI');
    expect(me['UserId']).toBe(users.rita);
    const counted = await api.callFunction<Row>({
      functionName: 'RetrieveTotalRecordCount',
      parameters: { EntityNames: ['competitor'] },
    });
    expect(counted).toMatchObject({
      EntityRecordCountCollection: { Keys: ['competitor'], Values: [expect.any(Number)] },
    });
  });

  test('sharing', async () => {
    const key = await api.create<Row, string>({ collection: 'accounts', data: { name: 'Shared' } });
    const ana = client('ana');
    await expect(ana.retrieve({ collection: 'accounts', key })).rejects.toEqual(
      failed(403, '0x80040220'),
    );
    const target = { accountid: key, '@odata.type': 'Microsoft.Dynamics.CRM.account' };
    const principal = {
      systemuserid: users.ana,
      '@odata.type': 'Microsoft.Dynamics.CRM.systemuser',
    };
    await api.callAction({
      actionName: 'GrantAccess',
      action: {
        Target: target,
        PrincipalAccess: { AccessMask: 'ReadAccess', Principal: principal },
      },
    });
    expect(
      await ana.retrieve<Row>({ collection: 'accounts', key, select: ['name'] }),
    ).toMatchObject({ name: 'Shared' });
    await api.callAction({
      actionName: 'RevokeAccess',
      action: { Target: target, Revokee: principal },
    });
    await expect(ana.retrieve({ collection: 'accounts', key })).rejects.toEqual(failed(403));
  });

  test('qualifying a lead', async () => {
    const key = await api.create<Row, string>({
      collection: 'leads',
      data: { subject: 'Lift', lastname: 'Ivers', companyname: 'Ivers Inc' },
    });
    const made = await api.callAction<{ readonly value: readonly Row[] }>({
      collection: 'leads',
      key,
      actionName: 'Microsoft.Dynamics.CRM.QualifyLead',
      action: { CreateAccount: true, CreateContact: true, CreateOpportunity: false, Status: 3 },
    });
    expect(made.value.map((one) => one['@odata.type'])).toEqual([
      '#Microsoft.Dynamics.CRM.account',
      '#Microsoft.Dynamics.CRM.contact',
    ]);
    expect(
      await api.retrieve<Row>({ collection: 'leads', key, select: ['statecode'] }),
    ).toMatchObject({ statecode: 1 });
  });

  test('definitions', async () => {
    const entities = await api.retrieveEntities<Row>({
      select: ['LogicalName', 'EntitySetName'],
      filter: "LogicalName eq 'account'",
    });
    expect(entities.value).toEqual([
      expect.objectContaining({ LogicalName: 'account', EntitySetName: 'accounts' }),
    ]);
    const entity = await api.retrieveEntity<Row>({
      key: "LogicalName='account'",
      select: ['PrimaryIdAttribute'],
      expand: [{ property: 'Attributes', select: ['LogicalName'] }],
    });
    expect(entity['PrimaryIdAttribute']).toBe('accountid');
    expect((entity['Attributes'] as Row[]).length).toBeGreaterThan(20);
    const attribute = await api.retrieveAttribute<Row>({
      entityKey: "LogicalName='account'",
      attributeKey: "LogicalName='industrycode'",
      castType: 'Microsoft.Dynamics.CRM.PicklistAttributeMetadata',
      expand: [{ property: 'OptionSet', select: ['Options'] }],
    });
    expect(attribute['OptionSet']).toMatchObject({ Options: expect.any(Array) });
    const relationships = await api.retrieveRelationships<Row>();
    expect(relationships.value.length).toBeGreaterThan(10);
    expect(await api.retrieveCsdlMetadata()).toContain('<EntitySet Name="accounts"');
  });
});

test('what a caller may not do is refused with the numbers of Dataverse', async () => {
  const nils = client('nils');
  await expect(nils.retrieveMultiple({ collection: 'accounts' })).rejects.toEqual(
    failed(403, '0x80040220'),
  );
  await expect(nils.create({ collection: 'accounts', data: { name: 'x' } })).rejects.toEqual(
    failed(403, '0x80040220'),
  );
  const ana = client('ana');
  const own = await ana.create<Row, string>({ collection: 'accounts', data: { name: "Ana's" } });
  const seen = await ana.retrieveMultiple<Row>({ collection: 'accounts', select: ['name'] });
  expect(seen.value.map((one) => one['accountid'])).toEqual([own]);
  await expect(
    api.retrieveMultiple({ collection: 'accounts', impersonate: users.ana }),
  ).rejects.toEqual(failed(403));
});

test('a client that asks too often gets 429 with the number of Dataverse', async () => {
  const limited = await openWorld(undefined, { requests: 2, windowMs: 300_000, concurrent: 5 });
  const eager = new DynamicsWebApi({
    serverUrl: limited.server.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: async () => 'rita',
  });
  const count = () => eager.count({ collection: 'accounts' });
  await count();
  await count();
  await expect(count()).rejects.toEqual(failed(429, '0x80072322'));
  await limited.close();
});
