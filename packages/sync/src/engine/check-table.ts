import { versionColumn } from '@outpost/model';
import type { DeviceStore } from '@outpost/store';
import { quoted } from '@outpost/store';
import { applyCheckPage, finishCheck, setRanges } from '../apply/apply-rows.ts';
import {
  type DeviceIdentity,
  type DigestRange,
  type DigestResponse,
  messageLimits,
  type PageResponse,
  RowSum,
  type Versions,
} from '../protocol/index.ts';
import type { Reply, SyncTransport } from '../transport.ts';
import type { KeyRange, SyncTable } from './sync-state.ts';

/** What comparing a table with V(T) has shown. */
export interface TableCheck {
  readonly table: string;
  /** Rows of the base that were compared. */
  readonly rows: number;
  /** Key ranges that differed and were read again. */
  readonly different: number;
  /** Those of them in which nothing had changed since the token: the device was wrong. */
  readonly divergent: number;
}

interface CheckContext {
  readonly store: DeviceStore;
  readonly transport: Pick<SyncTransport, 'page' | 'digest'>;
  readonly device: DeviceIdentity;
  readonly limit: number;
  seen(): Versions;
}

const coarseRows = 1024;
const fineRows = 32;

type Take = <T>(reply: Reply<T>) => { readonly value: T; readonly bytes: number };

/**
 * One step of a check: finds the ranges that differ, or reads what is left of them. Null: the step is to be made again.
 * What is left is stored, so that an interrupted check goes on.
 */
export async function checkTable(
  context: CheckContext,
  table: SyncTable,
  refreshed: (reply: Reply<unknown>) => Promise<boolean>,
  take: Take,
  report: () => void,
): Promise<TableCheck | null> {
  const { store, transport, device, limit } = context;
  if (table.ranges === null) {
    const most = store.count(table.table) + editedRows(store, table.table);
    const size = rangeSize(coarseRows, most);
    const coarse = rangesOf(baseRows(store, table.table, null, null), size, null);
    const rows = coarse.reduce((sum, one) => sum + one.rows, 0);
    const first = await compare(context, table, null, coarse, refreshed, take);
    if (first === null) return null;
    report();
    const found: KeyRange[] = [];
    let divergent = first.bad.length - first.stale.length;
    // With much to read, finding out exactly what costs more than it saves.
    const isMuch = first.bad.length * 4 > coarse.length && coarse.length > 4;
    for (const i of first.bad) {
      const after = i === 0 ? null : (coarse[i - 1]?.upTo ?? null);
      const upTo = coarse[i]?.upTo ?? null;
      if (isMuch) {
        found.push([after, upTo]);
        continue;
      }
      const fineSize = rangeSize(fineRows, coarse[i]?.rows ?? 0);
      const fine = rangesOf(baseRows(store, table.table, after, upTo), fineSize, upTo);
      const second = await compare(context, table, after, fine, refreshed, take);
      if (second === null) return null;
      for (const j of second.bad) {
        found.push([j === 0 ? after : (fine[j - 1]?.upTo ?? null), fine[j]?.upTo ?? null]);
      }
    }
    if (isMuch) divergent = Math.min(divergent, found.length);
    setRanges(store, table.table, found, first.view);
    return found.length === 0
      ? done(store, table, { rows, different: 0, divergent: 0 })
      : { table: table.table, rows, different: found.length, divergent };
  }
  const [range, ...rest] = table.ranges;
  if (range === undefined) return done(store, table, { rows: 0, different: 0, divergent: 0 });
  const [after, upTo] = range;
  const request = {
    device,
    seen: context.seen(),
    table: table.table,
    after,
    upTo,
    ids: null,
    limit,
  };
  const reply = await transport.page(request);
  if (await refreshed(reply)) return null;
  const { value, bytes }: { readonly value: PageResponse; readonly bytes: number } = take(reply);
  const isRead = value.covered === upTo;
  const left: readonly KeyRange[] = isRead ? rest : [[value.covered, upTo], ...rest];
  applyCheckPage(store, value, after, left, bytes);
  return null;
}

