import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, id, type Json, openWorld, users, type WebApiWorld } from './world.ts';

let world: WebApiWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const create = async (set: string, body: unknown, as: keyof typeof users = 'rita') => {
  const answered = await ask(world, 'POST', set, { body, as });
  expect(answered.status, answered.text).toBe(204);
  return /\(([^()]+)\)$/.exec(answered.headers.get('odata-entityid') ?? '')?.[1] ?? '';
};

describe('addresses', () => {
  test.each([
    ['GET', 'nopes', 404],
    ['GET', 'accounts(nope)', 400],
    ['GET', "accounts(telephone1='1')", 400],
    ['GET', `accounts(${id(4711)})`, 404],
    ['GET', `accounts(${id(4711)})/name/$value/more`, 404],
    ['GET', 'accounts/nope', 404],
    ['PUT', 'accounts', 405],
    ['POST', '$metadata', 405],
    ['GET', "accounts?$filter=name eq 'x'&$filter=name eq 'y'", 400],
    ['GET', 'accounts?$apply=aggregate(x)', 400],
    ['GET', 'accounts?$top=x', 400],
    ['GET', 'accounts?fetchXml=<fetch', 400],
    ['GET', "accounts?fetchXml=<fetch><entity name='contact'/></fetch>", 400],
    ['GET', 'accounts?$skiptoken=nope', 400],
    ['GET', '%E0%A4%A', 400],
    ['POST', 'Nope', 404],
    ['POST', `accounts(${id(1)})/Microsoft.Dynamics.CRM.Merge`, 501],
    ['GET', `EntityDefinitions(LogicalName='nope')`, 404],
  ])('%s %s is answered %i with code and message', async (method, path, status) => {
    const answered = await ask(world, method, path, method === 'POST' ? { body: {} } : {});
    expect(answered.status, answered.text).toBe(status);
    expect(answered.json.error?.code).toMatch(/^(0x[0-9A-Fa-f]{8}|outpost:\w+)$/);
    expect(answered.json.error?.message).toMatch(/\S/);
  });

  test('who is not signed in learns nothing', async () => {
    const answered = await fetch(`${world.root}/accounts`);
    expect(answered.status).toBe(401);
    expect(answered.headers.get('www-authenticate')).toContain('Bearer');
  });
});

