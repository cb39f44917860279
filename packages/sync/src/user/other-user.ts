import { otherUserCode } from '../protocol/index.ts';
import type { Reply, SyncTransport } from '../transport.ts';

/** The same transport, which tells of every answer that what was asked is another user's than the one signed in. */
export function noticingOtherUser(transport: SyncTransport, notice: () => void): SyncTransport {
  const look = async <T>(asked: Promise<Reply<T>>): Promise<Reply<T>> => {
    const reply = await asked;
    if (reply.kind === 'failed' && reply.failure.code === otherUserCode) notice();
    return reply;
  };
  return {
    hello: (message, signal) => look(transport.hello(message, signal)),
    app: (signal) => look(transport.app(signal)),
    pull: (message, signal) => look(transport.pull(message, signal)),
    page: (message, signal) => look(transport.page(message, signal)),
    digest: (message, signal) => look(transport.digest(message, signal)),
    push: (message, signal) => look(transport.push(message, signal)),
    upload: (message, signal) => look(transport.upload(message, signal)),
    document: (message, signal) => look(transport.document(message, signal)),
  };
}
