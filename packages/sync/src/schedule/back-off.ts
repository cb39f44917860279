import type { Random } from '@outpost/model';

const firstMs = 2000;
const longestMs = 300_000;
/** Whatever an answer asks for, no wait is longer. (Dataverse counts requests over 5 minutes.) */
export const longestAskedMs = 3_600_000;
/** So many failures in a row are worth a warning; attempts go on. */
export const degradedAfter = 8;

/** How long to wait after failures in a row: at random up to a bound that doubles, and as long as asked, within reason. */
export function backOffMs(failures: number, retryAfterMs: number | null, random: Random): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  const wait = random.next() * bound;
  if (retryAfterMs === null) return wait;
  // Not all at once when the organization asks everybody to wait.
  return Math.max(wait, Math.min(longestAskedMs, retryAfterMs) * (1 + random.next() * 0.1));
}
