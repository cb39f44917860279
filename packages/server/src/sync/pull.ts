import type { Cell, ProfileEdge } from '@outpost/model';
import { concat, join, name, type Sql, sql } from '@outpost/query';
import {
  type CheckReason,
  type EntryKey,
  type EntryRange,
  type PullRequest,
  type PullResponse,
  type RemoveReason,
  rangesOfKeys,
  type TableRows,
} from '@outpost/sync/protocol';
import { readCandidates } from '../feed/candidates.ts';
import { type FeedPlace, readToken, writeToken } from '../feed/token.ts';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import { readState } from '../store/state.ts';
import type { DeviceView } from '../view/device-view.ts';
import { answerBytes, heavySize } from './page.ts';
import { withReadableParties } from './party-names.ts';
import { lowMark } from './results.ts';
import type { Caller, SyncEnv } from './sync-env.ts';
import { tableRows } from './table-rows.ts';
import { readVersions } from './versions.ts';

const maxRowsLimit = 5000;

interface Answer {
  readonly changes: TableRows[];
  readonly removes: { table: string; reason: RemoveReason; ids: string[] }[];
  readonly tokens: { token: string; tables: readonly string[] }[];
  readonly check: { table: string; why: CheckReason; view: string }[];
  readonly reached: Map<string, number>;
  /** Rows that it brings or removes. */
  rows: number;
  more: boolean;
}

/**
 * What changed since the caller's tokens. Every row that may have changed is evaluated now against V(T): in it, it is
 * sent; else it is removed with the reason. Taking too many rows into account is harmless, so each source of
 * candidates only has to be complete.
 */
export async function pull(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  request: PullRequest,
): Promise<PullResponse> {
  const feed = (await readState(tx, 'feed')) ?? '';
  const top = await tx.engine.clock.watermark(tx);
  const answer: Answer = {
    changes: [],
    removes: [],
    tokens: [],
    check: [],
    reached: new Map(),
    rows: 0,
    more: false,
  };
  const maxRows = Math.max(1, Math.min(request.maxRows, maxRowsLimit));
  const floor = Number((await readState(tx, 'logFloor')) ?? 0);
  for (const [token, tables] of groupsOf(request.from)) {
    const views = caller.views.filter((view) => tables.has(view.table));
    // What is not of the profile, or not any more, is not looked for.
    if (views.length === 0) continue;
    const place = token === null ? null : readToken(token);
    const why = whyNot(token, place, feed, top, floor);
    if (why === null && place !== null) {
      await delta(env, tx, caller, views, place.position, top, maxRows, feed, answer);
    } else {
      answer.tokens.push({
        token: writeToken({ feed, position: top }),
        tables: views.map((view) => view.table),
      });
      for (const view of views) {
        // The answer says nothing of its rows: no edit is seen before they were compared.
        answer.reached.set(view.table, notReached);
        answer.check.push({ table: view.table, why: why ?? 'first', view: view.hash });
      }
    }
    for (const view of views) {
      const held = request.views[view.table];
      const listed = answer.check.some((one) => one.table === view.table);
      if (held !== undefined && held !== view.hash && !listed) {
        answer.check.push({ table: view.table, why: 'view', view: view.hash });
      }
    }
  }
  return {
    now: new Date(env.now()).toISOString(),
    current: await readVersions(env, tx, caller),
    changes: answer.changes,
    removes: answer.removes,
    tokens: answer.tokens,
    check: answer.check,
    acked: await acked(env, tx, caller, request, answer.reached),
    more: answer.more,
  };
}

/** Tables by token: a group that comes twice is one. Throws the 400 of a table that two tokens are sent for. */
function groupsOf(from: PullRequest['from']): ReadonlyMap<string | null, ReadonlySet<string>> {
  const groups = new Map<string | null, Set<string>>();
  const tokens = new Map<string, string | null>();
  for (const { token, tables } of from) {
    const group = groups.get(token) ?? new Set();
    groups.set(token, group);
    for (const table of tables) {
      if (tokens.has(table) && tokens.get(table) !== token) {
        const message = `"${table}" is asked for with two tokens: send the newer one.`;
        throw new HttpError(400, 'outpost:pull', message);
      }
      tokens.set(table, token);
      group.add(table);
    }
  }
  return groups;
}

