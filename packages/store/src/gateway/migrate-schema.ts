import { type Cell, type ColumnType, fold, formerNames } from '@outpost/model';
import type { SqlDriver } from '../sql-driver.ts';
import { forgetIndexes, requireLinkIndexes } from './indexes.ts';
import { foldFingerprint, readMeta, writeMeta } from './meta.ts';
import { foldedCell } from './row-statements.ts';
import {
  createTableSql,
  quoted,
  type StoreSchema,
  storedColumns,
  type TableSchema,
} from './table-schema.ts';

/** What a migration did. */
export interface MigrationReport {
  readonly schemaVersion: number;
  /** False: the database already had this schema, and nothing was written. */
  readonly changed: boolean;
  readonly addedTables: readonly string[];
  readonly droppedTables: readonly string[];
  /** Columns by table that the organization must send: new ones, and those whose cells could not be kept. */
  readonly needsData: ReadonlyMap<string, readonly string[]>;
  /** Columns whose type changed, with the number of cells that did not fit the new type and are empty now. */
  readonly converted: readonly {
    readonly table: string;
    readonly column: string;
    readonly cleared: number;
  }[];
  /** Columns that are called something else now; their cells are kept. */
  readonly renamed: readonly {
    readonly table: string;
    readonly from: string;
    readonly to: string;
  }[];
  /** Folded columns that were written anew. */
  readonly refolded: readonly { readonly table: string; readonly column: string }[];
}

interface StoredColumn {
  readonly name: string;
  readonly sqlType: string;
  /** Type of the model column and part of it; null for a folded column. */
  readonly type: ColumnType | null;
  readonly part: string | null;
}

interface StoredTable {
  readonly primaryId: string;
  readonly columns: readonly StoredColumn[];
}

/**
 * Brings the database to the target schema. Call it inside a transaction: a migration happens wholly or not at all.
 * Types and names of columns are compared with what was applied last, which the database knows itself.
 */
export function migrateSchema(driver: SqlDriver, target: StoreSchema): MigrationReport {
  return new Migration(driver, target).run();
}

class Migration {
  readonly #driver: SqlDriver;
  readonly #target: StoreSchema;
  readonly #added: string[] = [];
  readonly #dropped: string[] = [];
  readonly #needsData = new Map<string, string[]>();
  readonly #converted: { table: string; column: string; cleared: number }[] = [];
  readonly #renamed: { table: string; from: string; to: string }[] = [];
  readonly #refolded: { table: string; column: string }[] = [];
  #changed = false;

  constructor(driver: SqlDriver, target: StoreSchema) {
    this.#driver = driver;
    this.#target = target;
  }

