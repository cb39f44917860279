import { type ColumnRights, columnRights, type TablePrivileges } from '@outpost/model';
import {
  type ConflictPolicy,
  type DeviceIdentity,
  deviceIdentity,
  type Versions,
  versions,
} from './common.ts';
import {
  anyJson,
  type Decoder,
  flag,
  list,
  name,
  nullable,
  object,
  oneOf,
  optional,
  record,
  shortText,
  whole,
} from './decode.ts';
import { messageLimits } from './limits.ts';

export interface HelloRequest {
  readonly device: DeviceIdentity;
  /** Epochs of this database since the one that the organization confirmed last. */
  readonly previous: readonly string[];
  /** This database is the device from now on, whatever was confirmed before. */
  readonly takeOver: boolean;
  /** Tables that the device has read already: their rows need not be counted. */
  readonly uncounted: readonly string[];
}
export const helloRequest: Decoder<HelloRequest> = object<HelloRequest>({
  device: deviceIdentity,
  previous: optional(list(name, messageLimits.previousEpochs), []),
  takeOver: optional(flag, false),
  uncounted: optional(list(name, messageLimits.tables), []),
});

/** One table of the device: how many rows V(T) has now (null: not counted), and what V(T) depends on (`view`, a hash). */
export interface PlanTable {
  readonly table: string;
  readonly rows: number | null;
  readonly view: string;
  readonly intervalMinutes: number;
}

export interface HelloResponse {
  readonly now: string;
  /** Identifies the change feed; another value makes all tokens void. */
  readonly feed: string;
  readonly current: Versions;
  /** Id of the organization; null: it does not say. */
  readonly organization: string | null;
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
  now: name,
  feed: name,
  current: versions,
  organization: nullable(name),
  user: object({
    id: name,
    name: shortText,
    businessUnitId: name,
    teamIds: list(name, messageLimits.tables),
  }),
  conflictPolicy: oneOf('off', 'on', 'merge'),
  privileges: record(record(whole, messageLimits.columns), messageLimits.tables) as Decoder<
    Readonly<Record<string, TablePrivileges>>
  >,
  beyondRoles: flag,
  securedColumns: record(
    record(list(oneOf(...columnRights), columnRights.length), messageLimits.columns),
    messageLimits.tables,
  ),
  plan: list(
    object<PlanTable>({ table: name, rows: nullable(whole), view: name, intervalMinutes: whole }),
    messageLimits.tables,
  ),
});

export interface AppResponse {
  readonly app: string;
  /** An `AppModel`. */
  readonly model: unknown;
}
export const appResponse: Decoder<AppResponse> = object<AppResponse>({ app: name, model: anyJson });
