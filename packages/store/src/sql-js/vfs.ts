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
import { StoreError } from '../store-error.ts';
import type { WasmMemory, WasmTable } from './web-assembly.ts';

export interface Engine {
  readonly module: SqlJsModule;
  readonly memory: WasmMemory;
  readonly functions: WasmTable;
}

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
  readonly files: SyncFiles;
  readonly name: string;
  readonly deleteOnClose: boolean;
}

export interface Vfs {
  /** Opens `name` of `files` as a database. */
  open(files: SyncFiles, name: string): SqlJsDatabase;
  /** Forgets the database opened as `db`; call after closing it. */
  release(files: SyncFiles): void;
  /** The exception behind the newest I/O error code, if any. */
  takeError(): unknown;
}

export function installVfs(engine: Engine): Vfs {
  const { module, memory, functions } = engine;
  let view = new DataView(memory.buffer);
  let bytes = new Uint8Array(memory.buffer);
  const heap = (): DataView => {
    if (view.buffer !== memory.buffer) view = new DataView(memory.buffer);
    return view;
  };
  const heapBytes = (): Uint8Array => {
    if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
    return bytes;
  };
  const read = (at: number) => heap().getInt32(at, true);
  const write = (at: number, value: number) => heap().setInt32(at, value, true);

  const boot = new module.Database();
  const vfs = read(boot.db);
  checkLayout(engine, vfs);
  const original = (offset: number) => functions.get(read(vfs + offset));
  const originalOpen = original(vfsOffset.open);
  const originalDelete = original(vfsOffset.delete);
  const originalAccess = original(vfsOffset.access);

  const openFiles = new Map<number, OpenFile>();
  const databases = new Map<string, { files: SyncFiles; name: string }>();
  let pending: { files: SyncFiles; name: string } | null = null;
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
        if (handle.deleteOnClose) handle.files.delete(handle.name);
        return result.ok;
      }),
    ),
    add('iiiij', (file: number, buffer: number, length: number, at: bigint) =>
      guarded(result.readError, () => {
        const into = heapBytes().subarray(buffer, buffer + length);
        const count = handleOf(file).file.read(into, Number(at));
        if (count === length) return result.ok;
        into.fill(0, count);
        return result.shortRead;
      }),
    ),
    add('iiiij', (file: number, buffer: number, length: number, at: bigint) =>
      guarded(result.writeError, () => {
        handleOf(file).file.write(heapBytes().subarray(buffer, buffer + length), Number(at));
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
        handleOf(file).file.sync();
        return result.ok;
      }),
    ),
    add('iii', (file: number, out: number) =>
      guarded(result.ioError, () => {
        heap().setBigInt64(out, BigInt(handleOf(file).file.size()), true);
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

  const ours = (address: number): { files: SyncFiles; name: string } | null => {
    if (address === 0) return null;
    const path = module.UTF8ToString(address);
    for (const [prefix, database] of databases) {
      if (path === prefix) return database;
      if (path.startsWith(`${prefix}-`)) {
        return { files: database.files, name: database.name + path.slice(prefix.length) };
      }
    }
    return null;
  };
  const open = add(
    'iiiiii',
    (self: number, path: number, file: number, flags: number, out: number) => {
      if (pending !== null && path !== 0 && (flags & openMainDatabase) !== 0) {
        databases.set(module.UTF8ToString(path), pending);
        pending = null;
      }
      const target = ours(path);
      if (target === null) return originalOpen?.(self, path, file, flags, out) ?? result.cannotOpen;
      write(file, 0);
      return guarded(result.cannotOpen, () => {
        const opened = target.files.open(target.name, (flags & openCreate) !== 0);
        if (opened === null) return result.cannotOpen;
        const id = nextId++;
        const deleteOnClose = (flags & openDeleteOnClose) !== 0;
        openFiles.set(id, { file: opened, files: target.files, name: target.name, deleteOnClose });
        write(file + 4, id);
        write(file, methods);
        if (out !== 0) write(out, flags);
        return result.ok;
      });
    },
  );
  const remove = add('iiii', (self: number, path: number, sync: number) => {
    const target = ours(path);
    if (target === null) return originalDelete?.(self, path, sync) ?? result.ioError;
    return guarded(result.ioError, () => {
      if (!target.files.exists(target.name)) return result.deleteMissing;
      target.files.delete(target.name);
      return result.ok;
    });
  });
  const access = add('iiiii', (self: number, path: number, flags: number, out: number) => {
    const target = ours(path);
    if (target === null) return originalAccess?.(self, path, flags, out) ?? result.ioError;
    return guarded(result.ioError, () => {
      write(out, target.files.exists(target.name) ? 1 : 0);
      return result.ok;
    });
  });
  write(vfs + vfsOffset.fileSize, Math.max(read(vfs + vfsOffset.fileSize), 16));
  write(vfs + vfsOffset.open, open);
  write(vfs + vfsOffset.delete, remove);
  write(vfs + vfsOffset.access, access);
  boot.close();

  return {
    open(files, name) {
      pending = { files, name };
      try {
        return new module.Database(new Uint8Array(0));
      } finally {
        pending = null;
      }
    },
    release(files) {
      for (const [path, database] of databases) {
        if (database.files === files) databases.delete(path);
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
function checkLayout(engine: Engine, vfs: number): void {
  const heap = new DataView(engine.memory.buffer);
  const inHeap = vfs > 0 && vfs % 4 === 0 && vfs < engine.memory.buffer.byteLength - 64;
  const version = inHeap ? heap.getInt32(vfs, true) : 0;
  const fileSize = inHeap ? heap.getInt32(vfs + vfsOffset.fileSize, true) : 0;
  const name = inHeap ? engine.module.UTF8ToString(heap.getInt32(vfs + vfsOffset.name, true)) : '';
  const sound =
    version >= 1 && version <= 3 && fileSize >= 4 && fileSize <= 4096 && name.startsWith('unix');
  if (!sound) {
    throw new StoreError(
      'store.selfCheck',
      'The sql.js build does not have the expected SQLite structures.',
      'Use sql.js 1.16, or a later version this package lists as tested.',
    );
  }
}
