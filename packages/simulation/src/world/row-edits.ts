import type { Device, SaveResult } from '@outpost/device';
import type { Cell, Column, ColumnValue, RowValues, Table } from '@outpost/model';
import { type ActionContext, isReady, pick } from './action-context.ts';
import type { DeviceAction } from './decision.ts';
import { cellOf, idsOf, valuesHere } from './device-rows.ts';
import { type Place, placesOf } from './places.ts';
import { closeRow, reopenRow } from './row-states.ts';
import type { SimDevice } from './sim-device.ts';
import { requiredValue, tokenText, valueFor } from './values.ts';
import { nameOf } from './written-cell.ts';

export type RowEdit = Extract<
  DeviceAction,
  {
    readonly do:
      | 'create'
      | 'update'
      | 'fill'
      | 'delete'
      | 'deleteFamily'
      | 'family'
      | 'attach'
      | 'hand'
      | 'close'
      | 'reopen';
  }
>;

/** What a person does to rows without a form. */
export function editOnDevice(
  device: SimDevice,
  client: Device,
  action: RowEdit,
  context: ActionContext,
): void {
  switch (action.do) {
    case 'create':
      return void createRow(device, client, placeOf(context, action.table), action.parent, context);
    case 'update':
    case 'fill': {
      const place = placeOf(context, action.table);
      const id = pick(idsOf(client, place?.table), action.row);
      if (place === undefined || id === undefined) return;
      const n = context.next();
      const values: Record<string, unknown> = {
        [pick(place.columns, action.column) ?? '']: tokenText(n),
      };
      if (action.do === 'fill') {
        for (const column of place.typed) values[column.name] = valueFor(client, column, n);
      }
      return save(device, client, { table: place.table, id, values }, context);
    }
    case 'delete': {
      const table = placeOf(context, action.table)?.table;
      const id = pick(idsOf(client, table), action.row);
      if (table === undefined || id === undefined) return;
      return deleteRow(device, client, table, id, context);
    }
    case 'deleteFamily': {
      const [table, id] = pick(parentsOn(client, context), action.row) ?? [];
      if (table === undefined || id === undefined) return;
      return deleteRow(device, client, table, id, context);
    }
    case 'family':
      return makeFamily(device, client, action.child, context);
    case 'attach':
      return attach(device, client, action, context);
    case 'hand': {
      const place = placeOf(context, action.table);
      const id = pick(idsOf(client, place?.table), action.row);
      const users = client.model.tables.find((one) => one.name === 'systemuser');
      const to = pick(idsOf(client, users), action.to);
      if (place === undefined || id === undefined || to === undefined) return;
      client.update(place.table.name, id, { ownerid: { table: 'systemuser', id: to } });
      return device.tell();
    }
    case 'close':
    case 'reopen': {
      const table = placeOf(context, action.table)?.table;
      const id = pick(idsOf(client, table), action.row);
      if (table === undefined || id === undefined) return;
      if (action.do === 'close') closeRow(client, table, id, action.how);
      else reopenRow(client, table, id);
      return device.tell();
    }
    default:
      return action satisfies never;
  }
}

/** The edit that is under way when the power is lost. */
export function saveSomething(device: SimDevice, at: number, context: ActionContext): void {
  const client = device.client;
  if (client === null || !isReady(client)) return;
  const place = pick(context.places, (at * 7) % 1);
  const id = pick(idsOf(client, place?.table), (at * 13) % 1);
  if (place === undefined || id === undefined) return;
  const values = { [place.columns[0] ?? '']: tokenText(context.next()) };
  client.update(place.table.name, id, valuesHere(client, place.table.name, values));
}

export function placeOf(context: ActionContext, table: string): Place | undefined {
  return context.places.find((one) => one.table.name === table);
}

/** Changes a row, and notes what was changed once the device has acknowledged it. */
function save(
  device: SimDevice,
  client: Device,
  edit: {
    readonly table: Table;
    readonly id: string;
    readonly values: Readonly<Record<string, unknown>>;
  },
  context: ActionContext,
): void {
  const { table, id, values } = edit;
  const shown = new Map(
    Object.keys(values).map((slot) => [slot, cellOf(client, table.name, id, slot)]),
  );
  const here = valuesHere(client, table.name, values);
  if (client.update(table.name, id, here).kind !== 'saved') return;
  noteSaved(device, client, { table, id, shown }, context);
}

/** Notes what a save has acknowledged. `shown`: what its user saw there before, by column. */
export function noteSaved(
  device: SimDevice,
  client: Device,
  saved: {
    readonly table: Table;
    readonly id: string;
    readonly shown: ReadonlyMap<string, Cell | undefined>;
    /** What was written; absent: what the row has now. */
    readonly cells?: ReadonlyMap<string, Cell>;
  },
  { ledger, commits }: ActionContext,
): void {
  const { table, id, shown, cells } = saved;
  const who = { device: device.index, author: device.userId, commits: commits() };
  const edits = [...shown].flatMap(([column, before]) => {
    const cell = cells?.get(column) ?? cellOf(client, table.name, id, column) ?? null;
    if (cells === undefined && cell === (before ?? null)) return [];
    const name = nameOf({ table: table.name, id, slot: column, cell });
    const target = targetOf(client, table, id, column, cell);
    return [{ ...who, name, table: table.name, id, column, shown: before, target }];
  });
  if (edits.length > 0) ledger.saved(edits);
  device.tell();
}