async function delta(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  views: readonly DeviceView[],
  from: number,
  top: number,
  maxRows: number,
  feed: string,
  answer: Answer,
): Promise<void> {
  // Nothing was committed since: nothing is looked at.
  if (from === top) {
    for (const view of views) answer.reached.set(view.table, top);
    return;
  }
  const tables = caller.views.map((view) => view.table);
  const { to, byTable } = await readCandidates(tx, caller, tables, from, top, maxRows);
  if (to < top) answer.more = true;
  answer.tokens.push({
    token: writeToken({ feed, position: to }),
    tables: views.map((view) => view.table),
  });
  const candidates = new Map<string, Set<string>>();
  // Sources come before the tables they bring along, so one pass over all views expands every chain.
  for (const view of caller.views) {
    const ids = new Set(byTable.get(view.table));
    for (const related of await relatedIds(tx, view, candidates)) ids.add(related);
    candidates.set(view.table, ids);
  }
  for (const view of views) {
    answer.reached.set(view.table, to);
    await evaluate(env, tx, caller, view, candidates.get(view.table) ?? new Set(), answer);
    if (await linksChanged(tx, view, from, to)) {
      answer.check.push({ table: view.table, why: 'links', view: view.hash });
    }
  }
}

/** Why a token cannot be gone on from; null: it can. */
function whyNot(
  token: string | null,
  place: FeedPlace | null,
  feed: string,
  top: number,
  floor: number,
): CheckReason | null {
  if (token === null) return 'first';
  if (place === null || place.feed !== feed || place.position > top) return 'feed';
  return place.position < floor ? 'expired' : null;
}

/** Rows related, by current values, to candidates of a source table. */
async function relatedIds(
  tx: ReadTx,
  view: DeviceView,
  candidates: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const edge of view.edges) {
    const ids = candidates.get(edge.source);
    if (ids === undefined || ids.size === 0) continue;
    const [wanted, table, given] = relatedColumns(view, edge);
    const rows = await select(
      tx,
      `SELECT ${name(wanted)} FROM ${name(table)} WHERE ${name(wanted)} IS NOT NULL AND `,
      [tx.engine.dialect.inList(name(given), [...ids])],
      '',
    );
    found.push(...rows.map((row) => String(row[0])));
  }
  return found;
}

/** Where the related row's id is found, and by which column, given the source row's id. */
function relatedColumns(
  view: DeviceView,
  edge: ProfileEdge,
): readonly [wanted: string, table: string, given: string] {
  if (edge.direction === 'pair') {
    return [edge.ownColumn, edge.relationship.intersect, edge.sourceColumn];
  }
  const { table, column } = edge.relationship;
  return edge.direction === 'child'
    ? [view.primaryId, table, column]
    : [column, table, view.sourceKeys.get(table) ?? ''];
}

async function evaluate(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  view: DeviceView,
  candidates: ReadonlySet<string>,
  answer: Answer,
): Promise<void> {
  if (candidates.size === 0) return;
  if (answer.rows + candidates.size > env.messageLimits.changedRows) return tooLarge(view, answer);
  answer.rows += candidates.size;
  const key = `v.${name(view.primaryId)}`;
  const { inList } = tx.engine.dialect;
  const among = inList(key, [...candidates]);
  if (view.heavyColumns.length > 0) {
    const size = await select(
      tx,
      `SELECT sum(${heavySize(view)}) FROM ${name(view.table)} v WHERE `,
      [among, view.predicate],
      '',
    );
    if (Number(size[0]?.[0] ?? 0) > answerBytes) return tooLarge(view, answer);
  }
  const wanted = concat(
    'SELECT ',
    view.cells,
    ` FROM ${name(view.table)} v WHERE `,
    join([among, view.predicate], ' AND '),
    ` ORDER BY ${key}`,
  );
  const found = await tx.all(wanted.text, wanted.params);
  const rows = await withReadableParties(env, tx, caller, view, found);
  if (rows.length > 0) answer.changes.push(tableRows(view.table, view.columns, rows));
  const sent = new Set(rows.map((row) => String(row[0])));
  const gone = [...candidates].filter((id) => !sent.has(id)).sort();
  if (gone.length === 0) return;
  const existing = concat(
    `SELECT ${key}, `,
    view.readable,
    ` FROM ${name(view.table)} v WHERE `,
    inList(key, gone),
  );
  const others = await tx.all(existing.text, existing.params);
  const access = new Map(others.map((row) => [String(row[0]), row[1] === 1]));
  const reasons = new Map<RemoveReason, string[]>();
  for (const id of gone) {
    const allowed = access.get(id);
    const reason = allowed === undefined ? 'deleted' : allowed ? 'filter' : 'access';
    reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
  }
  for (const [reason, ids] of reasons) answer.removes.push({ table: view.table, reason, ids });
}

