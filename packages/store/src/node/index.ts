/**
 * Where a device database lives on Node: real files with one owner, or memory.
 *
 * @packageDocumentation
 */
export { backupTo } from './backup.ts';
export { type FileStorageOptions, fileStorage, memoryStorage } from './file-storage.ts';
