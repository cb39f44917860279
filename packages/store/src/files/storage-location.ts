import type { Diagnostic } from '@outpost/model';
import type { DatabaseOptions } from '../driver/pragmas.ts';
import type { SqlDriver } from '../sql-driver.ts';
import type { TextCodec } from '../sql-js/text-codec.ts';
import { StoreError } from '../store-error.ts';
import type { SyncFiles } from './sync-files.ts';

/** Where a database lives: opening takes exclusive ownership, closing releases it. */
export interface StorageLocation {
  /** Name of the database file. */
  readonly name: string;
  /** Rejects with `store.locked` when the location has an owner. */
  open(): Promise<OpenedStorage>;
  /**
   * Removes the database with everything that is kept beside it; there need not be one. Rejects with `store.locked` when
   * the location has an owner.
   */
  delete(): Promise<void>;
}

/** What may lie beside a database, by what is appended to its name: its journals, and what the fallbacks write. */
export const databaseSuffixes: readonly string[] = [
  '',
  '-wal',
  '-shm',
  '-journal',
  '-log',
  '-snapshot-a',
  '-snapshot-b',
];

/** Removes a database from files that are owned. The database itself goes last: what is left of it is no other one. */
export function deleteDatabase(files: SyncFiles, name: string): void {
  for (const suffix of [...databaseSuffixes].reverse()) {
    const file = name + suffix;
    if (!files.exists(file)) continue;
    // Emptied first: what is deleted may stay where it is for a while.
    const opened = files.open(file, false);
    opened?.truncate(0);
    opened?.sync();
    opened?.close();
    files.delete(file);
  }
}

export interface OpenedStorage {
  readonly files: SyncFiles;
  /** The SQLite engine, `sql-wasm.wasm` of sql.js. */
  readonly wasm: () => Promise<Uint8Array<ArrayBuffer>>;
  /** Moves text in and out of the engine's memory; default: TextEncoder and TextDecoder. */
  readonly codec?: TextCodec;
  /** The platform's own SQLite on the same files. */
  readonly native?: NativeSqlite;
  /** Nothing outlives the process. */
  readonly volatile?: boolean;
  /** Throws `store.lost` when somebody else owns the location now. Called before every transaction. */
  readonly demandOwner?: () => void;
  close(): Promise<void>;
}

export interface NativeSqlite {
  /** Use it first; otherwise it is there for the case that sql.js fails its self-check. */
  readonly preferred: boolean;
  /** Closing the driver closes `storage`. */
  open(
    options: DatabaseOptions,
    storage: OpenedStorage,
    diagnostics: readonly Diagnostic[],
  ): SqlDriver;
}

/** The error of a second opener; `holder` says who has the database open. */
export function lockedError(name: string, holder: string): StoreError {
  return new StoreError(
    'store.locked',
    `The database "${name}" is already open in ${holder}.`,
    'Close it there, or use another location.',
  );
}
