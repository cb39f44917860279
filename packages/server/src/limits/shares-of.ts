import type { Shares } from './fair-share.ts';

/** What a store that carries out one transaction after another takes on at the same time. */
const oneByOne = 8;

/**
 * How the connections of a store are shared out: a quarter is for queries of the Web API, one or two stay free for what
 * the organization asks itself, devices have the rest. No user gets more than half of either.
 */
export function sharesOf(connections: number = oneByOne): {
  readonly cycles: Shares;
  readonly queries: Shares;
} {
  const queries = Math.max(1, Math.floor(connections / 4));
  const free = connections > 4 ? 2 : 1;
  const cycles = Math.max(1, connections - queries - free);
  return { cycles: half(cycles), queries: half(queries) };
}

function half(all: number): Shares {
  return { all, perUser: Math.max(1, Math.floor(all / 2)) };
}
