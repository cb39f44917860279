import { type Cell, versionColumn } from '@outpost/model';
import { join, name, sql } from '@outpost/query';
import { type DigestRequest, type DigestResponse, RowSum } from '@outpost/sync/protocol';
import { readToken } from '../feed/token.ts';
import type { ReadTx } from '../store/server-store.ts';
import type { DeviceView } from '../view/device-view.ts';
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
  const rows = new RowStream(tx, view, request);
  const isSameColumns = view.columns.toSorted().join() === request.columns.toSorted().join();
  const bad: number[] = [];
  const stale: number[] = [];
  for (const [i, range] of request.ranges.entries()) {
    const sum = new RowSum();
    for (let row = await rows.peek(); row !== undefined; row = await rows.peek()) {
      const id = String(row[0]);
      if (range.upTo !== null && id > range.upTo) break;
      sum.add(id, Number(row[1]));
      rows.next();
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

/** Rows that are held at a time. */
const chunkRows = 5000;

/** Keys and versions of V(T) in the requested ranges, in key order, a chunk at a time. */
class RowStream {
  readonly #tx: ReadTx;
  readonly #view: DeviceView;
  readonly #last: string | null;
  #after: string | null;
  #rows: readonly (readonly Cell[])[] = [];
  #at = 0;
  #ended = false;

  constructor(tx: ReadTx, view: DeviceView, { after, ranges }: DigestRequest) {
    this.#tx = tx;
    this.#view = view;
    this.#after = after;
    this.#last = ranges.at(-1)?.upTo ?? null;
  }

  async peek(): Promise<readonly Cell[] | undefined> {
    if (this.#at === this.#rows.length && !this.#ended) await this.#read();
    return this.#rows[this.#at];
  }

  next(): void {
    this.#at += 1;
  }

  async #read(): Promise<void> {
    const key = `v.${name(this.#view.primaryId)}`;
    const statement = join(
      [
        sql(`SELECT ${key}, v.${name(versionColumn.name)} FROM ${name(this.#view.table)} v WHERE `),
        this.#view.predicate,
        this.#after === null ? sql('') : sql(` AND ${key} > ?`, this.#after),
        this.#last === null ? sql('') : sql(` AND ${key} <= ?`, this.#last),
        sql(` ORDER BY ${key} LIMIT ?`, chunkRows),
      ],
      '',
    );
    this.#rows = await this.#tx.all(statement.text, statement.params);
    this.#at = 0;
    this.#ended = this.#rows.length < chunkRows;
    const last = this.#rows.at(-1)?.[0];
    if (typeof last === 'string') this.#after = last;
  }
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
