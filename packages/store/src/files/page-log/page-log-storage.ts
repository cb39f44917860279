import type { StorageLocation } from '../storage-location.ts';
import { filesBackend } from './files-backend.ts';
import { openPageLog, type PageLogOptions } from './page-log-files.ts';

/**
 * The same location with another persistence: the database in memory, its commits in an append-only log beside the
 * database file. One sync per full commit, or one for many with `grouped`.
 */
export function pageLogStorage(
  location: StorageLocation,
  options: PageLogOptions = {},
): StorageLocation {
  return {
    name: location.name,
    delete: () => location.delete(),
    async open() {
      const opened = await location.open();
      try {
        const backend = filesBackend(opened.files, location.name);
        const files = await openPageLog(backend, location.name, options);
        const { native: _, ...rest } = opened;
        return { ...rest, files, close: () => opened.close() };
      } catch (error) {
        await opened.close();
        throw error;
      }
    },
  };
}
