import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { defineApp, defineTable } from '@outpost/model';
import { testSystem, VirtualClock } from '@outpost/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Organization, type RequestLimits, tokenList } from '../src/index.ts';
import { RequestLimiter } from '../src/limits/request-limiter.ts';
import { listen, type RunningServer } from '../src/node/index.ts';
import { openStore } from './stores.ts';

const minute = 60_000;
const limits: RequestLimits = { requests: 10, windowMs: 5 * minute, concurrent: 3 };

describe('X15: service protection limits', () => {
  const limited = () => {
    const clock = new VirtualClock(0);
    const limiter = new RequestLimiter(limits, () => clock.now());
    return { clock, limiter, ask: (user = 'ana') => limiter.run(user, async () => 'ok') };
  };

  test('so many requests in a window; then 429 with the time to wait, which is enough', async () => {
    const { clock, ask } = limited();
    for (let i = 0; i < limits.requests; i++) expect(await ask()).toBe('ok');
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, code: '0x80072322' });
    const seconds = Number((refused as { headers: Record<string, string> }).headers['retry-after']);
    expect(seconds).toBeGreaterThan(60);
    clock.advance({ ms: seconds * 1000 });
    expect(await ask()).toBe('ok');
  });

  test('each user has limits of their own', async () => {
    const { ask } = limited();
    for (let i = 0; i < limits.requests; i++) await ask('ana');
    expect(await ask('ben')).toBe('ok');
  });

  test('so many at a time', async () => {
    const { limiter } = limited();
    const gates: (() => void)[] = [];
    const open = () => limiter.run('ana', () => new Promise<void>((done) => gates.push(done)));
    const running = [open(), open(), open()];
    await expect(open()).rejects.toMatchObject({ status: 429, code: '0x80072326' });
    for (const gate of gates) gate();
    await Promise.all(running);
    expect(await limiter.run('ana', async () => 'ok')).toBe('ok');
  });
});

describe('over HTTP', () => {
  const note = defineTable({
    name: 'note',
    label: 'Note',
    primaryName: 'name',
    ownership: 'user',
    columns: { name: { type: 'string' }, text: { type: 'memo' } },
  });
  let organization: Organization;
  let server: RunningServer;
  beforeAll(async () => {
    organization = await createServer({
      store: openStore(),
      model: defineApp({
        uniqueName: 'notes',
        tables: [note],
        profile: {
          id: 'p',
          name: 'Notes',
          items: [{ table: 'note', criteria: 'all', relationships: [], intervalMinutes: 10 }],
        },
      }),
      auth: tokenList(new Map([['ana', '00000000-0000-4000-8000-000000000001']])),
      system: testSystem(41),
    });
    server = await listen(organization);
  });
  afterAll(async () => {
    await server.close();
    await organization.close();
  });

  const send = (body: Buffer, headers: Readonly<Record<string, string>>) =>
    new Promise<{ status: number; encoding: string; bytes: Buffer }>((done, fail) => {
      const call = request(
        `${server.url}/sync/v1/app`,
        { method: 'POST', headers: { authorization: 'Bearer ana', ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            done({
              status: response.statusCode ?? 0,
              encoding: String(response.headers['content-encoding'] ?? ''),
              bytes: Buffer.concat(chunks),
            }),
          );
        },
      );
      call.on('error', fail);
      call.end(body);
    });

  test('a body that is a gzip bomb is refused before it is large', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(300_000);
    const { status } = await send(bomb, { 'content-encoding': 'gzip' });
    expect(status).toBe(413);
  });

  test.each([
    ['no gzip at all', Buffer.from('{"device":1}'), 'gzip', 400],
    ['a cut gzip', gzipSync(Buffer.from('{}'.repeat(1000))).subarray(0, 20), 'gzip', 400],
    ['another encoding', Buffer.from('{}'), 'compress', 415],
    ['a gzip of another request', gzipSync(Buffer.from('{}')), 'gzip', 405],
  ])('%s', async (_, body, encoding, status) => {
    expect((await send(body, { 'content-encoding': encoding })).status).toBe(status);
  });

  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['br;q=1.0, gzip', 'br', brotliDecompressSync],
    ['gzip, br, zstd', 'zstd', zstdDecompressSync],
    ['', '', (bytes: Buffer) => bytes],
  ] as const)('an answer for "%s" is encoded as "%s"', async (accepted, encoding, decode) => {
    const { compress } = await import('../src/node/compression.ts');
    const text = Buffer.from('a long answer '.repeat(500));
    const answered = await compress(text, accepted);
    expect(answered.encoding).toBe(encoding === '' ? null : encoding);
    expect(decode(answered.bytes).equals(text)).toBe(true);
    expect((await compress(Buffer.from('short'), accepted)).encoding).toBeNull();
  });
});
