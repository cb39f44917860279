import { activityPointer, type Table } from '@outpost/model';
import { Refusal } from './refusal.ts';
import type { Writer } from './write-env.ts';

/**
 * `activitypointer` shows activities of all kinds and is read: they are made, changed and shared in their own tables.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/activitypointer#messages
 */
export function refusePointer(writer: Writer, table: Table, what: string): void {
  if (writer.kind === 'system' || table.name !== activityPointer) return;
  const message = `"${table.name}" does not support ${what}: use the table of the activity.`;
  throw new Refusal('notSupported', message);
}
