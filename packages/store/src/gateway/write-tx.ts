import { type Cell, type Cells, fitsSlot, type Slot } from '@outpost/model';
import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { Origin, RowChange, RowImage, TableChanges } from './change-set.ts';
import { foldedCell, type RowStatements, type StoredRow } from './row-statements.ts';
import { quoted, type TableSchema } from './table-schema.ts';

/** What a transaction needs of its store. */
export interface WriteContext {
  readonly driver: SqlDriver;
  readonly origin: Origin;
  readonly label: string | null;
  rows(table: string): RowStatements | undefined;
  isLoading(table: string): boolean;
}

interface NetChange {
  readonly table: string;
  readonly id: string;
  readonly before: RowImage | null;
  readonly after: RowImage | null;
  readonly rid: number | null;
  readonly isNew: boolean;
}

interface Loaded {
  readonly count: number;
  readonly overwritten: number;
}

/** Row writes of one kind in one table: what the tripwire must have seen. */
export type WriteCounts = ReadonlyMap<string, number>;

/** Row writes inside one transaction. Net changes are kept per row: insert and delete cancel out. */
export class WriteTx {
  readonly #context: WriteContext;
  #net = new Map<string, NetChange>();
  #loaded = new Map<string, Loaded>();
  #counts = new Map<string, number>();
  #writes = 0;
  #bypassed: readonly string[] = [];
  #state: 'open' | 'sealed' | 'ended' = 'open';

  constructor(context: WriteContext) {
    this.#context = context;
  }

  get origin(): Origin {
    return this.#context.origin;
  }

  get label(): string | null {
    return this.#context.label;
  }

  /** SQL on the tables whose names begin with `$`; rows of model tables change through the methods below only. */
  get sql(): SqlDriver {
    return this.#context.driver;
  }

