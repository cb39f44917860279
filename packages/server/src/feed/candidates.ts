import { accessScope } from '@outpost/model';
import { everybody } from '../security/shares.ts';
import type { ReadTx } from '../store/server-store.ts';
import type { LogRange } from '../store/store-engine.ts';
import type { Caller } from '../sync/sync-env.ts';

/** Rows that changed after a position, by table, and up to where the list is complete. */
export interface Candidates {
  readonly to: number;
  readonly byTable: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Logged {
  readonly table: string;
  readonly id: string;
  readonly position: number;
}

/**
 * The log of some tables between two positions, under the caller's own read scopes, so that the work follows the caller's
 * changes and not those of everybody. Ends after about `most` entries, never inside a transaction.
 */
export async function readCandidates(
  tx: ReadTx,
  caller: Caller,
  tables: readonly string[],
  from: number,
  top: number,
  most: number,
): Promise<Candidates> {
  const found: Logged[] = [];
  for (const table of tables) {
    for (const probe of probes(caller, table)) {
      found.push(...(await read(tx, table, probe, from, top, most + 1)));
    }
  }
  found.sort((a, b) => a.position - b.position);
  // What was cut off anywhere lies here or behind: a part that was cut off has one more than `most` itself.
  const horizon = found[most]?.position;
  if (horizon === undefined) return { to: top, byTable: grouped(found) };
  const known = found.filter((one) => one.position < horizon);
  if (known.length > 0) return { to: horizon - 1, byTable: grouped(known) };
  // One transaction is larger than an answer should be: it is taken whole.
  const whole: Logged[] = [];
  for (const table of tables) {
    for (const probe of probes(caller, table)) {
      whole.push(...(await read(tx, table, probe, from, horizon, null)));
    }
  }
  return { to: horizon, byTable: grouped(whole) };
}

/** Whose changes a caller may have to be told of: those under some owners or business units, or all (null). */
type Probe = LogRange['by'];

function probes(caller: Caller, table: string): readonly Probe[] {
  const scope = accessScope(caller.context, 'read', table);
  if (scope.kind === 'none') return [];
  if (scope.kind === 'all') return [null];
  const owners = [...new Set([...scope.owners, ...scope.sharedWith, everybody])];
  const units = scope.businessUnits;
  return [
    { column: 'owner', values: owners },
    ...(units.length === 0 ? [] : [{ column: 'bu', values: units } as const]),
  ];
}

async function read(
  tx: ReadTx,
  table: string,
  by: Probe,
  from: number,
  to: number,
  limit: number | null,
): Promise<readonly Logged[]> {
  const { text, params } = tx.engine.logged({ table, by, from, to, limit });
  const rows = await tx.all(text, params);
  return rows.map((row) => ({ table, position: Number(row[0]), id: String(row[1]) }));
}

function grouped(found: readonly Logged[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byTable = new Map<string, Set<string>>();
  for (const { table, id } of found) {
    const ids = byTable.get(table);
    if (ids === undefined) byTable.set(table, new Set([id]));
    else ids.add(id);
  }
  return byTable;
}
