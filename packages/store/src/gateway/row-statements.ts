import { type Cell, fold } from '@outpost/model';
import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { RowImage } from './change-set.ts';
import { quoted, storedColumns, type TableSchema } from './table-schema.ts';

const maxUpdateTexts = 64;
const maxLoadTexts = 64;

/** A row as it lies in its table. */
export interface StoredRow {
  readonly image: RowImage;
  readonly rid: number;
}

/** The SQL of one table's rows, made once. */
export class RowStatements {
  readonly schema: TableSchema;
  readonly select: string;
  readonly insert: string;
  readonly delete: string;
  readonly #names: readonly string[];
  readonly #where: string;
  readonly #updates = new Map<string, string>();
  readonly #loads = new Map<string, string>();

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.#names = storedColumns(schema).map((one) => quoted(one.name));
    const table = quoted(schema.table.name);
    const all = this.#names.join(', ');
    this.#where = ` WHERE ${quoted(schema.table.primaryId)} = ?`;
    this.select = `SELECT ${all}, "_rid" FROM ${table}${this.#where}`;
    this.insert = `INSERT INTO ${table} (${all}) VALUES (${places(this.#names.length)})`;
    this.delete = `DELETE FROM ${table}${this.#where}`;
  }

  read(driver: SqlDriver, id: string): StoredRow | null {
    const cells = driver.prepare(this.select).get([id]) as RowImage | undefined;
    if (cells === undefined) return null;
    return { image: cells.slice(0, -1), rid: Number(cells.at(-1)) };
  }

  update(driver: SqlDriver, id: string, after: RowImage, changed: readonly number[]): void {
    const key = changed.join();
    let sql = this.#updates.get(key);
    const positions =
      sql === undefined && this.#updates.size >= maxUpdateTexts ? [...after.keys()] : changed;
    if (sql === undefined) {
      const sets = positions.map((i) => `${this.#names[i]} = ?`).join(', ');
      sql = `UPDATE ${quoted(this.schema.table.name)} SET ${sets}${this.#where}`;
      if (positions === changed) this.#updates.set(key, sql);
    }
    driver.prepare(sql).run([...positions.map((i) => after[i] ?? null), id]);
  }

  /** Inserts rows given in the order of `columns`, or overwrites those and the `empty` ones of rows that are there. */
  load(
    driver: SqlDriver,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
    empty: readonly string[],
  ): void {
    const { folded, slots, table } = this.schema;
    const sources = folded.map((one) => columns.indexOf(slots[one.source]?.name ?? ''));
    const copies = folded.filter((_, i) => (sources[i] ?? -1) >= 0);
    const from = sources.filter((at) => at >= 0);
    const key = `${columns.join()}|${empty.join()}`;
    let sql = this.#loads.get(key);
    if (sql === undefined) {
      const names = [...columns, ...copies.map((one) => one.name)].map(quoted);
      const emptyCopies = folded.filter((one) => empty.includes(slots[one.source]?.name ?? ''));
      const nulls = [...empty, ...emptyCopies.map((one) => one.name)].map(quoted);
      const primary = quoted(table.primaryId);
      const sets = [
        ...names.filter((one) => one !== primary).map((one) => `${one} = excluded.${one}`),
        ...nulls.map((one) => `${one} = NULL`),
      ];
      sql = `INSERT INTO ${quoted(table.name)} (${names.join(', ')}) VALUES (${places(names.length)})
        ON CONFLICT (${primary}) DO ${sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join(', ')}`}`;
      if (this.#loads.size >= maxLoadTexts) this.#loads.clear();
      this.#loads.set(key, sql);
    }
    const statement = driver.prepare(sql);
    for (const row of rows) {
      if (row.length !== columns.length) throw wrongLength(table.name, columns.length, row.length);
      if (from.length === 0) statement.run(row);
      else statement.run([...row, ...from.map((at) => foldedCell(row[at] ?? null))]);
    }
  }
}

/** The folded copy of a cell. */
export function foldedCell(cell: Cell): Cell {
  return typeof cell === 'string' ? fold(cell) : null;
}

function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

function wrongLength(table: string, expected: number, got: number): StoreError {
  return new StoreError(
    'write.type',
    `A row for table "${table}" has ${got} cells instead of ${expected}.`,
    'Give one cell per column, in the order of the columns.',
  );
}
