import { dataverseErrors, parseGuid, type Table } from '@outpost/model';
import { DeviceError } from '../device-error.ts';
import type { Session } from '../session.ts';
import type { SaveResult } from './save-row.ts';

/** Saves with the id in its normal form; a text that is no GUID is refused, as the organization would later. */
export function savingRow(
  table: Table,
  given: string,
  save: (id: string) => SaveResult,
): SaveResult {
  const id = parseGuid(given);
  if (id !== null) return save(id);
  const message = `"${given}" is no id of ${table.label}: row ids are GUIDs.`;
  return refused(table, dataverseErrors.invalidArgument, message);
}

/** The same for a new row, whose id is free. */
export function savingNewRow(
  session: Session,
  table: Table,
  given: string,
  save: (id: string) => SaveResult,
): SaveResult {
  return savingRow(table, given, (id) => {
    if (session.values(table.name, id) === null) return save(id);
    const message = `${table.label} ${id} exists already.`;
    return refused(table, dataverseErrors.duplicateRecord, message);
  });
}

/** The normal form of an id to read by. */
export function readingRow(given: string): string {
  const id = parseGuid(given);
  if (id !== null) return id;
  const message = `"${given}" is no row id.`;
  throw new DeviceError('device.invalidId', message, 'Row ids are GUIDs: take one of a row.');
}

function refused(table: Table, code: string, message: string): SaveResult {
  const column = table.primaryId;
  return { kind: 'refused', reasons: [{ kind: 'invalidValue', column, code, message }] };
}
