import { accessScope, dataverseErrors, type Table } from '@outpost/model';
import { readCandidates } from '../feed/candidates.ts';
import { readToken, writeToken } from '../feed/token.ts';
import type { ServerResponse } from '../http/message.ts';
import { HttpError } from '../server-error.ts';
import { readState } from '../store/state.ts';
import { badAddress } from './address.ts';
import { context, json, text } from './answers.ts';
import type { Scope } from './call.ts';
import { forbidden } from './errors.ts';
import { atSkipToken, skipToken } from './paging.ts';
import { having, odataRowQuery, readRows, type Shown } from './row-query.ts';

type Options = Readonly<Record<string, string>>;

const page = 5000;
/** Rows that are asked for by their ids in one statement. */
const chunk = 500;
const separator = '!';

/** Whether a set is asked for with its changes: for the first time, or since a token. */
export function asksForChanges({ request }: Scope, options: Options): boolean {
  return request.prefer.trackChanges || options['$deltatoken'] !== undefined;
}

/** `GET accounts?$select=...` with `Prefer: odata.track-changes`, and the links that it gives. */
export async function readChanges(
  scope: Scope,
  table: Table,
  options: Options,
): Promise<ServerResponse> {
  check(scope, table, options);
  const token = options['$deltatoken'];
  return token === undefined
    ? readAll(scope, table, options)
    : readSince(scope, table, token, options);
}

/** `GET accounts/$count?$deltatoken=...`. */
export async function countChanges(
  scope: Scope,
  table: Table,
  options: Options,
): Promise<ServerResponse> {
  check(scope, table, options);
  const { ids } = await changedSince(scope, table, options['$deltatoken'] ?? '', 1_000_000);
  return text(String(ids.length));
}

function check({ caller }: Scope, table: Table, options: Options): void {
  if (!table.changeTracking) {
    throw new HttpError(
      400,
      dataverseErrors.changeTrackingNotEnabled,
      `Change tracking is not enabled for ${table.label}.`,
    );
  }
  // Who may read only some rows could not be told which of them left.
  if (accessScope(caller.context, 'read', table.name).kind !== 'all') {
    throw forbidden(`Tracking changes takes the right to read all rows of ${table.label}.`);
  }
  for (const option of ['$filter', '$orderby', '$expand', '$top']) {
    if (options[option] !== undefined) {
      throw badAddress(`${option} cannot be combined with change tracking.`);
    }
  }
}

/** All rows, by key; the token of the first page goes along, so that what changes meanwhile comes afterwards. */
async function readAll(scope: Scope, table: Table, options: Options): Promise<ServerResponse> {
  const { request } = scope;
  const [begun, at] = splitToken(options['$skiptoken']);
  const since = begun ?? (await newToken(scope));
  const { pageSize } = request.prefer;
  const wanted = select(scope, table, options);
  const sized = { ...wanted.query, count: pageSize };
  const query = at === null ? sized : atSkipToken(sized, at);
  const { rows, page: read } = await readRows(scope, { ...wanted, query });
  const next = read.moreRecords
    ? link(scope, table, options, '$skiptoken', `${since}${separator}${skipToken(query, read)}`)
    : null;
  return answer(scope, table, options, rows, next, since);
}

async function readSince(
  scope: Scope,
  table: Table,
  token: string,
  options: Options,
): Promise<ServerResponse> {
  const { ids, to, more, feed } = await changedSince(scope, table, token, page);
  const wanted = select(scope, table, options);
  const rows: Shown[] = [];
  for (let at = 0; at < ids.length; at += chunk) {
    const some = ids.slice(at, at + chunk);
    const query = having(wanted.query, table.primaryId, some);
    rows.push(...(await readRows(scope, { ...wanted, query })).rows);
  }
  const found = new Set(rows.map((row) => row[table.primaryId]));
  const deleted = ids
    .filter((id) => !found.has(id))
    .map((id) => ({
      '@odata.context': context(scope.request.root, `${table.setName}/$deletedEntity`),
      id,
      reason: 'deleted',
    }));
  const since = `${writeToken({ feed, position: to })}`;
  const next = more ? link(scope, table, options, '$deltatoken', since) : null;
  return answer(scope, table, options, [...rows, ...deleted], next, since);
}

function select(scope: Scope, table: Table, options: Options) {
  const $select = options['$select'];
  return odataRowQuery(scope, table, $select === undefined ? {} : { $select });
}

async function changedSince(scope: Scope, table: Table, token: string, most: number) {
  const { tx, caller } = scope;
  const place = readToken(token);
  const feed = (await readState(tx, 'feed')) ?? '';
  const top = await tx.engine.clock.watermark(tx);
  const floor = Number((await readState(tx, 'logFloor')) ?? 0);
  if (place === null) throw badAddress('The $deltatoken is not one of ours.');
  if (place.feed !== feed || place.position > top || place.position < floor) {
    throw new HttpError(
      400,
      dataverseErrors.expiredVersionStamp,
      'The $deltatoken has expired: read all rows again.',
    );
  }
  const { to, byTable } = await readCandidates(tx, caller, [table.name], place.position, top, most);
  return { ids: [...(byTable.get(table.name) ?? [])], to, more: to < top, feed };
}

async function newToken({ tx }: Scope): Promise<string> {
  const feed = (await readState(tx, 'feed')) ?? '';
  return writeToken({ feed, position: await tx.engine.clock.watermark(tx) });
}

function splitToken(token: string | undefined): readonly [string | null, string | null] {
  if (token === undefined) return [null, null];
  const at = token.indexOf(separator);
  const begun = at < 0 ? null : token.slice(0, at);
  if (begun === null || readToken(begun) === null) {
    throw badAddress('The $skiptoken is not one of ours.');
  }
  return [begun, token.slice(at + 1)];
}

function answer(
  { request }: Scope,
  table: Table,
  options: Options,
  value: readonly unknown[],
  next: string | null,
  since: string,
): ServerResponse {
  const delta = `${request.root}/${table.setName}?${selected(options)}$deltatoken=${encodeURIComponent(since)}`;
  return json(
    {
      '@odata.context': context(request.root, `${table.setName}/$delta`),
      value,
      ...(next === null ? { '@odata.deltaLink': delta } : { '@odata.nextLink': next }),
    },
    200,
    { 'preference-applied': 'odata.track-changes' },
  );
}

function link(
  { request }: Scope,
  table: Table,
  options: Options,
  name: string,
  value: string,
): string {
  return `${request.root}/${table.setName}?${selected(options)}${name}=${encodeURIComponent(value)}`;
}

function selected(options: Options): string {
  const $select = options['$select'];
  return $select === undefined ? '' : `$select=${encodeURIComponent($select)}&`;
}
