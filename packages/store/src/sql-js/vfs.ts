/// <reference path="./sql-js.d.ts" />
/**
 * Lets unmodified sql.js run SQLite on real files.
 *
 * sql.js ships SQLite with an in-memory file system. Three public facts are enough to give it another one: the first
 * field of `sqlite3*` is its VFS, the layouts of `sqlite3_vfs` and `sqlite3_io_methods` are SQLite's stable ABI, and
 * sql.js exports `addFunction`. We replace `xOpen`, `xDelete` and `xAccess` of the default VFS and fall through to the
 * originals for every file that is not ours. WAL without shared memory is legal while `locking_mode` is EXCLUSIVE.
 */
import type { SqlJsDatabase, SqlJsModule } from 'sql.js';
import type { SyncFile, SyncFiles } from '../files/sync-files.ts';
import { CheckFailed } from './check-failed.ts';
import type { EngineHeap } from './engine-heap.ts';

const result = {
  ok: 0,
  ioError: 10,
  notFound: 12,
  full: 13,
  cannotOpen: 14,
  shortRead: 522,
  readError: 266,
  writeError: 778,
  syncError: 1034,
  deleteMissing: 5898,
} as const;
const openCreate = 4;
const openMainDatabase = 0x100;
const openDeleteOnClose = 8;
/** `sqlite3_vfs` on wasm32, in bytes. */
const vfsOffset = { fileSize: 4, name: 16, open: 24, delete: 28, access: 32 } as const;
/** Undeletable when open, and a torn write never damages neighbouring bytes. */
const deviceCharacteristics = 0x800 | 0x1000;
const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'QuotaExceededError']);

interface OpenFile {
  readonly file: SyncFile;
  readonly name: string;
  readonly path: Registered;
  readonly deleteOnClose: boolean;
}

/** A path inside sql.js that is ours, its journals included. */
interface Registered {
  readonly files: SyncFiles;
  readonly name: string;
  syncFailed: boolean;
}

export interface OpenedDatabase {
  readonly db: SqlJsDatabase;
  /** The open write-ahead log, for syncing it without a commit; null while there is none. */
  log(): SyncFile | null;
  /** A sync failed: what reached the storage is unknown until the database is opened again. */
  readonly syncFailed: boolean;
  /** Forgets the database; call after closing it. */
  release(): void;
}

export interface Vfs {
  /** Opens `name` of `files` as a database. */
  open(files: SyncFiles, name: string): OpenedDatabase;
  /** Makes `name` of `files` reachable for ATTACH and VACUUM INTO while `fn` runs. */
  withPath<T>(files: SyncFiles, name: string, fn: (path: string) => T): T;
  /** The exception behind the newest I/O error code, if any. */
  takeError(): unknown;
}

