import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SyncFile, SyncFiles } from '../files/sync-files.ts';
import type { Lock } from './lock-file.ts';

/** Files in a folder. A file's size is known, not asked for: nobody else may write while the database has an owner. */
export class FolderFiles implements SyncFiles {
  readonly #folder: string;
  readonly #owner: Pick<Lock, 'isLost'>;

  /** `owner`: nothing is changed any more when it is lost. */
  constructor(folder: string, owner: Pick<Lock, 'isLost'> = { isLost: false }) {
    this.#folder = folder;
    this.#owner = owner;
  }

  #check(): void {
    if (this.#owner.isLost) throw new Error('The database has another owner now.');
  }

  open(name: string, create: boolean): SyncFile | null {
    const path = join(this.#folder, name);
    const existed = existsSync(path);
    if (!existed && !create) return null;
    const descriptor = openSync(path, existed ? 'r+' : 'w+');
    let size = fstatSync(descriptor).size;
    let folderSynced = existed;
    return {
      read: (into, at) => (at >= size ? 0 : readFully(descriptor, into, at)),
      write: (from, at) => {
        this.#check();
        let done = 0;
        while (done < from.length) {
          done += writeSync(descriptor, from, done, from.length - done, at + done);
        }
        size = Math.max(size, at + from.length);
      },
      truncate: (length) => {
        this.#check();
        ftruncateSync(descriptor, length);
        size = length;
      },
      sync: () => {
        fdatasyncSync(descriptor);
        if (!folderSynced) this.syncFolder();
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
    this.#check();
    unlinkSync(join(this.#folder, name));
    this.syncFolder();
  }

  /** Makes the appearance or disappearance of a file durable. */
  syncFolder(): void {
    // Windows has no such thing: a folder cannot be opened there.
    if (process.platform === 'win32') return;
    const descriptor = openSync(this.#folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

function readFully(descriptor: number, into: Uint8Array, at: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(descriptor, into, done, into.length - done, at + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
