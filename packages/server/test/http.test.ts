import { type AppModel, defineApp, defineTable, type Role, withSystemTables } from '@outpost/model';
import { testSystem } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { listen, type RunningServer } from '../src/node/index.ts';
import { openStore } from './stores.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const users = { ana: id(1), ben: id(2), gone: id(3), idle: id(4) };
const role: Role = {
  id: id(50),
  name: 'Own rows',
  privileges: {
    account: { create: 1, read: 1, write: 1, delete: 1, append: 1, appendTo: 1, assign: 1 },
  },
};
const model: AppModel = withSystemTables(
  defineApp({
    name: 'T',
    uniqueName: 't',
    tables: [
      defineTable({
        name: 'account',
        label: 'Account',
        primaryName: 'name',
        ownership: 'user',
        columns: {
          name: { type: 'string', maxLength: 20, required: 'system' },
          parentid: { type: 'lookup', targets: ['account'] },
        },
      }),
    ],
    relationships: [
      {
        kind: 'manyToOne',
        name: 'parent',
        table: 'account',
        column: 'parentid',
        target: 'account',
        cascade: { assign: 'noCascade', delete: 'cascade' },
      },
    ],
    roles: [role],
    rules: [
      {
        id: 'r',
        name: 'No X',
        table: 'account',
        scope: 'table',
        state: 'active',
        order: 1,
        branches: [
          {
            when: { column: 'name', op: 'equals', operands: [{ literal: 'X' }] },
            then: [{ kind: 'error', column: 'name', message: 'X is no name.' }],
          },
        ],
      },
    ],
    profile: {
      id: 'p',
      name: 'p',
      items: [{ table: 'account', criteria: 'all', relationships: [], intervalMinutes: 10 }],
    },
  }),
);

let organization: Organization;
let server: RunningServer;
beforeAll(async () => {
  const tokens = new Map(Object.entries(users).map(([name, user]) => [name, user]));
  organization = await createServer({
    store: openStore(),
    model,
    auth: tokenList(tokens),
    system: testSystem(1),
  });
  const unit = { table: 'businessunit', id: id(90), name: 'Root' };
  const user = (name: keyof typeof users, isdisabled = false) => ({
    table: 'systemuser',
    id: users[name],
    values: { fullname: name, businessunitid: unit, isdisabled },
  });
  const grant = (name: keyof typeof users, n: number) => ({
    table: 'systemuserroles',
    id: id(n),
    values: { systemuserid: { table: 'systemuser', id: users[name] }, roleid: role.id },
  });
  const owned = (n: number, owner: keyof typeof users) => ({
    table: 'account',
    id: id(n),
    values: {
      name: `Row ${n}`,
      ownerid: { table: 'systemuser', id: users[owner], name: owner },
      owningbusinessunit: unit,
    },
  });
  await organization.load([
    { table: 'businessunit', id: id(90), values: { name: 'Root' } },
    user('ana'),
    user('ben'),
    user('gone', true),
    user('idle'),
    grant('ana', 60),
    grant('ben', 61),
    grant('gone', 62),
    owned(100, 'ana'),
    owned(101, 'ben'),
  ]);
  server = await listen(organization);
});
afterAll(async () => {
  await server.close();
  await organization.close();
});

const device = { id: 'd', epoch: 'e' };
async function post(path: string, body: unknown, token = 'ana', init: RequestInit = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body:
      typeof body === 'string'
        ? body
        : JSON.stringify({ seen: { app: organization.appHash, access: '' }, ...(body as object) }),
    ...init,
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown> & { error?: { code: string } },
  };
}
let seq = 0;
const push = async (entry: Record<string, unknown>, token = 'ana') => {
  seq += 1;
  const complete = {
    key: ['e', seq],
    op: 'update',
    table: 'account',
    id: id(100),
    set: {},
    base: {},
    baseVersion: null,
    baseOf: null,
    after: [],
    at: '',
    ...entry,
  };
  const { body } = await post('/sync/v1/push', { device, entries: [complete] }, token);
  return { result: (body['results'] as Record<string, unknown>[])[0], entry: complete };
};