export function installVfs(module: SqlJsModule, heap: EngineHeap): Vfs {
  const read = (at: number) => heap.readWord(at);
  const write = (at: number, value: number) => heap.writeWord(at, value);

  const boot = new module.Database();
  const sane = boot.db > 0 && boot.db % 4 === 0 && boot.db < heap.size - 64;
  const vfs = sane ? read(boot.db) : 0;
  checkLayout(module, heap, vfs);
  const original = (offset: number) => {
    const fn = heap.functions.get(read(vfs + offset));
    if (typeof fn !== 'function')
      throw new CheckFailed('the default VFS has no open, delete and access');
    return fn;
  };
  const originalOpen = original(vfsOffset.open);
  const originalDelete = original(vfsOffset.delete);
  const originalAccess = original(vfsOffset.access);

  const openFiles = new Map<number, OpenFile>();
  const databases = new Map<string, Registered>();
  let pending: Registered | null = null;
  let pendingPath = '';
  let nextId = 1;
  let lastError: unknown = null;
  const handleOf = (file: number): OpenFile => {
    const handle = openFiles.get(read(file + 4));
    if (handle === undefined) throw new Error('unknown file handle');
    return handle;
  };
  /** Runs a callback; an exception must never unwind through wasm, so it becomes a result code. */
  const guarded = (code: number, fn: () => number): number => {
    try {
      return fn();
    } catch (error) {
      lastError = error;
      const cause = error as { code?: unknown; name?: unknown } | null;
      return fullCodes.has(cause?.code) || fullCodes.has(cause?.name) ? result.full : code;
    }
  };
  const add = (signature: string, fn: (...args: never[]) => number) =>
    module.addFunction(fn, signature);

  const methods = module._malloc(4 * 19);
  const callbacks: readonly number[] = [
    1,
    add('ii', (file: number) =>
      guarded(result.ioError, () => {
        const handle = handleOf(file);
        openFiles.delete(read(file + 4));
        handle.file.close();
        if (handle.deleteOnClose) handle.path.files.delete(handle.name);
        return result.ok;
      }),
    ),
    add('iiiij', (file: number, buffer: number, length: number, at: bigint) =>
      guarded(result.readError, () => {
        const into = heap.bytes.subarray(buffer, buffer + length);
        const count = handleOf(file).file.read(into, Number(at));
        if (count === length) return result.ok;
        into.fill(0, count);
        return result.shortRead;
      }),
    ),
    add('iiiij', (file: number, buffer: number, length: number, at: bigint) =>
      guarded(result.writeError, () => {
        handleOf(file).file.write(heap.bytes.subarray(buffer, buffer + length), Number(at));
        return result.ok;
      }),
    ),
    add('iij', (file: number, size: bigint) =>
      guarded(result.ioError, () => {
        handleOf(file).file.truncate(Number(size));
        return result.ok;
      }),
    ),
    add('iii', (file: number) =>
      guarded(result.syncError, () => {
        const { file: opened, path } = handleOf(file);
        try {
          opened.sync();
        } catch (error) {
          // Files with a log of their own know whether they can go on.
          if (path.files.commitLog === undefined) path.syncFailed = true;
          throw error;
        }
        return result.ok;
      }),
    ),
    add('iii', (file: number, out: number) =>
      guarded(result.ioError, () => {
        heap.view.setBigInt64(out, BigInt(handleOf(file).file.size()), true);
        return result.ok;
      }),
    ),
    add('iii', () => result.ok),
    add('iii', () => result.ok),
    add('iii', (_file: number, out: number) => {
      write(out, 0);
      return result.ok;
    }),
    add('iiii', () => result.notFound),
    add('ii', () => 4096),
    add('ii', () => deviceCharacteristics),
  ];
  callbacks.forEach((value, i) => {
    write(methods + 4 * i, value);
  });

  const ours = (address: number): { path: Registered; name: string } | null => {
    if (address === 0) return null;
    const text = module.UTF8ToString(address);
    for (const [prefix, path] of databases) {
      if (text === prefix) return { path, name: path.name };
      if (text.startsWith(`${prefix}-`)) {
        return { path, name: path.name + text.slice(prefix.length) };
      }
    }
    return null;
  };
  const open = add(
    'iiiiii',
    (self: number, text: number, file: number, flags: number, out: number) => {
      if (pending !== null && text !== 0 && (flags & openMainDatabase) !== 0) {
        pendingPath = module.UTF8ToString(text);
        databases.set(pendingPath, pending);
        pending = null;
      }
      const target = ours(text);
      if (target === null) return originalOpen(self, text, file, flags, out);
      write(file, 0);
      return guarded(result.cannotOpen, () => {
        const { path, name } = target;
        const opened = path.files.open(name, (flags & openCreate) !== 0);
        if (opened === null) return result.cannotOpen;
        const id = nextId++;
        const deleteOnClose = (flags & openDeleteOnClose) !== 0;
        openFiles.set(id, { file: opened, name, path, deleteOnClose });
        write(file + 4, id);
        write(file, methods);
        if (out !== 0) write(out, flags);
        return result.ok;
      });
    },
  );
  const remove = add('iiii', (self: number, text: number, sync: number) => {
    const target = ours(text);
    if (target === null) return originalDelete(self, text, sync);
    return guarded(result.ioError, () => {
      const { files } = target.path;
      if (!files.exists(target.name)) return result.deleteMissing;
      files.delete(target.name);
      return result.ok;
    });
  });
  const access = add('iiiii', (self: number, text: number, flags: number, out: number) => {
    const target = ours(text);
    if (target === null) return originalAccess(self, text, flags, out);
    return guarded(result.ioError, () => {
      write(out, target.path.files.exists(target.name) ? 1 : 0);
      return result.ok;
    });
  });
  write(vfs + vfsOffset.fileSize, Math.max(read(vfs + vfsOffset.fileSize), 16));
  write(vfs + vfsOffset.open, open);
  write(vfs + vfsOffset.delete, remove);
  write(vfs + vfsOffset.access, access);
  boot.close();

  let snapshots = 0;
  return {
    open(files, name) {
      const path: Registered = { files, name, syncFailed: false };
      pending = path;
      pendingPath = '';
      try {
        const db = new module.Database(new Uint8Array(0));
        const registered = pendingPath;
        return {
          db,
          log() {
            for (const one of openFiles.values()) {
              if (one.path === path && one.name === `${name}-wal`) return one.file;
            }
            return null;
          },
          get syncFailed() {
            return path.syncFailed;
          },
          release: () => databases.delete(registered),
        };
      } catch (error) {
        databases.delete(pendingPath);
        throw error;
      } finally {
        pending = null;
      }
    },
    withPath(files, name, fn) {
      const path = `/outpost-${snapshots++}`;
      databases.set(path, { files, name, syncFailed: false });
      try {
        return fn(path);
      } finally {
        databases.delete(path);
      }
    },
    takeError() {
      const error = lastError;
      lastError = null;
      return error;
    },
  };
}

/** Refuses to touch an engine whose structures are not where SQLite's ABI puts them. */
function checkLayout(module: SqlJsModule, heap: EngineHeap, vfs: number): void {
  const sane = vfs > 0 && vfs % 4 === 0 && vfs < heap.size - 64;
  const version = sane ? heap.readWord(vfs) : 0;
  const fileSize = sane ? heap.readWord(vfs + vfsOffset.fileSize) : 0;
  const nameAt = sane ? heap.readWord(vfs + vfsOffset.name) : 0;
  const name = nameAt > 0 && nameAt < heap.size ? module.UTF8ToString(nameAt) : '';
  if (version < 1 || version > 3 || fileSize < 4 || fileSize > 4096 || !name.startsWith('unix')) {
    throw new CheckFailed('the default VFS is not where the ABI of SQLite puts it');
  }
}
