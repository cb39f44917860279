import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { databaseSuffixes } from '../files/storage-location.ts';
import type { SyncFiles } from '../files/sync-files.ts';
import { StoreError } from '../store-error.ts';
import { ownFolder } from './file-storage.ts';
import { FolderFiles } from './folder-files.ts';

/**
 * Writes a database that is open as one ordinary SQLite file, `folder/name.db`, as of its newest commit; it is there
 * whole or not at all. `fileStorage(folder, name)` opens the copy. Copying the files themselves is safe only while nobody
 * has the database open. Rejects with `store.location` when there is a database already, `store.locked` when that is open.
 */
export async function backupTo(
  source: { snapshotTo(files: SyncFiles, name: string): void },
  folder: string,
  name: string,
): Promise<void> {
  const lock = await ownFolder(folder, name);
  try {
    const file = join(folder, `${name}.db`);
    const there = databaseSuffixes.find((suffix) => existsSync(file + suffix));
    if (there !== undefined) {
      throw new StoreError(
        'store.location',
        `The backup "${file}${there}" would replace what is there.`,
        'Choose another name, or delete the old backup first.',
      );
    }
    const part = `${name}.db-part`;
    rmSync(join(folder, part), { force: true });
    source.snapshotTo(new FolderFiles(folder), part);
    renameSync(join(folder, part), file);
    new FolderFiles(folder).syncFolder();
  } finally {
    await lock.release();
  }
}
