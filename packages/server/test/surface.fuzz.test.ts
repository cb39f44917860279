import { defineApp, defineTable, withSystemTables } from '@outpost/model';
import { mutateJson, mutateText, seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServer, type Organization, tokenList } from '../src/index.ts';
import { listen, type RunningServer } from '../src/node/index.ts';
import { openStore } from './stores.ts';

/** Requests; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1500, long: 15_000 });
const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

let organization: Organization;
let server: RunningServer;
const faults: unknown[] = [];
beforeAll(async () => {
  const role = {
    id: id(50),
    name: 'All',
    privileges: {
      account: { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4, assign: 4 },
    },
  } as const;
  organization = await createServer({
    store: openStore(),
    model: withSystemTables(
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
              name: { type: 'string', maxLength: 100 },
              revenue: { type: 'money' },
              parentid: { type: 'lookup', targets: ['account'] },
              body: { type: 'memo', maxLength: 1_073_741_823 },
            },
          }),
        ],
        roles: [role],
        profile: {
          id: 'p',
          name: 'p',
          items: [{ table: 'account', criteria: 'all', relationships: [], intervalMinutes: 10 }],
        },
      }),
    ),
    auth: tokenList(new Map([['ana', id(1)]])),
    system: testSystem(1),
    limits: 'off',
    onFault: (error) => faults.push(error),
  });
  const unit = { table: 'businessunit', id: id(90), name: 'Root' };
  await organization.load([
    { table: 'businessunit', id: id(90), values: { name: 'Root' } },
    {
      table: 'systemuser',
      id: id(1),
      values: { fullname: 'Ana', businessunitid: unit, isdisabled: false },
    },
    {
      table: 'systemuserroles',
      id: id(60),
      values: { systemuserid: { table: 'systemuser', id: id(1) }, roleid: role.id },
    },
    { table: 'account', id: id(100), values: { name: 'Row' } },
  ]);
  server = await listen(organization);
});
afterAll(async () => {
  await server.close();
  await organization.close();
});

const device = { id: 'd', epoch: 'e' };
function messages(app: string): readonly (readonly [path: string, body: unknown])[] {
  const seen = { app, access: '' };
  const reference = `sha256:${'0'.repeat(64)}:9`;
  return [
    ['hello', { device, previous: [], takeOver: false, uncounted: ['account'] }],
    [
      'pull',
      {
        device,
        seen,
        from: [{ token: null, tables: ['account'] }],
        views: { account: 'x' },
        awaiting: [['e', 1, 1]],
        maxRows: 10,
      },
    ],
    ['page', { device, seen, table: 'account', after: null, upTo: id(5), ids: null, limit: 10 }],
    [
      'digest',
      {
        device,
        seen,
        table: 'account',
        token: null,
        after: null,
        ranges: [{ upTo: null, rows: 1, sum: '0'.repeat(16) }],
      },
    ],
    [
      'push',
      {
        device,
        settledBelow: [['e', 1]],
        entries: [
          {
            key: ['e', 2],
            op: 'create',
            table: 'account',
            id: id(200),
            set: { name: 'New', revenue: 5, parentid: id(100) },
            base: {},
            baseVersion: null,
            baseOf: null,
            after: [],
            changeSet: null,
            attempt: 1,
            at: '2026-03-02T08:00:00Z',
          },
        ],
      },
    ],
    ['upload', { device, reference, at: 0, data: 'AAAA' }],
    ['document', { device, table: 'account', id: id(100), column: 'body', reference, at: 0 }],
  ];
}

test('no message of any shape is answered with a fault, and every refusal says why', async () => {
  const random = seededRandom(1);
  const all = messages(organization.appHash);
  const statuses = new Map<number, number>();
  for (let n = 0; n < rounds; n++) {
    const [path, body] = all[n % all.length] ?? ['', null];
    const text =
      n % 4 === 0
        ? mutateText(random, JSON.stringify(body))
        : JSON.stringify(mutateJson(random, body, 0.06));
    const response = await organization.handle({
      method: random.next() < 0.97 ? 'POST' : 'DELETE',
      url: random.next() < 0.95 ? `/sync/v1/${path}` : mutateText(random, `/sync/v1/${path}?a=b`),
      headers: {
        authorization: random.next() < 0.97 ? 'Bearer ana' : mutateText(random, 'Bearer ana'),
      },
      body: new TextEncoder().encode(text),
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    const what = `${path} ${text.slice(0, 500)}`;
    expect(response.status, what).toBeLessThan(500);
    const answer = JSON.parse(response.body) as { error?: { code: string; message: string } };
    if (response.status === 200) continue;
    expect(answer.error, what).toEqual({
      code: expect.stringMatching(/^(0x[0-9a-f]{8}|outpost:\w+)$/i),
      message: expect.stringMatching(/\S/),
    });
    expect(response.body).not.toMatch(/SQLITE|at .*\.ts:|node:/);
  }
  expect(faults).toEqual([]);
  expect(statuses.get(200)).toBeGreaterThan(rounds / 20);
  expect(statuses.get(400)).toBeGreaterThan(rounds / 20);
});

test('over the network too: odd headers, encodings and bodies', async () => {
  const random = seededRandom(2);
  for (let n = 0; n < Math.min(200, rounds / 10); n++) {
    const bytes = Uint8Array.from({ length: 1 + (n % 50) }, () => Math.floor(random.next() * 256));
    const encodings = ['gzip', 'identity', 'br', 'x'] as const;
    const response = await fetch(`${server.url}/sync/v1/pull`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${'a'.repeat(n * 20)}`,
        'content-encoding': encodings[n % 4] ?? 'gzip',
        'accept-encoding': ['gzip;q=0', 'zstd, br;q=x', '*', ''][n % 4] ?? '',
      },
      body: bytes,
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await response.arrayBuffer();
  }
  expect(faults).toEqual([]);
});