describe('a request that is not acceptable gets a typed error', () => {
  test.each([
    ['no token', '/sync/v1/hello', { device }, '', 401, 'outpost:unauthorized'],
    ['a wrong token', '/sync/v1/hello', { device }, 'nope', 401, 'outpost:unauthorized'],
    ['a disabled user', '/sync/v1/hello', { device }, 'gone', 403, '0x80072560'],
    ['a user without roles', '/sync/v1/hello', { device }, 'idle', 403, '0x80042f09'],
    ['an unknown address', '/sync/v1/nothing', {}, 'ana', 404, 'outpost:notFound'],
    ['broken JSON', '/sync/v1/hello', '{', 'ana', 400, 'outpost:json'],
    ['an empty body', '/sync/v1/hello', '', 'ana', 400, 'outpost:body'],
    ['a missing member', '/sync/v1/pull', { device }, 'ana', 400, 'outpost:decode'],
    [
      'a wrong type',
      '/sync/v1/page',
      { device, table: 7, after: null, limit: 1 },
      'ana',
      400,
      'outpost:decode',
    ],
    [
      'a table outside the profile',
      '/sync/v1/page',
      { device, table: 'systemuserroles', after: null, limit: 1 },
      'ana',
      404,
      'outpost:tableNotInProfile',
    ],
    [
      'a table name with SQL in it',
      '/sync/v1/page',
      { device, table: 'account" --', after: null, limit: 1 },
      'ana',
      404,
      'outpost:tableNotInProfile',
    ],
    [
      'too many entries',
      '/sync/v1/push',
      {
        device,
        entries: Array.from({ length: 101 }, (_, n) => ({
          key: ['e', 9000 + n],
          op: 'delete',
          table: 'account',
          id: id(1),
          set: {},
          base: {},
          after: [],
          at: '',
        })),
      },
      'ana',
      413,
      'outpost:tooManyEntries',
    ],
  ])('%s', async (_, path, body, token, status, code) => {
    const answer = await post(path, body, token);
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
  });

  test('another method, and a body above the limit', async () => {
    expect(
      (await fetch(`${server.url}/sync/v1/hello`, { headers: { authorization: 'Bearer ana' } }))
        .status,
    ).toBe(405);
    const large = await fetch(`${server.url}/sync/v1/hello`, {
      method: 'POST',
      body: 'x'.repeat(9 * 1024 * 1024),
    }).catch((error: unknown) => {
      // The connection may be closed while the body is still on its way.
      if (!(error instanceof TypeError)) throw error;
      return null;
    });
    expect(large === null || large.status === 413).toBe(true);
    expect((await post('/sync/v1/hello', { device })).status).toBe(200);
  });
});

describe('reads are restricted to the caller', () => {
  test('a page holds only rows the caller may read', async () => {
    const { body } = await post('/sync/v1/page', {
      device,
      table: 'account',
      after: null,
      limit: 100,
    });
    expect((body['rows'] as unknown[][]).map((row) => row[0])).toEqual([id(100)]);
  });

  test('a forged token gives nothing more', async () => {
    const token = Buffer.from(JSON.stringify(['forged', 0])).toString('base64url');
    const { body } = await post('/sync/v1/pull', {
      device,
      from: [{ token, tables: ['account', 'systemuserroles'] }],
      views: {},
      awaiting: [],
      maxRows: 10,
    });
    expect(body).toMatchObject({ changes: [], check: [{ table: 'account', why: 'feed' }] });
  });
});

