import type { Cell, Cells } from '@outpost/model';
import type { SqlDriver } from '../sql-driver.ts';
import { StoreError } from '../store-error.ts';
import type { Origin, RowChange, RowImage } from './change-set.ts';
import { quoted, type StoreSchema, type TableSchema } from './table-schema.ts';

/** Row writes inside one transaction. Net changes are kept per row: insert and delete cancel out. */
export class WriteTx {
  readonly origin: Origin;
  readonly #driver: SqlDriver;
  readonly #schema: StoreSchema;
  readonly #changes = new Map<string, RowChange>();

  constructor(driver: SqlDriver, schema: StoreSchema, origin: Origin) {
    this.#driver = driver;
    this.#schema = schema;
    this.origin = origin;
  }

  /** SQL on the tables whose names begin with `$`; rows of model tables change through the methods below only. */
  get sql(): SqlDriver {
    return this.#driver;
  }

  get changes(): readonly RowChange[] {
    return [...this.#changes.values()].filter((change) => change.before !== change.after);
  }

  schemaOf(table: string): TableSchema {
    const schema = this.#schema.get(table);
    if (schema === undefined) {
      throw new StoreError(
        'write.unknownTable',
        `Table "${table}" is not in this database.`,
        'Write only to tables of the offline profile.',
      );
    }
    return schema;
  }

  get(table: string, id: string): RowImage | null {
    const schema = this.schemaOf(table);
    const names = schema.slots.map((slot) => quoted(slot.name)).join(', ');
    const row = this.#driver
      .prepare(`SELECT ${names} FROM ${quoted(table)} WHERE ${quoted(schema.table.primaryId)} = ?`)
      .get([id]);
    return row === undefined ? null : (row as RowImage);
  }

  insert(table: string, id: string, cells: Cells): void {
    const schema = this.schemaOf(table);
    this.#checkSlots(schema, cells);
    if (this.get(table, id) !== null) {
      throw new StoreError(
        'write.rowExists',
        `Table "${table}" already has row ${id}.`,
        'Update the row, or use another id.',
      );
    }
    const image: RowImage = schema.slots.map((slot) =>
      slot.name === schema.table.primaryId ? id : (cells[slot.name] ?? null),
    );
    const names = schema.slots.map((slot) => quoted(slot.name)).join(', ');
    const places = schema.slots.map(() => '?').join(', ');
    this.#driver.prepare(`INSERT INTO ${quoted(table)} (${names}) VALUES (${places})`).run(image);
    this.#note(table, id, null, image);
  }

  /** Changes the given cells; an update that changes none writes nothing. */
  update(table: string, id: string, cells: Cells): void {
    const schema = this.schemaOf(table);
    this.#checkSlots(schema, cells);
    const before = this.get(table, id);
    if (before === null) {
      throw new StoreError(
        'write.rowMissing',
        `Table "${table}" has no row ${id}.`,
        'Insert the row first, or drop the update.',
      );
    }
    const changed = Object.entries(cells).filter(
      ([slot, cell]) => before[schema.slotIndex.get(slot) ?? -1] !== cell,
    );
    if (changed.length === 0) return;
    const after: Cell[] = [...before];
    for (const [slot, cell] of changed) after[schema.slotIndex.get(slot) ?? -1] = cell;
    const sets = changed.map(([slot]) => `${quoted(slot)} = ?`).join(', ');
    this.#driver
      .prepare(`UPDATE ${quoted(table)} SET ${sets} WHERE ${quoted(schema.table.primaryId)} = ?`)
      .run([...changed.map(([, cell]) => cell), id]);
    this.#note(table, id, before, after);
  }

  /** Removes the row; absent is fine. */
  delete(table: string, id: string): void {
    const schema = this.schemaOf(table);
    const before = this.get(table, id);
    if (before === null) return;
    this.#driver
      .prepare(`DELETE FROM ${quoted(table)} WHERE ${quoted(schema.table.primaryId)} = ?`)
      .run([id]);
    this.#note(table, id, before, null);
  }

  #checkSlots(schema: TableSchema, cells: Cells): void {
    for (const slot of Object.keys(cells)) {
      if (schema.slotIndex.has(slot)) continue;
      throw new StoreError(
        'write.unknownColumn',
        `Table "${schema.table.name}" has no column "${slot}".`,
        'Use the logical names of the app model.',
      );
    }
  }

  #note(table: string, id: string, before: RowImage | null, after: RowImage | null): void {
    const key = `${table}/${id}`;
    const earlier = this.#changes.get(key);
    const first = earlier === undefined ? before : earlier.before;
    const kind = first === null ? 'insert' : after === null ? 'delete' : 'update';
    this.#changes.set(key, { table, id, kind, before: first, after });
  }
}
