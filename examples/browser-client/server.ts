import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Organization } from '@outpost/server';
import type { PageFile } from './build.ts';

/** Serves the page and, under the same origin, the organization. */
export async function servePage(
  files: ReadonlyMap<string, PageFile>,
  organization: Organization,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = files.get(path);
    if (file !== undefined) {
      response.writeHead(200, { 'content-type': file[0], 'cache-control': 'no-cache' });
      response.end(file[1]);
      return;
    }
    void answer(request, organization).then(({ status, headers, body }) => {
      response.writeHead(status, headers);
      response.end(body);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, organization: Organization) {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  return organization.handle({
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    headers,
    body: body.length === 0 ? null : body,
  });
}
