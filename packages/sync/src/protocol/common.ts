import type { Cell } from '@outpost/model';
import {
  anyJson,
  cellRows,
  DecodeError,
  type Decoder,
  list,
  name,
  nullable,
  object,
  optional,
  whole,
} from './decode.ts';
import { messageLimits } from './limits.ts';

/** Names one queued edit for ever: the random id of a database opening, and a number that never resets. */
export type EntryKey = readonly [epoch: string, seq: number];

export const entryKey: Decoder<EntryKey> = (value, path) => {
  const parts = list(anyJson, 2)(value, path);
  return [name(parts[0], `${path}[0]`), whole(parts[1], `${path}[1]`)];
};

/** Entries of one opening of a database: from a number up to and with another one. */
export type EntryRange = readonly [epoch: string, from: number, upTo: number];

export const entryRange: Decoder<EntryRange> = (value, path) => {
  const parts = list(anyJson, 3)(value, path);
  return [
    name(parts[0], `${path}[0]`),
    whole(parts[1], `${path}[1]`),
    whole(parts[2], `${path}[2]`),
  ];
};

/** Keys as ranges: what follows on one another becomes one. In the order of the keys, which is that of their numbers. */
export function rangesOfKeys(keys: readonly EntryKey[]): readonly EntryRange[] {
  const ranges: EntryRange[] = [];
  const last = new Map<string, number>();
  for (const [epoch, seq] of keys) {
    const at = last.get(epoch);
    const range = at === undefined ? undefined : ranges[at];
    if (at !== undefined && range?.[2] === seq - 1) ranges[at] = [epoch, range[1], seq];
    else last.set(epoch, ranges.push([epoch, seq, seq]) - 1);
  }
  return ranges;
}

export function sameKey(a: EntryKey, b: EntryKey): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export interface DeviceIdentity {
  readonly id: string;
  readonly epoch: string;
  /** Whom the database belongs to: nobody else's request may carry this. Null: nobody yet. */
  readonly user: string | null;
}
export const deviceIdentity: Decoder<DeviceIdentity> = object<DeviceIdentity>({
  id: name,
  epoch: name,
  user: nullable(name),
});

/** `off`: changed columns win. `on`: a changed row refuses. `merge`: refuses only where both changed one column. */
export type ConflictPolicy = 'off' | 'on' | 'merge';

/** What the device's data stands on: hashes of the definitions, and of rights, settings and plan. */
export interface Versions {
  readonly app: string;
  readonly access: string;
}
export const versions: Decoder<Versions> = object<Versions>({ app: name, access: name });

/** Rows of one table. Most columns of a business table are null in most rows: those need not travel. */
export interface TableRows {
  readonly table: string;
  /** What the rows hold, in this order. */
  readonly columns: readonly string[];
  /** Further columns, null in every one of these rows. */
  readonly empty: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Members of `TableRows`, for messages that hold more. */
export const tableRowsMembers: { readonly [K in keyof TableRows]: Decoder<TableRows[K]> } = {
  table: name,
  columns: list(name, messageLimits.columns),
  empty: optional(list(name, messageLimits.columns), []),
  rows: cellRows,
};

/** Members of `TableRows` as they were decoded; throws `DecodeError` when a row is shorter or longer than `columns`. */
export const tableRows: Decoder<TableRows> = (value, path) => {
  const decoded = object<TableRows>(tableRowsMembers)(value, path);
  checkWidth(decoded, path);
  return decoded;
};

export function checkWidth({ columns, rows }: TableRows, path: string): void {
  const wrong = rows.findIndex((row) => row.length !== columns.length);
  if (wrong >= 0)
    throw new DecodeError(
      `${path === '' ? '' : `${path}.`}rows[${wrong}]`,
      `${columns.length} cells`,
    );
}

export const syncPaths = {
  hello: '/sync/v1/hello',
  app: '/sync/v1/app',
  who: '/sync/v1/who',
  pull: '/sync/v1/pull',
  page: '/sync/v1/page',
  digest: '/sync/v1/digest',
  push: '/sync/v1/push',
  part: '/sync/v1/part',
  upload: '/sync/v1/upload',
  document: '/sync/v1/document',
  hints: '/sync/v1/hints',
} as const;
