/** Synchronous random-access files: what SQLite needs from a platform. */
export interface SyncFiles {
  /** The file, or null when it is absent and `create` is false. */
  open(name: string, create: boolean): SyncFile | null;
  exists(name: string): boolean;
  delete(name: string): void;
  close(): void;
}

export interface SyncFile {
  /** Reads up to `into.length` bytes at `at`; returns how many there were. */
  read(into: Uint8Array, at: number): number;
  write(from: Uint8Array, at: number): void;
  truncate(size: number): void;
  /** Returns when everything written is on stable storage. */
  sync(): void;
  size(): number;
  close(): void;
}

/** Where a database lives: opening takes exclusive ownership, closing releases it. */
export interface StorageLocation {
  readonly name: string;
  /** Rejects with `store.locked` when another process owns the location. */
  open(): Promise<OpenedStorage>;
}

export interface OpenedStorage {
  readonly files: SyncFiles;
  /** Bytes of the SQLite engine (`sql-wasm.wasm`). */
  readonly wasm: Uint8Array<ArrayBuffer>;
  close(): void;
}
