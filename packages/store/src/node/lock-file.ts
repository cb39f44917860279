import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockedError } from '../files/storage-location.ts';
import { StoreError } from '../store-error.ts';
import { holdName } from './held-name.ts';

/** Ownership of a database. */
export interface Lock {
  /** Throws `store.lost` when somebody else owns the database now. Cheap enough for every transaction. */
  readonly demand: () => void;
  /** What `demand` has found. */
  readonly isLost: boolean;
  release(): Promise<void>;
}

/**
 * Owns `folder/name` until released. Three things hold it, for each fails somewhere:
 * a name that the system knows, where it can (see `holdName`), which no copy of the folder touches;
 * SQLite's write lock on the empty file `name.lock`, which also holds between machines and containers, but which POSIX
 * systems drop when this process closes another descriptor of that file, as a backup does;
 * and the file `name.owner`, which names the owner, is another file for every opening, and is looked at before every
 * transaction: who has lost the database writes nothing more.
 * The first two end with the process, however it ends: no stale locks, no heartbeat, no clock.
 */
export async function takeLock(folder: string, name: string): Promise<Lock> {
  const ownerPath = join(folder, `${name}.owner`);
  const held = await holdName(folder, name);
  if (held === 'taken') throw lockedError(name, readOwner(ownerPath));
  const db = new DatabaseSync(join(folder, `${name}.lock`), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    await held.release();
    if (!/locked|busy/i.test(String(error))) throw error;
    throw lockedError(name, readOwner(ownerPath));
  }
  const owner = writeOwner(ownerPath);
  let isLost = false;
  return {
    demand() {
      // Released: that the database is closed, it says itself.
      if (!db.isOpen) return;
      isLost ||= !owner.isOurs();
      if (isLost) throw lostError(name, readOwner(ownerPath));
    },
    get isLost() {
      return isLost;
    },
    async release() {
      if (!db.isOpen) return;
      owner.remove();
      db.close();
      await held.release();
    },
  };
}

/** Says who owns the database, in a file that is another one each time. */
function writeOwner(path: string): { isOurs(): boolean; remove(): void } {
  const fresh = `${path}-new`;
  rmSync(fresh, { force: true });
  const descriptor = openSync(fresh, 'wx');
  writeSync(descriptor, JSON.stringify({ pid: process.pid, host: hostname() }));
  renameSync(fresh, path);
  const inode = statSync(path, { bigint: true }).ino;
  const isOurs = () => inodeOf(path, inode) === inode;
  return {
    isOurs,
    remove() {
      if (isOurs()) rmSync(path, { force: true });
      // Open until now, so that no other file gets its number.
      closeSync(descriptor);
    },
  };
}

/** Null: there is no such file. Where it cannot be told, it is what is expected. */
function inodeOf(path: string, expected: bigint): bigint | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
  } catch {
    return expected;
  }
}

function lostError(name: string, holder: string): StoreError {
  return new StoreError(
    'store.lost',
    `The database "${name}" was opened in ${holder} although it is open here: nothing is written here any more.`,
    'Close it here and open it again when it is closed there. To copy a database that is open, use `backupTo`.',
  );
}

function readOwner(path: string): string {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; host?: unknown };
    return `process ${String(owner.pid)} on ${String(owner.host)}`;
  } catch {
    return 'another process';
  }
}
