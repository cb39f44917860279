import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lockedError } from '../files/storage-location.ts';

export interface Lock {
  release(): void;
}

/**
 * Owns `folder/name.lock` until released. The owner holds SQLite's write lock on that (empty) file, which the operating
 * system gives back however the process ends: no stale locks, no heartbeat, no clock. `name.owner` says who it is.
 */
export function takeLock(folder: string, name: string): Lock {
  const ownerPath = join(folder, `${name}.owner`);
  const db = new DatabaseSync(join(folder, `${name}.lock`), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!/locked|busy/i.test(String(error))) throw error;
    throw lockedError(name, readOwner(ownerPath));
  }
  writeFileSync(ownerPath, JSON.stringify({ pid: process.pid, host: hostname() }));
  return {
    release() {
      if (!db.isOpen) return;
      rmSync(ownerPath, { force: true });
      db.close();
    },
  };
}

function readOwner(path: string): string {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown; host?: unknown };
    return `process ${String(owner.pid)} on ${String(owner.host)}`;
  } catch {
    return 'another process';
  }
}
