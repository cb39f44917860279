import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebApiClient } from '../src/dataverse/web-api-client.ts';
import { httpTransport, staticToken } from '../src/http/http-transport.ts';

const notFound = JSON.stringify({
  error: { code: '0x80040217', message: 'Answered with status 404.' },
});
const tokens = staticToken('token');

/** A server whose n-th request (from 1) finds its connection closed where `isClosed` says so. */
async function serve(isClosed: (nth: number) => boolean) {
  let requests = 0;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    requests += 1;
    if (isClosed(requests)) request.socket.destroy();
    else response.writeHead(404, { 'odata-version': '4.0' }).end(notFound);
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests: () => requests };
}

test('a request whose connection was closed meanwhile is sent again, once', async () => {
  const { url, requests } = await serve((nth) => nth === 2);
  const transport = httpTransport({ url, tokens });
  const answered = { kind: 'failed', failure: { class: 'protocol', status: 404 } };
  expect(await transport.app()).toMatchObject(answered);
  expect(await transport.app()).toMatchObject(answered);
  expect(requests()).toBe(3);
});

test('a second closed connection is a network that fails', async () => {
  const { url, requests } = await serve(() => true);
  expect(await httpTransport({ url, tokens }).app()).toMatchObject({
    kind: 'failed',
    failure: { class: 'network', status: null },
  });
  expect(requests()).toBe(2);
});

test('what does not even connect is not sent again', async () => {
  let calls = 0;
  const refusing = (): Promise<Response> => {
    calls += 1;
    throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } });
  };
  const transport = httpTransport({ url: 'http://localhost', tokens, fetch: refusing });
  expect(await transport.app()).toMatchObject({ failure: { class: 'network' } });
  expect(calls).toBe(1);
});

test('of requests to a plain Web API only reads are sent again', async () => {
  const { url, requests } = await serve((nth) => nth === 1 || nth === 3);
  const client = new WebApiClient({ url, tokens });
  await expect(client.get('accounts')).rejects.toThrow('status 404');
  expect(requests()).toBe(2);
  const update = { method: 'PATCH', path: 'accounts(1)', headers: {}, body: '{}' } as const;
  await expect(client.writeAll([update])).rejects.toThrow('cannot be reached');
  expect(requests()).toBe(3);
});
