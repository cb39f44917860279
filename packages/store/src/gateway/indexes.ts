import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import { linkColumns, quoted, type StoreSchema } from './table-schema.ts';

/** An index somebody needs: stored columns of a table, folded ones included, in order. */
export interface IndexRequest {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Owner of the indexes on lookups that every database has. */
const schemaOwner = '$schema';

interface StoredIndex extends IndexRequest {
  readonly name: string;
}

/** Makes the indexes of `owner` exactly those of `requests`. A request that another owner has too costs nothing. */
export function requireIndexes(
  driver: SqlDriver,
  schema: StoreSchema,
  owner: string,
  requests: readonly IndexRequest[],
  isLoading: (table: string) => boolean,
): void {
  const wanted = new Map(requests.map((request) => [indexName(request), request]));
  for (const { table, columns } of wanted.values()) checkColumns(schema, table, columns);
  for (const [name] of driver.prepare('SELECT name FROM "$index" WHERE owner = ?').all([owner])) {
    if (!wanted.delete(String(name)))
      dropIndexes(driver, 'name = ? AND owner = ?', [String(name), owner]);
  }
  for (const [name, { table, columns }] of wanted) {
    driver
      .prepare(
        'INSERT INTO "$index" (name, owner, table_name, columns) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run([name, owner, table, JSON.stringify(columns)]);
    if (!isLoading(table)) create(driver, { name, table, columns });
  }
}

/** The indexes on lookups of every table. */
export function requireLinkIndexes(
  driver: SqlDriver,
  schema: StoreSchema,
  isLoading: (table: string) => boolean,
): void {
  const requests = [...schema.values()].flatMap((one) =>
    linkColumns(one).map((column) => ({ table: one.table.name, columns: [column] })),
  );
  requireIndexes(driver, schema, schemaOwner, requests, isLoading);
}

/** Drops the indexes of a table until `restoreIndexes`: building them at the end of a load is cheaper. */
export function suspendIndexes(driver: SqlDriver, table: string): void {
  for (const { name } of indexesOf(driver, table))
    driver.exec(`DROP INDEX IF EXISTS ${quoted(name)}`);
}

export function restoreIndexes(driver: SqlDriver, table: string): void {
  for (const index of indexesOf(driver, table)) create(driver, index);
}

/** Drops indexes of a table for good; with `column`, those that contain it. */
export function forgetIndexes(driver: SqlDriver, table: string, column?: string): void {
  for (const index of indexesOf(driver, table)) {
    if (column === undefined || index.columns.includes(column)) {
      dropIndexes(driver, 'name = ?', [index.name]);
    }
  }
}

function indexesOf(driver: SqlDriver, table: string): readonly StoredIndex[] {
  return driver
    .prepare('SELECT name, columns FROM "$index" WHERE table_name = ?')
    .all([table])
    .map(([name, columns]) => ({
      name: String(name),
      table,
      columns: JSON.parse(String(columns)) as string[],
    }));
}

function create(driver: SqlDriver, { name, table, columns }: StoredIndex): void {
  const list = columns.map(quoted).join(', ');
  driver.exec(`CREATE INDEX IF NOT EXISTS ${quoted(name)} ON ${quoted(table)} (${list})`);
}

function dropIndexes(driver: SqlDriver, where: string, params: readonly string[]): void {
  const names = driver.prepare(`SELECT name FROM "$index" WHERE ${where}`).all(params);
  driver.prepare(`DELETE FROM "$index" WHERE ${where}`).run(params);
  for (const [name] of names) {
    const shared = driver.prepare('SELECT 1 FROM "$index" WHERE name = ?').get([name ?? null]);
    if (shared === undefined) driver.exec(`DROP INDEX IF EXISTS ${quoted(String(name))}`);
  }
}

function indexName({ table, columns }: IndexRequest): string {
  return `ix_${table}_${columns.join('_')}`;
}

function checkColumns(schema: StoreSchema, table: string, columns: readonly string[]): void {
  const known = schema.get(table)?.slotIndex;
  const unknown = columns.filter((column) => known?.has(column) !== true);
  if (known !== undefined && unknown.length === 0 && columns.length > 0) return;
  throw new StoreError(
    known === undefined ? 'write.unknownTable' : 'write.unknownColumn',
    `No index can be made on table "${table}", columns ${columns.join(', ') || '(none)'}.`,
    'Name tables and columns of the schema.',
  );
}
