import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Organization } from '@outpost/server';
import type { SyncTransport, TokenSource } from '@outpost/sync';
import { type IncomingMessage, messageTransport } from '@outpost/sync/http';

/** A message of either side: one line of JSON, matched by number. */
interface Asked {
  readonly n: number;
  readonly path: string;
  readonly token: string;
  readonly body: string | null;
}
interface Answered {
  readonly n: number;
  readonly status: number;
  readonly text: string;
}

/** The device's side: the protocol over any stream of lines, such as a serial line, a radio modem or a socket. */
export function lineTransport(stream: Duplex, tokens: TokenSource): SyncTransport {
  const waiting = new Map<number, (answer: Answered) => void>();
  const failing = new Map<number, (error: Error) => void>();
  let last = 0;
  createInterface({ input: stream }).on('line', (line) => {
    const answer = JSON.parse(line) as Answered;
    waiting.get(answer.n)?.(answer);
    waiting.delete(answer.n);
    failing.delete(answer.n);
  });
  const lost = () => {
    for (const fail of failing.values()) fail(new Error('The line is cut.'));
    failing.clear();
    waiting.clear();
  };
  stream.on('close', lost);
  stream.on('error', lost);
  return messageTransport({
    tokens,
    exchange: ({ path, token, body }, signal) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        if (stream.destroyed) return reject(new Error('The line is cut.'));
        const n = ++last;
        waiting.set(n, ({ status, text }) =>
          resolve({ status, text, bytes: Buffer.byteLength(text), retryAfterMs: null }),
        );
        failing.set(n, reject);
        signal?.addEventListener('abort', () => reject(new Error('Given up.')), { once: true });
        stream.write(`${JSON.stringify({ n, path, token, body } satisfies Asked)}\n`);
      }),
  });
}

/** The organization's side of the line. */
export function answerLines(stream: Duplex, organization: Organization): void {
  createInterface({ input: stream }).on('line', (line) => {
    const { n, path, token, body } = JSON.parse(line) as Asked;
    const request = {
      method: body === null ? 'GET' : 'POST',
      url: path,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === null ? null : new TextEncoder().encode(body),
    };
    void organization.handle(request).then((response) => {
      const answer: Answered = { n, status: response.status, text: response.body };
      stream.write(`${JSON.stringify(answer)}\n`);
    });
  });
}
