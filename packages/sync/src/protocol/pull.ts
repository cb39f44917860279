import {
  type DeviceIdentity,
  deviceIdentity,
  type EntryKey,
  entryKey,
  type TableRows,
  tableRows,
  type Versions,
  versions,
} from './common.ts';
import {
  type Decoder,
  flag,
  list,
  nullable,
  object,
  oneOf,
  record,
  text,
  whole,
} from './decode.ts';

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
  readonly awaiting: readonly EntryKey[];
  readonly maxRows: number;
}
export const pullRequest: Decoder<PullRequest> = object<PullRequest>({
  device: deviceIdentity,
  seen: versions,
  from: list(object<PullFrom>({ token: nullable(text), tables: list(text, 1000) }), 1000),
  views: record(text),
  awaiting: list(entryKey, 1000),
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
  readonly acked: readonly EntryKey[];
  readonly more: boolean;
}
export const pullResponse: Decoder<PullResponse> = object<PullResponse>({
  now: text,
  current: versions,
  changes: list(tableRows),
  removes: list(
    object({ table: text, reason: oneOf('deleted', 'access', 'filter'), ids: list(text) }),
  ),
  tokens: list(object({ token: text, tables: list(text) })),
  check: list(
    object({
      table: text,
      why: oneOf('first', 'expired', 'feed', 'view', 'links', 'large'),
      view: text,
    }),
  ),
  acked: list(entryKey),
  more: flag,
});
