import { type DeviceStore, quoted } from '@outpost/store';
import type { DeviceIdentity, PageRequest, PageResponse, Versions } from '../protocol/index.ts';
import type { SyncTransport } from '../transport.ts';
import { take } from './cycle-stop.ts';
import { readSyncTables } from './sync-state.ts';

export interface RowDifference {
  readonly table: string;
  readonly id: string;
  readonly difference: 'missing' | 'extra' | 'cells';
}

/** Compares each cell of the device with what the organization answers now. Stores nothing. */
export async function compareWithServer(
  store: DeviceStore,
  transport: SyncTransport,
  device: DeviceIdentity,
  seen: Versions,
  limit: number,
): Promise<readonly RowDifference[]> {
  const differences: RowDifference[] = [];
  for (const { table } of readSyncTables(store)) {
    const schema = store.schema.get(table);
    if (schema === undefined) continue;
    const names = schema.slots.map((slot) => quoted(slot.name)).join(', ');
    const local = new Map(
      store.all(`SELECT ${names} FROM ${quoted(table)}`).map((row) => [String(row[0]), row]),
    );
    let after: string | null = null;
    do {
      const request: PageRequest = { device, seen, table, after, upTo: null, ids: null, limit };
      const page: PageResponse = take(await transport.page(request)).value;
      for (const row of page.rows) {
        const cells = new Map(page.columns.map((column, i) => [column, row[i] ?? null]));
        const id = String(cells.get(schema.table.primaryId));
        const mine = local.get(id);
        local.delete(id);
        const equal =
          mine?.every((cell, i) => {
            const slot = schema.slots[i];
            // Names of lookups are copies: their rows may have been renamed since.
            return slot?.part === 'name' || cell === (cells.get(slot?.name ?? '') ?? null);
          }) === true;
        if (!equal) differences.push({ table, id, difference: mine ? 'cells' : 'missing' });
      }
      after = page.covered;
    } while (after !== null);
    for (const id of local.keys()) differences.push({ table, id, difference: 'extra' });
  }
  return differences;
}
