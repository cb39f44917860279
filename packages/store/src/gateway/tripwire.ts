import type { SqlDriver } from '../sql-driver.ts';
import { quoted } from './table-schema.ts';
import type { WriteCounts } from './write-tx.ts';

/** What happens when rows of a model table change behind the gateway. */
export type TripwireMode = 'assert' | 'warn' | 'off';

const operations = [
  ['I', 'INSERT', 'new'],
  ['U', 'UPDATE', 'new'],
  ['D', 'DELETE', 'old'],
] as const;

/**
 * Counts row changes by temporary triggers, to compare them with what the gateway did. SQLite's update hook would miss
 * DELETE without WHERE and report rows that are rolled back later.
 */
export class Tripwire {
  readonly #driver: SqlDriver;
  readonly #armed = new Set<string>();

  constructor(driver: SqlDriver) {
    this.#driver = driver;
    driver.exec(
      'CREATE TEMP TABLE "$trip" (table_name TEXT NOT NULL, operation TEXT NOT NULL, rid INTEGER)',
    );
  }

  arm(table: string): void {
    if (this.#armed.has(table)) return;
    for (const [letter, event, row] of operations) {
      this.#driver.exec(
        `CREATE TEMP TRIGGER ${trigger(table, letter)} AFTER ${event} ON main.${quoted(table)}
         BEGIN INSERT INTO "$trip" VALUES ('${table}', '${letter}', ${row}."_rid"); END`,
      );
    }
    this.#armed.add(table);
  }

  disarm(table: string): void {
    if (!this.#armed.delete(table)) return;
    for (const [letter] of operations) {
      this.#driver.exec(`DROP TRIGGER IF EXISTS temp.${trigger(table, letter)}`);
    }
  }

  disarmAll(): void {
    for (const table of [...this.#armed]) this.disarm(table);
  }

  /** Whether a row write is counted: its trigger is one more changed row for SQLite. */
  isArmed(table: string): boolean {
    return this.#armed.has(table);
  }

  /** Tables whose rows changed in another way than `counts` says; starts counting anew. */
  bypassed(counts: WriteCounts): readonly string[] {
    const seen = new Map<string, number>();
    const rows = this.#driver
      .prepare('SELECT table_name, operation, count(*) FROM "$trip" GROUP BY table_name, operation')
      .all();
    if (rows.length > 0) this.#driver.prepare('DELETE FROM "$trip"').run();
    for (const [table, operation, count] of rows) seen.set(`${table} ${operation}`, Number(count));
    const wrong = new Set<string>();
    for (const key of new Set([...seen.keys(), ...counts.keys()])) {
      const table = key.slice(0, -2);
      if (this.isArmed(table) && seen.get(key) !== counts.get(key)) wrong.add(table);
    }
    return [...wrong];
  }
}

function trigger(table: string, letter: string): string {
  return quoted(`$trip_${table}_${letter}`);
}
