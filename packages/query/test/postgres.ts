import { type Cell, type Cells, fold, type Table, tableSlots } from '@outpost/model';
import pg from 'pg';

/** Address of a PostgreSQL to use, such as `postgres://user@localhost/db`; a schema of its own is made in it. */
export const address: string | undefined = process.env['OUTPOST_POSTGRES'];

export interface PostgresDatabase {
  readonly client: pg.Client;
  /** Makes tables as the organization has them: texts with their folded copies. */
  create(tables: readonly Table[]): Promise<void>;
  insert(table: Table, cells: Cells): Promise<void>;
  drop(tables: readonly Table[]): Promise<void>;
  close(): Promise<void>;
}

const quoted = (name: string) => `"${name}"`;
const types = { TEXT: 'text COLLATE "C"', INTEGER: 'bigint', REAL: 'double precision' };

/** A schema of one's own in the test database. */
export async function openPostgres(purpose: string): Promise<PostgresDatabase> {
  // bigint and numeric as numbers: counts and sums of tests fit.
  pg.types.setTypeParser(20, Number);
  pg.types.setTypeParser(1700, Number);
  const client = new pg.Client({ connectionString: address ?? '' });
  const schema = `outpost_${purpose}_${process.pid}`;
  await client.connect();
  await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}`);
  return {
    client,
    async create(tables) {
      for (const table of tables) {
        const columns = tableSlots(table).flatMap(({ name, sqlType }) => {
          const own = `${quoted(name)} ${types[sqlType]}`;
          return sqlType === 'TEXT' ? [own, `${quoted(`${name}$f`)} ${types.TEXT}`] : [own];
        });
        await client.query(`CREATE TABLE ${quoted(table.name)} (${columns.join(', ')})`);
      }
    },
    async insert(table, given) {
      const cells = Object.entries(given).flatMap(([slot, cell]): [string, Cell][] =>
        typeof cell === 'string'
          ? [
              [slot, cell],
              [`${slot}$f`, fold(cell)],
            ]
          : [[slot, cell]],
      );
      const names = cells.map(([slot]) => quoted(slot)).join(', ');
      const places = cells.map((_, i) => `$${i + 1}`).join(', ');
      await client.query(
        `INSERT INTO ${quoted(table.name)} (${names}) VALUES (${places})`,
        cells.map(([, cell]) => cell),
      );
    },
    async drop(tables) {
      for (const { name } of tables) await client.query(`DROP TABLE ${quoted(name)}`);
    },
    async close() {
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    },
  };
}
