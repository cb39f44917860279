import type { Device } from '@outpost/device';
import { syncErrorTable } from '@outpost/model';
import { idsOf } from '../world/device-rows.ts';
import { isKeptBy } from '../world/form-actions.ts';
import type { Run } from '../world/run-world.ts';
import type { SimDevice } from '../world/sim-device.ts';
import { ViolationFound } from './violation.ts';

/** W-24: nothing of another user is readable on a device, and nobody is let in where somebody else's edits wait. */
export function checkPeople({ devices }: Run): void {
  for (const device of devices) {
    const { client, people } = device;
    if (client === null) continue;
    const isLocked = client.sync.currentLock !== null;
    if (!isLocked && client.sync.hello !== null) people.letIn(device.userId);
    else if (!isLocked) people.free();
    const fail = (what: string): never => {
      throw new ViolationFound('W-24', `${device.name} shows ${device.userId} ${what}.`);
    };
    if (!isLocked && !people.isOwner) fail(`the database of ${people.owner}`);
    const { outbox, errors } = client.sync;
    const waiting = outbox.unsettled();
    for (const entry of waiting) {
      const author = people.authorOf(entry.key);
      if (author !== device.userId) fail(`${entry.op} of ${entry.table} ${entry.id} by ${author}`);
      if (entry.op === 'create') people.rowsOf(device.userId).add(entry.id);
    }
    if (isLocked) {
      if (waiting.length + errors.list().length > 0) fail('edits although it is locked');
      if (client.store.schema.size > 0) fail('tables although it is locked');
      continue;
    }
    if (people.areSeveral && client.sync.hello !== null) checkRows(device, client, fail);
  }
}

function checkRows(device: SimDevice, client: Device, fail: (what: string) => never): void {
  const { people, userId } = device;
  const own = people.rowsOf(userId);
  for (const table of client.model.tables) {
    if (table.name === syncErrorTable.name) continue;
    const foreign = idsOf(client, table).find((id) => !own.has(id));
    if (foreign !== undefined) fail(`${table.name} ${foreign}, which was never sent to this user`);
  }
  for (const draft of client.drafts()) {
    const other = people
      .others()
      .find(([, book]) => book.left.some((form) => hasText(form.typed) && isKeptBy(form, draft)));
    if (other !== undefined) fail(`what ${other[0]} typed into ${draft.table} ${draft.rowId}`);
  }
}

/** Texts are nobody else's. */
function hasText(typed: ReadonlyMap<string, { readonly cell: unknown }>): boolean {
  return [...typed.values()].some(
    ({ cell }) => typeof cell === 'string' && cell.startsWith('tok-'),
  );
}
