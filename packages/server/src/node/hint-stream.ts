import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Organization } from '../organization.ts';
import { flatten } from './flatten.ts';

/** Lines that keep a quiet connection open. */
const keepAliveMs = 25_000;
/** How far devices spread themselves after a hint. */
const jitterMs = 5000;
/** Bytes that may wait for a device that does not read them; it connects anew when it does. */
const mostWaiting = 65_536;

/** Server-sent events: which tables have changes for the caller. */
export async function streamHints(
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
  const tell = (line: string) => {
    if (!outgoing.headersSent) return;
    outgoing.write(`${line}\n\n`);
    if (outgoing.writableLength > mostWaiting) outgoing.destroy();
  };
  let isEnded = false;
  const watched = await organization.watch(
    request,
    (tables) => tell(`event: hint\ndata: ${JSON.stringify({ tables, jitterMs })}`),
    () => {
      isEnded = true;
      outgoing.end();
    },
  );
  if ('refused' in watched) {
    const { status, headers, body } = watched.refused;
    outgoing.writeHead(status, { ...headers });
    outgoing.end(body);
    return;
  }
  // Gone while it was being let in: there is no event to wait for any more.
  if (outgoing.destroyed || isEnded) {
    watched.stop();
    outgoing.end();
    return;
  }
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  tell(': connected');
  const timer = setInterval(() => tell(': still here'), keepAliveMs);
  outgoing.on('close', () => {
    clearInterval(timer);
    watched.stop();
  });
}
