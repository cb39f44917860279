import type { TimeDependency } from '../plan/resolved-query.ts';
import type { QueryContext } from '../query-context.ts';
import { zonedNow } from '../time/date-ranges.ts';

/** When the relative dates of a query mean something else: the next minute, hour or day in the user's zone. */
export function nextBoundary(
  times: readonly TimeDependency[],
  { now, timeZone }: QueryContext,
): number | null {
  if (times.length === 0) return null;
  const at = zonedNow(now, timeZone);
  const steps = times.map(({ operator }) => {
    if (operator.startsWith('olderthan-x-hours')) {
      return at.round({ smallestUnit: 'hour', roundingMode: 'floor' }).add({ hours: 1 });
    }
    // Ranges that begin or end now move on all the time; a minute is fine enough.
    const moving = /^(?:last|next)-(?:x-|seven)/.test(operator) || operator.endsWith('minutes');
    if (moving)
      return at.round({ smallestUnit: 'minute', roundingMode: 'floor' }).add({ minutes: 1 });
    return at.startOfDay().add({ days: 1 }).startOfDay();
  });
  return Math.min(...steps.map((one) => one.epochMilliseconds));
}
