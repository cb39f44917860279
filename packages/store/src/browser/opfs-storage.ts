import type { StorageLocation } from '../files/storage-location.ts';
import { OpfsFiles } from './opfs-files.ts';
import { type BrowserStorageOptions, readWasm } from './read-wasm.ts';
import { takeWebLock } from './web-lock.ts';

/** The database, its journals, and what the fallbacks of this package write. */
const suffixes = ['', '-wal', '-journal', '-log', '-snapshot-a', '-snapshot-b'];

/**
 * A database in the origin private file system, in the folder `outpost`. Only in a dedicated worker: browsers give
 * synchronous access to files nowhere else.
 */
export function opfsStorage(name: string, options: BrowserStorageOptions): StorageLocation {
  const file = `${name}.db`;
  return {
    name: file,
    async open() {
      const release = await takeWebLock(name);
      try {
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle('outpost', { create: true });
        const files = await OpfsFiles.prepare(
          folder,
          suffixes.map((suffix) => file + suffix),
        );
        return {
          files,
          wasm: () => readWasm(options),
          async close() {
            files.release();
            release();
          },
        };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}