  /** Net changes so far. */
  get changes(): readonly RowChange[] {
    return [...this.#net.values()].flatMap(({ table, id, before, after, rid, isNew }) => {
      const changed = difference(before, after);
      // The same row again lies elsewhere now.
      if (changed.length === 0 && !(isNew && after !== null)) return [];
      const kind = before === null ? 'insert' : after === null ? 'delete' : 'update';
      return [{ table, id, kind, rid, isNew: isNew && after !== null, before, after, changed }];
    });
  }

  /** Net changes by table; a table that was loaded into, or changed behind the gateway, has no images. */
  get tables(): ReadonlyMap<string, TableChanges> {
    const byTable = new Map<string, RowChange[]>();
    for (const change of this.changes) {
      const rows = byTable.get(change.table);
      if (rows === undefined) byTable.set(change.table, [change]);
      else rows.push(change);
    }
    const tables = new Map<string, TableChanges>();
    for (const [table, rows] of byTable) tables.set(table, { kind: 'rows', rows });
    for (const [table, loaded] of this.#loaded) tables.set(table, { kind: 'loaded', ...loaded });
    for (const table of this.#bypassed) {
      tables.set(table, { kind: 'unknown', reason: 'bypassed' });
    }
    return tables;
  }

  /** Row writes by `table operation`, and their number. */
  get counts(): WriteCounts {
    return this.#counts;
  }
  get writes(): number {
    return this.#writes;
  }

  schemaOf(table: string): TableSchema {
    return this.#rows(table).schema;
  }

  /** The row as this transaction sees it, or null. */
  get(table: string, id: string): RowImage | null {
    return this.#rows(table).read(this.sql, id)?.image ?? null;
  }

  /** Throws `write.rowExists` when there is such a row. */
  insert(table: string, id: string, cells: Cells): void {
    const rows = this.#writable(table, cells);
    const { slots, folded, table: definition } = rows.schema;
    const image: Cell[] = slots.map((slot) =>
      slot.name === definition.primaryId ? id : (cells[slot.name] ?? null),
    );
    for (const { source } of folded) image.push(foldedCell(image[source] ?? null));
    try {
      this.sql.prepare(rows.insert).run(image);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'sql.unique') throw error;
      throw new StoreError(
        'write.rowExists',
        `Table "${table}" already has row ${id}.`,
        'Update the row, or use another id.',
        error,
      );
    }
    this.#note(table, id, 'I', null, image, null);
  }

  /** Changes the given cells; an update that changes none writes nothing. */
  update(table: string, id: string, cells: Cells): 'updated' | 'unchanged' | 'missing' {
    const rows = this.#writable(table, cells);
    const before = rows.read(this.sql, id);
    return before === null ? 'missing' : this.#change(rows, id, before, cells);
  }

  upsert(table: string, id: string, cells: Cells): 'inserted' | 'updated' | 'unchanged' {
    const rows = this.#writable(table, cells);
    const before = rows.read(this.sql, id);
    if (before !== null) return this.#change(rows, id, before, cells);
    this.insert(table, id, cells);
    return 'inserted';
  }

  delete(table: string, id: string): 'deleted' | 'missing' {
    const rows = this.#writable(table, {});
    const before = rows.read(this.sql, id);
    if (before === null) return 'missing';
    this.sql.prepare(rows.delete).run([id]);
    this.#note(table, id, 'D', before.image, null, before.rid);
    return 'deleted';
  }

  /**
   * Inserts many rows, or overwrites them, without reading what was there: for tables between `startLoad` and
   * `finishLoad`. Cells come in the order of `columns`, the primary key among them; `empty` columns become null.
   */
  load(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly Cell[])[],
    empty: readonly string[] = [],
  ): void {
    const named = [...columns, ...empty].map((one) => [one, null] as const);
    const statements = this.#writable(table, Object.fromEntries(named));
    if (!this.#context.isLoading(table)) {
      throw new StoreError(
        'write.notLoading',
        `Table "${table}" is not being loaded.`,
        'Call `startLoad` first, or use `insert`, `update` and `upsert`.',
      );
    }
    if (!columns.includes(statements.schema.table.primaryId)) {
      throw new StoreError(
        'write.type',
        `The columns to load lack "${statements.schema.table.primaryId}".`,
        'Load the primary key with every row.',
      );
    }
    if (rows.length === 0) return;
    const last = () =>
      Number(this.sql.prepare(`SELECT max("_rid") FROM ${quoted(table)}`).get()?.[0] ?? 0);
    const before = last();
    statements.load(this.sql, columns, rows, empty);
    const known = this.#loaded.get(table) ?? { count: 0, overwritten: 0 };
    this.#loaded.set(table, {
      count: known.count + rows.length,
      // New rows are numbered on from the last one.
      overwritten: known.overwritten + rows.length - (last() - before),
    });
  }

  /** Runs `fn` in a savepoint: when it throws, its changes and nothing else are undone. */
  nested<T>(fn: () => T): T {
    const before = {
      net: new Map(this.#net),
      loaded: new Map(this.#loaded),
      counts: new Map(this.#counts),
    };
    const writes = this.#writes;
    try {
      return this.sql.transaction(fn);
    } catch (error) {
      this.#net = before.net;
      this.#loaded = before.loaded;
      this.#counts = before.counts;
      this.#writes = writes;
      throw error;
    }
  }

  /** From now on only `$` tables may change: participants are at work. `bypassed`: tables that changed unseen. */
  seal(bypassed: readonly string[]): void {
    this.#state = 'sealed';
    this.#bypassed = bypassed;
  }

  /** The transaction is over. */
  end(): void {
    this.#state = 'ended';
  }

  #rows(table: string): RowStatements {
    if (this.#state === 'ended') {
      throw new StoreError(
        'write.reentrant',
        'The transaction is over.',
        'Use a transaction inside the function it was given to.',
      );
    }
    const rows = this.#context.rows(table);
    if (rows !== undefined) return rows;
    throw new StoreError(
      'write.unknownTable',
      `Table "${table}" is not in this database.`,
      'Write only to tables of the offline profile.',
    );
  }

  #writable(table: string, cells: Cells): RowStatements {
    const rows = this.#rows(table);
    if (this.#state === 'sealed') {
      throw new StoreError(
        'write.reentrant',
        `A participant writes to table "${table}".`,
        'Participants write to their own `$` tables only.',
      );
    }
    const { slots, slotIndex, table: definition } = rows.schema;
    for (const [name, cell] of Object.entries(cells)) {
      const slot = slots[slotIndex.get(name) ?? -1];
      if (slot === undefined) {
        throw new StoreError(
          'write.unknownColumn',
          `Table "${definition.name}" has no column "${name}".`,
          'Use the logical names of the app model.',
        );
      }
      checkCell(definition.name, slot, cell);
    }
    return rows;
  }

  #change(
    rows: RowStatements,
    id: string,
    { image: before, rid }: StoredRow,
    cells: Cells,
  ): 'updated' | 'unchanged' {
    const { slotIndex, folded, table } = rows.schema;
    const after: Cell[] = [...before];
    for (const [name, cell] of Object.entries(cells)) {
      if (name !== table.primaryId) after[slotIndex.get(name) ?? -1] = cell;
    }
    for (const { name, source } of folded) {
      if (after[source] !== before[source]) {
        after[slotIndex.get(name) ?? -1] = foldedCell(after[source] ?? null);
      }
    }
    const changed = difference(before, after);
    if (changed.length === 0) return 'unchanged';
    rows.update(this.sql, id, after, changed);
    this.#note(table.name, id, 'U', before, after, rid);
    return 'updated';
  }

  #note(
    table: string,
    id: string,
    operation: string,
    before: RowImage | null,
    after: RowImage | null,
    rid: number | null,
  ): void {
    const count = `${table} ${operation}`;
    this.#counts.set(count, (this.#counts.get(count) ?? 0) + 1);
    this.#writes += 1;
    const key = `${table}/${id}`;
    const earlier = this.#net.get(key);
    const isNew = operation === 'I' || earlier?.isNew === true;
    this.#net.set(
      key,
      earlier === undefined
        ? { table, id, before, after, rid, isNew }
        : { ...earlier, after, isNew },
    );
  }
}

/** Positions whose cells differ; all of them when one image is missing, none when both are. */
function difference(before: RowImage | null, after: RowImage | null): readonly number[] {
  if (before === null || after === null) return [...(before ?? after ?? []).keys()];
  const changed: number[] = [];
  for (let i = 0; i < after.length; i++) if (before[i] !== after[i]) changed.push(i);
  return changed;
}

function checkCell(table: string, slot: Slot, cell: Cell): void {
  if (fitsSlot(slot, cell)) return;
  throw new StoreError(
    'write.type',
    `Column "${slot.name}" of table "${table}" is stored as ${slot.sqlType}; ${typeof cell} ${String(cell).slice(0, 40)} does not fit.`,
    'Convert the value with the data model before writing it.',
  );
}
