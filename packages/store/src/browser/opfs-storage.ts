import { databaseSuffixes, type StorageLocation } from '../files/storage-location.ts';
import { OpfsFiles } from './opfs-files.ts';
import { type BrowserStorageOptions, readWasm } from './read-wasm.ts';
import { takeWebLock } from './web-lock.ts';

/** Where synchronous access takes a handle for every name, there is no shared memory. */
const suffixes = databaseSuffixes.filter((one) => one !== '-shm');

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
    async delete() {
      const release = await takeWebLock(name);
      try {
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle('outpost', { create: true });
        for (const suffix of [...databaseSuffixes].reverse()) {
          await removeEntry(folder, file + suffix);
        }
      } finally {
        release();
      }
    },
  };
}

async function removeEntry(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name);
  } catch (error) {
    // It was never made.
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
  }
}
