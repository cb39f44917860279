import type { FailureClass } from '../transport.ts';
import type { TableState } from './sync-state.ts';

export type SyncMode =
  | 'FIRST_SYNC'
  | 'DELTA_SYNC'
  | 'GRID_SYNC'
  /** Every table is compared with the organization, and what differs is read. */
  | 'FORCED_SYNC'
  | 'SINGLE_RECORD_SYNC';

export type Icon = 'syncing' | 'error' | 'warning' | 'pendingUpload' | 'notConnected' | 'connected';

export type IconFlags = Readonly<Record<Icon, boolean>>;

/** The icon to show when several flags hold. The order is ours: no source states it. */
const precedence: readonly Icon[] = [
  'syncing',
  'error',
  'warning',
  'pendingUpload',
  'notConnected',
  'connected',
];

export function iconOf(flags: IconFlags): Icon {
  return precedence.find((icon) => flags[icon]) ?? 'connected';
}

export interface Count {
  readonly done: number;
  readonly total: number;
}

export interface TableProgress {
  readonly table: string;
  readonly state: TableState;
  readonly rows: Count;
  readonly bytes: number;
}

/** Emitted after every commit it describes: at least once per page and per phase. */
export interface SyncProgress {
  readonly mode: SyncMode;
  readonly phase: 'metadata' | 'plan' | 'upload' | 'download' | 'verify' | 'done';
  /** Rows downloaded so far; never decreases, survives restarts. */
  readonly rows: Count;
  /** Bytes received. */
  readonly bytes: number;
  /** Size of the database. */
  readonly diskBytes: number;
  readonly tables: readonly TableProgress[];
  /** From 0 to 1; never goes back within a cycle, and is 1 only when it is done. */
  readonly fraction: number;
  /** Milliseconds that are probably left; null while too little is known. */
  readonly etaMs: number | null;
  /** This first sync continues one that was interrupted. */
  readonly resumed: boolean;
}

export interface CycleFailure {
  readonly class: FailureClass;
  readonly code: string | null;
  readonly message: string;
  /** The organization asked to wait this long. */
  readonly retryAfterMs: number | null;
}

export type CycleResult =
  | { readonly kind: 'done'; readonly mode: SyncMode }
  | { readonly kind: 'offline' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: CycleFailure };

/**
 * What people are told while a cycle runs: `download` with rows and size, at the first sync and after a long silence;
 * `grid` for the refresh of a grid. Other cycles are quiet.
 */
export type SyncNotification = 'download' | 'grid';

export interface SyncStatus {
  /** `notAvailable` until the first sync is complete. */
  readonly readiness: 'notAvailable' | 'initializing' | 'available';
  readonly online: boolean;
  readonly running: SyncMode | null;
  readonly notification: SyncNotification | null;
  readonly flags: IconFlags;
  readonly icon: Icon;
  /** Queued edits, and the distinct rows they touch. */
  readonly pending: { readonly updates: number; readonly rows: number };
  readonly errors: number;
  readonly lastSyncAt: string | null;
  readonly lastResult: CycleResult | null;
  readonly storageBytes: number;
}
