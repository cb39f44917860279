/**
 * Where a device database lives in a browser: the origin private file system in a worker, or IndexedDB anywhere.
 *
 * @packageDocumentation
 */
export { indexedDbStorage } from './indexed-db-storage.ts';
export { opfsStorage } from './opfs-storage.ts';
export type { BrowserStorageOptions } from './read-wasm.ts';
