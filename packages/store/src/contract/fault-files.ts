import type { SyncFile, SyncFiles } from '../files/sync-files.ts';

/** What happened to the files, in order. `mark` is set by the test. */
export type FileOperation =
  | { readonly kind: 'open'; readonly file: string }
  | {
      readonly kind: 'write';
      readonly file: string;
      readonly at: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'sync'; readonly file: string }
  | { readonly kind: 'delete'; readonly file: string }
  | { readonly kind: 'mark'; readonly value: number };

/** Decides before an operation on a file of `size` bytes: an error to throw, or null. */
export type FaultPlan = (operation: FileOperation, size: number) => Error | null;

/** Files that record every operation and fail when told to. */
export class FaultFiles implements SyncFiles {
  readonly log: FileOperation[] = [];
  plan: FaultPlan = () => null;
  recording = true;
  readonly #inner: SyncFiles;

  constructor(inner: SyncFiles) {
    this.#inner = inner;
  }

  /** Remembers that everything before this point was acknowledged. */
  mark(value: number): void {
    this.log.push({ kind: 'mark', value });
  }

  open(name: string, create: boolean): SyncFile | null {
    this.#do({ kind: 'open', file: name });
    const inner = this.#inner.open(name, create);
    if (inner === null) return null;
    return {
      read: (into, at) => inner.read(into, at),
      write: (from, at) => {
        // A failing write may have reached the file in part.
        const operation = { kind: 'write', file: name, at, bytes: from.slice() } as const;
        const error = this.plan(operation, inner.size());
        if (error !== null) {
          inner.write(from.subarray(0, from.length >> 1), at);
          throw error;
        }
        if (this.recording) this.log.push(operation);
        inner.write(from, at);
      },
      truncate: (size) => {
        this.#do({ kind: 'truncate', file: name, size }, inner.size());
        inner.truncate(size);
      },
      sync: () => {
        this.#do({ kind: 'sync', file: name }, inner.size());
        inner.sync();
      },
      size: () => inner.size(),
      close: () => inner.close(),
    };
  }

  exists(name: string): boolean {
    return this.#inner.exists(name);
  }

  delete(name: string): void {
    this.#do({ kind: 'delete', file: name });
    this.#inner.delete(name);
  }

  #do(operation: FileOperation, size = 0): void {
    const error = this.plan(operation, size);
    if (error !== null) throw error;
    if (this.recording) this.log.push(operation);
  }
}