  run(): MigrationReport {
    const driver = this.#driver;
    const stored = readStored(driver);
    for (const table of stored.keys()) if (!this.#target.has(table)) this.#drop(table);
    const refold = readMeta(driver, 'foldFingerprint') !== foldFingerprint();
    for (const schema of this.#target.values()) {
      const before = stored.get(schema.table.name);
      if (before === undefined) this.#create(schema);
      else if (!isSameKey(schema, before)) {
        this.#drop(schema.table.name);
        this.#create(schema);
      } else this.#alter(schema, before, refold);
    }
    if (refold) writeMeta(driver, 'foldFingerprint', foldFingerprint());
    requireLinkIndexes(driver, this.#target, (table) => isLoading(driver, table));
    const version = Number(readMeta(driver, 'schemaVersion') ?? 0) + (this.#changed ? 1 : 0);
    if (this.#changed) writeMeta(driver, 'schemaVersion', version);
    return {
      schemaVersion: version,
      changed: this.#changed || this.#refolded.length > 0,
      addedTables: this.#added,
      droppedTables: this.#dropped,
      needsData: this.#needsData,
      converted: this.#converted,
      renamed: this.#renamed,
      refolded: this.#refolded,
    };
  }

  #create(schema: TableSchema): void {
    const { name } = schema.table;
    this.#driver.exec(createTableSql(schema));
    this.#store(schema);
    this.#added.push(name);
    this.#needsData.set(
      name,
      schema.slots.map((slot) => slot.name),
    );
  }

  #drop(table: string): void {
    forgetIndexes(this.#driver, table);
    this.#driver.exec(`DROP TABLE IF EXISTS ${quoted(table)}`);
    this.#driver.prepare('DELETE FROM "$schema" WHERE table_name = ?').run([table]);
    this.#driver.prepare('DELETE FROM "$load" WHERE table_name = ?').run([table]);
    this.#dropped.push(table);
    this.#changed = true;
  }

  #alter(schema: TableSchema, before: StoredTable, refold: boolean): void {
    const table = schema.table.name;
    const wanted = describe(schema).columns;
    const present = this.#rename(schema, before.columns);
    const had = new Map(present.map((one) => [one.name, one]));
    let changed = present !== before.columns;
    for (const column of present) {
      if (wanted.some((one) => one.name === column.name)) continue;
      this.#dropColumn(table, column.name);
      changed = true;
    }
    for (const column of wanted) {
      const old = had.get(column.name);
      if (old !== undefined && sameColumn(old, column)) continue;
      changed = true;
      if (old === undefined) {
        this.#addColumn(table, column);
        if (column.type !== null) this.#need(table, column.name);
      } else if (column.type !== null) {
        this.#convert(table, old, column);
      }
    }
    for (const { name, source } of schema.folded) {
      const from = schema.slots[source]?.name ?? '';
      const touched = this.#converted.some((one) => one.table === table && one.column === from);
      if (!refold && had.has(name) && !touched) continue;
      this.#refold(schema, name, from);
    }
    if (changed) this.#store(schema);
  }

  /** Columns that the model has under another name now: cells, names of targets and folded copies are kept. */
  #rename(schema: TableSchema, before: readonly StoredColumn[]): readonly StoredColumn[] {
    const table = schema.table.name;
    let present = before;
    const has = (name: string) => present.some((one) => one.name === name);
    for (const column of schema.table.columns) {
      const { name } = column;
      const former = formerNames(column).find((one) => has(one) && !schema.slotIndex.has(one));
      if (former === undefined || has(name)) continue;
      present = present.map((one) => {
        const isPart = one.name === former || one.name.startsWith(`${former}$`);
        if (!isPart) return one;
        const to = `${name}${one.name.slice(former.length)}`;
        forgetIndexes(this.#driver, table, one.name);
        this.#driver.exec(
          `ALTER TABLE ${quoted(table)} RENAME COLUMN ${quoted(one.name)} TO ${quoted(to)}`,
        );
        return { ...one, name: to };
      });
      this.#renamed.push({ table, from: former, to: name });
    }
    return present;
  }

  #need(table: string, column: string): void {
    const columns = this.#needsData.get(table);
    if (columns === undefined) this.#needsData.set(table, [column]);
    else columns.push(column);
  }

  #addColumn(table: string, column: StoredColumn): void {
    this.#driver.exec(
      `ALTER TABLE ${quoted(table)} ADD COLUMN ${quoted(column.name)} ${column.sqlType}`,
    );
  }

  /** SQLite refuses to drop a column that an index contains. */
  #dropColumn(table: string, column: string): void {
    forgetIndexes(this.#driver, table, column);
    this.#driver.exec(`ALTER TABLE ${quoted(table)} DROP COLUMN ${quoted(column)}`);
  }

  /** Keeps the cells that have a form in the new type. */
  #convert(table: string, old: StoredColumn, column: StoredColumn): void {
    const driver = this.#driver;
    const name = quoted(column.name);
    driver.exec(
      `CREATE TEMP TABLE "$convert" AS SELECT "_rid" AS rid, ${name} AS cell FROM ${quoted(table)} WHERE ${name} IS NOT NULL`,
    );
    this.#dropColumn(table, column.name);
    this.#addColumn(table, column);
    let cleared = 0;
    const update = driver.prepare(`UPDATE ${quoted(table)} SET ${name} = ? WHERE "_rid" = ?`);
    for (const [rid, cell] of driver.prepare('SELECT rid, cell FROM "$convert"').iterate()) {
      const converted = convertCell(cell as Cell, old, column);
      if (converted === null) cleared += 1;
      else update.run([converted, rid ?? null]);
    }
    driver.exec('DROP TABLE temp."$convert"');
    if (cleared > 0) this.#need(table, column.name);
    this.#converted.push({ table, column: column.name, cleared });
  }

  #refold(schema: TableSchema, column: string, source: string): void {
    const driver = this.#driver;
    const table = quoted(schema.table.name);
    const update = driver.prepare(`UPDATE ${table} SET ${quoted(column)} = ? WHERE "_rid" = ?`);
    const chunk = driver.prepare(
      `SELECT "_rid", ${quoted(source)}, ${quoted(column)} FROM ${table} WHERE "_rid" > ? ORDER BY "_rid" LIMIT 2000`,
    );
    for (let rows = chunk.all([-1]); rows.length > 0; ) {
      for (const [rid, cell, old] of rows) {
        const folded = foldedCell(cell as Cell);
        if (folded !== old) update.run([folded, rid ?? null]);
      }
      rows = chunk.all([rows.at(-1)?.[0] ?? null]);
    }
    this.#refolded.push({ table: schema.table.name, column });
  }

  #store(schema: TableSchema): void {
    this.#changed = true;
    this.#driver
      .prepare(
        'INSERT INTO "$schema" (table_name, json) VALUES (?, ?) ON CONFLICT (table_name) DO UPDATE SET json = excluded.json',
      )
      .run([schema.table.name, JSON.stringify(describe(schema))]);
  }
}

