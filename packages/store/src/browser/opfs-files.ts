import type { SyncFile, SyncFiles } from '../files/sync-files.ts';

/**
 * Files of the origin private file system. Their handles are opened ahead, because only that takes waiting; an empty
 * file counts as absent.
 */
export class OpfsFiles implements SyncFiles {
  readonly #handles: ReadonlyMap<string, FileSystemSyncAccessHandle>;
  readonly #present = new Set<string>();

  private constructor(handles: ReadonlyMap<string, FileSystemSyncAccessHandle>) {
    this.#handles = handles;
    for (const [name, handle] of handles) if (handle.getSize() > 0) this.#present.add(name);
  }

  /** Opens `names`, creating what is absent. */
  static async prepare(
    folder: FileSystemDirectoryHandle,
    names: readonly string[],
  ): Promise<OpfsFiles> {
    const handles = new Map<string, FileSystemSyncAccessHandle>();
    try {
      for (const name of names) {
        const file = await folder.getFileHandle(name, { create: true });
        handles.set(name, await file.createSyncAccessHandle());
      }
      return new OpfsFiles(handles);
    } catch (error) {
      for (const handle of handles.values()) handle.close();
      throw error;
    }
  }

  open(name: string, create: boolean): SyncFile | null {
    const handle = this.#handles.get(name);
    if (handle === undefined || (!create && !this.#present.has(name))) return null;
    this.#present.add(name);
    return {
      read: (into, at) => handle.read(into, { at }),
      write(from, at) {
        let done = 0;
        while (done < from.length) {
          done += handle.write(from.subarray(done), { at: at + done });
        }
      },
      truncate: (size) => handle.truncate(size),
      sync: () => handle.flush(),
      size: () => handle.getSize(),
      close() {},
    };
  }

  exists(name: string): boolean {
    return this.#present.has(name);
  }

  delete(name: string): void {
    const handle = this.#handles.get(name);
    handle?.truncate(0);
    handle?.flush();
    this.#present.delete(name);
  }

  release(): void {
    for (const handle of this.#handles.values()) handle.close();
  }
}
