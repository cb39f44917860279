import { describe, expect, test } from 'vitest';
import { WebApiClient, WebApiFailure } from '../src/dataverse/web-api-client.ts';
import { httpTransport, staticToken } from '../src/http/http-transport.ts';
import type { Failure, TokenSource } from '../src/index.ts';
import { backOffMs, longestAskedMs } from '../src/schedule/back-off.ts';

const url = 'https://org.example';
const html = '<html><body>Sign in to the guest network</body></html>';
const year = String(365 * 86_400);

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function respond({ status, body = '', headers = {} }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers });
}

/** How often a new token was asked for, and what a request through each transport ends with. */
async function ask(answer: Answer): Promise<{ failures: readonly Failure[]; refreshed: number }> {
  let refreshed = 0;
  const tokens: TokenSource = {
    token: async ({ refresh }) => {
      if (refresh) refreshed += 1;
      return 'token';
    },
  };
  const fetch = async (): Promise<Response> => respond(answer);
  const reply = await httpTransport({ url, tokens, fetch }).app();
  const thrown: unknown = await new WebApiClient({ url, tokens, fetch })
    .get('accounts')
    .catch((error: unknown) => error);
  const failures = [
    ...(reply.kind === 'failed' ? [reply.failure] : []),
    ...(thrown instanceof WebApiFailure ? [thrown.failure] : []),
  ];
  return { failures, refreshed };
}

describe('O09a: what something on the way answers says nothing about the user', () => {
  const json = { 'content-type': 'application/json' };
  const cases: readonly (readonly [string, Answer])[] = [
    ['a page that forbids', { status: 403, body: html }],
    ['JSON that forbids', { status: 403, body: '{"error":{"code":"Forbidden"}}', headers: json }],
    ['a proxy that wants a sign-in', { status: 407, body: html }],
    ['a portal', { status: 511, body: html }],
    [
      'a sign-in of its own',
      { status: 401, headers: { 'www-authenticate': 'Basic realm="guest"' } },
    ],
    ['a page that was not found', { status: 404, body: html }],
    ['too much for it', { status: 413, body: html }],
    ['a gateway that waits a year', { status: 503, body: html, headers: { 'retry-after': year } }],
    ['an error without a code', { status: 500, body: '{"error":"blocked"}', headers: json }],
  ];
  test.each(cases)('%s', async (_, answer) => {
    const { failures, refreshed } = await ask(answer);
    const expected = { class: 'network', status: answer.status, code: 'outpost:foreign' };
    expect(failures).toMatchObject([expected, expected]);
    expect(refreshed).toBe(0);
    expect(Math.max(...failures.map((one) => one.retryAfterMs ?? 0))).toBeLessThanOrEqual(300_000);
  });

  test('a page with status 200 is an answer that was cut off', async () => {
    const { failures } = await ask({ status: 200, body: html });
    expect(failures.map((one) => one.class)).toEqual(['network', 'network']);
  });
});

describe('O09b: the organization is known by what only it sends', () => {
  const error = (code: string) => JSON.stringify({ error: { code, message: 'No.' } });
  test.each([
    ['a code of Dataverse', 403, error('0x80072560'), 'access'],
    ['a code of Dataverse as a number', 403, error('-2147015902'), 'access'],
    ['a code of Outpost', 409, error('outpost:fenced'), 'expected'],
    ['a code of Outpost', 503, error('outpost:keys'), 'server'],
  ])('by %s, with status %d', async (_, status, body, kind) => {
    const { failures } = await ask({ status, body });
    expect(failures.map((one) => one.class)).toEqual([kind, kind]);
  });

  const throughWebApi = async (answer: Answer, type?: string): Promise<Failure | null> => {
    const fetch = async (): Promise<Response> => {
      const response = respond(answer);
      if (type !== undefined) Object.defineProperty(response, 'type', { value: type });
      return response;
    };
    const client = new WebApiClient({ url, tokens: staticToken('token'), fetch });
    const thrown: unknown = await client.get('accounts').catch((error: unknown) => error);
    return thrown instanceof WebApiFailure ? thrown.failure : null;
  };
  test.each([
    ['odata-version', '4.0'],
    ['req_id', '7c9bcb94-411d-47b0-874d-d1f9c1ca3b81'],
    ['x-ms-service-request-id', '7c9bcb94-411d-47b0-874d-d1f9c1ca3b81'],
  ])('by the header %s of a Web API', async (name, value) => {
    const answer = { status: 403, body: '{"error":{"code":"","message":"No."}}' };
    expect(await throughWebApi({ ...answer, headers: { [name]: value } })).toMatchObject({
      class: 'access',
      message: 'No.',
    });
  });

  test('by the challenge of a Web API that says where to sign in', async () => {
    const challenge = `Bearer authorization_uri=https://login.example/t/oauth2/authorize, resource_id=${url}/`;
    const headers = { 'www-authenticate': challenge };
    expect(await throughWebApi({ status: 401, headers })).toMatchObject({ class: 'auth' });
  });

  test('in a browser, which hides the challenge, by being readable at all', async () => {
    expect(await throughWebApi({ status: 401 }, 'cors')).toMatchObject({ class: 'auth' });
    expect(await throughWebApi({ status: 401 }, 'basic')).toMatchObject({ class: 'network' });
  });

  test('a stream of hints is one by its type', async () => {
    const fetch = async (): Promise<Response> => respond({ status: 200, body: html });
    const transport = httpTransport({ url, tokens: staticToken('token'), fetch });
    const events = [];
    for await (const event of transport.hints?.(new AbortController().signal) ?? [])
      events.push(event);
    expect(events).toEqual([]);
  });
});

describe('O09c: nobody makes a device wait for long', () => {
  test('a wait of a year is an hour', async () => {
    const body = '{"error":{"code":"0x80072322","message":"Too many."}}';
    const { failures } = await ask({ status: 429, body, headers: { 'retry-after': year } });
    for (const { retryAfterMs } of failures) {
      expect(backOffMs(1, retryAfterMs, { next: () => 0 })).toBe(longestAskedMs);
    }
    expect(failures.length).toBe(2);
  });

  test('a date counts from the date of its answer, whatever the clock of the device says', async () => {
    const body = '{"error":{"code":"0x80072322","message":"Too many."}}';
    const headers = {
      date: 'Tue, 03 Mar 2026 08:00:00 GMT',
      'retry-after': 'Tue, 03 Mar 2026 08:02:00 GMT',
    };
    const { failures } = await ask({ status: 429, body, headers });
    expect(failures.map((one) => one.retryAfterMs)).toEqual([120_000, 120_000]);
  });
});
