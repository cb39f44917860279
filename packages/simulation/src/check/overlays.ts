import type { Run } from '../world/run-world.ts';
import { ViolationFound } from './violation.ts';

/**
 * W-11: where an edit of the user waits, the row shows what the user wrote: the newest edit of each cell, whatever came
 * from the organization meanwhile.
 */
export function checkOverlays({ devices }: Run): void {
  for (const { name, client } of devices) {
    if (client === null) continue;
    const shown = new Map<
      string,
      readonly [table: string, id: string, slot: string, cell: unknown]
    >();
    const gone = new Set<string>();
    for (const { op, table, id, set } of client.sync.outbox.unsettled()) {
      if (op === 'delete') gone.add(`${table}/${id}`);
      if (op === 'create') gone.delete(`${table}/${id}`);
      for (const [slot, cell] of Object.entries(set)) {
        shown.set(`${table}/${id}/${slot}`, [table, id, slot, cell]);
      }
    }
    // What other edits do to a row, such as taking a link away, lies on it too.
    const effects = client.store.all(`SELECT table_name, row_id, set_json FROM "$effect"`);
    for (const [table, id, json] of effects) {
      const slots = Object.keys((JSON.parse(String(json)) ?? {}) as object);
      for (const slot of slots) shown.delete(`${String(table)}/${String(id)}/${slot}`);
    }
    for (const [table, id, slot, cell] of shown.values()) {
      const schema = client.store.schema.get(table);
      const image = schema === undefined ? null : client.store.get(table, id);
      // A row that has left the device shows nothing.
      if (schema === undefined || image === null || gone.has(`${table}/${id}`)) continue;
      const at = schema.slotIndex.get(slot);
      if (at === undefined || (image[at] ?? null) === cell) continue;
      const found = JSON.stringify(image[at] ?? null);
      throw new ViolationFound(
        'W-11',
        `${name} shows ${found} in ${table}.${slot} of ${id}; the user wrote ${JSON.stringify(cell)}.`,
      );
    }
  }
}
