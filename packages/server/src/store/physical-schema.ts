import { type AppModel, type PlannedTable, type Table, tableSlots } from '@outpost/model';
import { name } from '@outpost/query';
import { ServerError } from '../server-error.ts';
import { carryColumns } from './carry-columns.ts';
import { foldedName, isFoldable } from './folded-copy.ts';
import { indexName } from './index-name.ts';
import { buildKeys } from './row-keys.ts';
import type { WriteTx } from './server-store.ts';
import type { StoreEngine } from './store-engine.ts';

/** Columns that access is computed from, kept beside the model's columns of every data table. */
export const ownerSlot = '$owner';
export const businessUnitSlot = '$bu';

/** Tables of the organization itself. */
function systemSql({ types, numberedKey, keyOrdered }: StoreEngine): readonly string[] {
  const { TEXT: text, INTEGER: integer } = types;
  return [
    `CREATE TABLE IF NOT EXISTS "$state" (key ${text} PRIMARY KEY, value ${text} NOT NULL)${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$role" (id ${text} PRIMARY KEY, json ${text} NOT NULL)${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$share" (tbl ${text} NOT NULL, pk ${text} NOT NULL, principal ${text} NOT NULL, rights ${integer} NOT NULL,
    PRIMARY KEY (tbl, pk, principal))${keyOrdered}`,
    'CREATE INDEX IF NOT EXISTS "$share_principal" ON "$share" (principal, tbl)',
    `CREATE TABLE IF NOT EXISTS "$share_version" (principal ${text} NOT NULL, tbl ${text} NOT NULL, version ${integer} NOT NULL,
    PRIMARY KEY (principal, tbl))${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$log" (id ${numberedKey}, position ${integer} NOT NULL, tbl ${text} NOT NULL, pk ${text} NOT NULL,
    owner ${text}, bu ${text}, at ${integer} NOT NULL)`,
    'CREATE INDEX IF NOT EXISTS "$log_position" ON "$log" (position)',
    'CREATE INDEX IF NOT EXISTS "$log_table" ON "$log" (tbl, position, pk)',
    // Scope first: a device reads its own changes only, however many others there are.
    'CREATE INDEX IF NOT EXISTS "$log_owner" ON "$log" (tbl, owner, position, pk) WHERE owner IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS "$log_bu" ON "$log" (tbl, bu, position, pk) WHERE bu IS NOT NULL',
    `CREATE TABLE IF NOT EXISTS "$device" (user_id ${text} NOT NULL, device ${text} NOT NULL, epoch ${text} NOT NULL, seen_at ${integer} NOT NULL,
    PRIMARY KEY (user_id, device))${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$mark" (user_id ${text} NOT NULL, device ${text} NOT NULL, epoch ${text} NOT NULL, low ${integer} NOT NULL,
    at ${integer} NOT NULL DEFAULT 0, PRIMARY KEY (user_id, device, epoch))${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$result" (device ${text} NOT NULL, epoch ${text} NOT NULL, seq ${integer} NOT NULL, user_id ${text} NOT NULL,
    tbl ${text} NOT NULL, hash ${text} NOT NULL, status ${text} NOT NULL, version ${integer}, position ${integer}, json ${text} NOT NULL,
    PRIMARY KEY (device, epoch, seq))${keyOrdered}`,
    // Contents of files, in parts of Base64: those of rows, and those that users have uploaded for edits to come.
    `CREATE TABLE IF NOT EXISTS "$document" (tbl ${text} NOT NULL, pk ${text} NOT NULL, col ${text} NOT NULL, at ${integer} NOT NULL, data ${text} NOT NULL,
    PRIMARY KEY (tbl, pk, col, at))`,
    `CREATE TABLE IF NOT EXISTS "$upload" (user_id ${text} NOT NULL, reference ${text} NOT NULL, have ${integer} NOT NULL, at ${integer} NOT NULL,
    PRIMARY KEY (user_id, reference))${keyOrdered}`,
    `CREATE TABLE IF NOT EXISTS "$upload_part" (user_id ${text} NOT NULL, reference ${text} NOT NULL, at ${integer} NOT NULL, data ${text} NOT NULL,
    PRIMARY KEY (user_id, reference, at))`,
    // Which row has which alternate key.
    `CREATE TABLE IF NOT EXISTS "$key" (tbl ${text} NOT NULL, name ${text} NOT NULL, value ${text} NOT NULL, pk ${text} NOT NULL,
    PRIMARY KEY (tbl, name, value))${keyOrdered}`,
    'CREATE INDEX IF NOT EXISTS "$key_row" ON "$key" (tbl, pk)',
    // What devices were sent, and how far each knows the feed.
    `CREATE TABLE IF NOT EXISTS "$sent" (id ${numberedKey}, at ${integer} NOT NULL, user_id ${text} NOT NULL, device ${text} NOT NULL,
    tbl ${text} NOT NULL, rows ${integer} NOT NULL, removed ${integer} NOT NULL, document ${text}, ids ${text}, after_key ${text}, up_to ${text})`,
    'CREATE INDEX IF NOT EXISTS "$sent_device" ON "$sent" (device, tbl, id)',
    'CREATE INDEX IF NOT EXISTS "$sent_table" ON "$sent" (tbl, id)',
    `CREATE TABLE IF NOT EXISTS "$reached" (user_id ${text} NOT NULL, device ${text} NOT NULL, position ${integer} NOT NULL, at ${integer} NOT NULL,
    PRIMARY KEY (user_id, device))${keyOrdered}`,
  ];
}