describe('bodies', () => {
  test.each<readonly [string, unknown, number, string]>([
    ['no JSON', '{', 400, '0x80060888'],
    ['an array', [1], 400, '0x80060888'],
    ['an unknown property', { nope: 1 }, 400, '0x80060888'],
    ['a number in a text', { name: 5 }, 400, '0x80040203'],
    ['an object in a text', { name: { a: 1 } }, 400, '0x80040203'],
    ['a text that is too long', { name: 'x'.repeat(500) }, 400, '0x80044331'],
    ['an option that there is not', { name: 'x', industrycode: 99_999 }, 400, '0x8004431a'],
    ['a lookup by its value', { name: 'x', _primarycontactid_value: id(1) }, 400, '0x80060888'],
    [
      'a row that is not there',
      { name: 'x', 'primarycontactid@odata.bind': `/contacts(${id(4711)})` },
      404,
      '0x80040217',
    ],
    [
      'an address of another table',
      { name: 'x', 'primarycontactid@odata.bind': `/leads(${id(1)})` },
      400,
      '0x80040203',
    ],
    ['a key that is none', { name: 'x', accountid: '7' }, 400, '0x80060888'],
    ['too deep', { name: 'x', account_parent_account: [{}] }, 400, '0x80060888'],
  ])('%s is refused', async (_, body, status, code) => {
    const before = await ask(world, 'GET', 'accounts/$count');
    const answered = await ask(world, 'POST', 'accounts', { body });
    expect(answered.status, answered.text).toBe(status);
    expect(answered.json.error?.code, answered.text).toBe(code);
    expect((await ask(world, 'GET', 'accounts/$count')).text).toBe(before.text);
  });

  test('quotes, slashes and reserved characters in keys and filters', async () => {
    const odd = "O'Neil / (b) = 1, x%2F; --";
    const made = await create('accounts', { name: 'Odd', accountnumber: odd.slice(0, 20) });
    const key = encodeURIComponent(odd.slice(0, 20).replaceAll("'", "''"));
    const found = await ask(world, 'GET', `accounts(accountnumber='${key}')?$select=name`);
    expect(found.json['accountid'], found.text).toBe(made);
    const filtered = await ask(
      world,
      'GET',
      `accounts?$filter=${encodeURIComponent("accountnumber eq '")}${key}'`,
    );
    expect(filtered.json.value).toHaveLength(1);
    const pair = await create('accounts', { name: 'Pair', address1_city: 'Graz' });
    const byTwo = await ask(
      world,
      'GET',
      "accounts(name='Pair',address1_city='Graz')?$select=name",
    );
    expect(byTwo.json['accountid']).toBe(pair);
  });

  test('parties of an activity', async () => {
    const contact = await create('contacts', { lastname: 'Reader' });
    const mail = await create('emails', {
      subject: 'Hello',
      email_activity_parties: [
        {
          'partyid_systemuser@odata.bind': `/systemusers(${users.rita})`,
          participationtypemask: 1,
        },
        { 'partyid_contact@odata.bind': `/contacts(${contact})`, participationtypemask: 2 },
      ],
    });
    const stored = await world.organization.as(users.rita).retrieve('email', mail);
    expect(stored).toMatchObject({
      from: [{ table: 'systemuser', id: users.rita }],
      to: [{ table: 'contact', id: contact }],
    });
  });
});

