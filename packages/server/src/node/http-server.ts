import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { syncPaths } from '@outpost/sync/protocol';
import type { DevelopmentIssuer } from '../auth/development-issuer.ts';
import { errorAnswer } from '../http/answer.ts';
import { maxBodyBytes } from '../http/message.ts';
import { metricsText } from '../metrics/metrics-text.ts';
import type { Organization } from '../organization.ts';
import { HttpError } from '../server-error.ts';
import { compress, gunzip } from './compression.ts';

export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:4040`. */
  readonly url: string;
  /** Requests answered so far, by path. */
  readonly requests: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** 0 or absent: a free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Answer counts at `/metrics`, without sign-in: only where nobody else can reach the server. Default: no. */
  readonly metrics?: boolean;
  /** Serves its addresses too. Default: nobody can sign in here. */
  readonly issuer?: DevelopmentIssuer;
}

/** Serves an organization over HTTP. */
export function listen(
  organization: Organization,
  options: ListenOptions = {},
): Promise<RunningServer> {
  const requests = new Map<string, number>();
  const server = createHttpServer(async (incoming, outgoing) => {
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    requests.set(path, (requests.get(path) ?? 0) + 1);
    if (path === syncPaths.hints && incoming.method === 'GET') {
      return streamHints(organization, incoming, outgoing);
    }
    if (path === '/health' && incoming.method === 'GET') {
      return organization.isLoaded().then(
        () => plain(outgoing, 200, 'ok\n'),
        () => plain(outgoing, 503, 'not available\n'),
      );
    }
    if (path === '/metrics' && incoming.method === 'GET' && options.metrics === true) {
      return organization.metrics().then(
        (metrics) => plain(outgoing, 200, metricsText(metrics)),
        () => plain(outgoing, 503, 'not available\n'),
      );
    }
    const response = await readBody(incoming)
      .then(async (body) => {
        const request = {
          method: incoming.method ?? 'GET',
          url: incoming.url ?? '/',
          headers: flatten(incoming),
          body,
        };
        const signIn = (await options.issuer?.handle(request)) ?? null;
        return signIn ?? organization.handle(request);
      })
      .catch((error: unknown) => {
        const { headers, ...answered } = errorAnswer(error, () => undefined);
        return { ...answered, headers: { ...headers, connection: 'close' } };
      });
    if (response.body === '') {
      outgoing.writeHead(response.status, { ...response.headers });
      outgoing.end();
      return;
    }
    const accepted = incoming.headers['accept-encoding'];
    const { bytes, encoding } = await compress(
      Buffer.from(response.body, 'utf8'),
      Array.isArray(accepted) ? accepted.join(',') : accepted,
    );
    outgoing.writeHead(response.status, {
      ...response.headers,
      ...(encoding === null ? {} : { 'content-encoding': encoding, vary: 'accept-encoding' }),
      'content-length': bytes.length,
    });
    outgoing.end(bytes);
  });
  server.keepAliveTimeout = 5000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
      const { address, port } = server.address() as AddressInfo;
      resolve({
        url: `http://${address}:${port}`,
        requests,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}

function plain(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  outgoing.end(text);
}

/** Lines that keep a quiet connection open. */
const keepAliveMs = 25_000;
/** How far devices spread themselves after a hint. */
const jitterMs = 5000;

/** Server-sent events: which tables have changes for the caller. */
async function streamHints(
  organization: Organization,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = {
    method: 'GET',
    url: incoming.url ?? '/',
    headers: flatten(incoming),
    body: null,
  };
  const watched = await organization.watch(request, (tables) => {
    outgoing.write(`event: hint\ndata: ${JSON.stringify({ tables, jitterMs })}\n\n`);
  });
  if ('refused' in watched) {
    const { status, headers, body } = watched.refused;
    outgoing.writeHead(status, { ...headers });
    outgoing.end(body);
    return;
  }
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  outgoing.write(': connected\n\n');
  const timer = setInterval(() => outgoing.write(': still here\n\n'), keepAliveMs);
  outgoing.on('close', () => {
    clearInterval(timer);
    watched.stop();
  });
}

/** Throws `HttpError` for a body that is too large or not what it says it is. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (encoding === 'gzip') return gunzip(incoming as AsyncIterable<Buffer>);
  if (encoding !== 'identity') {
    throw new HttpError(415, 'outpost:encoding', `Bodies come plain or as gzip, not ${encoding}.`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new HttpError(413, 'outpost:tooLarge', `A body has at most ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function flatten(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
