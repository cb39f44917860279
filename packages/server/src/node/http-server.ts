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
import { isWebApi } from '../web-api/address.ts';
import { compress, gunzip } from './compression.ts';
import { flatten } from './flatten.ts';
import { Health } from './health.ts';
import { streamHints } from './hint-stream.ts';
import { InFlight } from './in-flight.ts';

export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:4040`. */
  readonly url: string;
  /** Requests answered so far, by path; those of the Web API as `/api/data`, those that are none of ours as `other`. */
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
  const health = new Health(organization);
  const inFlight = new InFlight();
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    const name = nameOf(path);
    requests.set(name, (requests.get(name) ?? 0) + 1);
    if (path === syncPaths.hints && incoming.method === 'GET') {
      return streamHints(organization, incoming, outgoing);
    }
    if (path === healthPath && incoming.method === 'GET') {
      const isGood = await health.isGood();
      return plain(outgoing, isGood ? 200 : 503, isGood ? 'ok\n' : 'not available\n');
    }
    if (path === metricsPath && incoming.method === 'GET' && options.metrics === true) {
      return organization.metrics().then(
        (metrics) => plain(outgoing, 200, metricsText(metrics)),
        () => plain(outgoing, 503, 'not available\n'),
      );
    }
    const caller = incoming.headers.authorization ?? '';
    const hold = (bytes: number) => outgoing.once('close', inFlight.hold(caller, bytes));
    const response = await Promise.resolve()
      .then(() => {
        inFlight.demand(caller);
        return readBody(incoming);
      })
      .then(async (body) => {
        hold(body.length);
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
    // Whoever has gone takes no answer, and tells so no second time.
    if (outgoing.destroyed) return;
    hold(bytes.length);
    outgoing.writeHead(response.status, {
      ...response.headers,
      ...(encoding === null ? {} : { 'content-encoding': encoding, vary: 'accept-encoding' }),
      'content-length': bytes.length,
    });
    outgoing.end(bytes);
  };
  const server = createHttpServer((incoming, outgoing) => {
    // Nothing that a caller or a connection does may end the process.
    respond(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 5000;
  server.timeout = silenceMs;
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

/** A connection on which nothing moves for so long is closed: its caller reads no answer. */
const silenceMs = 120_000;
const healthPath = '/health';
const metricsPath = '/metrics';
/** The addresses that are counted each; callers think of others without end. */
const known: ReadonlySet<string> = new Set([...Object.values(syncPaths), healthPath, metricsPath]);

function nameOf(path: string): string {
  if (known.has(path)) return path;
  return isWebApi(path) ? '/api/data' : 'other';
}

function plain(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  outgoing.end(text);
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
