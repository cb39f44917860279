import type { Device } from '@outpost/device';
import type { Table } from '@outpost/model';
import { pick } from './action-context.ts';

/** Closes a row the way its table is closed: qualifies or disqualifies a lead, completes or cancels anything else. */
export function closeRow(client: Device, table: Table, id: string, how: number): void {
  if (table.name === 'lead' && how < 0.5) return void client.qualify(id);
  const states = table.columns.find((one) => one.type === 'state')?.options ?? [];
  const closed = states.filter((one) => one.value !== 0);
  const state = pick(closed, how);
  if (state === undefined) return;
  if (table.name === 'lead') return void client.disqualify(id, state.defaultStatus);
  client.update(table.name, id, { statecode: state.value });
}

/** Makes a closed row active again. */
export function reopenRow(client: Device, table: Table, id: string): void {
  if (!table.columns.some((one) => one.type === 'state')) return;
  client.update(table.name, id, { statecode: 0 });
}
