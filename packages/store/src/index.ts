/**
 * The database on the device: SQLite through unmodified sql.js, directly on files, every commit crash-safe; rows change
 * through one typed gateway that says exactly what each commit changed.
 *
 * ```ts
 * const store = await openStore({ storage: fileStorage('./data', 'ana') });
 * store.commits.subscribe((set) => console.log(set.changes));
 * ```
 */
export { MemoryFiles } from './files/memory-files.ts';
export type {
  OpenedStorage,
  StorageLocation,
  SyncFile,
  SyncFiles,
} from './files/sync-files.ts';
export type { ChangeSet, Origin, RowChange, RowImage } from './gateway/change-set.ts';
export {
  type Committed,
  DeviceStore,
  type OpenStoreOptions,
  openStore,
  type Participant,
  type WriteOptions,
} from './gateway/device-store.ts';
export {
  buildSchema,
  createTableSql,
  quoted,
  type StoreSchema,
  type TableSchema,
} from './gateway/table-schema.ts';
export type { WriteTx } from './gateway/write-tx.ts';
export type { Durability, SqlDriver, SqlStatement, SqlValue } from './sql-driver.ts';
export { openSqlJs } from './sql-js/sql-js-driver.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
