import type { SqlDriver } from '../sql-driver.ts';
import { quoted } from './table-schema.ts';
import type { WriteCounts } from './write-tx.ts';

/** What happens when rows of a model table change behind the gateway. */
export type TripwireMode = 'assert' | 'warn' | 'off';

const operations = [
  ['I', 'INSERT'],
  ['U', 'UPDATE'],
  ['D', 'DELETE'],
] as const;
/** Traces are removed when there are so many. */
const maxTraces = 50_000;

/**
 * Traces row changes by temporary triggers, to compare them with what the gateway did. SQLite's update hook would miss
 * DELETE without WHERE and report rows that are rolled back later.
 */
export class Tripwire {
  readonly #driver: SqlDriver;
  readonly #armed = new Set<string>();
  /** `table operation` by the number that stands for it in traces. */
  readonly #codes: string[] = [];
  /** Traces up to here were compared in transactions that are committed. */
  #compared = 0;
  #comparing = 0;

  constructor(driver: SqlDriver) {
    this.#driver = driver;
    driver.exec('CREATE TEMP TABLE "$trip" (id INTEGER PRIMARY KEY, code INTEGER NOT NULL)');
  }

  arm(table: string): void {
    if (this.#armed.has(table)) return;
    for (const [letter, event] of operations) {
      this.#driver.exec(
        `CREATE TEMP TRIGGER ${trigger(table, letter)} AFTER ${event} ON main.${quoted(table)}
         BEGIN INSERT INTO "$trip" (code) VALUES (${this.#code(`${table} ${letter}`)}); END`,
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

  /** Tables whose rows changed in another way than `counts` says, since the last comparison that was committed. */
  bypassed(counts: WriteCounts): readonly string[] {
    const traces = this.#driver
      .prepare('SELECT code, id FROM "$trip" WHERE id > ?')
      .all([this.#compared]);
    const seen = new Map<string, number>();
    for (const [code] of traces) {
      const key = this.#codes[Number(code)] ?? '';
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    this.#comparing = Number(traces.at(-1)?.[1] ?? this.#compared);
    if (this.#comparing > maxTraces) {
      this.#driver.prepare('DELETE FROM "$trip"').run();
      this.#comparing = 0;
    }
    const wrong = new Set<string>();
    for (const key of new Set([...seen.keys(), ...counts.keys()])) {
      const table = key.slice(0, -2);
      if (this.#armed.has(table) && seen.get(key) !== counts.get(key)) wrong.add(table);
    }
    return [...wrong];
  }

  /** The transaction of the newest comparison is committed. */
  committed(): void {
    this.#compared = this.#comparing;
  }

  #code(key: string): number {
    const known = this.#codes.indexOf(key);
    return known >= 0 ? known : this.#codes.push(key) - 1;
  }
}

function trigger(table: string, letter: string): string {
  return quoted(`$trip_${table}_${letter}`);
}
