/** Minutes between two syncs of a table. (Dataverse offline profiles: 5 minutes to a day.) */
const [shortest, longest, usual] = [5, 1440, 10];
/** Tables due within this time of each other go together. */
const togetherMs = 30_000;

export interface ScheduledTable {
  readonly table: string;
  readonly intervalMinutes: number;
}

export function intervalMs(minutes: number, atLeastMinutes = 0): number {
  const wanted = Number.isFinite(minutes) ? minutes : usual;
  return Math.max(shortest, Math.min(longest, Math.max(wanted, atLeastMinutes))) * 60_000;
}

/** Tables that are to be synchronized now; no table sooner than its interval says. */
export function dueTables(
  tables: readonly ScheduledTable[],
  lastAt: ReadonlyMap<string, number>,
  now: number,
  atLeastMinutes: number,
): readonly string[] {
  return tables
    .filter(({ table, intervalMinutes }) => {
      const last = lastAt.get(table);
      return last === undefined || last + intervalMs(intervalMinutes, atLeastMinutes) <= now;
    })
    .map(({ table }) => table);
}

/** When something is due next: as late as tables that are due soon after each other can go together. */
export function nextDueAt(
  tables: readonly ScheduledTable[],
  lastAt: ReadonlyMap<string, number>,
  now: number,
  atLeastMinutes: number,
): number {
  const times = tables
    .map(({ table, intervalMinutes }) => {
      const last = lastAt.get(table);
      return last === undefined ? now : last + intervalMs(intervalMinutes, atLeastMinutes);
    })
    .sort((a, b) => a - b);
  const [first] = times;
  if (first === undefined) return now + intervalMs(usual, atLeastMinutes);
  return Math.max(...times.filter((time) => time <= first + togetherMs));
}
