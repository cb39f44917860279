import { versionColumn } from '@outpost/model';
import { join, name, sql } from '@outpost/query';
import { type DigestRequest, type DigestResponse, RowSum } from '@outpost/sync/protocol';
import { readToken } from '../feed/token.ts';
import type { ReadTx } from '../store/server-store.ts';
import { viewOf } from './page.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { readVersions } from './versions.ts';

/** Compares checksums of key ranges with V(T) as it is now. */
export async function digest(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  request: DigestRequest,
): Promise<DigestResponse> {
  const view = viewOf(caller, request.table);
  const key = `v.${name(view.primaryId)}`;
  const last = request.ranges.at(-1)?.upTo ?? null;
  const statement = join(
    [
      sql(`SELECT ${key}, v.${name(versionColumn.name)} FROM ${name(view.table)} v WHERE `),
      view.predicate,
      request.after === null ? sql('') : sql(` AND ${key} > ?`, request.after),
      last === null ? sql('') : sql(` AND ${key} <= ?`, last),
      sql(` ORDER BY ${key}`),
    ],
    '',
  );
  const rows = await tx.all(statement.text, statement.params);
  const isSameColumns = view.columns.join() === request.columns.join();
  const bad: number[] = [];
  const stale: number[] = [];
  let at = 0;
  for (const [i, range] of request.ranges.entries()) {
    const sum = new RowSum();
    const ids: string[] = [];
    for (let row = rows[at]; row !== undefined; row = rows[++at]) {
      const id = String(row[0]);
      if (range.upTo !== null && id > range.upTo) break;
      sum.add(id, Number(row[1]));
      ids.push(id);
    }
    if (isSameColumns && sum.rows === range.rows && sum.text === range.sum) continue;
    bad.push(i);
    if (!isSameColumns || (await changedSince(tx, request, i))) stale.push(i);
  }
  return {
    now: new Date(env.now()).toISOString(),
    current: await readVersions(env, tx, caller),
    view: view.hash,
    bad,
    stale,
  };
}

/** Whether a row of the range was changed, or removed, after the token. */
async function changedSince(
  tx: ReadTx,
  { table, token, after, ranges }: DigestRequest,
  i: number,
): Promise<boolean> {
  const place = token === null ? null : readToken(token);
  if (place === null) return true;
  const from = i === 0 ? after : (ranges[i - 1]?.upTo ?? null);
  const upTo = ranges[i]?.upTo ?? null;
  const rows = await tx.all(
    `SELECT 1 FROM "$log" WHERE tbl = ? AND position > ? AND pk > ? ${upTo === null ? '' : 'AND pk <= ?'} LIMIT 1`,
    [table, place.position, from ?? '', ...(upTo === null ? [] : [upTo])],
  );
  return rows.length > 0;
}
