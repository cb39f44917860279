/**
 * The messages between a device and the organization: `hello` (who am I, what may I have), `who` (whose token is this),
 * `app` (definitions), `pull` (what changed), `page` (rows of a table by key range; the answer replaces that range), `digest` (which ranges
 * differ), `push` (queued edits, one result each), `upload` and `document` (contents of files, in parts). Types and
 * strict decoders, no I/O.
 *
 * @packageDocumentation
 */

export { changedColumns } from './changed-columns.ts';
export {
  type ConflictPolicy,
  type DeviceIdentity,
  type EntryKey,
  type EntryRange,
  rangesOfKeys,
  sameKey,
  syncPaths,
  type TableRows,
  type Versions,
} from './common.ts';
export { DecodeError, type Decoder } from './decode.ts';
export {
  type DigestRange,
  type DigestRequest,
  type DigestResponse,
  digestRequest,
  digestResponse,
} from './digest.ts';
export {
  type DocumentRequest,
  type DocumentResponse,
  documentRequest,
  documentResponse,
  partBytes,
  type UploadRequest,
  type UploadResponse,
  uploadRequest,
  uploadResponse,
} from './document.ts';
export {
  type AppResponse,
  appResponse,
  type HelloRequest,
  type HelloResponse,
  helloRequest,
  helloResponse,
  type PlanTable,
} from './hello.ts';
export { inPieces, type MessageLimits, messageLimits } from './limits.ts';
export { type PageRequest, type PageResponse, pageRequest, pageResponse } from './page.ts';
export {
  type CheckReason,
  type PullFrom,
  type PullRequest,
  type PullResponse,
  pullRequest,
  pullResponse,
  type RemoveReason,
} from './pull.ts';
export {
  type EntryResult,
  groupsOf,
  type PartRequest,
  type PartResponse,
  type PushEntry,
  type PushRequest,
  type PushResponse,
  partRequest,
  partResponse,
  pushRequest,
  pushResponse,
  type SyncErrorType,
} from './push.ts';
export { RowSum } from './row-hash.ts';
export { type EntryRefusal, type RefusedEntry, syncErrorCells } from './sync-error-row.ts';
export { otherUserCode, type WhoResponse, whoResponse } from './who.ts';
