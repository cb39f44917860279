import type { Random } from '@outpost/model';

const firstMs = 2000;
const longestMs = 300_000;
/** So many failures in a row are worth a warning; attempts go on. */
export const degradedAfter = 8;

/** How long to wait after failures in a row: at random up to a bound that doubles, and at least as long as asked. */
export function backOffMs(failures: number, retryAfterMs: number | null, random: Random): number {
  const bound = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  const wait = random.next() * bound;
  if (retryAfterMs === null) return wait;
  // Not all at once when the organization asks everybody to wait.
  return Math.max(wait, retryAfterMs * (1 + random.next() * 0.1));
}
