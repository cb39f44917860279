import { type DeviceIdentity, deviceIdentity, type Versions, versions } from './common.ts';
import { type Decoder, list, name, nullable, object, shortText, whole } from './decode.ts';
import { messageLimits } from './limits.ts';

/** Rows of a key range in short: the inclusive upper key (null: to the end), how many, and their checksum. */
export interface DigestRange {
  readonly upTo: string | null;
  readonly rows: number;
  readonly sum: string;
}

export interface DigestRequest {
  readonly device: DeviceIdentity;
  readonly seen: Versions;
  readonly table: string;
  /** How far the table is known; to tell a difference from a change that is on its way. */
  readonly token: string | null;
  /** Columns that the rows were read with, in any order; other ones make every range differ. */
  readonly columns: readonly string[];
  /** The ranges begin after this key, one after another. */
  readonly after: string | null;
  readonly ranges: readonly DigestRange[];
}
export const digestRequest: Decoder<DigestRequest> = object<DigestRequest>({
  device: deviceIdentity,
  seen: versions,
  table: name,
  token: nullable(shortText),
  columns: list(name, messageLimits.columns),
  after: nullable(name),
  ranges: list(
    object<DigestRange>({ upTo: nullable(name), rows: whole, sum: name }),
    messageLimits.ranges,
  ),
});

export interface DigestResponse {
  readonly now: string;
  readonly current: Versions;
  readonly view: string;
  /** Places of the ranges that differ. */
  readonly bad: readonly number[];
  /** Those of them that hold a row that changed after the token. */
  readonly stale: readonly number[];
}
export const digestResponse: Decoder<DigestResponse> = object<DigestResponse>({
  now: name,
  current: versions,
  view: name,
  bad: list(whole, messageLimits.ranges),
  stale: list(whole, messageLimits.ranges),
});
