import type { Cell } from '@outpost/model';
import { join, name, sql } from '@outpost/query';
import type { PageRequest, PageResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import type { DeviceView } from '../view/device-view.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { readVersions } from './versions.ts';

const maxPageRows = 5000;

/** Rows of V(T) in a key range, in key order, or of some ids. The answer is complete for what it covers. */
export async function page(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  request: PageRequest,
): Promise<PageResponse> {
  const view = viewOf(caller, request.table);
  const limit = Math.max(1, Math.min(request.limit, maxPageRows));
  const key = `v.${name(view.primaryId)}`;
  const statement = join(
    [
      sql(
        `SELECT ${view.columns.map((column) => `v.${name(column)}`).join(', ')} FROM ${name(view.table)} v WHERE `,
      ),
      view.predicate,
      request.ids === null
        ? sql('')
        : sql(` AND ${key} IN (SELECT value FROM json_each(?))`, JSON.stringify(request.ids)),
      request.after === null ? sql('') : sql(` AND ${key} > ?`, request.after),
      request.upTo === null ? sql('') : sql(` AND ${key} <= ?`, request.upTo),
      sql(` ORDER BY ${key} LIMIT ?`, limit),
    ],
    '',
  );
  const rows = await tx.all(statement.text, statement.params);
  const last: Cell | undefined = rows.at(-1)?.[0];
  const isFull = rows.length === limit && typeof last === 'string';
  return {
    now: new Date(env.now()).toISOString(),
    current: await readVersions(env, tx, caller),
    table: view.table,
    view: view.hash,
    columns: view.columns,
    rows,
    covered: isFull ? last : request.upTo,
  };
}

export function viewOf(caller: Caller, table: string): DeviceView {
  const view = caller.views.find((one) => one.table === table);
  if (view !== undefined) return view;
  throw new HttpError(404, 'outpost:tableNotInProfile', `Table "${table}" is not in your profile.`);
}
