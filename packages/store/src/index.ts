/**
 * The database on the device: SQLite through unmodified sql.js, directly on files, every commit crash-safe; rows change
 * through one typed gateway that says exactly what each commit changed.
 *
 * ```ts
 * const db = await openDatabase(fileStorage('./data', 'ana'));
 * db.transaction(() => db.prepare('INSERT INTO note VALUES (?)').run(['Alpine']));
 * ```
 *
 * @packageDocumentation
 */
export type { DatabaseOptions } from './driver/pragmas.ts';
export { MemoryFiles } from './files/memory-files.ts';
export type { PageLogBackend, PageRun } from './files/page-log/page-log-backend.ts';
export { openPageLog, type PageLogOptions } from './files/page-log/page-log-files.ts';
export { pageLogStorage } from './files/page-log/page-log-storage.ts';
export {
  deleteDatabase,
  lockedError,
  type NativeSqlite,
  type OpenedStorage,
  type StorageLocation,
} from './files/storage-location.ts';
export type { CommitLog, CommitPhase, SyncFile, SyncFiles } from './files/sync-files.ts';
export {
  type ChangeSet,
  type Origin,
  type RowChange,
  type RowImage,
  type TableChanges,
  touchesRow,
} from './gateway/change-set.ts';
export type { Maintainer } from './gateway/commit-stream.ts';
export {
  type Committed,
  DeviceStore,
  type Participant,
  type WriteOptions,
} from './gateway/device-store.ts';
export type { IndexRequest } from './gateway/indexes.ts';
export { foldFingerprint } from './gateway/meta.ts';
export type { FoldedFault, MigrationReport } from './gateway/migrate-schema.ts';
export {
  buildSchema,
  createTableSql,
  type FoldedColumn,
  type FoldedSlots,
  quoted,
  type StoreSchema,
  type TableSchema,
} from './gateway/table-schema.ts';
export type { TripwireMode } from './gateway/tripwire.ts';
export type { WriteCounts, WriteTx } from './gateway/write-tx.ts';
export { openDatabase } from './open/open-database.ts';
export { type OpenStoreOptions, openStore, type SchemaModule } from './open/open-store.ts';
export type {
  DriverCaps,
  DriverStats,
  Durability,
  SqlDriver,
  SqlFunction,
  SqlStatement,
  SqlValue,
} from './sql-driver.ts';
export type { TextCodec } from './sql-js/text-codec.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
