import type { Device } from '@outpost/device';
import type { Cell, Table } from '@outpost/model';
import { baseName, columnOf } from './column-names.ts';

/** Ids of the rows of a table on a device, in order. */
export function idsOf(client: Device, table: Table | undefined): readonly string[] {
  if (table === undefined || !client.store.schema.has(table.name)) return [];
  return client.store
    .all(`SELECT "${table.primaryId}" FROM "${table.name}" ORDER BY 1`)
    .map((row) => String(row[0]));
}

/** The values under the names that their columns have on the device; of columns that are gone, none. */
export function valuesHere(
  client: Device,
  table: string,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([base, value]) => {
      const column = columnOf(client.model, table, base);
      return column === undefined ? [] : [[column.name, value]];
    }),
  );
}

/** A cell as the device shows it, by the first name of its column; undefined: the row is not there. */
export function cellOf(client: Device, table: string, id: string, slot: string): Cell | undefined {
  const schema = client.store.schema.get(table);
  const image = schema === undefined ? null : client.store.get(table, id);
  if (schema === undefined || image === null) return undefined;
  const here = schema.slots.findIndex(({ name }) => baseName(name) === slot);
  return image[here] ?? null;
}
