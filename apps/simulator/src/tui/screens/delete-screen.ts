import type { AffectedRows, Deletion } from '@outpost/device';
import type { Entry } from '@outpost/sync';
import type { DeviceStore } from '../device-store.ts';
import { fit, type Line, line, wrapped } from '../line.ts';
import type { Screen, Size } from './screen.ts';

/** Asks before a row is deleted: which one it is, and what goes with it. */
export const deleteScreen: Screen = {
  draw: drawDelete,
  run(store, command) {
    if (command === 'keep') {
      store.back();
      return true;
    }
    if (command !== 'confirm') return false;
    confirm(store);
    return true;
  },
};

/** Asks whether a row is to be deleted. */
export function askToDelete(store: DeviceStore, table: string, id: string): void {
  if (store.device.deletion(table, id) === null) return store.say('Record Not Found');
  store.go('delete', { table, id });
}

/** Brings back what was deleted last, as long as it was not sent. */
export function undoDeletion(store: DeviceStore): void {
  const { sync } = store.device;
  const last = sync.outbox.pending().findLast((entry) => entry.op === 'delete');
  if (last === undefined) return store.say('No deletion waits: there is nothing to bring back.');
  if (sync.undo(last.key).kind === 'undone') return store.say(`${titleOf(store, last)} is back.`);
  store.say('The deletion may be on the server already and cannot be undone here.');
}

/** What a deleted row was, as people call it. */
function titleOf(store: DeviceStore, { table, id, base }: Entry): string {
  const label = store.table(table)?.label ?? table;
  const name = base[store.table(table)?.primaryName ?? ''];
  return `${label} "${typeof name === 'string' ? name : id}"`;
}

function confirm(store: DeviceStore): void {
  const { table, id } = store.place;
  const deletion = table === null || id === null ? null : store.device.deletion(table, id);
  if (table === null || id === null || deletion === null) return store.say('Record Not Found');
  const title = question(store, deletion);
  const result = store.device.delete(table, id);
  if (result.kind === 'refused') {
    store.report(result, '');
    return;
  }
  store.back();
  // The form of a row that is gone shows nothing.
  if (store.screen === 'form' && store.place.id === id) store.back();
  store.say(`${title} is deleted on this device. U brings it back until it is sent.`);
}

function question(store: DeviceStore, { table, id, name }: Deletion): string {
  return `${store.table(table)?.label ?? table} "${name ?? id}"`;
}

function drawDelete(store: DeviceStore, { columns }: Size): readonly Line[] {
  const { table, id } = store.place;
  const deletion = table === null || id === null ? null : store.device.deletion(table, id);
  if (deletion === null) return [line(fit(' Record Not Found', columns), 'warn')];
  const say = (text: string, tone?: 'warn' | 'muted') =>
    wrapped(text, columns - 4).map((part) => line(fit(`   ${part}`, columns), tone));
  const forbidden = deletion.reasons.length > 0;
  const title = line(fit(` Delete ${question(store, deletion)}?`, columns), 'title');
  const alone = deletion.deleted.length + deletion.unlinked.length === 0;
  return [
    title,
    ...deletion.reasons.flatMap((reason) => say(reason.message, 'warn')),
    ...deletion.deleted.flatMap((rows) => say(`goes with it: ${rowsText(store, rows)}`)),
    ...deletion.unlinked.flatMap((rows) => {
      const column = store.column(rows.table, rows.column)?.label ?? rows.column;
      return say(`stays without ${column}: ${rowsText(store, rows)}`);
    }),
    ...(alone && !forbidden ? say('Nothing else on this device goes with it.', 'muted') : []),
    line(fit(forbidden ? ' n back' : ' y delete   n keep it', columns), 'accent'),
  ];
}

/** E.g. `3 Contacts (Ana, Ben ...)`. */
function rowsText(store: DeviceStore, { table, count, names }: AffectedRows): string {
  const definition = store.table(table);
  const label = (count === 1 ? definition?.label : definition?.pluralLabel) ?? table;
  const more = count > names.length && names.length > 0 ? ' ...' : '';
  return `${count} ${label}${names.length === 0 ? '' : ` (${names.join(', ')}${more})`}`;
}
