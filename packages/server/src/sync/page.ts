import type { Cell } from '@outpost/model';
import { join, name, sql } from '@outpost/query';
import type { PageRequest, PageResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import type { Caller, SyncEnv } from './sync-env.ts';

const maxPageRows = 5000;

/** Rows of V(T) after a key, in key order. The answer is complete for its range. */
export async function page(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  request: PageRequest,
): Promise<PageResponse> {
  const view = caller.views.find((one) => one.table === request.table);
  if (view === undefined) {
    throw new HttpError(
      404,
      'outpost:tableNotInProfile',
      `Table "${request.table}" is not in your profile.`,
    );
  }
  const limit = Math.max(1, Math.min(request.limit, maxPageRows));
  const key = `v.${name(view.primaryId)}`;
  const statement = join(
    [
      sql(
        `SELECT ${view.columns.map((column) => `v.${name(column)}`).join(', ')} FROM ${name(view.table)} v WHERE `,
      ),
      view.predicate,
      request.after === null ? sql('') : sql(` AND ${key} > ?`, request.after),
      sql(` ORDER BY ${key} LIMIT ?`, limit),
    ],
    '',
  );
  const rows = await tx.all(statement.text, statement.params);
  const last: Cell | undefined = rows.at(-1)?.[0];
  return {
    now: new Date(env.now()).toISOString(),
    table: view.table,
    view: view.hash,
    columns: view.columns,
    rows,
    covered: rows.length < limit || typeof last !== 'string' ? null : last,
  };
}
