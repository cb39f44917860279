import { deleteDatabase, MemoryFiles, type StorageLocation } from '@outpost/store';
import { FaultFiles, type LossStyle, powerLoss } from '@outpost/store/contract';
import { memoryStorage } from '@outpost/store/node';
import { seededRandom } from '@outpost/testkit';

/** The disk of a device: knows every write since it was made, so that power can be lost at any of them. */
export class Disk {
  readonly #files: FaultFiles;
  readonly #memory: MemoryFiles;

  constructor(memory: MemoryFiles = new MemoryFiles()) {
    this.#memory = memory;
    this.#files = new FaultFiles(memory);
    // What is there already is on stable storage.
    for (const file of memory.names()) {
      this.#files.log.push({ kind: 'open', file });
      this.#files.log.push({ kind: 'write', file, at: 0, bytes: memory.bytes(file) });
      this.#files.log.push({ kind: 'sync', file });
    }
  }

  /** Operations on files so far. */
  get operations(): number {
    return this.#files.log.length;
  }

  location(): StorageLocation {
    const memory = memoryStorage();
    return {
      name: 'device.db',
      open: async () => ({ ...(await memory.open()), files: this.#files }),
      delete: async () => deleteDatabase(this.#files, 'device.db'),
    };
  }

  /** What a loss of power right after the first `cut` operations leaves. */
  survivor(cut: number, style: LossStyle, seed: number): Disk {
    return new Disk(powerLoss(this.#files.log, cut, style, seededRandom(seed)));
  }

  /** Its present content, on another disk. */
  copy(): Disk {
    const files = new MemoryFiles();
    for (const name of this.#memory.names()) files.put(name, this.#memory.bytes(name));
    return new Disk(files);
  }
}
