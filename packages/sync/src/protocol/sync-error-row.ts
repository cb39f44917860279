import { type Cell, type Cells, dateTimeText } from '@outpost/model';
import type { EntryKey } from './common.ts';
import type { PushEntry, SyncErrorType } from './push.ts';

/** Why an entry was not carried out. */
export interface EntryRefusal {
  readonly errorType: SyncErrorType;
  /** Dataverse number, or `outpost:name`. */
  readonly code: string;
  readonly message: string;
}

/** What of a queued edit its sync error tells. */
export type RefusedEntry = Pick<PushEntry, 'op' | 'table' | 'id' | 'set' | 'base'> & {
  readonly key: EntryKey;
};

const actions = { create: 'Create', update: 'Update', delete: 'Delete' } as const;

/**
 * The row of `syncerror` for a refused entry. Organization and device write the same row, so the next pull changes
 * nothing that the user sees. Texts are cut to the lengths of their columns.
 */
export function syncErrorCells(
  entry: RefusedEntry,
  refusal: EntryRefusal,
  userId: string,
  atMs: number,
): Readonly<Record<string, Cell>> {
  const { op, table, id, set, base, key } = entry;
  const json = (value: Cells | object) => JSON.stringify(value).slice(0, 10_000);
  return {
    name: table.slice(0, 100),
    action: actions[op],
    actiondata: json(set),
    requestdata: json({ key, base }),
    errorcode: refusal.code,
    errormessage: refusal.message.slice(0, 1000),
    errortime: dateTimeText(atMs),
    errortype: refusal.errorType,
    regardingobjectid: id,
    regardingobjectid$t: table,
    ownerid: userId,
    ownerid$t: 'systemuser',
    statecode: 0,
    statuscode: 0,
  };
}
