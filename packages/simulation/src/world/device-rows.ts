import type { Device } from '@outpost/device';
import type { Cell, Table } from '@outpost/model';

/** Ids of the rows of a table on a device, in order. */
export function idsOf(client: Device, table: Table | undefined): readonly string[] {
  if (table === undefined || !client.store.schema.has(table.name)) return [];
  return client.store
    .all(`SELECT "${table.primaryId}" FROM "${table.name}" ORDER BY 1`)
    .map((row) => String(row[0]));
}

/** A cell as the device shows it; undefined: the row is not there. */
export function cellOf(client: Device, table: string, id: string, slot: string): Cell | undefined {
  const schema = client.store.schema.get(table);
  const image = schema === undefined ? null : client.store.get(table, id);
  if (schema === undefined || image === null) return undefined;
  return image[schema.slotIndex.get(slot) ?? -1] ?? null;
}
