import type { Device } from '@outpost/device';
import type { Cell } from '@outpost/model';
import { type ActionContext, pick } from './action-context.ts';
import { baseName } from './column-names.ts';
import type { DeviceAction } from './decision.ts';
import type { SimDevice } from './sim-device.ts';
import { tokenText } from './values.ts';
import { nameOf, namesOf } from './written-cell.ts';

/** Takes back an edit that was not sent. */
export function undoOnDevice(
  device: SimDevice,
  client: Device,
  at: number,
  { ledger }: ActionContext,
): void {
  const entry = pick(client.sync.outbox.pending(), at);
  if (entry === undefined) return;
  const family = client.sync.undoFamily(entry.key);
  if (client.sync.undo(entry.key).kind === 'undone') {
    ledger.release(family.flatMap((one) => namesOf(one.table, one.id, one.set)));
    for (const { op, table, id } of family) {
      if (op === 'delete') ledger.undeleted(device.index, table, id);
      else ledger.gone(device.index, table, id);
    }
  }
  device.tell();
}

/** Repairs a sync error, in one of the ways that there are. */
export function repairOnDevice(
  device: SimDevice,
  client: Device,
  { error: at, action }: Extract<DeviceAction, { readonly do: 'resolve' | 'repair' }>,
  context: ActionContext,
): void {
  const { ledger } = context;
  const error = pick(client.sync.errors.list(), at);
  if (error === undefined) return;
  const givesUp = action === 'discard' || action === 'takeServer';
  if (!givesUp && !error.canRetry) return;
  const [before, deletes] = [refusedNames(client), refusedDeletes(client)];
  if (action === 'editAndRetry') editAndRetry(device, client, error, context);
  else client.sync.errors.resolve(error.id, action);
  const after = refusedNames(client);
  const left = [...before].filter((name) => !after.has(name));
  if (givesUp) {
    ledger.release(left);
    const still = refusedDeletes(client);
    for (const row of deletes) {
      const [table = '', id = ''] = row.split('/');
      if (!still.has(row)) ledger.undeleted(device.index, table, id);
    }
  } else if (action !== 'retry') ledger.force(left);
  device.tell();
}

/** Sends a refused edit again with another text in one of its columns. */
function editAndRetry(
  device: SimDevice,
  client: Device,
  { id: errorId, table, rowId: id, wanted }: ReturnType<Device['sync']['errors']['list']>[number],
  { places, ledger, next, commits }: ActionContext,
): void {
  const columns = places.find((one) => one.table.name === table)?.columns ?? [];
  const column = Object.keys(wanted).find(
    (slot) => columns.includes(baseName(slot)) && typeof wanted[slot] === 'string',
  );
  if (column === undefined) return client.sync.errors.resolve(errorId, 'keepMine');
  const cell: Cell = tokenText(next());
  const name = nameOf({ table, id, slot: column, cell });
  client.sync.errors.editAndRetry(errorId, { [column]: cell });
  const who = { device: device.index, author: device.userId, commits: commits() };
  const shown = wanted[column];
  ledger.saved([{ ...who, name, table, id, column: baseName(column), shown, target: null }]);
  ledger.force([name]);
}

/** Names of edits that were refused and wait for their user. */
export function refusedNames(client: Device): ReadonlySet<string> {
  const rows = client.store.all(
    `SELECT table_name, row_id, set_json FROM "$outbox" WHERE state = 'refused'`,
  );
  return new Set(
    rows.flatMap(([table, id, json]) =>
      namesOf(String(table), String(id), JSON.parse(String(json)) as Record<string, Cell>),
    ),
  );
}

/** Rows whose deletion was refused, as `table/id`. */
export function refusedDeletes(client: Device): ReadonlySet<string> {
  const rows = client.store.all(
    `SELECT table_name, row_id FROM "$outbox" WHERE state = 'refused' AND op = 'delete'`,
  );
  return new Set(rows.map((row) => row.join('/')));
}
