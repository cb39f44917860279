import type { Cells } from '@outpost/model';
import { type DeviceIdentity, deviceIdentity, type EntryKey, entryKey } from './common.ts';
import {
  cell,
  type Decoder,
  list,
  name,
  nullable,
  object,
  oneOf,
  optional,
  record,
  shortText,
  textUpTo,
  whole,
} from './decode.ts';
import { messageLimits } from './limits.ts';

export interface PushEntry {
  readonly key: EntryKey;
  readonly op: 'create' | 'update' | 'delete';
  readonly table: string;
  readonly id: string;
  /** New cells of the changed columns. */
  readonly set: Cells;
  /** What they were when the user changed them. */
  readonly base: Cells;
  /** Row version the user saw. */
  readonly baseVersion: number | null;
  /** Instead: the version my own earlier entry produced. */
  readonly baseOf: EntryKey | null;
  /** Entries that must be applied before. */
  readonly after: readonly EntryKey[];
  /** Entries of one change set are applied or refused as one, and travel side by side. */
  readonly changeSet: string | null;
  /** How often the organization has put the entry off. */
  readonly attempt: number;
  /** When the user made the edit; informative. */
  readonly at: string;
}
const pushEntry = object<PushEntry>({
  key: entryKey,
  op: oneOf('create', 'update', 'delete'),
  table: name,
  id: name,
  set: record(cell, messageLimits.columns),
  base: record(cell, messageLimits.columns),
  baseVersion: nullable(whole),
  baseOf: nullable(entryKey),
  after: list(entryKey, messageLimits.after),
  changeSet: nullable(name),
  attempt: optional(whole, 1),
  at: name,
});

export interface PushRequest {
  readonly device: DeviceIdentity;
  /** By epoch: nothing below will be asked again. */
  readonly settledBelow: readonly EntryKey[];
  readonly entries: readonly PushEntry[];
}
export const pushRequest: Decoder<PushRequest> = object<PushRequest>({
  device: deviceIdentity,
  settledBelow: optional(list(entryKey, messageLimits.epochs), []),
  entries: list(pushEntry, messageLimits.transactionEntries),
});

/**
 * A part of a push that is too large for one request: bytes of its JSON. The organization keeps parts until the last one
 * is there, and carries the push out then, as if it had come at once; the answer to the last part is that of the push.
 */
export interface PartRequest {
  readonly device: DeviceIdentity;
  /** Of the whole: `sha256:<hash>:<bytes>`. */
  readonly reference: string;
  /** Offset of the part in bytes. */
  readonly at: number;
  /** Base64. Empty: asks how much is there. */
  readonly data: string;
}
export const partRequest: Decoder<PartRequest> = object<PartRequest>({
  device: deviceIdentity,
  reference: name,
  at: whole,
  data: textUpTo((messageLimits.partBytes / 3) * 4),
});

export interface PartResponse {
  readonly now: string;
  /** Bytes that are there: where the next part begins. */
  readonly have: number;
  /** With the last part. */
  readonly pushed: PushResponse | null;
}

/** What is carried out as one: single entries, and change sets, which are neighbours of one name. */
export function groupsOf(entries: readonly PushEntry[]): readonly (readonly PushEntry[])[] {
  const groups: PushEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const joins = entry.changeSet !== null && last?.[0]?.changeSet === entry.changeSet;
    if (last !== undefined && joins) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** 0 conflict, 1 record not found, 2 record already exists, 3 others; as in the table `syncerror`. */
export type SyncErrorType = 0 | 1 | 2 | 3;

export type EntryResult =
  | { readonly key: EntryKey; readonly status: 'applied'; readonly version: number }
  /** Finished in an earlier life of this database. */
  | { readonly key: EntryKey; readonly status: 'settled' }
  | { readonly key: EntryKey; readonly status: 'blocked' }
  | { readonly key: EntryKey; readonly status: 'retryLater' }
  | {
      readonly key: EntryKey;
      readonly status: 'refused';
      readonly errorType: SyncErrorType;
      readonly code: string;
      readonly message: string;
      /** Columns in conflict. */
      readonly columns: readonly string[];
      /** Id of the `syncerror` row. */
      readonly syncError: string;
    };

const entryResult: Decoder<EntryResult> = (value, path) => {
  const { key, status } = object({
    key: entryKey,
    status: oneOf('applied', 'settled', 'blocked', 'retryLater', 'refused'),
  })(value, path);
  if (status === 'applied') {
    return { key, status, ...object({ version: whole })(value, path) };
  }
  if (status !== 'refused') return { key, status };
  const details = object({
    errorType: whole as Decoder<SyncErrorType>,
    code: name,
    message: shortText,
    columns: list(name, messageLimits.columns),
    syncError: name,
  })(value, path);
  return { key, status, ...details };
};

export interface PushResponse {
  readonly now: string;
  readonly results: readonly EntryResult[];
}
export const pushResponse: Decoder<PushResponse> = object<PushResponse>({
  now: name,
  results: list(entryResult, messageLimits.transactionEntries),
});

export const partResponse: Decoder<PartResponse> = object<PartResponse>({
  now: name,
  have: whole,
  pushed: nullable(pushResponse),
});
