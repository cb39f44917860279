import {
  type Cell,
  type Cells,
  type ColumnRights,
  columnRights,
  type TablePrivileges,
} from '@outpost/model';
import {
  anyJson,
  cell,
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

/** Names one queued edit for ever: the random id of a database opening, and a number that never resets. */
export type EntryKey = readonly [epoch: string, seq: number];

export const entryKey: Decoder<EntryKey> = (value, path) => {
  const parts = list(anyJson, 2)(value, path);
  return [text(parts[0], `${path}[0]`), whole(parts[1], `${path}[1]`)];
};

export function sameKey(a: EntryKey, b: EntryKey): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export interface DeviceIdentity {
  readonly id: string;
  readonly epoch: string;
}
const deviceIdentity = object<DeviceIdentity>({ id: text, epoch: text });

/** `off`: changed columns win. `on`: a changed row refuses. `merge`: refuses only where both changed one column. */
export type ConflictPolicy = 'off' | 'on' | 'merge';

export interface HelloRequest {
  readonly device: DeviceIdentity;
}
export const helloRequest: Decoder<HelloRequest> = object<HelloRequest>({ device: deviceIdentity });

/** One table of the device: how many rows V(T) has now, and what V(T) depends on (`view`, a hash). */
export interface PlanTable {
  readonly table: string;
  readonly rows: number;
  readonly view: string;
  readonly intervalMinutes: number;
}

export interface HelloResponse {
  readonly now: string;
  /** Identifies the change feed; another value makes all tokens void. */
  readonly feed: string;
  /** Hash of the app's definitions. */
  readonly app: string;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly businessUnitId: string;
    readonly teamIds: readonly string[];
  };
  readonly conflictPolicy: ConflictPolicy;
  readonly privileges: Readonly<Record<string, TablePrivileges>>;
  /** Shares or hierarchy give the user more than the roles say; a device leaves such decisions to the organization. */
  readonly beyondRoles: boolean;
  /** Rights on secured columns by table and column; a secured column that is absent grants nothing. */
  readonly securedColumns: ColumnRights;
  readonly plan: readonly PlanTable[];
}
export const helloResponse: Decoder<HelloResponse> = object<HelloResponse>({
  now: text,
  feed: text,
  app: text,
  user: object({ id: text, name: text, businessUnitId: text, teamIds: list(text) }),
  conflictPolicy: oneOf('off', 'on', 'merge'),
  privileges: record(record(whole)) as Decoder<Readonly<Record<string, TablePrivileges>>>,
  beyondRoles: flag,
  securedColumns: record(record(list(oneOf(...columnRights)))),
  plan: list(object<PlanTable>({ table: text, rows: whole, view: text, intervalMinutes: whole })),
});

export interface AppResponse {
  readonly app: string;
  /** An `AppModel`. */
  readonly model: unknown;
}
export const appResponse: Decoder<AppResponse> = object<AppResponse>({ app: text, model: anyJson });

/** Tables that share a token travel together. A null token asks for the current position. */
export interface PullFrom {
  readonly token: string | null;
  readonly tables: readonly string[];
}
export interface PullRequest {
  readonly device: DeviceIdentity;
  readonly from: readonly PullFrom[];
  /** View hash the device's rows were loaded under, by table. */
  readonly views: Readonly<Record<string, string>>;
  /** Applied entries whose effect the device waits to see. */
  readonly awaiting: readonly EntryKey[];
  readonly maxRows: number;
}
export const pullRequest: Decoder<PullRequest> = object<PullRequest>({
  device: deviceIdentity,
  from: list(object<PullFrom>({ token: nullable(text), tables: list(text, 1000) }), 1000),
  views: record(text),
  awaiting: list(entryKey, 1000),
  maxRows: whole,
});

export type RemoveReason = 'deleted' | 'access' | 'filter';
export type CheckReason = 'first' | 'feed' | 'view' | 'links';

export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}
export interface PullResponse {
  readonly now: string;
  readonly changes: readonly TableRows[];
  readonly removes: readonly {
    readonly table: string;
    readonly reason: RemoveReason;
    readonly ids: readonly string[];
  }[];
  readonly tokens: readonly { readonly token: string; readonly tables: readonly string[] }[];
  /** Tables whose rows must be read again in full. */
  readonly check: readonly {
    readonly table: string;
    readonly why: CheckReason;
    readonly view: string;
  }[];
  readonly acked: readonly EntryKey[];
  readonly more: boolean;
}
const rowsOf = list(list(cell));
export const pullResponse: Decoder<PullResponse> = object<PullResponse>({
  now: text,
  changes: list(object<TableRows>({ table: text, columns: list(text), rows: rowsOf })),
  removes: list(
    object({ table: text, reason: oneOf('deleted', 'access', 'filter'), ids: list(text) }),
  ),
  tokens: list(object({ token: text, tables: list(text) })),
  check: list(object({ table: text, why: oneOf('first', 'feed', 'view', 'links'), view: text })),
  acked: list(entryKey),
  more: flag,
});

export interface PageRequest {
  readonly device: DeviceIdentity;
  readonly table: string;
  /** Last key of the previous page; null for the first. */
  readonly after: string | null;
  readonly limit: number;
}
export const pageRequest: Decoder<PageRequest> = object<PageRequest>({
  device: deviceIdentity,
  table: text,
  after: nullable(text),
  limit: whole,
});

/** The complete content of V(T) after `after` up to `covered`; null `covered`: to the end. */
export interface PageResponse extends TableRows {
  readonly now: string;
  readonly view: string;
  readonly covered: string | null;
}
export const pageResponse: Decoder<PageResponse> = object<PageResponse>({
  now: text,
  table: text,
  view: text,
  columns: list(text),
  rows: rowsOf,
  covered: nullable(text),
});

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
  /** When the user made the edit; informative. */
  readonly at: string;
}
const pushEntry = object<PushEntry>({
  key: entryKey,
  op: oneOf('create', 'update', 'delete'),
  table: text,
  id: text,
  set: record(cell),
  base: record(cell),
  baseVersion: nullable(whole),
  baseOf: nullable(entryKey),
  after: list(entryKey, 1000),
  at: text,
});

export interface PushRequest {
  readonly device: DeviceIdentity;
  readonly entries: readonly PushEntry[];
}
export const pushRequest: Decoder<PushRequest> = object<PushRequest>({
  device: deviceIdentity,
  entries: list(pushEntry, 1000),
});

/** 0 conflict, 1 record not found, 2 record already exists, 3 others; as in the table `syncerror`. */
export type SyncErrorType = 0 | 1 | 2 | 3;

export type EntryResult =
  | { readonly key: EntryKey; readonly status: 'applied'; readonly version: number }
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
    status: oneOf('applied', 'blocked', 'retryLater', 'refused'),
  })(value, path);
  if (status === 'applied') {
    return { key, status, ...object({ version: whole })(value, path) };
  }
  if (status !== 'refused') return { key, status };
  const details = object({
    errorType: whole as Decoder<SyncErrorType>,
    code: text,
    message: text,
    columns: list(text),
    syncError: text,
  })(value, path);
  return { key, status, ...details };
};

export interface PushResponse {
  readonly now: string;
  readonly results: readonly EntryResult[];
}
export const pushResponse: Decoder<PushResponse> = object<PushResponse>({
  now: text,
  results: list(entryResult),
});

export const syncPaths = {
  hello: '/sync/v1/hello',
  app: '/sync/v1/app',
  pull: '/sync/v1/pull',
  page: '/sync/v1/page',
  push: '/sync/v1/push',
} as const;
