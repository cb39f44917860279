import { HttpError } from '../server-error.ts';

/** Streams of hints that one process keeps open. */
export interface StreamLimits {
  /** Of one user; a device has one. */
  readonly perUser: number;
  readonly all: number;
}

export const defaultStreamLimits: StreamLimits = { perUser: 50, all: 10_000 };

/** How long those wait that there is no stream for; they ask for changes now and then, as without hints. */
const waitSeconds = 300;

/** Throws the 429 of a stream too many. */
export function demandStream(
  users: Iterable<string>,
  userId: string,
  { perUser, all }: StreamLimits,
): void {
  let [own, total] = [0, 0];
  for (const one of users) {
    total += 1;
    if (one === userId) own += 1;
  }
  if (own < perUser && total < all) return;
  const message =
    own < perUser
      ? `The organization keeps no more than ${all} streams open.`
      : `A user has at most ${perUser} streams.`;
  throw new HttpError(429, 'outpost:tooManyStreams', message, {
    'retry-after': String(waitSeconds),
  });
}
