/**
 * A device in a browser: the origin private file system in a worker, or IndexedDB anywhere.
 *
 * @packageDocumentation
 */
export { type BrowserStorageOptions, indexedDbStorage, opfsStorage } from '@outpost/store/browser';
