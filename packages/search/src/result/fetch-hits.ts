import type { PreparedQuery, RankedRow } from '@outpost/query';

/** So many rows are fetched and sorted; of more, the order of the view is walked until enough are found. */
const maxSorted = 2000;
/** A walk gives up after so many times the steps that it should take. */
const patience = 4;
/** Totals are exact up to here. */
export const maxCounted = 10_000;

export interface Fetched {
  readonly rows: readonly RankedRow[];
  readonly total: number | { readonly atLeast: number };
}

/** The first rows of those that were found, by rank and then in the order of the view, and how many there are. */
export function fetchHits(
  prepared: PreparedQuery,
  groups: readonly (readonly number[])[],
  limit: number,
  tableRows: () => number,
): Fetched {
  const found = groups.reduce((sum, group) => sum + group.length, 0);
  if (limit === 0) return { rows: [], total: totalOf(prepared, groups, found) };
  const rows = firstRows(prepared, groups, found, limit, tableRows);
  if (rows.length < limit) return { rows, total: rows.length };
  return { rows, total: totalOf(prepared, groups, found) };
}

function firstRows(
  prepared: PreparedQuery,
  groups: readonly (readonly number[])[],
  found: number,
  limit: number,
  tableRows: () => number,
): readonly RankedRow[] {
  const ranked = groups.map((rids, rank) => ({ rank, rids }));
  if (found <= maxSorted) return prepared.rows(neededGroups(prepared, ranked, limit), limit);
  const rows: RankedRow[] = [];
  for (const group of ranked) {
    const wanted = limit - rows.length;
    if (wanted <= 0) break;
    if (group.rids.length === 0) continue;
    const walked =
      group.rids.length <= maxSorted ? null : walk(prepared, group.rids, wanted, tableRows());
    const rids = walked ?? group.rids;
    rows.push(...prepared.rows([{ rank: group.rank, rids }], wanted));
  }
  if (found > maxSorted) prepared.used(found);
  return rows;
}

interface Group {
  readonly rank: number;
  readonly rids: readonly number[];
}

/** Without a filter of the view, the rows come from the first groups. */
function neededGroups(
  prepared: PreparedQuery,
  groups: readonly Group[],
  limit: number,
): readonly Group[] {
  if (prepared.isFiltered) return groups;
  let before = 0;
  return groups.filter(({ rids }) => {
    const isNeeded = before < limit;
    before += rids.length;
    return isNeeded;
  });
}

/** The first rows of a group in the order of the view; null where sorting the group is better. */
function walk(
  prepared: PreparedQuery,
  rids: readonly number[],
  wanted: number,
  tableRows: number,
): readonly number[] | null {
  if (!prepared.walksIndex) return null;
  const most = patience * Math.ceil((wanted * tableRows) / rids.length);
  if (most > rids.length * 2) return null;
  const members = new Uint8Array(rids.reduce((last, rid) => Math.max(last, rid), 0) + 1);
  for (const rid of rids) members[rid] = 1;
  const found: number[] = [];
  let steps = 0;
  for (const rid of prepared.walk()) {
    if (members[rid] === 1) found.push(rid);
    if (found.length === wanted) return found;
    steps += 1;
    if (steps > most) return null;
  }
  return found;
}

function totalOf(
  prepared: PreparedQuery,
  groups: readonly (readonly number[])[],
  found: number,
): Fetched['total'] {
  if (!prepared.isFiltered) return found;
  const count = prepared.count(groups.flat(), maxCounted + 1);
  return count > maxCounted ? { atLeast: maxCounted } : count;
}
