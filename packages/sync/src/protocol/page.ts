import {
  checkWidth,
  type DeviceIdentity,
  deviceIdentity,
  type TableRows,
  tableRowsMembers,
  type Versions,
  versions,
} from './common.ts';
import { type Decoder, list, name, nullable, object, whole } from './decode.ts';
import { messageLimits } from './limits.ts';

export interface PageRequest {
  readonly device: DeviceIdentity;
  readonly seen: Versions;
  readonly table: string;
  /** Last key of the previous page; null for the first. */
  readonly after: string | null;
  /** Last key of the range; null: to the end. */
  readonly upTo: string | null;
  /** Instead of a range: these rows. */
  readonly ids: readonly string[] | null;
  readonly limit: number;
}
export const pageRequest: Decoder<PageRequest> = object<PageRequest>({
  device: deviceIdentity,
  seen: versions,
  table: name,
  after: nullable(name),
  upTo: nullable(name),
  ids: nullable(list(name, messageLimits.ids)),
  limit: whole,
});

/** The complete content of V(T) after `after` up to `covered` (null: to the end), or of the ids. */
export interface PageResponse extends TableRows {
  readonly now: string;
  readonly current: Versions;
  readonly view: string;
  readonly covered: string | null;
}
const members = object<PageResponse>({
  ...tableRowsMembers,
  now: name,
  current: versions,
  view: name,
  covered: nullable(name),
});
export const pageResponse: Decoder<PageResponse> = (value, path) => {
  const decoded = members(value, path);
  checkWidth(decoded, path);
  return decoded;
};
