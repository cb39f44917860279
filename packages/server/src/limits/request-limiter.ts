import { HttpError } from '../server-error.ts';

/** Service protection limits of one user and process. (Dataverse: 6,000 requests in 5 minutes, 52 at a time.) */
export interface RequestLimits {
  readonly requests: number;
  readonly windowMs: number;
  readonly concurrent: number;
}

export const dataverseLimits: RequestLimits = {
  requests: 6000,
  windowMs: 300_000,
  concurrent: 52,
};

const slices = 30;

/** Counts requests by user over a sliding window, in slices. */
export class RequestLimiter {
  readonly #limits: RequestLimits;
  readonly #now: () => number;
  readonly #users = new Map<string, { readonly slices: Map<number, number>; running: number }>();

  constructor(limits: RequestLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Runs a request, or throws the 429 that says when to come back. */
  async run<T>(user: string, request: () => Promise<T>): Promise<T> {
    const { requests, windowMs, concurrent } = this.#limits;
    const sliceMs = windowMs / slices;
    const slice = Math.floor(this.#now() / sliceMs);
    const known = this.#users.get(user) ?? { slices: new Map<number, number>(), running: 0 };
    this.#users.set(user, known);
    for (const old of known.slices.keys()) if (old <= slice - slices) known.slices.delete(old);
    const count = [...known.slices.values()].reduce((sum, one) => sum + one, 0);
    if (count >= requests) {
      // The oldest slice with requests is the first to leave the window.
      const oldest = Math.min(...known.slices.keys());
      const waitMs = (oldest + slices + 1) * sliceMs - this.#now();
      throw tooMany(
        '0x80072322',
        `More than ${requests} requests in ${windowMs / 1000} s.`,
        waitMs,
      );
    }
    if (known.running >= concurrent) {
      throw tooMany('0x80072326', `More than ${concurrent} requests at a time.`, 1000);
    }
    known.slices.set(slice, (known.slices.get(slice) ?? 0) + 1);
    known.running += 1;
    try {
      return await request();
    } finally {
      known.running -= 1;
    }
  }
}

function tooMany(code: string, message: string, waitMs: number): HttpError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new HttpError(429, code, message, { 'retry-after': String(seconds) });
}
