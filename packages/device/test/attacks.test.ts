import { createHash } from 'node:crypto';
import { bytesToBase64, documentReferenceText } from '@outpost/model';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, type Organization, tokenList } from '@outpost/server';
import { seededRandom, testSystem } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CountingStore, countingStore } from './counting-store.ts';
import { organizationStore } from './organization-store.ts';

/** Requests of each random attack. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 300, long: 5000 });

let store: CountingStore;
let organization: Organization;
/** Rows that Ana may not read, by table. */
const hidden = new Map<string, readonly string[]>();
const tables = ['account', 'contact', 'task', 'opportunity', 'lead', 'incident'] as const;
const secretOf = (id: string) => `secret of ${id}`;
/** A column that holds a secret in rows of others. */
const secretColumn: Readonly<Record<(typeof tables)[number], string>> = {
  account: 'telephone1',
  contact: 'jobtitle',
  task: 'description',
  opportunity: 'description',
  lead: 'description',
  incident: 'description',
};

beforeAll(async () => {
  const system = testSystem(31);
  store = countingStore(organizationStore(), () => false);
  organization = await createServer({
    store,
    model: sampleApp,
    auth: tokenList(new Map(Object.entries(sampleUsers).map(([name, user]) => [name, user.id]))),
    system,
    limits: 'off',
  });
  await organization.load(
    generateRows({ random: seededRandom(5), now: system.clock.now(), rows: 400 }),
  );
  for (const table of tables) {
    const key = sampleApp.tables.find((one) => one.name === table)?.primaryId ?? '';
    const all = await store.read((tx) => tx.all(`SELECT "${key}" FROM "${table}" ORDER BY 1`));
    const ids: string[] = [];
    for (const [cell] of all) {
      const id = String(cell);
      if ((await organization.as(sampleUsers.ana.id).retrieve(table, id)) !== null) continue;
      ids.push(id);
      await store.write((tx) =>
        tx.run(`UPDATE "${table}" SET "${secretColumn[table]}" = ? WHERE "${key}" = ?`, [
          secretOf(id),
          id,
        ]),
      );
    }
    hidden.set(table, ids.slice(0, 20));
  }
});
afterAll(() => organization.close());

const device = { id: 'd', epoch: 'e' };
async function send(path: string, body: unknown, who = 'ana') {
  const response = await organization.handle({
    method: 'POST',
    url: `/sync/v1/${path}`,
    headers: { authorization: `Bearer ${who}` },
    body: new TextEncoder().encode(
      JSON.stringify({
        device,
        seen: { app: organization.appHash, access: '' },
        ...(body as object),
      }),
    ),
  });
  return { status: response.status, text: response.body };
}
let seq = 0;
const entry = (more: Readonly<Record<string, unknown>>) => ({
  key: ['e', ++seq],
  op: 'update',
  table: 'account',
  id: hidden.get('account')?.[0],
  set: {},
  base: {},
  baseVersion: null,
  baseOf: null,
  after: [],
  changeSet: null,
  at: '',
  ...more,
});
/** Everything that Ana may not write, as it is stored. */
async function foreignRows(): Promise<string> {
  const parts: unknown[] = [];
  for (const [table, ids] of hidden) {
    const key = sampleApp.tables.find((one) => one.name === table)?.primaryId ?? '';
    parts.push(
      await store.read((tx) =>
        tx.all(
          `SELECT * FROM "${table}" WHERE "${key}" IN (${ids.map(() => '?').join()}) ORDER BY 1`,
          [...ids],
        ),
      ),
    );
  }
  return JSON.stringify(parts);
}

test('there is something to steal', () => {
  for (const table of tables) expect(hidden.get(table)?.length, table).toBeGreaterThan(2);
});

