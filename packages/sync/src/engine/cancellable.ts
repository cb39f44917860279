import { failed } from '../http/failure.ts';
import type { Reply, SyncTransport } from '../transport.ts';

type Requests = Omit<SyncTransport, 'hints' | 'account'>;

/**
 * What is awaited, or what stands for it as soon as nobody waits any more: whatever carries a request may not notice that
 * it is cancelled, and may never answer.
 */
export function unlessAborted<T>(
  signals: readonly (AbortSignal | undefined)[],
  instead: () => T,
  start: () => Promise<T>,
): Promise<T> {
  const wanted = signals.filter((one) => one !== undefined);
  if (wanted.some((one) => one.aborted)) return Promise.resolve(instead());
  return new Promise((resolve, reject) => {
    const stop = () => {
      leave();
      resolve(instead());
    };
    const leave = () => {
      for (const one of wanted) one.removeEventListener('abort', stop);
    };
    for (const one of wanted) one.addEventListener('abort', stop);
    start().then(resolve, reject).finally(leave);
  });
}

/** The answer to a request that was cancelled. */
export function cancelled(): Extract<Reply<never>, { readonly kind: 'failed' }> {
  return failed('network', null, null, 'The request was cancelled.');
}

/** The requests of one cycle: all of them end with it. */
export function cancellable(transport: Requests, signal: AbortSignal): Requests {
  const ask = <T>(send: () => Promise<Reply<T>>) =>
    unlessAborted<Reply<T>>([signal], cancelled, send);
  return {
    hello: (message) => ask(() => transport.hello(message, signal)),
    app: () => ask(() => transport.app(signal)),
    pull: (message) => ask(() => transport.pull(message, signal)),
    page: (message) => ask(() => transport.page(message, signal)),
    digest: (message) => ask(() => transport.digest(message, signal)),
    push: (message) => ask(() => transport.push(message, signal)),
    upload: (message) => ask(() => transport.upload(message, signal)),
    document: (message) => ask(() => transport.document(message, signal)),
  };
}
