/** Pages in one run: `bytes` begin at page `first`. */
export interface PageRun {
  readonly first: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a page log is stored. Methods may return promises only where commits are grouped. */
export interface PageLogBackend {
  /** The base, and the log as it was appended. */
  load(): Promise<{
    readonly base: Uint8Array<ArrayBuffer>;
    readonly log: Uint8Array<ArrayBuffer>;
  }>;
  /**
   * Appends to the log; durable on return, or when the promise resolves, if `durable`. A throw means that nothing was
   * appended, unless it is `LogSyncFailed`.
   */
  append(frames: Uint8Array<ArrayBuffer>, durable: boolean): void | Promise<void>;
  /**
   * Makes the log durable, writes pages into the base, cuts it to `length` bytes, makes that durable, and only then
   * empties the log: at every moment base and log together are whole.
   */
  checkpoint(runs: readonly PageRun[], length: number): void | Promise<void>;
  close(): void | Promise<void>;
}

/** What reached the storage is unknown. */
export class LogSyncFailed extends Error {
  override readonly name = 'LogSyncFailed';
}
