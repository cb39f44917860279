import { type AppModel, indexModel, type Slot, type Table, tableSlots } from '@outpost/model';

/** A stored, indexable copy of a text slot in folded form (see `fold`), so that conditions and orders need no scan. */
export interface FoldedColumn {
  /** Name of the slot with `$f` appended. */
  readonly name: string;
  /** Position of the slot it is computed from. */
  readonly source: number;
}

/** How one model table is stored. A row image holds the slots, then the folded columns. */
export interface TableSchema {
  readonly table: Table;
  readonly slots: readonly Slot[];
  readonly folded: readonly FoldedColumn[];
  /** Position in a row image by column name, folded columns included. */
  readonly slotIndex: ReadonlyMap<string, number>;
}

export type StoreSchema = ReadonlyMap<string, TableSchema>;

/** Names of text slots by table that need a folded copy. */
export type FoldedSlots = ReadonlyMap<string, ReadonlySet<string>>;

/** The schema of `tables`; primary names are always folded, other slots as asked. */
export function buildSchema(
  model: AppModel,
  tables: readonly string[],
  folded: FoldedSlots = new Map(),
): StoreSchema {
  const index = indexModel(model);
  const schema = new Map<string, TableSchema>();
  for (const name of tables) {
    const table = index.table(name);
    if (table !== undefined) schema.set(name, tableSchema(table, folded.get(name) ?? new Set()));
  }
  return schema;
}

function tableSchema(table: Table, wanted: ReadonlySet<string>): TableSchema {
  const slots = tableSlots(table);
  const folded = slots.flatMap((slot, source): FoldedColumn[] => {
    const asked = slot.name === table.primaryName || wanted.has(slot.name);
    const possible = slot.sqlType === 'TEXT' && slot.name !== table.primaryId;
    return asked && possible ? [{ name: `${slot.name}$f`, source }] : [];
  });
  const names = [...slots, ...folded].map((one) => one.name);
  return { table, slots, folded, slotIndex: new Map(names.map((name, i) => [name, i])) };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Every stored column with its SQL type, in the order of row images. */
export function storedColumns(
  schema: TableSchema,
): readonly { readonly name: string; readonly sqlType: string }[] {
  return [...schema.slots, ...schema.folded.map(({ name }) => ({ name, sqlType: 'TEXT' }))];
}

/** DDL of a data table. `_rid` is a local handle, never identity. */
export function createTableSql(schema: TableSchema): string {
  const columns = storedColumns(schema).map(({ name, sqlType }) =>
    name === schema.table.primaryId
      ? `${quoted(name)} TEXT NOT NULL UNIQUE`
      : `${quoted(name)} ${sqlType}`,
  );
  return `CREATE TABLE ${quoted(schema.table.name)} ("_rid" INTEGER PRIMARY KEY, ${columns.join(', ')})`;
}

/** Lookups that links and cascades follow; each gets an index. */
export function linkColumns(schema: TableSchema): readonly string[] {
  return schema.slots
    .filter(
      (slot) =>
        slot.part === 'value' &&
        schema.slotIndex.has(`${slot.name}$n`) &&
        slot.column.readOnly !== true,
    )
    .map((slot) => slot.name);
}