function readStored(driver: SqlDriver): ReadonlyMap<string, StoredTable> {
  const rows = driver.prepare('SELECT table_name, json FROM "$schema"').all();
  return new Map(
    rows.map(([name, json]) => [String(name), JSON.parse(String(json)) as StoredTable]),
  );
}

/** Rows are known by the same column, whatever it is called. */
function isSameKey({ table }: TableSchema, { primaryId }: StoredTable): boolean {
  const key = table.columns.find((one) => one.name === table.primaryId);
  return (
    primaryId === table.primaryId || (key !== undefined && formerNames(key).includes(primaryId))
  );
}

export function isLoading(driver: SqlDriver, table: string): boolean {
  return driver.prepare('SELECT 1 FROM "$load" WHERE table_name = ?').get([table]) !== undefined;
}

function describe(schema: TableSchema): StoredTable {
  const columns = storedColumns(schema).map(({ name, sqlType }, i): StoredColumn => {
    const slot = schema.slots[i];
    return { name, sqlType, type: slot?.column.type ?? null, part: slot?.part ?? null };
  });
  return { primaryId: schema.table.primaryId, columns };
}

function sameColumn(a: StoredColumn, b: StoredColumn): boolean {
  return a.sqlType === b.sqlType && (formOf(a) === formOf(b) || b.type === null);
}

/** Types whose cells have the same form. */
function formOf({ type, part }: StoredColumn): string {
  if (part !== 'value') return 'text';
  switch (type) {
    case 'integer':
    case 'bigint':
    case 'choice':
    case 'state':
    case 'status':
      return 'integer';
    case 'decimal':
    case 'double':
    case 'money':
      return 'number';
    case 'string':
    case 'memo':
      return 'text';
    default:
      return type ?? 'text';
  }
}

const numeric = /^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

/** The cell in the new type, or null when it has no form there. */
function convertCell(cell: Cell, from: StoredColumn, to: StoredColumn): Cell {
  const target = formOf(to);
  if (target === 'text') return String(cell);
  if (target === 'integer' || target === 'number') {
    const plain = ['integer', 'number', 'text', 'boolean'].includes(formOf(from));
    if (!plain || (typeof cell === 'string' && !numeric.test(cell))) return null;
    const number = Number(cell);
    if (!Number.isFinite(number) || (target === 'integer' && !Number.isSafeInteger(number)))
      return null;
    return number;
  }
  if (target === 'boolean') return cell === 0 || cell === 1 ? cell : null;
  return null;
}

/** A folded cell that is not the fold of its source. */
export interface FoldedFault {
  readonly table: string;
  /** The folded column. */
  readonly column: string;
  /** Row number, `_rid`. */
  readonly rid: number;
}

/** Folded cells that are not the fold of their source; empty when all is well. */
export function verifyFolded(driver: SqlDriver, schema: TableSchema): readonly FoldedFault[] {
  return schema.folded.flatMap(({ name, source }) => {
    const from = schema.slots[source]?.name ?? '';
    const rows = driver
      .prepare(`SELECT "_rid", ${quoted(from)}, ${quoted(name)} FROM ${quoted(schema.table.name)}`)
      .all();
    return rows
      .filter(([, cell, folded]) => (typeof cell === 'string' ? fold(cell) : null) !== folded)
      .map(([rid]) => ({ table: schema.table.name, column: name, rid: Number(rid) }));
  });
}
