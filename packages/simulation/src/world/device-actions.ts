import { DeviceError } from '@outpost/device';
import { type ActionContext, isReady, pick } from './action-context.ts';
import type { DeviceAction } from './decision.ts';
import { type FormAction, useForm } from './form-actions.ts';
import type { OpenForm } from './form-book.ts';
import type { Ledger } from './ledger.ts';
import { refusedDeletes, refusedNames, repairOnDevice, undoOnDevice } from './repairs.ts';
import { editOnDevice, saveSomething } from './row-edits.ts';
import type { SimDevice } from './sim-device.ts';
import { namesOf } from './written-cell.ts';

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
    case 'setClock':
      return device.setClock(action.minutes * 60_000);
    case 'stall':
      return device.stall(action.end);
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
    case 'signOut':
      return signOut(device, action.pending, ledger);
    case 'signIn':
      return device.signIn(pick(context.users, action.user) ?? device.userId, action.known);
    case 'overtake': {
      await overtake(pick(device.forms.open, action.form), context);
      if (action.told) device.start((client) => client.sync.run('DELTA_SYNC', {}));
      return;
    }
    default:
  }
  const client = device.client;
  if (client === null || !isReady(client)) return;
  try {
    if (action.do === 'undo') undoOnDevice(device, client, action.entry, context);
    else if (action.do === 'resolve' || action.do === 'repair') {
      repairOnDevice(device, client, action, context);
    } else if (isOfForm(action)) useForm(device, client, action, context);
    else editOnDevice(device, client, action, context);
  } catch (error) {
    // A table that has just left the profile is not there to be edited, and says so.
    if (!(error instanceof DeviceError) || error.code !== 'device.unknownTable') throw error;
  }
}

/** Signs out; what the user gives up is not asked for any more. */
async function signOut(
  device: SimDevice,
  pending: 'keep' | 'discard',
  ledger: Ledger,
): Promise<void> {
  const { client } = device;
  // Who sees nothing has nothing to give up.
  if (client === null || !isReady(client)) return;
  const waiting = client.sync.outbox.pending();
  const [refused, deletes] = [refusedNames(client), refusedDeletes(client)];
  await device.signOut(pending);
  if (pending === 'keep') return;
  ledger.release([...refused, ...waiting.flatMap((one) => namesOf(one.table, one.id, one.set))]);
  const deleted = waiting.filter((one) => one.op === 'delete');
  for (const row of [...deletes, ...deleted.map((one) => `${one.table}/${one.id}`)]) {
    const [table = '', id = ''] = row.split('/');
    ledger.undeleted(device.index, table, id);
  }
}

/** A text column that is typed into, or else the first. */
async function overtake(form: OpenForm | undefined, context: ActionContext): Promise<void> {
  const columns = context.places.find((one) => one.table.name === form?.table)?.columns ?? [];
  const column = columns.find((one) => form?.typed.has(one) === true) ?? columns[0];
  if (form === undefined || form.rowId === null || column === undefined) return;
  return context.colleague(form.table, form.rowId, column);
}

const ofForms: ReadonlySet<string> = new Set<FormAction['do']>([
  'openForm',
  'type',
  'answer',
  'saveForm',
  'leaveForm',
  'resume',
]);

function isOfForm(action: DeviceAction): action is FormAction {
  return ofForms.has(action.do);
}