describe('Y-14: nothing that may not be read is in an answer', () => {
  const ranges = (rows: number, sum: string) => [{ upTo: null, rows, sum }];
  const attacks = (): readonly (readonly [string, string, unknown])[] =>
    tables.flatMap((table) => {
      const ids = hidden.get(table) ?? [];
      const forged = Buffer.from(JSON.stringify(['feed', 0])).toString('base64url');
      return [
        [`pages of ${table}`, 'page', { table, after: null, limit: 5000 }],
        [`rows of ${table} by id`, 'page', { table, after: null, ids, limit: 500 }],
        [
          `a range of ${table} with one row`,
          'page',
          { table, after: `${ids[0]?.slice(0, -1)}`, upTo: ids[0], limit: 5000 },
        ],
        [
          `a forged token for ${table}`,
          'pull',
          { from: [{ token: forged, tables: [table] }], views: {}, awaiting: [], maxRows: 5000 },
        ],
        [
          `no token for ${table}`,
          'pull',
          { from: [{ token: null, tables: [table] }], views: {}, awaiting: [], maxRows: 5000 },
        ],
        [
          `a digest of ${table}`,
          'digest',
          { table, token: null, columns: [], after: null, ranges: ranges(0, '0') },
        ],
      ] as const;
    });

  test('by asking for it', async () => {
    for (const [about, path, body] of attacks()) {
      const { status, text } = await send(path, body);
      expect(status, about).toBe(200);
      expect(text, about).not.toContain('secret of');
      for (const ids of hidden.values())
        for (const id of ids) expect(text, about).not.toContain(`["${id}"`);
    }
  });

  test('a token of the beginning gives the changes of the caller only', async () => {
    const { text } = await send('pull', {
      from: [{ token: null, tables: ['account'] }],
      views: {},
      awaiting: [],
      maxRows: 10,
    });
    const token = String((JSON.parse(text) as { tokens: { token: string }[] }).tokens[0]?.token);
    const [feed] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [string, number];
    const start = Buffer.from(JSON.stringify([feed, 0])).toString('base64url');
    let from = start;
    for (let i = 0; i < 50; i++) {
      const answer = await send('pull', {
        from: [{ token: from, tables: [...tables] }],
        views: {},
        awaiting: [],
        maxRows: 500,
      });
      expect(answer.text).not.toContain('secret of');
      const body = JSON.parse(answer.text) as { more: boolean; tokens: { token: string }[] };
      if (!body.more) break;
      from = String(body.tokens[0]?.token);
    }
  });

  test.each([
    ['a table of the organization itself', '$state'],
    ['SQL', 'account" UNION SELECT * FROM "$state'],
    ['a table outside the profile', 'systemuserroles'],
    ['no name', ''],
  ])('%s is no table', async (_, table) => {
    for (const path of ['page', 'digest']) {
      const { status } = await send(path, {
        table,
        token: null,
        columns: [],
        after: null,
        ranges: [],
        limit: 1,
      });
      expect(status).toBe(404);
    }
    const { status, text } = await send('pull', {
      from: [{ token: null, tables: [table] }],
      views: {},
      awaiting: [],
      maxRows: 1,
    });
    expect([status, JSON.parse(text)]).toMatchObject([200, { changes: [], check: [] }]);
  });
});

describe('nothing that may not be written is changed', () => {
  test('by naming it, with any operation and trick', async () => {
    const before = await foreignRows();
    const ana = { ownerid: sampleUsers.ana.id, ownerid$t: 'systemuser' };
    for (const table of tables) {
      for (const id of hidden.get(table) ?? []) {
        const set = { [secretColumn[table]]: 'stolen' };
        const entries = [
          entry({ table, id, set }),
          entry({ table, id, op: 'delete' }),
          entry({
            table,
            id,
            op: 'create',
            set: { ...set, name: 'x', lastname: 'x', subject: 'x', title: 'x' },
          }),
          entry({ table, id, set: ana }),
          entry({ table, id: id.toUpperCase(), set }),
          entry({ table, id: `${id}' OR 1=1 --`, set }),
          entry({ table, id, set: { $owner: sampleUsers.ana.id, $bu: null, ...set } }),
          entry({ table, id, set: { owningbusinessunit: sampleUsers.ana.id, ...set } }),
          entry({ table: `${table}" SET x = 1 --`, id, set }),
          entry({ table, id, set, changeSet: 'both' }),
          entry({
            table: 'account',
            id: '11111111-1111-4111-8111-111111111111',
            op: 'create',
            set: { name: 'cover' },
            changeSet: 'both',
          }),
        ];
        const { status, text } = await send('push', { settledBelow: [], entries });
        expect(status).toBe(200);
        const { results } = JSON.parse(text) as { results: { status: string; message?: string }[] };
        expect(results).toHaveLength(entries.length);
        expect(results.filter((result) => result.status === 'applied')).toEqual([]);
        expect(text).not.toContain('secret of');
      }
    }
    expect(await foreignRows()).toBe(before);
  });

  test('by lookups to rows that the caller may not see', async () => {
    const [target] = hidden.get('account') ?? [];
    const { text } = await send('push', {
      settledBelow: [],
      entries: [
        entry({
          table: 'contact',
          id: '22222222-2222-4222-8222-222222222222',
          op: 'create',
          set: { lastname: 'x', parentcustomerid: target, parentcustomerid$t: 'account' },
        }),
      ],
    });
    expect(JSON.parse(text)).toMatchObject({
      results: [{ status: 'refused', code: '0x80040220' }],
    });
  });

  test('by finishing the edits of somebody else: low marks are the own ones', async () => {
    const bens = { id: 'ben-device', epoch: 'ben-epoch' };
    const marks = [['ben-epoch', 1_000_000]];
    await send('push', { device: bens, settledBelow: marks, entries: [] }, 'ana');
    const id = '33333333-3333-4333-8333-333333333333';
    const mine = entry({ key: ['ben-epoch', 1], id, op: 'create', set: { name: 'Of Ben' } });
    const { text } = await send('push', { device: bens, settledBelow: [], entries: [mine] }, 'ben');
    expect(JSON.parse(text)).toMatchObject({ results: [{ status: 'applied' }] });
    expect(await organization.as(sampleUsers.ben.id).retrieve('account', id)).not.toBeNull();
  });

  test('by confirming an epoch of somebody else: devices are those of their user', async () => {
    const bens = { id: 'ben-device-2', epoch: 'first' };
    await send('hello', { device: bens, previous: [], takeOver: false }, 'ben');
    await send(
      'hello',
      { device: { ...bens, epoch: 'stolen' }, previous: [], takeOver: true },
      'ana',
    );
    const { status } = await send(
      'page',
      { device: bens, table: 'account', after: null, limit: 1 },
      'ben',
    );
    expect(status).toBe(200);
  });

  test('by asking for results of somebody else', async () => {
    const bens = { id: 'ben-device-3', epoch: 'ben-epoch-3' };
    const mine = entry({
      key: [bens.epoch, 1],
      id: '44444444-4444-4444-8444-444444444444',
      op: 'create',
      set: { name: 'Of Ben' },
    });
    const body = { device: bens, settledBelow: [], entries: [mine] };
    expect((await send('push', body, 'ben')).status).toBe(200);
    const { text } = await send('pull', {
      device: bens,
      from: [{ token: null, tables: ['account'] }],
      views: {},
      awaiting: [[...mine.key, mine.key[1]]],
      maxRows: 1,
    });
    expect(JSON.parse(text)).toMatchObject({ acked: [] });
    expect((await send('push', body)).status).toBe(403);
  });
});

