/** Where a device database lives on Node: real files with one owner, or memory. */
export { fileStorage, memoryStorage } from './file-storage.ts';
