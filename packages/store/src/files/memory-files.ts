import type { SyncFile, SyncFiles } from './sync-files.ts';

interface Content {
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
}

/** Files in memory: tests, private mode, snapshots. They outlive the database, not the process. */
export class MemoryFiles implements SyncFiles {
  readonly #contents = new Map<string, Content>();

  open(name: string, create: boolean): SyncFile | null {
    let content = this.#contents.get(name);
    if (content === undefined) {
      if (!create) return null;
      content = { bytes: new Uint8Array(65536), size: 0 };
      this.#contents.set(name, content);
    }
    const file = content;
    return {
      read(into, at) {
        const count = Math.max(0, Math.min(into.length, file.size - at));
        into.set(file.bytes.subarray(at, at + count));
        return count;
      },
      write(from, at) {
        resize(file, Math.max(file.size, at + from.length));
        file.bytes.set(from, at);
      },
      truncate: (size) => resize(file, size),
      sync() {},
      size: () => file.size,
      close() {},
    };
  }

  exists(name: string): boolean {
    return this.#contents.has(name);
  }

  delete(name: string): void {
    this.#contents.delete(name);
  }

  /** Names of the files there are. */
  names(): readonly string[] {
    return [...this.#contents.keys()];
  }

  /** A copy of a file's bytes; empty when it is absent. */
  bytes(name: string): Uint8Array<ArrayBuffer> {
    const content = this.#contents.get(name);
    return content === undefined ? new Uint8Array(0) : content.bytes.slice(0, content.size);
  }

  /** Replaces a file. */
  put(name: string, bytes: Uint8Array): void {
    this.#contents.set(name, { bytes: new Uint8Array(bytes), size: bytes.length });
  }
}

/** Bytes between the old and the new end are zero. */
function resize(file: Content, size: number): void {
  if (size > file.bytes.length) {
    const grown = new Uint8Array(Math.max(size, file.bytes.length * 2));
    grown.set(file.bytes.subarray(0, file.size));
    file.bytes = grown;
  } else if (size < file.size) {
    file.bytes.fill(0, size, file.size);
  }
  file.size = size;
}