test('random requests neither read nor change what is not the caller’s, and never fail unexpectedly', async () => {
  const random = seededRandom(77);
  const one = <Item>(list: readonly Item[]): Item =>
    list[Math.floor(random.next() * list.length)] as Item;
  const before = await foreignRows();
  const anything = (): unknown =>
    one<unknown>([
      null,
      0,
      -1,
      1e308,
      '',
      'x',
      '$state',
      [],
      {},
      true,
      one([...hidden.values()].flat()),
      sampleUsers.dev.id,
    ]);
  const table = () => one<unknown>([...tables, '$result', anything()]);
  const id = () => one<unknown>([...(hidden.get(one(tables)) ?? []), anything()]);
  const maybe = (value: unknown) => (random.next() < 0.15 ? anything() : value);
  for (let n = 0; n < rounds; n++) {
    const path = one(['hello', 'pull', 'page', 'digest', 'push']);
    const body: Record<string, unknown> = {
      device: maybe({ id: maybe('d'), epoch: maybe('e') }),
      previous: maybe([maybe('e')]),
      takeOver: maybe(false),
      table: table(),
      after: maybe(one<unknown>([null, id()])),
      upTo: maybe(one<unknown>([null, id()])),
      ids: maybe(one<unknown>([null, [id(), id()]])),
      limit: maybe(one<unknown>([1, 100, 5000])),
      from: maybe([{ token: maybe(null), tables: maybe([table(), table()]) }]),
      views: maybe({}),
      awaiting: maybe([['e', 1, 1]]),
      maxRows: maybe(100),
      token: maybe(null),
      columns: maybe([]),
      ranges: maybe([{ upTo: maybe(null), rows: maybe(0), sum: maybe('') }]),
      settledBelow: maybe([maybe(['e', maybe(0)])]),
      entries: maybe([
        entry({
          key: maybe(['e', 1_000_000 + n]),
          op: maybe(one(['create', 'update', 'delete'])),
          table: table(),
          id: id(),
          set: maybe({
            [String(anything())]: maybe('stolen'),
            name: maybe('stolen'),
            ownerid: maybe(sampleUsers.ana.id),
          }),
          changeSet: maybe(null),
          after: maybe([]),
        }),
      ]),
    };
    const { status, text } = await send(path, body);
    expect([200, 400, 403, 404, 409, 413], `${path} ${JSON.stringify(body)} ${text}`).toContain(
      status,
    );
    expect(text).not.toContain('secret of');
  }
  expect(await foreignRows()).toBe(before);
});

