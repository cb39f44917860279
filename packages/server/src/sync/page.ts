import type { Cell } from '@outpost/model';
import { concat, join, name, type Sql, sql } from '@outpost/query';
import { messageLimits, type PageRequest, type PageResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import type { DeviceView } from '../view/device-view.ts';
import { withReadableParties } from './party-names.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { tableRows } from './table-rows.ts';
import { readVersions } from './versions.ts';

/** Characters of long texts in one answer; a single one may be larger. */
export const answerBytes: number = 4 * 1024 * 1024;

/** Rows of V(T) in a key range, in key order, or of some ids. The answer is complete for what it covers. */
export async function page(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  request: PageRequest,
): Promise<PageResponse> {
  const view = viewOf(caller, request.table);
  const most = Math.max(1, Math.min(request.limit, messageLimits.pageRows));
  const key = `v.${name(view.primaryId)}`;
  const range = join(
    [
      view.predicate,
      request.ids === null ? sql('') : concat(' AND ', tx.engine.dialect.inList(key, request.ids)),
      request.after === null ? sql('') : sql(` AND ${key} > ?`, request.after),
      request.upTo === null ? sql('') : sql(` AND ${key} <= ?`, request.upTo),
    ],
    '',
  );
  const limit = await rowsThatFit(tx, view, range, most);
  const statement = join(
    [
      concat('SELECT ', view.cells, ` FROM ${name(view.table)} v WHERE `),
      range,
      sql(` ORDER BY ${key} LIMIT ?`, limit),
    ],
    '',
  );
  const found = await tx.all(statement.text, statement.params);
  const rows = await withReadableParties(env, tx, caller, view, found);
  const last: Cell | undefined = rows.at(-1)?.[0];
  const isFull = rows.length === limit && typeof last === 'string';
  return {
    now: new Date(env.now()).toISOString(),
    current: await readVersions(env, tx, caller),
    ...tableRows(view.table, view.columns, rows),
    view: view.hash,
    covered: isFull ? last : request.upTo,
  };
}

/** How many rows of a table with long texts in it go into one answer; at least one. */
async function rowsThatFit(
  tx: ReadTx,
  view: DeviceView,
  range: Sql,
  most: number,
): Promise<number> {
  if (view.heavyColumns.length === 0) return most;
  const sizes = join(
    [
      sql(`SELECT ${heavySize(view)} FROM ${name(view.table)} v WHERE `),
      range,
      sql(` ORDER BY v.${name(view.primaryId)} LIMIT ?`, most),
    ],
    '',
  );
  let bytes = 0;
  const rows = await tx.all(sizes.text, sizes.params);
  const over = rows.findIndex((row) => {
    bytes += Number(row[0]);
    return bytes > answerBytes;
  });
  return over < 0 ? most : Math.max(1, over);
}

/** SQL of the characters in the long texts of a row. */
export function heavySize(view: DeviceView): string {
  return view.heavyColumns.map((column) => `coalesce(length(v.${name(column)}), 0)`).join(' + ');
}

export function viewOf(caller: Caller, table: string): DeviceView {
  const view = caller.views.find((one) => one.table === table);
  if (view !== undefined) return view;
  throw new HttpError(404, 'outpost:tableNotInProfile', `Table "${table}" is not in your profile.`);
}
