import type { ChangeClock } from '../store/change-clock.ts';
import type { ReadTx, WriteTx } from '../store/server-store.ts';

/**
 * The position of a transaction is its number; below the oldest one that still runs nothing can appear any more. A
 * transaction that runs for long, in any database of the cluster, holds the watermark: devices learn of changes later, and
 * of none too few. Numbers of a sequence would be no positions: transactions commit in another order than they take
 * them, and readers would step over what commits late.
 */
export const transactionNumbers: ChangeClock = {
  kind: 'xid8',
  async position(tx) {
    return number(tx, 'SELECT pg_current_xact_id()::text::bigint');
  },
  async watermark(tx) {
    // The newest change below that transaction: where nothing changed, readers stay where they are.
    return number(
      tx,
      `SELECT greatest(
         (SELECT max(position) FROM "$log" WHERE position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint),
         (SELECT value::bigint FROM "$state" WHERE key = 'logFloor'), 0)`,
    );
  },
};

/** What clocks keep in the database. */
export const clockSql: readonly string[] = [
  'CREATE SEQUENCE IF NOT EXISTS "$ticket"',
  'CREATE INDEX IF NOT EXISTS "$result_ticket" ON "$result" (position) WHERE position < 0',
  'CREATE TABLE IF NOT EXISTS "$numbered" (one boolean PRIMARY KEY, position bigint NOT NULL)',
  'INSERT INTO "$numbered" VALUES (true, 0) ON CONFLICT DO NOTHING',
];

/**
 * Transactions take tickets, and get their positions after they are committed, from whoever reads the feed next. For
 * services that speak PostgreSQL's language without its transaction numbers.
 */
export const sequencer: ChangeClock = {
  kind: 'sequencer',
  async position(tx) {
    return -(await number(tx, `SELECT nextval('"$ticket"')`));
  },
  async advance(store) {
    const waiting = await store.read((tx) => tickets(tx, 1));
    if (waiting.length > 0) await store.write(assign);
  },
  watermark,
};

function watermark(tx: ReadTx): Promise<number> {
  return number(tx, 'SELECT position FROM "$numbered"');
}

/** One at a time: the lock on the last position is held until the new ones are committed with it. */
async function assign(tx: WriteTx): Promise<void> {
  let position = await number(tx, 'SELECT position FROM "$numbered" FOR UPDATE');
  for (const ticket of await tickets(tx, 1000)) {
    position += 1;
    await tx.run('UPDATE "$log" SET position = ? WHERE position = ? AND position < 0', [
      position,
      ticket,
    ]);
    await tx.run('UPDATE "$result" SET position = ? WHERE position = ? AND position < 0', [
      position,
      ticket,
    ]);
  }
  await tx.run('UPDATE "$numbered" SET position = ?', [position]);
}

/** Tickets of committed transactions, the oldest first. */
async function tickets(tx: ReadTx, most: number): Promise<readonly number[]> {
  const rows = await tx.all(
    'SELECT position FROM "$log" WHERE position < 0 GROUP BY position ORDER BY position DESC LIMIT ?',
    [most],
  );
  return rows.map((row) => Number(row[0]));
}

async function number(tx: ReadTx, sql: string): Promise<number> {
  return Number((await tx.all(sql))[0]?.[0]);
}
