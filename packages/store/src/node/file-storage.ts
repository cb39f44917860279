import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MemoryFiles } from '../files/memory-files.ts';
import type { StorageLocation, SyncFile, SyncFiles } from '../files/sync-files.ts';
import { StoreError } from '../store-error.ts';

/** A database in `folder/name.db`. One owner at a time: a second opener is refused and told who holds it. */
export function fileStorage(folder: string, name: string): StorageLocation {
  return {
    name: `${name}.db`,
    async open() {
      mkdirSync(folder, { recursive: true });
      const lock = takeLock(join(folder, `${name}.lock`));
      return {
        files: new FileFiles(folder),
        wasm: readWasm(),
        close: () => lock.release(),
      };
    },
  };
}

/** A database that lives as long as this object. */
export function memoryStorage(name = 'memory'): StorageLocation {
  const files = new MemoryFiles();
  let owned = false;
  return {
    name: `${name}.db`,
    async open() {
      if (owned) throw locked(name, 'this process');
      owned = true;
      return {
        files,
        wasm: readWasm(),
        close() {
          owned = false;
        },
      };
    },
  };
}

function readWasm(): Uint8Array<ArrayBuffer> {
  const path = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
  return new Uint8Array(readFileSync(path));
}

function locked(name: string, holder: string): StoreError {
  return new StoreError(
    'store.locked',
    `The database "${name}" is already open in ${holder}.`,
    'Close the other program, or use another folder.',
  );
}

interface Lock {
  release(): void;
}

/** The lock file appears with its content in one step (hard link), so nobody ever reads half of it. */
function takeLock(path: string): Lock {
  const token = randomUUID();
  const draft = `${path}.${token}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, host: hostname(), token }));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(draft, path);
        return { release: () => releaseLock(path, token) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const holder = readLock(path);
        if (holder !== null && isAlive(holder))
          throw locked(path, `process ${holder.pid} on ${holder.host}`);
        removeStale(path, holder?.token);
      }
    }
    throw locked(path, 'another process');
  } finally {
    unlinkSync(draft);
  }
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

function readLock(path: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, host, token } = holder;
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof token !== 'string')
      return null;
    return { pid, host, token };
  } catch {
    return null; // Absent or unreadable: nobody who is alive holds it.
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function removeStale(path: string, token: string | undefined): void {
  if (readLock(path)?.token === token && existsSync(path)) unlinkSync(path);
}

function releaseLock(path: string, token: string): void {
  if (readLock(path)?.token === token) unlinkSync(path);
}

class FileFiles implements SyncFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  open(name: string, create: boolean): SyncFile | null {
    const path = join(this.#folder, name);
    const existed = existsSync(path);
    if (!existed && !create) return null;
    const descriptor = openSync(path, existed ? 'r+' : 'w+');
    let size = fstatSync(descriptor).size;
    let folderSynced = existed;
    return {
      read: (into, at) => (at >= size ? 0 : readSync(descriptor, into, 0, into.length, at)),
      write(from, at) {
        let done = 0;
        while (done < from.length) {
          done += writeSync(descriptor, from, done, from.length - done, at + done);
        }
        size = Math.max(size, at + from.length);
      },
      truncate(length) {
        ftruncateSync(descriptor, length);
        size = length;
      },
      sync: () => {
        fdatasyncSync(descriptor);
        if (!folderSynced) this.#syncFolder();
        folderSynced = true;
      },
      size: () => size,
      close: () => closeSync(descriptor),
    };
  }

  exists(name: string): boolean {
    return existsSync(join(this.#folder, name));
  }

  delete(name: string): void {
    unlinkSync(join(this.#folder, name));
    this.#syncFolder();
  }

  close(): void {}

  /** Makes the appearance or disappearance of a file durable. */
  #syncFolder(): void {
    const descriptor = openSync(this.#folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
