import type { PullRequest, PullResponse } from '@outpost/sync/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, id, openWorld, users, type WebApiWorld } from './web-api/world.ts';

let world: WebApiWorld;
const faults: unknown[] = [];
beforeAll(async () => {
  world = await openWorld((fault) => faults.push(fault));
  const rita = world.organization.as(users.rita);
  for (let n = 0; n < 3; n++) {
    await rita.create({ table: 'account', id: id(100 + n), values: { name: `Row ${n}` } });
  }
});
afterAll(async () => {
  await world.close();
  expect(faults).toEqual([]);
});

describe('O03b: what a request costs is bounded', () => {
  test.each([
    ['a key predicate of spaces', `accounts(a=${'\t'.repeat(6000)}=${'\t'.repeat(6000)}'')`],
    ['a filter of definitions of spaces', `EntityDefinitions?$filter=${' '.repeat(13_000)}x`],
    ['a filter of definitions of parentheses', `EntityDefinitions?$filter=${'('.repeat(13_000)}x`],
  ])('%s is read once, and refused', async (_, path) => {
    // Over HTTP, addresses end at 16 kilobytes; within a batch they do not.
    const { status } = await world.organization.handle({
      method: 'GET',
      url: `/api/data/v9.2/${path}`,
      headers: { authorization: 'Bearer rita' },
      body: null,
    });
    expect([400, 501]).toContain(status);
  });

  test('the answers of a batch end at their ceiling; what was not carried out says so', async () => {
    const parts = Array.from({ length: 1000 }, () =>
      ['--b', 'Content-Type: application/http', '', 'GET $metadata HTTP/1.1', '', ''].join('\r\n'),
    );
    const { status, text } = await ask(world, 'POST', '$batch', {
      body: [...parts, '--b--', ''].join('\r\n'),
      headers: {
        'content-type': 'multipart/mixed; boundary=b',
        prefer: 'odata.continue-on-error',
      },
    });
    expect(status).toBe(200);
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => match[1]);
    expect(statuses).toHaveLength(1000);
    const done = statuses.indexOf('413');
    expect(done).toBeGreaterThan(1);
    expect(new Set(statuses.slice(0, done))).toEqual(new Set(['200']));
    expect(new Set(statuses.slice(done))).toEqual(new Set(['413']));
    expect(text.length).toBeLessThan(20 * 1024 * 1024);
  });

  const pull = async (from: PullRequest['from']) => {
    const { status, body } = await world.organization.handle({
      method: 'POST',
      url: '/sync/v1/pull',
      headers: { authorization: 'Bearer rita' },
      body: Buffer.from(
        JSON.stringify({
          device: { id: 'd', epoch: 'e' },
          seen: { app: world.organization.appHash, access: '' },
          from,
          views: {},
          awaiting: [],
          maxRows: 5000,
        }),
      ),
    });
    return { status, json: JSON.parse(body) as PullResponse & { error?: { code: string } } };
  };

  test('a pull answers each table once, however often it is asked for', async () => {
    const first = await pull([{ token: null, tables: ['account', 'contact'] }]);
    const token = first.json.tokens[0]?.token ?? '';
    await world.organization
      .as(users.rita)
      .create({ table: 'account', id: id(200), values: { name: 'New' } });
    const group = { token, tables: ['account', 'contact'] };
    const once = await pull([group]);
    const often = await pull(Array.from({ length: 1000 }, () => group));
    expect(once.json.changes.flatMap((one) => one.rows)).toHaveLength(1);
    expect({ ...often.json, now: '' }).toEqual({ ...once.json, now: '' });
  });

  test('a table with two tokens is refused', async () => {
    const first = await pull([{ token: null, tables: ['account'] }]);
    const token = first.json.tokens[0]?.token ?? '';
    const both = await pull([
      { token, tables: ['account'] },
      { token: null, tables: ['contact', 'account'] },
    ]);
    expect(both).toMatchObject({ status: 400, json: { error: { code: 'outpost:pull' } } });
  });

  test('addresses that nobody has are counted together, with a token or without', async () => {
    const before = world.server.requests.size;
    for (let n = 0; n < 20; n++) await (await fetch(`${world.server.url}/none-${n}`)).text();
    expect(world.server.requests.size - before).toBeLessThanOrEqual(1);
    expect(world.server.requests.get('other')).toBeGreaterThanOrEqual(20);
  });
});

describe('O16a: what is nested too deeply is a bad request', () => {
  const lambda = (depth: number) => {
    const names = ['contact_customer_accounts', 'account_primary_contact'];
    const open = Array.from({ length: depth }, (_, n) => `${names[n % 2]}/any(x${n}:`);
    return `accounts?$filter=${open.join('')}createdon ne null${')'.repeat(depth)}`;
  };
  test.each([
    [2, 200],
    [15, 200],
    [16, 400],
    [30, 400],
    [60, 400],
    [300, 400],
  ])('lambdas in each other, %i deep: %i', async (depth, status) => {
    const answered = await ask(world, 'GET', lambda(depth));
    expect(answered.status, answered.text.slice(0, 300)).toBe(status);
  });

  const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const list = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  test.each([
    ['a row', 'POST', '/api/data/v9.2/accounts', deep(200_000)],
    ['a list', 'POST', '/api/data/v9.2/accounts', list(200_000)],
    ['a value', 'PATCH', `/api/data/v9.2/accounts(${id(100)})`, `{"name":${list(5000)}}`],
    ['a pull', 'POST', '/sync/v1/pull', deep(200_000)],
    ['a push', 'POST', '/sync/v1/push', `{"device":${list(100_000)}}`],
    [
      'a parameter',
      'GET',
      `/api/data/v9.2/RetrieveTotalRecordCount(EntityNames=@p)?@p=${list(20_000)}`,
      '',
    ],
  ])('JSON of %s', async (_, method, url, body) => {
    const { status } = await world.organization.handle({
      method,
      url,
      headers: { authorization: 'Bearer rita' },
      body: body === '' ? null : Buffer.from(body),
    });
    expect(status).toBe(400);
  });
});