function done(
  store: DeviceStore,
  { table }: SyncTable,
  check: Omit<TableCheck, 'table'>,
): TableCheck | null {
  finishCheck(store, table);
  return check.rows === 0 && check.different === 0 ? null : { table, ...check };
}

async function compare(
  { transport, device, seen }: CheckContext,
  { table, token, columns }: SyncTable,
  after: string | null,
  ranges: readonly DigestRange[],
  refreshed: (reply: Reply<unknown>) => Promise<boolean>,
  take: Take,
): Promise<DigestResponse | null> {
  const reply = await transport.digest({
    device,
    seen: seen(),
    table,
    token,
    columns,
    after,
    ranges,
  });
  return (await refreshed(reply)) ? null : take(reply).value;
}

/** Rows of a range, so that all ranges go into one request. */
function rangeSize(wanted: number, rows: number): number {
  return Math.max(wanted, Math.ceil(rows / (messageLimits.ranges - 1)));
}

function editedRows(store: DeviceStore, table: string): number {
  return Number(store.all('SELECT count(*) FROM "$base" WHERE table_name = ?', [table])[0]?.[0]);
}

type KeyVersion = readonly [id: string, version: number];

/** Keys that are read at a time. */
const readRows = 4096;

/** Keys and versions of what the organization last sent in a key range, in key order; never all of them at once. */
function* baseRows(
  store: DeviceStore,
  table: string,
  after: string | null,
  upTo: string | null,
): Generator<KeyVersion> {
  const primary = quoted(store.schema.get(table)?.table.primaryId ?? '');
  // Edited rows show something else; null: the organization has no such row.
  const edited = store
    .all(
      `SELECT row_id, cells FROM "$base" WHERE table_name = ?1 AND (?2 IS NULL OR row_id > ?2) AND (?3 IS NULL OR row_id <= ?3)
       ORDER BY row_id`,
      [table, after, upTo],
    )
    .map(([id, cells]) => [String(id), cells === null ? null : versionOf(String(cells))] as const);
  let next = 0;
  let last = after;
  for (let more = true; more; ) {
    const rows = store.all(
      `SELECT ${primary}, ${quoted(versionColumn.name)} FROM ${quoted(table)}
       WHERE ${primary} > ?1 AND (?2 IS NULL OR ${primary} <= ?2) ORDER BY ${primary} LIMIT ?3`,
      [last ?? '', upTo, readRows],
    );
    more = rows.length === readRows;
    for (const row of rows) {
      const id = String(row[0]);
      last = id;
      for (let one = edited[next]; one !== undefined && one[0] < id; one = edited[++next]) {
        if (one[1] !== null) yield [one[0], one[1]];
      }
      const base = edited[next]?.[0] === id ? edited[next++]?.[1] : Number(row[1] ?? 0);
      if (base !== null && base !== undefined) yield [id, base];
    }
  }
  for (const [id, version] of edited.slice(next)) if (version !== null) yield [id, version];
}

function versionOf(cells: string): number {
  const { [versionColumn.name]: version } = JSON.parse(cells) as Record<string, unknown>;
  return Number(version ?? 0);
}

/** Ranges of so many rows, the last to the end. */
function rangesOf(
  rows: Iterable<KeyVersion>,
  size: number,
  end: string | null,
): readonly DigestRange[] {
  const ranges: DigestRange[] = [];
  let sum = new RowSum();
  let last: string | null = null;
  for (const [id, version] of rows) {
    if (sum.rows === size) {
      ranges.push({ upTo: last, rows: sum.rows, sum: sum.text });
      sum = new RowSum();
    }
    sum.add(id, version);
    last = id;
  }
  return [...ranges, { upTo: end, rows: sum.rows, sum: sum.text }];
}
