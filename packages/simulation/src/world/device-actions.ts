import { type Device, DeviceError, type SaveResult } from '@outpost/device';
import {
  type Column,
  type ColumnValue,
  isLookup,
  type RowValues,
  type Table,
} from '@outpost/model';
import type { DeviceAction } from './decision.ts';
import type { Ledger } from './ledger.ts';
import { type Place, placesOf } from './places.ts';
import type { SimDevice } from './sim-device.ts';

/** What actions share. */
export interface ActionContext {
  readonly places: readonly Place[];
  readonly ledger: Ledger;
  /** The next text that no other edit writes. */
  token(): string;
}

/** Texts that break what is written carelessly. */
const tails = ['', ' é', ' ß😀', ' \'"', ' %_[', ' \u202e', ' 日本'] as const;

export function tokenText(n: number): string {
  return `tok-${n}${tails[n % tails.length]}`;
}

/** Does what a person does on a device. What is impossible now does nothing. */
export async function actOnDevice(
  device: SimDevice,
  action: DeviceAction,
  context: ActionContext,
): Promise<void> {
  const { ledger } = context;
  switch (action.do) {
    case 'offline':
    case 'online':
      return device.setOnline(action.do === 'online');
    case 'restart':
      await device.close();
      return device.open();
    case 'powerLoss':
      // Half of the losses come while an edit is being saved, which nobody is told of.
      if (action.back > 0.5) saveSomething(device, action.back, context);
      return device.losePower(action.back, action.style);
    case 'copy':
      return device.copy(ledger.edits.length);
    case 'restore': {
      const edits = await device.restore();
      if (edits === null) return;
      return ledger.forgetSince(device.index, edits);
    }
    case 'sync':
      return device.start((client) => client.sync.run(action.mode, {}));
    default:
  }
  const client = device.client;
  if (client === null || !isReady(client)) return;
  try {
    editOnDevice(device, client, action, context);
  } catch (error) {
    // A table that has just left the profile is not there to be edited, and says so.
    if (!(error instanceof DeviceError) || error.code !== 'device.unknownTable') throw error;
  }
}

type Edit = Extract<
  DeviceAction,
  { readonly do: 'create' | 'update' | 'delete' | 'family' | 'attach' | 'undo' | 'resolve' }
>;

function editOnDevice(
  device: SimDevice,
  client: Device,
  action: Edit,
  context: ActionContext,
): void {
  const { ledger } = context;
  switch (action.do) {
    case 'create':
      return void createRow(device, client, placeOf(context, action.table), action.parent, context);
    case 'update': {
      const place = placeOf(context, action.table);
      const id = pick(idsOf(client, place?.table), action.row);
      if (place !== undefined && id !== undefined) {
        update(device, client, place, id, pick(place.columns, action.column) ?? '', context);
      }
      return;
    }
    case 'delete': {
      const table = placeOf(context, action.table)?.table;
      const id = pick(idsOf(client, table), action.row);
      if (table === undefined || id === undefined) return;
      if (client.delete(table.name, id).kind !== 'saved') return;
      ledger.deleted(device.index, table.name, id);
      return device.tell();
    }
    case 'family':
      return makeFamily(device, client, action.child, context);
    case 'attach':
      return attach(device, client, action, context);
    case 'undo': {
      const entry = pick(client.sync.outbox.pending(), action.entry);
      if (entry === undefined) return;
      const family = client.sync.undoFamily(entry.key);
      if (client.sync.undo(entry.key).kind === 'undone') {
        ledger.release(family.flatMap((one) => tokensIn(one.set)));
        for (const { op, table, id } of family) {
          if (op === 'delete') ledger.undeleted(device.index, table, id);
          else ledger.gone(device.index, table, id);
        }
      }
      return device.tell();
    }
    case 'resolve': {
      const error = pick(client.sync.errors.list(), action.error);
      if (error === undefined) return;
      const givesUp = action.action === 'discard' || action.action === 'takeServer';
      if (!givesUp && !error.canRetry) return;
      const [before, deletes] = [refusedTokens(client), refusedDeletes(client)];
      client.sync.errors.resolve(error.id, action.action);
      if (givesUp) {
        const [after, left] = [refusedTokens(client), refusedDeletes(client)];
        ledger.release([...before].filter((token) => !after.has(token)));
        for (const row of deletes) {
          const [table = '', id = ''] = row.split('/');
          if (!left.has(row)) ledger.undeleted(device.index, table, id);
        }
      }
      return device.tell();
    }
    default:
      return action satisfies never;
  }
}

export function tokensIn(cells: object): readonly string[] {
  return Object.values(cells).flatMap((cell) => {
    const token = typeof cell === 'string' ? /^tok-\d+\b/.exec(cell)?.[0] : undefined;
    return token === undefined ? [] : [token];
  });
}