/** The row that a lookup names, as `table/id`. */
function targetOf(
  client: Device,
  { name, columns }: Table,
  id: string,
  slot: string,
  cell: Cell,
): string | null {
  const column: Column | undefined = columns.find((one) => one.name === slot);
  if (cell === null || column?.targets === undefined) return null;
  const [only] = column.targets;
  const table = column.targets.length === 1 ? only : cellOf(client, name, id, `${slot}$t`);
  return `${table}/${cell}`;
}

function createRow(
  device: SimDevice,
  client: Device,
  place: Place | undefined,
  parent: number,
  context: ActionContext,
  lookup: RowValues = {},
): string | null {
  if (place === undefined || !client.store.schema.has(place.table.name)) return null;
  const { table, columns } = place;
  const values: Record<string, unknown> = { ...newValues(client, place, parent), ...lookup };
  for (const column of columns) values[column] = tokenText(context.next());
  const saved = client.create(table.name, valuesHere(client, table.name, values));
  if (saved.kind !== 'saved') return null;
  const shown = new Map(columns.map((column) => [column, undefined]));
  noteSaved(device, client, { table, id: saved.id, shown }, context);
  return saved.id;
}

/** Values of the columns that a new row needs. */
export function newValues(
  client: Device,
  { table, required }: Place,
  at: number,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (table.primaryName !== null) values[table.primaryName] = 'New';
  for (const column of required) values[column.name] ??= requiredValue(client, column, at);
  return values;
}

/** Deletes a row; what the device takes away with it went by its user's will too. */
function deleteRow(
  device: SimDevice,
  client: Device,
  table: Table,
  id: string,
  { ledger }: ActionContext,
): void {
  const isHere = (one: { readonly table: string; readonly id: string }) =>
    client.store.schema.has(one.table) && client.store.get(one.table, one.id) !== null;
  const edited = ledger.edits.filter((one) => one.device === device.index && isHere(one));
  if (client.delete(table.name, id).kind !== 'saved') return;
  ledger.deleted(device.index, table.name, id);
  for (const one of edited) if (!isHere(one)) ledger.gone(device.index, one.table, one.id);
  device.tell();
}

/** Rows that others on the device point at, so that deleting them takes something along, frees it, or is refused. */
function parentsOn(
  client: Device,
  { places }: ActionContext,
): readonly (readonly [table: Table, id: string])[] {
  return places.flatMap(({ table }) => {
    const here = new Set(idsOf(client, table));
    const named = client.model.relationships.flatMap((one) => {
      if (one.kind !== 'manyToOne' || one.target !== table.name) return [];
      if (one.cascade.delete === 'noCascade' || !client.store.schema.has(one.table)) return [];
      return client.store.all(`SELECT DISTINCT "${one.column}" FROM "${one.table}" ORDER BY 1`);
    });
    const ids = new Set(named.map((row) => String(row[0])).filter((id) => here.has(id)));
    return [...ids].sort().map((id) => [table, id] as const);
  });
}

/** A parent and a child that names it, before either is uploaded. */
function makeFamily(device: SimDevice, client: Device, at: number, context: ActionContext): void {
  const kinds = context.places.flatMap((child) =>
    client.model.relationships.flatMap((one) => {
      if (one.kind !== 'manyToOne' || one.table !== child.table.name) return [];
      const parent = placeOf(context, one.target);
      const column = child.table.columns.find((own) => own.name === one.column);
      const isOpen = column?.readOnly !== true && column?.type !== 'owner';
      return parent === undefined || !isOpen ? [] : [{ child, parent, column: one.column }];
    }),
  );
  const kind = pick(kinds, at);
  if (kind === undefined) return;
  const { child, parent, column } = kind;
  const id = createRow(device, client, parent, at, context);
  if (id === null) return;
  const value: ColumnValue = { table: parent.table.name, id };
  createRow(device, client, child, at, context, { [column]: value });
}

/** A note with a file on a row. */
function attach(
  device: SimDevice,
  client: Device,
  action: Extract<DeviceAction, { readonly do: 'attach' }>,
  context: ActionContext,
): void {
  const { places, next } = context;
  const annotation = client.model.tables.find((one) => one.name === 'annotation');
  const targets = annotation?.columns.find((one) => one.name === 'objectid')?.targets ?? [];
  if (annotation === undefined || !client.store.schema.has(annotation.name)) return;
  const place = places.find((one) => targets.includes(one.table.name));
  const id = pick(idsOf(client, place?.table), action.row);
  if (place === undefined || id === undefined) return;
  const text = tokenText(next());
  const body = Buffer.alloc(action.bytes, text).toString('base64');
  const file = { fileName: 'photo.jpg', mimeType: 'image/jpeg', body };
  const saved: SaveResult = client.addNote(place.table.name, id, { text, attachment: file });
  if (saved.kind !== 'saved') return;
  const isWatched = placesOf(client.model).some(
    (one) => one.table.name === 'annotation' && one.columns.includes('notetext'),
  );
  const shown = new Map(isWatched ? [['notetext', undefined]] : []);
  noteSaved(device, client, { table: annotation, id: saved.id, shown }, context);
}
