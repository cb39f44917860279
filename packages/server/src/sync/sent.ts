import type {
  DeviceIdentity,
  DocumentRequest,
  PageRequest,
  PageResponse,
  PullResponse,
  TableRows,
} from '@outpost/sync/protocol';
import { readToken } from '../feed/token.ts';
import type { ReadTx, ServerStore, WriteTx } from '../store/server-store.ts';
import type { Caller } from './sync-env.ts';

/** Rows of one table in one answer to a device. */
export interface SentRows {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly userId: string;
  readonly device: string;
  readonly table: string;
  readonly rows: number;
  readonly removed: number;
  /** The column whose document was sent, instead of a row. */
  readonly document: string | null;
  /** The rows that were sent, unless they are all that the user may have in a key range. */
  readonly ids: readonly string[] | null;
  /** Key range of a page: above `after`, up to `upTo`; null: open. */
  readonly after: string | null;
  readonly upTo: string | null;
}

/** Which answers to look for; all conditions given hold. */
export interface SentFilter {
  readonly userId?: string;
  readonly device?: string;
  readonly table?: string;
  /** Answers that held this row, or the key range it is in. */
  readonly id?: string;
  /** At most so many, the newest; default and maximum 1,000. */
  readonly limit?: number;
}

type Part = Omit<SentRows, 'at' | 'userId' | 'device'>;

/** Records a page before it is answered; a page without rows sends nothing. */
export async function recordPage(
  store: ServerStore,
  caller: Caller,
  { device, after, ids }: PageRequest,
  page: PageResponse,
  now: number,
): Promise<void> {
  if (page.rows.length === 0) return;
  const range =
    ids === null
      ? { ids: null, after, upTo: page.covered }
      : { ids: keysOf(page), after: null, upTo: null };
  const part = {
    table: page.table,
    rows: page.rows.length,
    removed: 0,
    document: null,
    ...range,
  };
  await store.write((tx) => insert(tx, caller, device, [part], now));
}

/** Records a delta before it is answered, and how far its device now knows the feed. Nothing new writes nothing. */
export async function recordPull(
  store: ServerStore,
  caller: Caller,
  device: DeviceIdentity,
  { changes, removes, tokens }: PullResponse,
  now: number,
): Promise<void> {
  if (tokens.length === 0) return;
  const tables = new Set([...changes, ...removes].map((one) => one.table));
  const parts = [...tables].map((table): Part => {
    const ids = changes.filter((one) => one.table === table).flatMap(keysOf);
    const gone = removes.filter((one) => one.table === table);
    const removed = gone.reduce((sum, one) => sum + one.ids.length, 0);
    return { table, rows: ids.length, removed, document: null, ids, after: null, upTo: null };
  });
  const position = Math.max(...tokens.map((one) => readToken(one.token)?.position ?? 0));
  await store.write(async (tx) => {
    await insert(tx, caller, device, parts, now);
    await tx.run(
      `INSERT INTO "$reached" (user_id, device, position, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (user_id, device) DO UPDATE SET position = excluded.position, at = excluded.at`,
      [caller.context.userId, device.id, position, now],
    );
  });
}

/** Records the first part of a document before it is answered. */
export async function recordDocument(
  store: ServerStore,
  caller: Caller,
  { device, table, id, column, at }: DocumentRequest,
  now: number,
): Promise<void> {
  if (at > 0) return;
  const part: Part = {
    table,
    rows: 0,
    removed: 0,
    document: column,
    ids: [id],
    after: null,
    upTo: null,
  };
  await store.write((tx) => insert(tx, caller, device, [part], now));
}

/** The primary key comes first in rows. */
function keysOf({ rows }: TableRows): readonly string[] {
  return rows.map((row) => String(row[0]));
}

async function insert(
  tx: WriteTx,
  caller: Caller,
  device: DeviceIdentity,
  parts: readonly Part[],
  now: number,
): Promise<void> {
  for (const { table, rows, removed, document, ids, after, upTo } of parts) {
    await tx.run(
      `INSERT INTO "$sent" (at, user_id, device, tbl, rows, removed, document, ids, after_key, up_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        now,
        caller.context.userId,
        device.id,
        table,
        rows,
        removed,
        document,
        ids === null ? null : JSON.stringify(ids),
        after,
        upTo,
      ],
    );
  }
}

const most = 1000;

/** What devices were sent, the newest first. */
export async function readSent(tx: ReadTx, filter: SentFilter): Promise<readonly SentRows[]> {
  const { userId, device, table, id, limit = most } = filter;
  const tests: [text: string, params: readonly string[]][] = [];
  if (userId !== undefined) tests.push(['user_id = ?', [userId]]);
  if (device !== undefined) tests.push(['device = ?', [device]]);
  if (table !== undefined) tests.push(['tbl = ?', [table]]);
  if (id !== undefined) {
    tests.push([
      `CASE WHEN ids IS NULL THEN coalesce(after_key < ?, TRUE) AND coalesce(up_to >= ?, TRUE)
       ELSE ${tx.engine.jsonHolds('ids')} END`,
      [id, id, id],
    ]);
  }
  const where = tests.map(([text]) => `(${text})`).join(' AND ') || 'TRUE';
  const rows = await tx.all(
    `SELECT at, user_id, device, tbl, rows, removed, ids, after_key, up_to, document FROM "$sent" WHERE ${where} ORDER BY id DESC LIMIT ?`,
    [...tests.flatMap(([, params]) => params), Math.max(1, Math.min(limit, most))],
  );
  const text = (cell: unknown) => (cell === null ? null : String(cell));
  return rows.map((row) => ({
    at: Number(row[0]),
    userId: String(row[1]),
    device: String(row[2]),
    table: String(row[3]),
    rows: Number(row[4]),
    removed: Number(row[5]),
    ids: typeof row[6] === 'string' ? (JSON.parse(row[6]) as readonly string[]) : null,
    after: text(row[7]),
    upTo: text(row[8]),
    document: text(row[9]),
  }));
}

/** Forgets answers that are older than `beforeMs`; says how many. */
export function pruneSent(tx: WriteTx, beforeMs: number): Promise<number> {
  return tx.run('DELETE FROM "$sent" WHERE at < ?', [beforeMs]);
}
