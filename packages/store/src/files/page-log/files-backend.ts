import type { SyncFile, SyncFiles } from '../sync-files.ts';
import { pageBytes } from './frame.ts';
import { LogSyncFailed, type PageLogBackend } from './page-log-backend.ts';

/** A page log in two files: the base is an ordinary SQLite file, `-log` holds the frames. */
export function filesBackend(files: SyncFiles, name: string): PageLogBackend {
  const base = opened(files, name);
  const log = opened(files, `${name}-log`);
  let end = 0;
  return {
    async load() {
      const content = { base: readAll(base), log: readAll(log) };
      end = content.log.length;
      return content;
    },
    append(frames, durable) {
      log.write(frames, end);
      if (durable) {
        try {
          log.sync();
        } catch (error) {
          throw new LogSyncFailed('the log cannot be synced', { cause: error });
        }
      }
      end += frames.length;
    },
    checkpoint(runs, length) {
      log.sync();
      for (const { first, bytes } of runs) base.write(bytes, first * pageBytes);
      base.truncate(length);
      base.sync();
      log.truncate(0);
      end = 0;
      log.sync();
    },
    close() {
      base.close();
      log.close();
    },
  };
}

function opened(files: SyncFiles, name: string): SyncFile {
  const file = files.open(name, true);
  if (file === null) throw new Error(`${name} cannot be created`);
  return file;
}

function readAll(file: SyncFile): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(file.size());
  return bytes.subarray(0, file.read(bytes, 0));
}
