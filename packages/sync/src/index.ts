/**
 * Keeps a device equal to the organization: initial sync in resumable pages, deltas, the outbox of edits with one
 * verdict each, sync errors that can be repaired.
 *
 * ```ts
 * const sync = new Sync({ store, transport, online, system });
 * await sync.run('DELTA_SYNC');
 * ```
 *
 * @packageDocumentation
 */

export type { NoticeKind } from './apply/leave.ts';
export {
  type DocumentOptions,
  type DocumentProgress,
  type DocumentResult,
  Documents,
} from './documents/documents.ts';
export type { NamedDocument } from './documents/named.ts';
export type { Effect, RowEffect } from './effects/effect.ts';
export type { CarriedOut, DirectChange, Effects } from './effects/effects.ts';
export type { TableCheck } from './engine/check-table.ts';
export type { RowDifference } from './engine/compare.ts';
export {
  type Count,
  type CycleFailure,
  type CycleResult,
  type Icon,
  type IconFlags,
  iconOf,
  type SyncMode,
  type SyncNotification,
  type SyncProgress,
  type SyncStatus,
  type TableProgress,
} from './engine/status.ts';
export { Sync, type SyncOptions, type VerifyReport } from './engine/sync.ts';
export {
  type KeyRange,
  readSyncTables,
  type SyncTable,
  type TableState,
} from './engine/sync-state.ts';
export type { TelemetryEvent, TelemetryFailure } from './engine/telemetry.ts';
export type { RowExplanation, RowReason } from './engine/why.ts';
export type { Entry, EntryState } from './outbox/entry.ts';
export type { Outbox, SeenRow } from './outbox/outbox.ts';
export type { UndoResult } from './outbox/undo.ts';
export { syncModule } from './own-tables.ts';
export type { Draft, Notice } from './repair/notices.ts';
export {
  type ErrorSides,
  type RepairAction,
  type SyncErrorRow,
  SyncErrors,
} from './repair/sync-errors.ts';
export type { ScheduledTable } from './schedule/due.ts';
export { type HintEvent, listenToHints } from './schedule/hint-listener.ts';
export {
  type Connectivity,
  defaultSettings,
  type PauseReason,
  type SchedulerOptions,
  type ScheduleState,
  SyncScheduler,
  type SyncSettings,
} from './schedule/scheduler.ts';
export { SyncError, type SyncErrorCode } from './sync-error.ts';
export type {
  Failure,
  FailureClass,
  Hint,
  Reply,
  SyncTransport,
  TokenSource,
} from './transport.ts';
export type { Owner } from './user/owner.ts';
export {
  type PendingEdits,
  removeUser,
  type SignOutResult,
  signOutBegun,
} from './user/sign-out.ts';
export type { ExpectedUser } from './user/user-gate.ts';
export { lockText, type UserLock } from './user/user-lock.ts';
