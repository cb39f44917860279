import { indexModel, type Table } from '@outpost/model';
import type { ReadTx } from '@outpost/server';
import type { Run } from '../world/run-world.ts';
import { ViolationFound } from './violation.ts';

/** W-22: an activity and its pointer are one row in two tables of the organization. */
export async function checkTwins({ server }: Run): Promise<void> {
  const index = indexModel(server.model);
  const pointer = index.table('activitypointer');
  if (pointer === undefined) return;
  const activities = server.model.tables.filter(
    (one) => one.isActivity === true && one.name !== pointer.name,
  );
  await server.store.read(async (tx) => {
    for (const table of activities) {
      const difference = await differenceOf(tx, table, pointer);
      if (difference !== null) throw new ViolationFound('W-22', difference);
    }
  });
}

/** W-22: the same on every device, also while edits wait, but for rows that a cycle is bringing, or failed to bring. */
export function checkTwinsHere({ devices }: Run): void {
  for (const { name, client } of devices) {
    if (client === null || client.sync.hello === null) continue;
    if (client.sync.currentStatus.running !== null) continue;
    const { schema } = client.store;
    const pointer = schema.get('activitypointer');
    if (pointer === undefined) continue;
    const waiting = client.sync.outbox.unsettled();
    const states = new Map(
      client.store
        .all('SELECT table_name, state FROM "$sync_table"')
        .map(([name, state]) => [name, state]),
    );
    for (const table of client.model.tables) {
      const own = schema.get(table.name);
      if (table.isActivity !== true || own === pointer || own === undefined) continue;
      const shared = own.slots
        .map((slot) => slot.name)
        .filter((slot) => pointer.slotIndex.has(slot) && slot !== 'versionnumber');
      const differ = shared.map((slot) => `a."${slot}" IS NOT p."${slot}"`).join(' OR ');
      const key = table.primaryId;
      const isRead = [own, pointer].every((one) => states.get(one.table.name) === 'ready');
      const isWhole = isRead && client.sync.currentStatus.lastResult?.kind === 'done';
      const [first] = client.store.all(
        `SELECT a."${key}" FROM "${table.name}" a JOIN activitypointer p ON p.activityid = a."${key}"
         WHERE ${differ} LIMIT 1`,
      );
      const fail = (id: unknown, what: string): never => {
        throw new ViolationFound('W-22', `${name}: ${table.name} ${String(id)} ${what}.`);
      };
      if (isWhole && first !== undefined) fail(first[0], 'differs from its pointer');
      for (const { op, id } of waiting.filter((one) => one.table === table.name)) {
        const [isRow, isPointer] = [table.name, 'activitypointer'].map(
          (one) => client.store.get(one, id) !== null,
        );
        if (op === 'create' && isRow === true && isPointer === false) fail(id, 'has no pointer');
        if (op === 'delete' && isRow === false && isPointer === true)
          fail(id, 'has left a pointer');
      }
    }
  }
}

/** Where the rows of a table and their pointers differ. */
async function differenceOf(tx: ReadTx, table: Table, pointer: Table): Promise<string | null> {
  const shared = pointer.columns
    .filter((one) => table.columns.some((own) => own.name === one.name && own.type === one.type))
    .map((one) => one.name)
    .filter((name) => name !== pointer.primaryId && name !== 'versionnumber');
  const differ = ['$owner', ...shared].map((name) => `a."${name}" IS NOT p."${name}"`).join(' OR ');
  const [first] = await tx.all(
    `SELECT a."${table.primaryId}", p."${pointer.primaryId}" FROM "${table.name}" a
     LEFT JOIN "${pointer.name}" p ON p."${pointer.primaryId}" = a."${table.primaryId}"
     WHERE p."${pointer.primaryId}" IS NULL OR ${differ} LIMIT 1`,
  );
  if (first !== undefined) {
    const what = first[1] === null ? 'has no pointer' : 'differs from its pointer';
    return `${table.name} ${String(first[0])} of the organization ${what}.`;
  }
  const [alone] = await tx.all(
    `SELECT p."${pointer.primaryId}" FROM "${pointer.name}" p WHERE p.activitytypecode = ? AND NOT EXISTS
     (SELECT 1 FROM "${table.name}" a WHERE a."${table.primaryId}" = p."${pointer.primaryId}") LIMIT 1`,
    [table.name],
  );
  return alone === undefined
    ? null
    : `The pointer ${String(alone[0])} of the organization has no ${table.name}.`;
}
