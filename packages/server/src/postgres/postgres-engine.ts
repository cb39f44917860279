import { postgresql } from '@outpost/query';
import type { StoreEngine } from '../store/store-engine.ts';

/** Any number, the same for all processes: who changes the schema holds it. */
const schemaLock = 715_290_410;

/**
 * PostgreSQL: many writers at a time. The position of a transaction is its number; below the oldest one that still runs
 * nothing can appear any more. Numbers of a sequence would be no positions: they are taken in another order than
 * transactions commit in, and readers would step over what commits late.
 */
export const postgresEngine: StoreEngine = {
  dialect: postgresql,
  clock: {
    kind: 'xid8',
    async position(tx) {
      return Number((await tx.all('SELECT pg_current_xact_id()::text::bigint'))[0]?.[0]);
    },
    async watermark(tx) {
      const rows = await tx.all('SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1');
      return Number(rows[0]?.[0]);
    },
  },
  types: { TEXT: 'text COLLATE "C"', INTEGER: 'bigint', REAL: 'double precision' },
  storesFolded: true,
  numberedKey: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  keyOrdered: '',
  along: () => '',
  jsonHolds: (column) => `jsonb_exists(${column}::jsonb, ?)`,
  async columnsOf(tx, table) {
    const rows = await tx.all(
      'SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?',
      [table],
    );
    return new Set(rows.map((row) => String(row[0])));
  },
  async lockSchema(tx) {
    await tx.all(`SELECT pg_advisory_xact_lock(${schemaLock})`);
  },
  systemSql: ['CREATE SEQUENCE IF NOT EXISTS "$version"'],
  async nextVersion(tx) {
    // Taken before the row is written; whoever wrote it in between makes this transaction run again, with a new number.
    return Number((await tx.all(`SELECT nextval('"$version"')`))[0]?.[0]);
  },
  async leapVersions(tx, by) {
    await tx.all(`SELECT setval('"$version"', nextval('"$version"') + ${by})`);
  },
};
