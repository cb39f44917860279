import type { Device } from '@outpost/device';
import { parseDocumentReference } from '@outpost/model';
import { idsOf } from '../world/device-rows.ts';
import type { LedgerEdit } from '../world/ledger.ts';
import { refusedDeletes, refusedNames } from '../world/repairs.ts';
import type { Run } from '../world/run-world.ts';
import type { SimDevice } from '../world/sim-device.ts';
import type { WatchedStore } from '../world/watched-store.ts';
import { tokenPattern } from '../world/written-cell.ts';
import { rightsOf } from './oracle.ts';
import { checkOverwrites } from './overwrites.ts';
import { checkTwins } from './twins.ts';
import { ViolationFound } from './violation.ts';

/** What must hold when everything has come to rest. */
export async function checkAtRest(run: Run): Promise<void> {
  for (const device of run.devices) {
    const { client } = device;
    if (client === null) throw new ViolationFound('W-8', `${device.name} is closed.`);
    await checkRows(run, device, client);
    await checkCells(run, device, client);
    checkStatus(device, client);
    checkDocuments(device, client);
    const damage = client.store.integrity();
    if (damage.length > 0) throw new ViolationFound('W-9', `${device.name}: ${damage.join('; ')}`);
  }
  checkEdits(run);
  checkOverwrites(run);
  await checkTwins(run);
  await checkDeletions(run);
}

/** W-2, by the oracle: exactly the rows that belong on the device. */
async function checkRows({ server, now }: Run, device: SimDevice, client: Device): Promise<void> {
  const rights = await rightsOf(server.store, server.model, device.userId, now);
  for (const [name, wanted] of rights.onDevice) {
    const table = server.model.tables.find((one) => one.name === name);
    if (table === undefined || !client.store.schema.has(name)) continue;
    const here = new Set(idsOf(client, table));
    const extra = [...here].find((id) => !wanted.has(id));
    if (extra !== undefined) {
      throw new ViolationFound('W-5', `${device.name} has ${name} ${extra}, which is not for it.`);
    }
    const missing = [...wanted].find((id) => !here.has(id));
    if (missing !== undefined) {
      throw new ViolationFound('W-2', `${device.name} lacks ${name} ${missing}.`);
    }
  }
}

/** W-2, by the server: every cell. */
async function checkCells(run: Run, device: SimDevice, client: Device): Promise<void> {
  const differences = await run.settle(client.sync.compare());
  const [first] = differences;
  if (first === undefined) return;
  throw new ViolationFound('W-2', `${device.name} differs: ${JSON.stringify(first)}`);
}

/** W-8, W-16: nothing waits, and what people are shown is true. */
function checkStatus(device: SimDevice, client: Device): void {
  const status = client.sync.currentStatus;
  if (status.pending.updates !== 0 || status.flags.pendingUpload || status.running !== null) {
    throw new ViolationFound('W-16', `${device.name} shows ${JSON.stringify(status)} at rest.`);
  }
  if (status.errors !== client.sync.errors.list().length) {
    throw new ViolationFound('W-16', `${device.name} shows ${status.errors} errors.`);
  }
  const search = client.searchIndex.verify();
  if (search.length > 0) {
    throw new ViolationFound('W-14', `${device.name}: the search index is wrong: ${search[0]}`);
  }
}

/** Every file that a row names is here. */
function checkDocuments(device: SimDevice, client: Device): void {
  const table = client.model.tables.find((one) => one.name === 'annotation');
  if (table === undefined || !client.store.schema.has('annotation')) return;
  for (const id of idsOf(client, table)) {
    const reference = client.get('annotation', id)?.['documentbody'];
    if (parseDocumentReference(reference) === null) continue;
    if (client.document('annotation', id, 'documentbody') === null) {
      throw new ViolationFound('W-2', `${device.name} lacks the file of annotation ${id}.`);
    }
  }
}

/** W-3: what a user has deleted is deleted, or a sync error says why not. */
async function checkDeletions({ ledger, server, devices }: Run): Promise<void> {
  for (const { device, table, id } of ledger.deletions()) {
    const client = devices[device]?.client;
    const key = server.model.tables.find((one) => one.name === table)?.primaryId;
    if (client === null || client === undefined || key === undefined) continue;
    if (refusedDeletes(client).has(`${table}/${id}`)) continue;
    const rows = await server.store.read((tx) =>
      tx.all(`SELECT 1 FROM "${table}" WHERE "${key}" = ?`, [id]),
    );
    if (rows.length === 0) continue;
    throw new ViolationFound('W-3', `The deletion of ${table} ${id} on device ${device} is lost.`);
  }
}

/** Each refused edit is shown as a sync error, or was until somebody resolved it. */
function checkErrors(client: Device): void {
  if (!client.store.schema.has('syncerror')) return;
  const [hidden] = client.store.all(
    `SELECT o.table_name, o.row_id, o.sync_error_id FROM "$outbox" o
     LEFT JOIN "syncerror" e ON e.syncerrorid = o.sync_error_id WHERE o.state = 'refused' AND e.syncerrorid IS NULL`,
  );
  if (hidden !== undefined) {
    throw new ViolationFound('W-3', `A refused edit has no sync error: ${hidden.join(' ')}.`);
  }
}

/** W-3, W-4, W-10: each edit is applied once, a sync error, replaced, or given up by its user. */
function checkEdits({ ledger, server, devices }: Run): void {
  const refused = new Map<number, ReadonlySet<string>>();
  for (const { client, index } of devices) {
    if (client === null) continue;
    refused.set(index, refusedNames(client));
    checkErrors(client);
  }
  const fates = new Map<number, Set<string>>();
  const times = new Map<string, number>();
  for (const { name } of ledger.edits) times.set(name, (times.get(name) ?? 0) + 1);
  for (const edit of ledger.edits) {
    const replaced = ledger.isReplaced(edit) || ledger.isReleased(edit.name);
    const fate = fateOf(server.store, edit, refused.get(edit.device) ?? new Set());
    if (fate === null && !replaced) {
      const { device, table, id, column } = edit;
      throw new ViolationFound(
        'W-3',
        `${textOf(edit)}, written to ${table}.${column} of ${id} on device ${device}, is lost.`,
      );
    }
    // A value that was written more than once does not tell which of the edits it was.
    if (fate === null || replaced || times.get(edit.name) !== 1) continue;
    fates.set(edit.family, (fates.get(edit.family) ?? new Set()).add(fate));
  }
  for (const [family, set] of fates) {
    if (set.size === 1) continue;
    const [edit] = ledger.edits.filter((one) => one.family === family);
    throw new ViolationFound(
      'W-10',
      `Of what was saved as one with ${edit === undefined ? '' : textOf(edit)}, part was refused.`,
    );
  }
}

/** A text is nobody else's; any other value may be there by chance, but has to have been written since the edit. */
function fateOf(
  { written, writtenAt }: WatchedStore,
  edit: LedgerEdit,
  refused: ReadonlySet<string>,
): 'applied' | 'refused' | null {
  const isText = tokenPattern.test(textOf(edit));
  if (isText && (written.get(edit.name) ?? 0) > 0) return 'applied';
  if (refused.has(edit.name)) return 'refused';
  return !isText && (writtenAt.get(edit.name) ?? -1) >= edit.commits ? 'applied' : null;
}

function textOf({ name }: LedgerEdit): string {
  return name.slice(name.indexOf('=') + 1);
}
