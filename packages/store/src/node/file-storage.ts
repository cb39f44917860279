import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryFiles } from '../files/memory-files.ts';
import { deleteDatabase, lockedError, type StorageLocation } from '../files/storage-location.ts';
import { StoreError } from '../store-error.ts';
import { bufferCodec } from './buffer-codec.ts';
import { FolderFiles } from './folder-files.ts';
import { type Lock, takeLock } from './lock-file.ts';
import { openNodeSqlite } from './node-sqlite-driver.ts';
import { readWasm } from './read-wasm.ts';

export interface FileStorageOptions {
  /** What runs SQLite on the files; default sql.js. The files are the same. */
  readonly driver?: 'sqljs' | 'node:sqlite';
}

/** A database in `folder/name.db`. One owner at a time: a second opener is refused and told who holds it. */
export function fileStorage(
  folder: string,
  name: string,
  options: FileStorageOptions = {},
): StorageLocation {
  checkName(name);
  return {
    name: `${name}.db`,
    async open() {
      const lock = await ownFolder(folder, name);
      return {
        files: new FolderFiles(folder, lock),
        demandOwner: lock.demand,
        wasm: readWasm,
        codec: bufferCodec(),
        native: {
          preferred: options.driver === 'node:sqlite',
          open: (settings, storage, diagnostics) =>
            openNodeSqlite(join(folder, `${name}.db`), settings, storage, diagnostics),
        },
        close: () => lock.release(),
      };
    },
    async delete() {
      const lock = await ownFolder(folder, name);
      try {
        deleteDatabase(new FolderFiles(folder), `${name}.db`);
      } finally {
        await lock.release();
      }
      // The lock itself stays: whoever waits for it must find the same file.
    },
  };
}

function checkName(name: string): void {
  if (/^[^/\\:\0]{1,200}$/.test(name) && !name.startsWith('.')) return;
  throw new StoreError(
    'store.location',
    `"${name}" is not a name for a database.`,
    'Use a file name without folders and without an extension.',
  );
}

/** Owns a database in a folder, which is made if there is none. */
export async function ownFolder(folder: string, name: string): Promise<Lock> {
  checkName(name);
  try {
    mkdirSync(folder, { recursive: true });
    return await takeLock(folder, name);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      'store.location',
      `The folder "${folder}" cannot hold a database: ${error instanceof Error ? error.message : String(error)}`,
      'Choose a folder that exists or can be made, and that can be written.',
      error,
    );
  }
}

/** A database that lives as long as this object. */
export function memoryStorage(name = 'memory'): StorageLocation {
  const files = new MemoryFiles();
  let owned = false;
  return {
    name: `${name}.db`,
    async open() {
      if (owned) throw lockedError(name, 'this process');
      owned = true;
      return {
        files,
        wasm: readWasm,
        codec: bufferCodec(),
        volatile: true,
        async close() {
          owned = false;
        },
      };
    },
    async delete() {
      if (owned) throw lockedError(name, 'this process');
      deleteDatabase(files, `${name}.db`);
    },
  };
}
