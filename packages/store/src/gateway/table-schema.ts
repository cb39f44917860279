import { type AppModel, indexModel, type Slot, type Table, tableSlots } from '@outpost/model';

/** How one model table is stored: slots in order, and the position of each. */
export interface TableSchema {
  readonly table: Table;
  readonly slots: readonly Slot[];
  readonly slotIndex: ReadonlyMap<string, number>;
}

export type StoreSchema = ReadonlyMap<string, TableSchema>;

export function buildSchema(model: AppModel, tables: readonly string[]): StoreSchema {
  const index = indexModel(model);
  const schema = new Map<string, TableSchema>();
  for (const name of tables) {
    const table = index.table(name);
    if (table === undefined) continue;
    const slots = tableSlots(table);
    const slotIndex = new Map(slots.map((slot, i) => [slot.name, i]));
    schema.set(name, { table, slots, slotIndex });
  }
  return schema;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** DDL of a data table. `_rid` is a local handle, never identity. */
export function createTableSql(schema: TableSchema): readonly string[] {
  const primary = schema.table.primaryId;
  const columns = schema.slots.map((slot) =>
    slot.name === primary
      ? `${quoted(slot.name)} TEXT NOT NULL UNIQUE`
      : `${quoted(slot.name)} ${slot.sqlType}`,
  );
  const name = quoted(schema.table.name);
  const lookups = schema.slots.filter(
    (slot) =>
      slot.part === 'value' &&
      schema.slotIndex.has(`${slot.name}$n`) &&
      slot.column.readOnly !== true,
  );
  return [
    `CREATE TABLE ${name} ("_rid" INTEGER PRIMARY KEY, ${columns.join(', ')})`,
    ...lookups.map(
      (slot) =>
        `CREATE INDEX ${quoted(`ix_${schema.table.name}_${slot.name}`)} ON ${name} (${quoted(slot.name)})`,
    ),
  ];
}
