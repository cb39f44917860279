import { openPageLog } from '../files/page-log/page-log-files.ts';
import type { StorageLocation } from '../files/storage-location.ts';
import { deleteIndexedDbLog, indexedDbLog } from './indexed-db-log.ts';
import { type BrowserStorageOptions, readWasm } from './read-wasm.ts';
import { takeWebLock } from './web-lock.ts';

/**
 * A database in IndexedDB, for pages and workers without synchronous files. It lives in memory while it is open; commits
 * are stored in groups, so `durable` is a promise.
 */
export function indexedDbStorage(name: string, options: BrowserStorageOptions): StorageLocation {
  const file = `${name}.db`;
  return {
    name: file,
    async open() {
      const release = await takeWebLock(name);
      try {
        const files = await openPageLog(await indexedDbLog(name), file, { grouped: true });
        return { files, wasm: () => readWasm(options), close: async () => release() };
      } catch (error) {
        release();
        throw error;
      }
    },
    async delete() {
      const release = await takeWebLock(name);
      try {
        await deleteIndexedDbLog(name);
      } finally {
        release();
      }
    },
  };
}
