import type { System } from '@outpost/model';
import { Observable } from 'rxjs';
import type { Hint, SyncTransport } from '../transport.ts';
import { backOffMs } from './back-off.ts';

/** A hint, or that the organization tells of changes from now on, or not any more. */
export type HintEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'hint'; readonly hint: Hint };

/** Hints while somebody listens and the network is there; a connection that ends is made again, later and later. */
export function listenToHints(
  transport: SyncTransport,
  online: Observable<boolean>,
  { clock, random }: Pick<System, 'clock' | 'random'>,
): Observable<HintEvent> {
  return new Observable((subscriber) => {
    let abort: AbortController | null = null;
    let cancel: (() => void) | null = null;
    let failures = 0;
    const stop = () => {
      abort?.abort();
      abort = null;
      cancel?.();
      cancel = null;
    };
    const connect = async (): Promise<void> => {
      if (transport.hints === undefined) return;
      const own = new AbortController();
      abort = own;
      try {
        for await (const hint of transport.hints(own.signal)) {
          if (own.signal.aborted) return;
          failures = 0;
          subscriber.next(hint === 'connected' ? { kind: hint } : { kind: 'hint', hint });
        }
      } catch {
        // A connection that breaks is an ordinary end.
      }
      subscriber.next({ kind: 'ended' });
      if (own.signal.aborted) return;
      failures += 1;
      const wait = backOffMs(failures, null, random);
      cancel = clock.schedule(clock.now() + wait, () => void connect());
    };
    const subscription = online.subscribe((isOnline) => {
      stop();
      failures = 0;
      if (isOnline) void connect();
    });
    return () => {
      subscription.unsubscribe();
      stop();
    };
  });
}