/** Tokens of edits that were refused and wait for their user. */
export function refusedTokens(client: Device): ReadonlySet<string> {
  const rows = client.store.all(`SELECT set_json FROM "$outbox" WHERE state = 'refused'`);
  return new Set(rows.flatMap(([json]) => tokensIn(JSON.parse(String(json)) as object)));
}

/** Rows whose deletion was refused, as `table/id`. */
export function refusedDeletes(client: Device): ReadonlySet<string> {
  const rows = client.store.all(
    `SELECT table_name, row_id FROM "$outbox" WHERE state = 'refused' AND op = 'delete'`,
  );
  return new Set(rows.map((row) => row.join('/')));
}

export function pick<Item>(list: readonly Item[], at: number): Item | undefined {
  return list[Math.floor(at * list.length)];
}

function isReady(client: Device): boolean {
  return client.sync.hello !== null && client.sync.currentStatus.readiness === 'available';
}

function placeOf(context: ActionContext, table: string): Place | undefined {
  return context.places.find((one) => one.table.name === table);
}

export function idsOf(client: Device, table: Table | undefined): readonly string[] {
  if (table === undefined || !client.store.schema.has(table.name)) return [];
  return client.store
    .all(`SELECT "${table.primaryId}" FROM "${table.name}" ORDER BY 1`)
    .map((row) => String(row[0]));
}

function saveSomething(device: SimDevice, at: number, context: ActionContext): void {
  const client = device.client;
  if (client === null || !isReady(client)) return;
  const place = pick(context.places, (at * 7) % 1);
  const id = pick(idsOf(client, place?.table), (at * 13) % 1);
  if (place === undefined || id === undefined) return;
  client.update(place.table.name, id, { [place.columns[0] ?? '']: context.token() });
}

function update(
  device: SimDevice,
  client: Device,
  place: Place,
  id: string,
  column: string,
  context: ActionContext,
): void {
  const text = context.token();
  const saved = client.update(place.table.name, id, { [column]: text });
  if (saved.kind !== 'saved') return;
  const [token = ''] = tokensIn([text]);
  context.ledger.saved([{ token, device: device.index, table: place.table.name, id, column }]);
  device.tell();
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
  const values: Record<string, unknown> = { ...newValues(client, place, parent), ...lookup };
  const texts = place.columns.map((column) => [column, context.token()] as const);
  for (const [column, text] of texts) values[column] = text;
  const saved = client.create(place.table.name, values);
  if (saved.kind !== 'saved') return null;
  context.ledger.saved(
    texts.map(([column, text]) => ({
      token: tokensIn([text])[0] ?? '',
      device: device.index,
      table: place.table.name,
      id: saved.id,
      column,
    })),
  );
  device.tell();
  return saved.id;
}

/** Values of the columns that a new row needs. */
function newValues(
  client: Device,
  { table, required }: Place,
  at: number,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (table.primaryName !== null) values[table.primaryName] = 'New';
  for (const column of required) values[column.name] ??= columnValue(client, column, at);
  return values;
}

function columnValue(client: Device, column: Column, at: number): unknown {
  if (isLookup(column)) {
    for (const target of column.targets ?? []) {
      const table = client.model.tables.find((one) => one.name === target);
      const id = pick(idsOf(client, table), at);
      if (id !== undefined) return { table: target, id };
    }
    return null;
  }
  switch (column.type) {
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return Math.max(column.min ?? 0, Math.min(1, column.max ?? 1));
    case 'boolean':
      return false;
    case 'dateTime':
      return '2026-03-02T08:00:00Z';
    case 'dateOnly':
      return '2026-03-02';
    case 'choice':
    case 'state':
    case 'status':
      return column.options?.[0]?.value ?? null;
    default:
      return 'x'.slice(0, column.maxLength ?? 1);
  }
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
  { places, ledger, token }: ActionContext,
): void {
  const annotation = client.model.tables.find((one) => one.name === 'annotation');
  const targets = annotation?.columns.find((one) => one.name === 'objectid')?.targets ?? [];
  if (annotation === undefined || !client.store.schema.has(annotation.name)) return;
  const place = places.find((one) => targets.includes(one.table.name));
  const id = pick(idsOf(client, place?.table), action.row);
  if (place === undefined || id === undefined) return;
  const text = token();
  const body = Buffer.alloc(action.bytes, text).toString('base64');
  const file = { fileName: 'photo.jpg', mimeType: 'image/jpeg', body };
  const saved: SaveResult = client.addNote(place.table.name, id, { text, attachment: file });
  if (saved.kind !== 'saved') return;
  const isWatched = placesOf(client.model).some(
    (one) => one.table.name === 'annotation' && one.columns.includes('notetext'),
  );
  if (isWatched) {
    const [name = ''] = tokensIn([text]);
    const edit = { token: name, table: 'annotation', id: saved.id, column: 'notetext' };
    ledger.saved([{ ...edit, device: device.index }]);
  }
  device.tell();
}