describe('reading', () => {
  test('annotations come when asked for, and only those', async () => {
    const contact = await create('contacts', { lastname: 'Noted' });
    const made = await create('accounts', {
      name: 'Annotated',
      revenue: 1234.5,
      'primarycontactid@odata.bind': `/contacts(${contact})`,
    });
    const path = `accounts(${made})?$select=revenue,_primarycontactid_value`;
    const bare = await ask(world, 'GET', path);
    expect(
      Object.keys(bare.json)
        .filter((name) => name.includes('@'))
        .sort(),
    ).toEqual(['@odata.context', '@odata.etag']);
    const full = await ask(world, 'GET', path, {
      headers: { prefer: 'odata.include-annotations="*"' },
    });
    expect(full.json).toMatchObject({
      '_primarycontactid_value@OData.Community.Display.V1.FormattedValue': 'Noted',
      '_primarycontactid_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'contact',
      '_primarycontactid_value@Microsoft.Dynamics.CRM.associatednavigationproperty':
        'primarycontactid',
      'revenue@OData.Community.Display.V1.FormattedValue': expect.stringContaining('1,234.50'),
    });
    const some = await ask(world, 'GET', path, {
      headers: { prefer: 'odata.include-annotations="Microsoft.Dynamics.CRM.*"' },
    });
    expect(Object.keys(some.json).some((name) => name.includes('FormattedValue'))).toBe(false);
    expect(Object.keys(some.json).some((name) => name.includes('lookuplogicalname'))).toBe(true);
  });

  test('properties, navigation, references, counts', async () => {
    const contact = await create('contacts', { lastname: 'Nav' });
    const made = await create('accounts', {
      name: 'Navigated',
      'primarycontactid@odata.bind': `contacts(${contact})`,
    });
    await ask(world, 'POST', `accounts(${made})/contact_customer_accounts/$ref`, {
      body: { '@odata.id': `${world.root}/contacts(${contact})` },
    });
    const get = async (path: string) => (await ask(world, 'GET', `accounts(${made})/${path}`)).json;
    expect(await get('name')).toMatchObject({ value: 'Navigated' });
    expect((await ask(world, 'GET', `accounts(${made})/name/$value`)).text).toBe('Navigated');
    expect((await ask(world, 'GET', `accounts(${made})/telephone1`)).status).toBe(204);
    expect(await get('primarycontactid?$select=lastname')).toMatchObject({ lastname: 'Nav' });
    expect(await get('primarycontactid/$ref')).toMatchObject({
      '@odata.id': `${world.root}/contacts(${contact})`,
    });
    expect(await get('contact_customer_accounts?$select=lastname')).toMatchObject({
      value: [{ contactid: contact }],
    });
    expect(
      (await ask(world, 'GET', `accounts(${made})/contact_customer_accounts/$count`)).text,
    ).toBe('1');
    const ofContact = await ask(
      world,
      'GET',
      `contacts(${contact})/parentcustomerid_account?$select=name`,
    );
    expect(ofContact.json).toMatchObject({ accountid: made });
  });

  test('expanded collections that are longer than a page name their next one', async () => {
    const made = await create('accounts', { name: 'Many' });
    const targets = Array.from({ length: 7 }, (_, n) => ({
      lastname: `M${n}`,
      'parentcustomerid_account@odata.bind': `accounts(${made})`,
    }));
    const many = await ask(world, 'POST', 'contacts/Microsoft.Dynamics.CRM.CreateMultiple', {
      body: { Targets: targets },
    });
    expect(many.json['Ids']).toHaveLength(7);
    const pages: string[] = [];
    let next = `accounts(${made})/contact_customer_accounts?$select=lastname&$orderby=lastname`;
    while (next !== '') {
      const page = await ask(world, 'GET', next, { headers: { prefer: 'odata.maxpagesize=3' } });
      pages.push((page.json.value ?? []).map((one) => one['lastname']).join());
      next = String(page.json['@odata.nextLink'] ?? '');
    }
    expect(pages).toEqual(['M0,M1,M2', 'M3,M4,M5', 'M6']);
  });

  test('a saved query', async () => {
    const view = world.organization.model.savedQueries.find((one) => one.table === 'account');
    const found = await ask(world, 'GET', `accounts?savedQuery=${view?.id}`);
    expect(found.status).toBe(200);
    expect((await ask(world, 'GET', `accounts?savedQuery=${id(1)}`)).status).toBe(404);
  });

  test('contents of files are Base64', async () => {
    const content = Buffer.from('hello').toString('base64');
    const note = await create('annotations', {
      subject: 'File',
      filename: 'a.txt',
      documentbody: content,
    });
    const read = await ask(world, 'GET', `annotations(${note})?$select=documentbody`);
    expect(read.json['documentbody']).toBe(content);
  });
});

