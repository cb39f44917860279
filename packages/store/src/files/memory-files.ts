import type { SyncFile, SyncFiles } from './sync-files.ts';

/** Files in memory: tests, private mode. Survives closing and reopening the database, not the process. */
export class MemoryFiles implements SyncFiles {
  readonly #contents = new Map<string, { bytes: Uint8Array; size: number }>();

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
        const end = at + from.length;
        if (end > file.bytes.length) {
          const grown = new Uint8Array(Math.max(end, file.bytes.length * 2));
          grown.set(file.bytes.subarray(0, file.size));
          file.bytes = grown;
        }
        if (at > file.size) file.bytes.fill(0, file.size, at);
        file.bytes.set(from, at);
        file.size = Math.max(file.size, end);
      },
      truncate(size) {
        if (size > file.bytes.length) {
          const grown = new Uint8Array(size);
          grown.set(file.bytes.subarray(0, file.size));
          file.bytes = grown;
        }
        if (size > file.size) file.bytes.fill(0, file.size, size);
        file.size = size;
      },
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

  close(): void {}
}
