import type { Slot } from '@outpost/model';
import { concat, name, postgresql, type Sql, sql } from '@outpost/query';
import type { ChangeClock } from '../store/change-clock.ts';
import type { LogRange, StoreEngine } from '../store/store-engine.ts';
import { clockSql } from './clocks.ts';

/** Any number, the same for all processes: who changes the schema holds it. */
const schemaLock = 715_290_410;

const kinds: Readonly<Record<string, Slot['sqlType']>> = {
  text: 'TEXT',
  bigint: 'INTEGER',
  'double precision': 'REAL',
};

/** Comparisons of rows, which only the index with these columns can answer. */
function loggedRange({ table, by, from, to, limit }: LogRange): Sql {
  const most = limit === null ? sql('') : sql(' LIMIT ?', limit);
  if (by === null) {
    return concat(
      sql(
        'SELECT position, pk FROM "$log" WHERE tbl = ? AND (tbl, position) > (?, ?) AND position <= ? ORDER BY tbl, position',
        table,
        table,
        from,
        to,
      ),
      most,
    );
  }
  const { column, values } = by;
  return concat(
    sql(
      `SELECT l.position, l.pk FROM jsonb_array_elements_text(?::jsonb) AS s(scope) CROSS JOIN LATERAL
       (SELECT position, pk FROM "$log" WHERE tbl = ? AND ${column} = s.scope AND (tbl, ${column}, position) > (?, s.scope, ?)
        AND position <= ? ORDER BY tbl, ${column}, position`,
      JSON.stringify(values),
      table,
      table,
      from,
      to,
    ),
    most,
    ') l ORDER BY l.position',
    most,
  );
}

/** PostgreSQL: many writers at a time. */
export function postgresEngine(clock: ChangeClock): StoreEngine {
  return {
    dialect: postgresql,
    clock,
    isShared: true,
    types: { TEXT: 'text COLLATE "C"', INTEGER: 'bigint', REAL: 'double precision' },
    storesFolded: true,
    // 63, two of which a folded copy takes.
    maxNameBytes: 61,
    numberedKey: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    keyOrdered: '',
    logged: loggedRange,
    jsonHolds: (column) => `jsonb_exists(${column}::jsonb, ?)`,
    async columnsOf(tx, table) {
      return new Set((await this.typesOf(tx, table)).keys());
    },
    async typesOf(tx, table) {
      const rows = await tx.all(
        'SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?',
        [table],
      );
      return new Map(rows.map((row) => [String(row[0]), kinds[String(row[1])] ?? 'TEXT']));
    },
    async widen(tx, table, column) {
      const sql = `ALTER TABLE ${name(table)} ALTER COLUMN ${name(column)} TYPE double precision`;
      await tx.run(sql);
    },
    async lockSchema(tx) {
      await tx.all(`SELECT pg_advisory_xact_lock(${schemaLock})`);
    },
    systemSql: ['CREATE SEQUENCE IF NOT EXISTS "$version"', ...clockSql],
    async nextVersion(tx) {
      // Taken before the row is written; whoever wrote it in between makes this transaction run again, with a new number.
      return Number((await tx.all(`SELECT nextval('"$version"')`))[0]?.[0]);
    },
    async leapVersions(tx, by) {
      await tx.all(`SELECT setval('"$version"', nextval('"$version"') + ${by})`);
    },
  };
}