describe('writes are checked for the caller', () => {
  test.each([
    ["another user's row", { id: id(101), set: { name: 'x' } }, '0x80040220'],
    ['an unknown table', { table: 'nope' }, '0x80041102'],
    ['an unknown column', { set: { nope: 1 } }, '0x80041103'],
    ['a text that is too long', { set: { name: 'x'.repeat(21) } }, '0x80044331'],
    ['a lookup to nothing', { set: { parentid: id(999) } }, '0x80040217'],
    ["a lookup to another user's row", { set: { parentid: id(101) } }, '0x80040220'],
    ['a missing required value', { op: 'create', id: id(200), set: {} }, '0x80040200'],
    ['an existing id', { op: 'create', set: { name: 'x' } }, '0x80040237'],
    ['a missing row', { id: id(998), set: { name: 'x' } }, '0x80040217'],
    ['a rule', { set: { name: 'x' } }, '0x80040265'],
    ['no id at all', { id: 'drop table', set: {} }, '0x80040203'],
    [
      'a row for somebody else',
      {
        op: 'create',
        id: id(201),
        set: { name: 'Zed', ownerid: users.ben, ownerid$t: 'systemuser' },
      },
      '0x80040220',
    ],
  ])('%s is refused with its code and a sync error', async (_, entry, code) => {
    const { result } = await push(entry);
    expect(result).toMatchObject({ status: 'refused', code });
    const errors = await organization
      .as(users.ana)
      .retrieve('syncerror', String(result?.['syncError']));
    expect(errors).toMatchObject({ errorcode: code, statecode: 0, ownerid: { id: users.ana } });
  });

  test('what only the platform writes is ignored', async () => {
    const before = await organization.as(users.ana).retrieve('account', id(100));
    const { result } = await push({ set: { createdon: '1999-01-01T00:00:00Z', name: 'Mine' } });
    expect(result).toMatchObject({ status: 'applied' });
    const after = await organization.as(users.ana).retrieve('account', id(100));
    expect(after).toMatchObject({ name: 'Mine', createdon: before?.['createdon'] });
  });

  test('the same entry again gives the recorded result; other content under its key is refused', async () => {
    const { result, entry } = await push({ op: 'create', id: id(300), set: { name: 'Once' } });
    const again = await post('/sync/v1/push', { device, entries: [entry] });
    expect(again.body['results']).toEqual([result]);
    const other = await post('/sync/v1/push', {
      device,
      entries: [{ ...entry, set: { name: 'Other' } }],
    });
    expect(other.body['results']).toMatchObject([{ status: 'refused', code: 'outpost:mismatch' }]);
    const thief = await post('/sync/v1/push', { device, entries: [entry] }, 'ben');
    expect(thief.status).toBe(403);
  });

  test('an entry whose dependency is not applied is blocked; deleting a parent deletes its children', async () => {
    expect((await push({ after: [['e', 424242]], set: { name: 'y' } })).result).toMatchObject({
      status: 'blocked',
    });
    await push({ op: 'create', id: id(400), set: { name: 'Parent' } });
    await push({ op: 'create', id: id(401), set: { name: 'Child', parentid: id(400) } });
    await push({ op: 'delete', id: id(400) });
    expect(await organization.as(users.ana).retrieve('account', id(401))).toBeNull();
  });
});

test('a load that was interrupted can be repeated', async () => {
  const before = await organization.count('account');
  const row = (n: number) => ({ table: 'account', id: id(n), values: { name: `Row ${n}` } });
  await organization.load([row(500)]);
  await organization.load([row(500), row(501)]);
  expect(await organization.count('account')).toBe(before + 2);
});

test('an unexpected fault is reported to the operator and not shown to the caller', async () => {
  const faults: unknown[] = [];
  const store = openStore();
  const auth = tokenList(new Map([['ana', users.ana]]));
  const failing = await createServer({
    store,
    model,
    auth,
    system: testSystem(3),
    onFault: (error) => faults.push(error),
  });
  await store.close();
  const body = new TextEncoder().encode(JSON.stringify({ device }));
  const answer = await failing.handle({
    method: 'POST',
    url: '/sync/v1/hello',
    headers: { authorization: 'Bearer ana' },
    body,
  });
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('closed');
  expect(faults).toMatchObject([{ code: 'store.closed' }]);
});

test('an invalid profile stops the organization with every finding', async () => {
  const broken = {
    ...model,
    profile: {
      ...model.profile,
      items: [{ table: 'nope', criteria: 'all', relationships: [], intervalMinutes: 10 }],
    },
  } as const;
  await expect(
    createServer({
      store: openStore(),
      model: broken,
      auth: tokenList(new Map()),
      system: testSystem(2),
    }),
  ).rejects.toMatchObject({ code: 'profile.invalid' });
});
