/**
 * The messages between a device and the organization: `hello` (who am I, what may I have), `app` (definitions), `pull`
 * (what changed), `page` (rows of a table by key range; the answer replaces that range), `push` (queued edits, one
 * result each). Types and strict decoders, no I/O.
 */
export { DecodeError, type Decoder } from './decode.ts';
export {
  type AppResponse,
  appResponse,
  type CheckReason,
  type ConflictPolicy,
  type DeviceIdentity,
  type EntryKey,
  type EntryResult,
  type HelloRequest,
  type HelloResponse,
  helloRequest,
  helloResponse,
  type PageRequest,
  type PageResponse,
  type PlanTable,
  type PullFrom,
  type PullRequest,
  type PullResponse,
  type PushEntry,
  type PushRequest,
  type PushResponse,
  pageRequest,
  pageResponse,
  pullRequest,
  pullResponse,
  pushRequest,
  pushResponse,
  type RemoveReason,
  type SyncErrorType,
  sameKey,
  syncPaths,
  type TableRows,
} from './messages.ts';
export { type EntryRefusal, syncErrorCells } from './sync-error-row.ts';