/** Too much for one answer: the device finds the rows by checksum and reads them in pages. */
function tooLarge(view: DeviceView, answer: Answer): void {
  answer.check.push({ table: view.table, why: 'large', view: view.hash });
  // No edit is seen before the rows that it changed here were read.
  answer.reached.set(view.table, notReached);
}

function select(
  tx: ReadTx,
  head: string,
  conditions: readonly Sql[],
  tail: string,
): Promise<readonly (readonly Cell[])[]> {
  const where = join(conditions, ' AND ');
  return tx.all(head + where.text + tail, where.params);
}

/** A filter that reads other tables may have another result without a change of its own table. */
async function linksChanged(
  tx: ReadTx,
  view: DeviceView,
  from: number,
  to: number,
): Promise<boolean> {
  if (view.linkedTables.length === 0) return false;
  const rows = await select(
    tx,
    'SELECT 1 FROM "$log" WHERE ',
    [
      sql('position > ? AND position <= ?', from, to),
      tx.engine.dialect.inList('tbl', view.linkedTables),
    ],
    ' LIMIT 1',
  );
  return rows.length > 0;
}

/** Below every position of an edit. */
const notReached = -1;

/** Applied entries whose effect is inside this answer. */
async function acked(
  { messageLimits }: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  { device, awaiting }: PullRequest,
  reached: ReadonlyMap<string, number>,
): Promise<readonly EntryRange[]> {
  // Nothing is ever sent of a table outside the profile: there is nothing to wait for.
  const notAsked = caller.views.map((view) => view.table).filter((table) => !reached.has(table));
  // What an edit did to rows of other tables is to be seen with it.
  const to = Math.min(...reached.values());
  const inAnswer = concat(
    // Below zero: not in the feed yet. None: of an earlier feed, so everything that is read is newer.
    ' AND coalesce(position, 0) >= 0',
    notAsked.length === 0 ? '' : ' AND NOT ',
    notAsked.length === 0 ? '' : tx.engine.dialect.inList('tbl', notAsked),
    Number.isFinite(to) ? sql(' AND coalesce(position, 0) <= ?', to) : '',
  );
  const below: EntryRange[] = [];
  const contained: EntryKey[] = [];
  for (const [epoch, from, upTo] of awaiting) {
    const left = messageLimits.awaited - contained.length;
    if (left <= 0) break;
    const low = await lowMark(tx, caller, device.id, epoch);
    // Below the low mark: its effect was seen in an earlier life of this database.
    if (from < low) below.push([epoch, from, Math.min(upTo, low - 1)]);
    const statement = concat(
      sql(
        `SELECT seq FROM "$result" WHERE device = ? AND epoch = ? AND seq >= ? AND seq <= ? AND status = 'applied' AND user_id = ?`,
        device.id,
        epoch,
        Math.max(from, low),
        upTo,
        caller.context.userId,
      ),
      inAnswer,
      sql(' ORDER BY seq LIMIT ?', left),
    );
    const rows = await tx.all(statement.text, statement.params);
    for (const row of rows) contained.push([epoch, Number(row[0])]);
  }
  return [...below, ...rangesOfKeys(contained)];
}