/** Creates what is missing, and carries over what is called or typed otherwise now: system tables, data tables, columns, and an index per relationship of the profile. */
export async function createSchema(
  tx: WriteTx,
  model: AppModel,
  plan: readonly PlannedTable[],
  before: AppModel | null = null,
): Promise<void> {
  await tx.engine.lockSchema(tx);
  for (const sql of [...systemSql(tx.engine), ...tx.engine.systemSql]) await tx.run(sql);
  if (!(await tx.engine.columnsOf(tx, '$mark')).has('at')) {
    const { INTEGER: integer } = tx.engine.types;
    await tx.run(`ALTER TABLE "$mark" ADD COLUMN at ${integer} NOT NULL DEFAULT 0`);
  }
  for (const table of model.tables) {
    const known = before?.tables.find((one) => one.name === table.name);
    await createTable(tx, table, known);
  }
  await buildKeys(tx, model);
  const lookups = new Map<string, readonly [string, string]>();
  for (const one of model.relationships) {
    if (one.kind === 'manyToOne' && one.cascade.delete !== 'noCascade') {
      lookups.set(`${one.table}.${one.column}`, [one.table, one.column]);
    }
  }
  for (const { edges } of plan) {
    for (const edge of edges) {
      const held =
        edge.direction === 'pair'
          ? [edge.sourceColumn, edge.ownColumn].map(
              (column) => [edge.relationship.intersect, column] as const,
            )
          : [[edge.relationship.table, edge.relationship.column] as const];
      for (const one of held) lookups.set(one.join('.'), one);
    }
  }
  for (const [table, column] of lookups.values()) {
    const definition = model.tables.find((one) => one.name === table);
    if (definition?.columns.some((one) => one.name === column) !== true) continue;
    const index = name(indexName(tx.engine, table, column));
    await tx.run(`CREATE INDEX IF NOT EXISTS ${index} ON ${name(table)} (${name(column)})`);
  }
}

function checkNames({ maxNameBytes }: StoreEngine, table: Table): void {
  for (const one of [table.name, ...tableSlots(table).map((slot) => slot.name)]) {
    if (Buffer.byteLength(one) <= maxNameBytes) continue;
    throw new ServerError(
      'model.invalid',
      `"${one}" of table "${table.name}" is longer than the ${maxNameBytes} bytes of this database.`,
      'Use a shorter logical name.',
    );
  }
}

async function createTable(tx: WriteTx, table: Table, before: Table | undefined): Promise<void> {
  checkNames(tx.engine, table);
  const { types, storesFolded } = tx.engine;
  await carryColumns(tx, table, before);
  const present = await tx.engine.columnsOf(tx, table.name);
  const slots = [
    ...tableSlots(table).flatMap((slot) => {
      const own = [slot.name, types[slot.sqlType]] as const;
      const copy = [foldedName(slot.name), types.TEXT] as const;
      return storesFolded && isFoldable(slot) ? [own, copy] : [own];
    }),
    [ownerSlot, types.TEXT] as const,
    [businessUnitSlot, types.TEXT] as const,
  ];
  if (present.size === 0) {
    const columns = slots.map(([slot, type]) =>
      slot === table.primaryId
        ? `${name(slot)} ${type} PRIMARY KEY NOT NULL`
        : `${name(slot)} ${type}`,
    );
    await tx.run(`CREATE TABLE ${name(table.name)} (${columns.join(', ')})`);
    for (const slot of [ownerSlot, businessUnitSlot]) {
      await tx.run(
        `CREATE INDEX ${name(indexName(tx.engine, table.name, slot))} ON ${name(table.name)} (${name(slot)})`,
      );
    }
    return;
  }
  for (const [slot, type] of slots) {
    if (present.has(slot)) continue;
    await tx.run(`ALTER TABLE ${name(table.name)} ADD COLUMN ${name(slot)} ${type}`);
  }
}
