import type { SyncFiles } from '../files/sync-files.ts';
import { StoreError } from '../store-error.ts';

/** Header of a write-ahead log, and of a frame in it. (https://sqlite.org/fileformat2.html#walformat) */
const [logHeader, frameHeader] = [32, 24];
/** SQLite's smallest page. */
const smallestPage = 512;

/**
 * Throws `store.missing` for a log that holds commits of a database that is not there: SQLite would take the database for a
 * new one, and remove the log. (It writes the first page of a database before there is anything in the log.)
 */
export function checkLog(files: SyncFiles, name: string): void {
  const log = `${name}-wal`;
  if (sizeOf(files, name) > 0) return;
  if (sizeOf(files, log) < logHeader + frameHeader + smallestPage) return;
  const state = files.exists(name) ? 'empty' : 'missing';
  throw new StoreError(
    'store.missing',
    `The database file "${name}" is ${state}, and its log "${log}" holds commits.`,
    `Put the database file back beside its log: they belong together. To begin anew, move "${log}" away.`,
  );
}

function sizeOf(files: SyncFiles, name: string): number {
  if (!files.exists(name)) return 0;
  const file = files.open(name, false);
  const size = file?.size() ?? 0;
  file?.close();
  return size;
}
