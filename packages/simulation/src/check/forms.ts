import type { Device } from '@outpost/device';
import type { Cell } from '@outpost/model';
import { baseName } from '../world/column-names.ts';
import { cellOf } from '../world/device-rows.ts';
import { fieldOf, isKeptBy, shownCell } from '../world/form-actions.ts';
import type { KnownForm, OpenForm } from '../world/form-book.ts';
import type { Run } from '../world/run-world.ts';
import type { SimDevice } from '../world/sim-device.ts';
import { ViolationFound } from './violation.ts';

/** W-16: an open form is true. W-21: what was typed and not given up is in its form, or found again. */
export function checkForms({ devices }: Run): void {
  for (const device of devices) {
    const { client, forms } = device;
    if (client === null) continue;
    for (const form of forms.open) checkOpen(device, client, form);
    if (forms.left.length === 0 || client.sync.hello === null) continue;
    const drafts = client.drafts();
    for (const form of forms.left) {
      if (drafts.some((draft) => isKeptBy(form, draft))) continue;
      throw new ViolationFound('W-21', `${device.name} does not offer ${whatOf(form)} again.`);
    }
  }
}

function checkOpen(device: SimDevice, client: Device, form: OpenForm): void {
  const { rowId } = form;
  const table = client.model.tables.find((one) => one.name === form.table);
  if (table === undefined || !client.store.schema.has(form.table)) return;
  const now = (column: string) =>
    rowId === null ? undefined : cellOf(client, form.table, rowId, column);
  const fail = (law: string, column: string, what: string): never => {
    const where = `${form.table}.${column} of ${rowId ?? 'a new row'}`;
    throw new ViolationFound(law, `${device.name}: the form shows ${what} in ${where}.`);
  };
  for (const column of table.columns) {
    const base = baseName(column.name);
    const field = fieldOf(form, base);
    if (field === undefined) continue;
    const shows: Cell = field.text ?? shownCell(column, field.value);
    const row = now(base);
    const typed = form.typed.get(base);
    if (typed !== undefined) {
      // Others may have written the same: then there is nothing left to save, or to choose.
      if (row === typed.cell) continue;
      if (shows === typed.cell) {
        const isOvertaken = row !== undefined && row !== typed.shown;
        if (isOvertaken !== (field.theirs !== null) && row !== undefined) {
          const what = `${isOvertaken ? 'no' : 'a'} change of the row to ${JSON.stringify(row)}`;
          fail('W-16', column.name, `${what} under ${JSON.stringify(typed)}`);
        }
        continue;
      }
      const what = `${JSON.stringify(shows)} in place of ${JSON.stringify(typed.cell)}`;
      fail('W-21', column.name, what);
    }
    if (row === undefined || field.masked || shows === row) continue;
    fail('W-16', column.name, `${JSON.stringify(shows)} and the row ${JSON.stringify(row)}`);
  }
}

function whatOf({ table, rowId, typed }: KnownForm): string {
  const texts = [...typed].map(([column, { cell }]) => `${column} ${JSON.stringify(cell)}`);
  return `${texts.join(', ')} of ${table} ${rowId ?? '(new)'}`;
}
