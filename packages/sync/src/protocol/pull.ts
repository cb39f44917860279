import {
  type DeviceIdentity,
  deviceIdentity,
  type EntryRange,
  entryRange,
  type TableRows,
  tableRows,
  type Versions,
  versions,
} from './common.ts';
import {
  type Decoder,
  flag,
  list,
  name,
  nullable,
  object,
  oneOf,
  record,
  shortText,
  whole,
} from './decode.ts';
import { messageLimits } from './limits.ts';

/** Tables that share a token travel together. A null token asks for the current position. */
export interface PullFrom {
  readonly token: string | null;
  readonly tables: readonly string[];
}
export interface PullRequest {
  readonly device: DeviceIdentity;
  readonly seen: Versions;
  readonly from: readonly PullFrom[];
  /** View hash the device's rows were loaded under, by table. */
  readonly views: Readonly<Record<string, string>>;
  /** Applied entries whose effect the device waits to see. */
  readonly awaiting: readonly EntryRange[];
  readonly maxRows: number;
}
export const pullRequest: Decoder<PullRequest> = object<PullRequest>({
  device: deviceIdentity,
  seen: versions,
  from: list(
    object<PullFrom>({
      token: nullable(shortText),
      tables: list(name, messageLimits.tables),
    }),
    messageLimits.tables,
  ),
  views: record(name, messageLimits.tables),
  awaiting: list(entryRange, messageLimits.epochs),
  maxRows: whole,
});

export type RemoveReason = 'deleted' | 'access' | 'filter';
export type CheckReason = 'first' | 'expired' | 'feed' | 'view' | 'links' | 'large';

export interface PullResponse {
  readonly now: string;
  readonly current: Versions;
  readonly changes: readonly TableRows[];
  readonly removes: readonly {
    readonly table: string;
    readonly reason: RemoveReason;
    readonly ids: readonly string[];
  }[];
  readonly tokens: readonly { readonly token: string; readonly tables: readonly string[] }[];
  /** Tables whose rows must be compared with V(T) as it is now. */
  readonly check: readonly {
    readonly table: string;
    readonly why: CheckReason;
    readonly view: string;
  }[];
  /** Those of the awaited entries whose effect is in this answer. */
  readonly acked: readonly EntryRange[];
  readonly more: boolean;
}
export const pullResponse: Decoder<PullResponse> = object<PullResponse>({
  now: name,
  current: versions,
  changes: list(tableRows, messageLimits.tables),
  removes: list(
    object({
      table: name,
      reason: oneOf('deleted', 'access', 'filter'),
      ids: list(name, messageLimits.changedRows),
    }),
    // Of each table for each reason.
    3 * messageLimits.tables,
  ),
  tokens: list(
    object({ token: shortText, tables: list(name, messageLimits.tables) }),
    messageLimits.tables,
  ),
  check: list(
    object({
      table: name,
      why: oneOf('first', 'expired', 'feed', 'view', 'links', 'large'),
      view: name,
    }),
    // A table may be named for more than one reason.
    3 * messageLimits.tables,
  ),
  acked: list(entryRange, messageLimits.awaited + messageLimits.epochs),
  more: flag,
});
