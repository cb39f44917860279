import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';

const magic = 'SQLite format 3\0';
/** Read and write version in the header: 1 is a rollback journal, 2 is WAL. */
const versionBytes = [18, 19] as const;

/** A copy of a snapshot that can be attached anywhere: it needs no write-ahead log. */
export function attachable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = String.fromCharCode(...bytes.subarray(0, magic.length));
  if (head !== magic) throw snapshotError('it does not begin like a SQLite file');
  const copy = new Uint8Array(bytes);
  for (const at of versionBytes) copy[at] = 1;
  return copy;
}

/** Replaces all tables and indexes of `driver` by those of the database at `path`, in one transaction. */
export function restoreFrom(driver: SqlDriver, path: string): void {
  if (driver.inTransaction) {
    throw new StoreError(
      'store.snapshot',
      'A snapshot cannot be restored inside a transaction.',
      'Restore it outside of any transaction.',
    );
  }
  try {
    driver.exec(`ATTACH ${literal(path)} AS "snapshot"`);
  } catch (error) {
    throw snapshotError(error instanceof Error ? error.message : String(error));
  }
  try {
    const findings = check(driver);
    if (findings.length > 0) throw snapshotError(findings.join('; '));
    driver.transaction(() => {
      for (const [kind, name] of objects(driver, 'main')) {
        if (kind === 'table') driver.exec(`DROP TABLE ${quoted(name)}`);
      }
      const wanted = objects(driver, 'snapshot');
      for (const [kind, name, sql] of wanted) {
        if (kind !== 'table') continue;
        // Prepared, because a text of several statements must not run as such.
        driver.prepare(sql).run();
        driver.exec(
          `INSERT INTO main.${quoted(name)} SELECT * FROM "snapshot".${quoted(name)} ORDER BY 1`,
        );
      }
      for (const [kind, , sql] of wanted) if (kind === 'index') driver.prepare(sql).run();
    });
  } finally {
    driver.exec('DETACH "snapshot"');
  }
}

function check(driver: SqlDriver): readonly string[] {
  try {
    const rows = driver.prepare('PRAGMA "snapshot".quick_check').all();
    return rows.map((row) => String(row[0])).filter((finding) => finding !== 'ok');
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Tables and indexes with their SQL. Triggers, views and virtual tables of a foreign file are not taken over. */
function objects(
  driver: SqlDriver,
  schema: string,
): readonly (readonly [kind: string, name: string, sql: string])[] {
  return driver
    .prepare(
      `SELECT type, name, sql FROM "${schema}".sqlite_schema
       WHERE type IN ('table', 'index') AND sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
       AND sql NOT LIKE 'CREATE VIRTUAL%'`,
    )
    .all()
    .map((row) => [String(row[0]), String(row[1]), String(row[2])]);
}

export function snapshotError(reason: string): StoreError {
  return new StoreError(
    'store.snapshot',
    `The snapshot cannot be used: ${reason}.`,
    'Take the bytes that `snapshot` gave, unchanged.',
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
