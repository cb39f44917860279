import type { Random } from '@outpost/model';

/** How the network of a device behaves. */
export type NetworkProfile =
  | 'wifi'
  | '4g'
  | '3g'
  | 'edge'
  | 'satellite'
  | 'lossy'
  | 'blackhole'
  | 'captive portal';

/** What goes wrong between a device and the organization. */
export interface Faults {
  readonly network: NetworkProfile;
  /** What a gateway answers instead of the organization. */
  readonly server: 'ok' | '429' | '503';
  /** Happens to the next request, once. */
  readonly next: 'nothing' | 'cut' | 'lose answer';
}

export const noFaults: Faults = { network: 'wifi', server: 'ok', next: 'nothing' };

/** The values of each control, the harmless one first. */
export const faultControls = {
  network: ['wifi', '4g', '3g', 'edge', 'satellite', 'lossy', 'blackhole', 'captive portal'],
  server: ['ok', '429', '503'],
  next: ['nothing', 'cut', 'lose answer'],
} as const satisfies { readonly [Control in keyof Faults]: readonly Faults[Control][] };

/** What each value does, for people. */
export const faultTexts: Readonly<Record<string, string>> = {
  wifi: 'answers at once',
  '4g': '60 ms more per request',
  '3g': '300 ms more per request',
  edge: '900 ms more per request',
  satellite: '650 ms more per request',
  lossy: 'one in four requests or answers gets lost',
  blackhole: 'requests leave and nothing ever comes back',
  'captive portal': 'a hotel answers with its sign-in page',
  ok: 'the organization answers',
  '429': 'too many requests; asks to wait five seconds',
  '503': 'out of service',
  nothing: 'nothing special',
  cut: 'the next request does not arrive',
  'lose answer': 'the next request is carried out, its answer gets lost',
};

const latencyMs: Readonly<Partial<Record<NetworkProfile, number>>> = {
  '4g': 60,
  '3g': 300,
  edge: 900,
  satellite: 650,
};

export interface FaultyFetchOptions {
  readonly faults: () => Faults;
  /** The fault that happens once has happened. */
  readonly onNext: () => void;
  readonly random: Random;
  /** Waits for real; scripted runs do not wait. */
  readonly wait: (ms: number) => Promise<void>;
}

/** `fetch` over a network with faults. */
export function faultyFetch({ faults, onNext, random, wait }: FaultyFetchOptions): typeof fetch {
  return async (input, init) => {
    const { network, server, next } = faults();
    const lose = (what: string): never => {
      throw new TypeError(`The network lost the ${what}.`);
    };
    if (network === 'blackhole') {
      await wait(3000);
      throw new TypeError('No answer within three seconds.');
    }
    await wait(latencyMs[network] ?? 0);
    if (network === 'captive portal')
      return new Response('<html>Welcome. Please sign in.</html>', {
        headers: { 'content-type': 'text/html' },
      });
    if (server !== 'ok')
      return new Response(null, {
        status: Number(server),
        headers: server === '429' ? { 'retry-after': '5' } : {},
      });
    if (next !== 'nothing') onNext();
    const isLossy = network === 'lossy';
    if (next === 'cut' || (isLossy && random.next() < 0.125)) lose('request');
    const answer = await fetch(input, init);
    if (next === 'lose answer' || (isLossy && random.next() < 0.125)) {
      await answer.body?.cancel();
      lose('answer');
    }
    return answer;
  };
}