describe('batch', () => {
  const batch = (boundary: string, lines: readonly string[], end: string, prefer = '') =>
    ask(world, 'POST', '$batch', {
      body: lines.join(end),
      headers: {
        'content-type': `multipart/mixed; boundary="${boundary}"`,
        ...(prefer === '' ? {} : { prefer }),
      },
    });
  const get = (boundary: string, path: string) => [
    `--${boundary}`,
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    '',
    `GET ${path} HTTP/1.1`,
    'Accept: application/json',
    '',
  ];

  test.each([
    ['CRLF', '\r\n'],
    ['LF', '\n'],
  ])('lines ending with %s; answers with CRLF', async (_, end) => {
    const answered = await batch('b', [...get('b', '/api/data/v9.2/WhoAmI()'), '--b--', ''], end);
    expect(answered.status).toBe(200);
    expect(answered.text).toMatch(/^--batchresponse_[\w-]+\r\nContent-Type: application\/http\r\n/);
    expect(answered.text).toContain('HTTP/1.1 200 OK\r\n');
    expect(answered.text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('a failure ends it, unless asked to go on', async () => {
    const lines = [...get('b', 'accounts(x)'), ...get('b', 'WhoAmI'), '--b--'];
    const stopped = await batch('b', lines, '\r\n');
    expect(stopped.status).toBe(400);
    expect(stopped.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    const whole = await batch('b', lines, '\r\n', 'odata.continue-on-error');
    expect(whole.status).toBe(200);
    expect(whole.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  test.each([
    ['no boundary', 'x', 'application/json'],
    ['no end', '--b\r\n\r\nGET accounts HTTP/1.1\r\n', 'multipart/mixed; boundary=b'],
    [
      'a batch in a batch',
      '--b\r\n\r\nPOST $batch HTTP/1.1\r\n\r\n--b--',
      'multipart/mixed; boundary=b',
    ],
    [
      'a read in a change set',
      '--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nGET accounts HTTP/1.1\r\n\r\n--c--\r\n--b--',
      'multipart/mixed; boundary=b',
    ],
    [
      'too many',
      `${'--b\r\n\r\nGET x HTTP/1.1\r\n\r\n'.repeat(1001)}--b--`,
      'multipart/mixed; boundary=b',
    ],
  ])('%s is refused', async (_, body, type) => {
    const answered = await ask(world, 'POST', '$batch', {
      body,
      headers: { 'content-type': type },
    });
    expect(answered.status).toBe(400);
  });
});

describe('change tracking', () => {
  const track = { prefer: 'odata.track-changes' };

  test('the first read by pages, then what changed, then what was deleted', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await create('competitors', { name: `T${n}` }));
    const seen: Json[] = [];
    let next = 'competitors?$select=name';
    let delta = '';
    for (let n = 0; delta === ''; n++) {
      const page = await ask(world, 'GET', next, {
        headers: { prefer: 'odata.track-changes, odata.maxpagesize=2' },
      });
      expect(page.headers.get('preference-applied')).toContain('odata.track-changes');
      seen.push(...(page.json.value ?? []));
      next = String(page.json['@odata.nextLink'] ?? '');
      delta = String(page.json['@odata.deltaLink'] ?? '');
      // Changed while the pages are read: it comes with the link.
      if (n === 0) await ask(world, 'PATCH', `competitors(${ids[0]})`, { body: { name: 'T0b' } });
    }
    expect(new Set(seen.map((one) => one['competitorid']))).toEqual(new Set(ids));
    const first = await ask(world, 'GET', delta);
    expect(first.json.value?.map((one) => one['name'])).toEqual(['T0b']);
    const made = await create('competitors', { name: 'T9' });
    const gone = await create('competitors', { name: 'Gone' });
    await ask(world, 'DELETE', `competitors(${gone})`);
    await ask(world, 'DELETE', `competitors(${ids[1]})`);
    const link = String(first.json['@odata.deltaLink']);
    const since = await ask(world, 'GET', link);
    expect(since.json.value?.map((one) => one['competitorid'] ?? one['id'])).toEqual([
      made,
      ...[gone, ids[1]].sort(),
    ]);
    expect(since.json.value?.slice(1)).toEqual([
      expect.objectContaining({ reason: 'deleted' }),
      expect.objectContaining({ reason: 'deleted' }),
    ]);
    const count = link.replace('competitors?', 'competitors/$count?');
    expect((await ask(world, 'GET', count)).text).toBe('3');
    const quiet = await ask(world, 'GET', String(since.json['@odata.deltaLink']));
    expect(quiet.json.value).toEqual([]);
  });

  test.each([
    ['competitors?$filter=name eq null', 'rita', 400, '0x80060888'],
    ['accounts?$select=name', 'ana', 403, '0x80040220'],
    ['account_rivalss?$select=accountid', 'rita', 400, '0x80072491'],
    ['competitors?$deltatoken=nope', 'rita', 400, '0x80060888'],
  ] as const)('%s as %s is refused', async (path, as, status, code) => {
    const answered = await ask(world, 'GET', path, { as, headers: track });
    expect(answered.json.error?.code, answered.text).toBe(code);
    expect(answered.status).toBe(status);
  });

  test('a token older than the log says so', async () => {
    const page = await ask(world, 'GET', 'competitors?$select=name', { headers: track });
    await create('competitors', { name: 'Later' });
    // Whatever is read gives a number to what was committed.
    await ask(world, 'GET', 'WhoAmI');
    await world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
    const late = await ask(world, 'GET', String(page.json['@odata.deltaLink']));
    expect(late.json.error?.code).toBe('0x80044352');
  });
});

describe('security', () => {
  test('rows out of reach are neither read, counted, expanded, referenced nor changed', async () => {
    const secret = await create('accounts', { name: 'Secret', accountnumber: 'S-1' });
    const own = await create('contacts', { lastname: 'Own' }, 'ana');
    const seen = [
      'accounts?$select=name',
      "accounts?$filter=contains(name,'ecre')",
      'accounts?$orderby=name desc',
      `accounts?fetchXml=${encodeURIComponent('<fetch><entity name="account"><all-attributes/></entity></fetch>')}`,
      `contacts?fetchXml=${encodeURIComponent('<fetch><entity name="contact"><link-entity name="account" from="name" to="lastname" link-type="outer"><all-attributes/></link-entity></entity></fetch>')}`,
      `contacts(${own})?$expand=parentcustomerid_account`,
    ];
    for (const path of seen) {
      const answered = await ask(world, 'GET', path, { as: 'ana' });
      expect(answered.status, answered.text).toBe(200);
      expect(answered.text).not.toContain('Secret');
    }
    expect((await ask(world, 'GET', 'accounts/$count', { as: 'ana' })).text).toBe('0');
    for (const [method, path, body] of [
      ['GET', `accounts(${secret})`, undefined],
      ['GET', "accounts(accountnumber='S-1')", undefined],
      ['PATCH', `accounts(${secret})`, { name: 'Mine' }],
      ['PUT', `accounts(${secret})/name`, { value: 'Mine' }],
      ['DELETE', `accounts(${secret})`, undefined],
      [
        'POST',
        `accounts(${secret})/contact_customer_accounts/$ref`,
        { '@odata.id': `contacts(${own})` },
      ],
      [
        'POST',
        'systemuserroless',
        { 'systemuserid@odata.bind': `systemusers(${users.ana})`, roleid: id(50) },
      ],
      [
        'POST',
        'GrantAccess',
        {
          Target: { accountid: secret },
          PrincipalAccess: { AccessMask: 'ReadAccess', Principal: { systemuserid: users.ana } },
        },
      ],
      [
        'POST',
        'contacts',
        { lastname: 'x', 'parentcustomerid_account@odata.bind': `accounts(${secret})` },
      ],
      [
        'GET',
        `systemusers(${users.rita})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`,
        undefined,
      ],
    ] as const) {
      const answered = await ask(world, method, path, { as: 'ana', body });
      expect(answered.status, `${method} ${path} ${answered.text}`).toBe(403);
    }
    const stored = await world.organization.as(users.rita).retrieve('account', secret);
    expect(stored).toMatchObject({ name: 'Secret' });
  });

  test('what the platform writes cannot be set', async () => {
    const made = await create('accounts', {
      name: 'Dated',
      createdon: '2001-01-01T00:00:00Z',
      versionnumber: 2 ** 40,
    });
    const other = await create('accounts', { name: 'Not dated' });
    const read = async (id: string) =>
      (await ask(world, 'GET', `accounts(${id})?$select=createdon,versionnumber`)).json;
    const [dated, plain] = [await read(made), await read(other)];
    // The clock of this world stands still, and versions count on.
    expect(dated['createdon']).toBe(plain['createdon']);
    expect(dated['versionnumber']).toBeLessThan(Number(plain['versionnumber']));
  });
});
