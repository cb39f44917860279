import type { Random } from '@outpost/model';
import type { Failure, Reply, SyncTransport } from '@outpost/sync';

/** What the network does to requests; chances between 0 and 1. */
export interface Faults {
  /** The request never arrives. */
  lost: number;
  /** The organization acts; its answer is lost. */
  answerLost: number;
  /** The request arrives twice. */
  twice: number;
  /** The organization is busy. */
  busy: number;
}

export const noFaults: Faults = { lost: 0, answerLost: 0, twice: 0, busy: 0 };

const cut: Failure = {
  class: 'network',
  status: null,
  code: null,
  message: 'cut',
  retryAfterMs: null,
};
const busy: Failure = { ...cut, class: 'server', status: 503, message: 'busy' };

/** A transport over a bad network. */
export function faultyTransport(
  inner: SyncTransport,
  random: Random,
  faults: () => Faults,
): SyncTransport {
  const send = async <T>(call: () => Promise<Reply<T>>): Promise<Reply<T>> => {
    const { lost, answerLost, twice, busy: full } = faults();
    if (random.next() < lost) return { kind: 'failed', failure: cut };
    if (random.next() < full) return { kind: 'failed', failure: busy };
    if (random.next() < twice) await call();
    const reply = await call();
    return random.next() < answerLost ? { kind: 'failed', failure: cut } : reply;
  };
  return {
    hello: (message, signal) => send(() => inner.hello(message, signal)),
    app: (signal) => send(() => inner.app(signal)),
    pull: (message, signal) => send(() => inner.pull(message, signal)),
    page: (message, signal) => send(() => inner.page(message, signal)),
    digest: (message, signal) => send(() => inner.digest(message, signal)),
    push: (message, signal) => send(() => inner.push(message, signal)),
    upload: (message, signal) => send(() => inner.upload(message, signal)),
    document: (message, signal) => send(() => inner.document(message, signal)),
  };
}