describe('X-5: documents', () => {
  const device = { id: 'documents', epoch: 'of documents' };
  const bytes = new Uint8Array(1000).fill(7);
  const reference = documentReferenceText({
    hash: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
  });
  const data = bytesToBase64(bytes);
  const put = (who: string, body: Readonly<Record<string, unknown>> = {}) =>
    send('upload', { device, reference, at: 0, data, ...body }, who);
  const note = 'd0c00000-0000-4000-8000-000000000001';
  const get = (who: string, body: Readonly<Record<string, unknown>> = {}) =>
    send(
      'document',
      { device, table: 'annotation', id: note, column: 'documentbody', reference, at: 0, ...body },
      who,
    );
  beforeAll(async () => {
    for (const who of ['ana', 'carla', 'dev']) {
      await send('hello', { device, previous: [], takeOver: false, uncounted: [] }, who);
    }
    await organization.as(sampleUsers.carla.id).create({
      table: 'annotation',
      id: note,
      values: {
        subject: 'Of Dev',
        documentbody: data,
        ownerid: { table: 'systemuser', id: sampleUsers.dev.id },
      },
    });
  });

  test('a document of a row that one may not have cannot be told from one that is not there', async () => {
    expect(await get('dev')).toMatchObject({ status: 200 });
    const hiddenRow = await get('ana');
    expect(hiddenRow.status).toBe(404);
    expect(await get('ana', { id: 'd0c00000-0000-4000-8000-00000000ffff' })).toEqual(hiddenRow);
    for (const body of [
      { table: 'account' },
      { table: 'nothing' },
      { table: '$document' },
      { column: 'subject' },
      { column: '$owner' },
      { column: 'documentbody" FROM annotation --' },
      { reference: `sha256:${'0'.repeat(64)}:1000` },
      { reference: null },
      { at: -1 },
      { at: 1000 },
      { at: 2 ** 53 },
      { id: "' OR 1=1 --" },
    ]) {
      const { status, text } = await get('dev', body);
      expect([400, 404]).toContain(status);
      expect(text).not.toContain(data.slice(0, 40));
    }
  });

  test('what another has uploaded cannot be named, asked for, or changed', async () => {
    expect(JSON.parse((await put('carla')).text)).toMatchObject({ have: 1000 });
    expect(JSON.parse((await put('ana', { data: '' })).text)).toMatchObject({ have: 0 });
    const create = (who: string, id: string) =>
      send(
        'push',
        {
          device,
          settledBelow: [],
          entries: [
            entry({
              op: 'create',
              table: 'annotation',
              id,
              set: { subject: 'Guess', documentbody: reference },
            }),
          ],
        },
        who,
      );
    const guess = 'd0c00000-0000-4000-8000-000000000002';
    expect(JSON.parse((await create('ana', guess)).text)).toMatchObject({
      results: [{ status: 'refused' }],
    });
    expect(await organization.as(sampleUsers.carla.id).retrieve('annotation', guess)).toBeNull();
    // Other content under that name is not kept, and the owner's stays.
    const other = bytesToBase64(new Uint8Array(1000).fill(8));
    expect(JSON.parse((await put('ana', { data: other })).text)).toMatchObject({ have: 0 });
    expect(JSON.parse((await put('carla', { data: '' })).text)).toMatchObject({ have: 1000 });
  });

  test('parts that make no sense are refused, and too much makes room for itself only', async () => {
    const named = (size: number, digit = '1') => `sha256:${digit.repeat(64)}:${size}`;
    const part = bytesToBase64(new Uint8Array(1024 * 1024));
    for (const [body, status] of [
      [{ reference: named(6 * 1024 * 1024) }, 413],
      [{ reference: named(0) }, 400],
      [{ reference: 'sha256:x:1' }, 400],
      [{ reference: named(10) }, 400],
      [{ data: '***' }, 400],
      [{ data: 5 }, 400],
      [{ data: bytesToBase64(new Uint8Array(1024 * 1024 + 3)) }, 400],
      [{ at: 'x' }, 400],
    ] as const) {
      expect(await put('dev', body)).toMatchObject({ status });
    }
    await put('dev');
    for (let n = 0; n < 20; n++) {
      const large = `sha256:${n.toString(16).padStart(64, '0')}:${5 * 1024 * 1024}`;
      for (let at = 0; at < 4; at++) {
        await put('dev', { reference: large, at: at * 1024 * 1024, data: part });
      }
    }
    const kept = await store.read((tx) =>
      tx.all('SELECT user_id, sum(have) FROM "$upload" GROUP BY user_id ORDER BY user_id'),
    );
    const held = new Map(kept.map(([user, have]) => [user, Number(have)]));
    expect(held.get(sampleUsers.dev.id)).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(held.get(sampleUsers.carla.id)).toBe(1000);
    await organization.pruneLog(Number.MAX_SAFE_INTEGER);
    expect(await store.read((tx) => tx.all('SELECT count(*) FROM "$upload_part"'))).toEqual([[0]]);
  });
});
