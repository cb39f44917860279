import type { Durability } from '../../sql-driver.ts';
import { StoreError } from '../../store-error.ts';
import type { CommitLog, CommitPhase, SyncFile, SyncFiles } from '../sync-files.ts';
import { decodeFrame, encodeFrame, pageBytes } from './frame.ts';
import { LogSyncFailed, type PageLogBackend, type PageRun } from './page-log-backend.ts';

export interface PageLogOptions {
  /** Commits are queued and stored together; full commits return before they are durable. Default false. */
  readonly grouped?: boolean;
  /** The log is merged into the base when it is longer than this; default 8 MiB. */
  readonly checkpointBytes?: number;
}

/**
 * One database as an image in memory and an append-only log: a sync of the image appends the pages changed since the
 * last one as a frame. For storage that cannot write in place, or not synchronously. The database must fit in memory.
 */
export async function openPageLog(
  backend: PageLogBackend,
  name: string,
  options: PageLogOptions = {},
): Promise<SyncFiles & { readonly commitLog: CommitLog }> {
  const { base, log } = await backend.load();
  const image = new PageLog(backend, base, options);
  await image.recover(log);
  return {
    commitLog: image,
    open: (file) => (file === name ? image.file() : null),
    exists: (file) => file === name && image.length > 0,
    delete() {},
  };
}

class PageLog implements CommitLog {
  readonly grouped: boolean;
  readonly #backend: PageLogBackend;
  readonly #checkpointBytes: number;
  #image: Uint8Array<ArrayBuffer>;
  #length: number;
  /** Pages written since the last frame. */
  readonly #dirty = new Set<number>();
  /** Pages in the log that the base does not have yet. */
  readonly #logged = new Set<number>();
  #resized = false;
  #salt = 1;
  #sequence = 0;
  #logBytes = 0;
  #level: Durability = 'full';
  #phase: CommitPhase = 'outside';
  #unsynced = false;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #queueDurable = false;
  #flushing: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(backend: PageLogBackend, base: Uint8Array<ArrayBuffer>, options: PageLogOptions) {
    this.#backend = backend;
    this.grouped = options.grouped ?? false;
    this.#checkpointBytes = options.checkpointBytes ?? 8 << 20;
    this.#image = new Uint8Array(Math.max(1 << 20, roundUp(base.length)));
    this.#image.set(base);
    this.#length = base.length;
  }

  get length(): number {
    return this.#length;
  }

  get size(): number {
    return this.#logBytes;
  }

  setDurability(level: Durability): void {
    this.#level = level;
  }

  setPhase(phase: CommitPhase): void {
    this.#phase = phase;
  }

  /** Replays whole frames; a torn end is what a crash leaves and is cut off. */
  async recover(log: Uint8Array<ArrayBuffer>): Promise<void> {
    let at = 0;
    for (let next = decodeFrame(log, 0); next !== null; next = decodeFrame(log, at)) {
      const { frame, size } = next;
      const follows = frame.salt === this.#salt && frame.sequence === this.#sequence + 1;
      if (at > 0 && !follows) break;
      frame.pages.forEach((page, i) => {
        this.#grow((page + 1) * pageBytes);
        const from = i * pageBytes;
        this.#image.set(frame.content.subarray(from, from + pageBytes), page * pageBytes);
        this.#logged.add(page);
      });
      this.#grow(frame.length);
      this.#length = frame.length;
      this.#salt = frame.salt;
      this.#sequence = frame.sequence;
      at += size;
    }
    this.#logBytes = log.length;
    if (log.length > 0) await this.#checkpoint();
  }

  file(): SyncFile {
    return {
      read: (into, at) => {
        const count = Math.max(0, Math.min(into.length, this.#length - at));
        into.set(this.#image.subarray(at, at + count));
        return count;
      },
      write: (from, at) => {
        const end = at + from.length;
        this.#grow(end);
        this.#image.set(from, at);
        this.#length = Math.max(this.#length, end);
        for (let page = Math.floor(at / pageBytes); page * pageBytes < end; page++) {
          this.#dirty.add(page);
        }
      },
      truncate: (size) => {
        this.#grow(size);
        if (size < this.#length) this.#image.fill(0, size, this.#length);
        this.#length = size;
        this.#resized = true;
        for (const page of this.#dirty) if (page * pageBytes >= size) this.#dirty.delete(page);
      },
      sync: () => this.#commit(),
      size: () => this.#length,
      close: () => {},
    };
  }

  /** Waits for the queue; in the other mode, syncs what was appended without a sync. */
  async flush(): Promise<void> {
    if (this.grouped) {
      if (this.#unsynced) {
        this.#queueDurable = true;
        this.#startFlushing();
      }
      while (this.#flushing !== null) await this.#flushing;
      this.#checkFailure();
      return;
    }
    this.#checkFailure();
    if (!this.#unsynced) return;
    await this.#backend.append(new Uint8Array(0), true);
    this.#unsynced = false;
  }

  /** Merges the log into the base. With grouped commits this happens when the queue is empty. */
  checkpoint(): void {
    // Pages of an open transaction are nobody's commit and must not reach the base.
    if (this.grouped) this.#startFlushing(true);
    else if (this.#dirty.size === 0) void this.#checkpoint();
  }

  async close(): Promise<void> {
    try {
      await this.flush();
      if (this.#dirty.size === 0) await this.#checkpoint();
    } finally {
      await this.#backend.close();
    }
  }

  #commit(): void {
    this.#checkFailure();
    if (this.#phase === 'open' || (this.#dirty.size === 0 && !this.#resized)) return;
    if (this.#phase === 'committing') this.#phase = 'open';
    const pages = [...this.#dirty].sort((a, b) => a - b);
    const content = new Uint8Array(pages.length * pageBytes);
    pages.forEach((page, i) => {
      const from = page * pageBytes;
      content.set(this.#image.subarray(from, from + pageBytes), i * pageBytes);
    });
    this.#sequence += 1;
    const frame = encodeFrame({
      salt: this.#salt,
      sequence: this.#sequence,
      length: this.#length,
      pages,
      content,
    });
    const durable = this.#level === 'full';
    if (this.grouped) {
      this.#queue.push(frame);
      this.#queueDurable ||= durable;
      this.#unsynced = true;
      this.#startFlushing();
    } else {
      try {
        void this.#backend.append(frame, durable);
      } catch (error) {
        // Not appended: the next frame takes its place. After a failed sync nobody knows what is there.
        if (error instanceof LogSyncFailed) this.#failure = error;
        this.#sequence -= 1;
        throw error;
      }
      this.#unsynced = !durable;
    }
    this.#dirty.clear();
    this.#resized = false;
    for (const page of pages) this.#logged.add(page);
    this.#logBytes += frame.length;
    if (!this.grouped && this.#logBytes > this.#checkpointBytes) void this.#checkpoint();
  }

  #startFlushing(checkpoint = false): void {
    this.#flushing ??= this.#flushQueue(checkpoint).finally(() => {
      this.#flushing = null;
      if (this.#queue.length > 0 && this.#failure === null) this.#startFlushing();
    });
  }

  async #flushQueue(checkpoint: boolean): Promise<void> {
    // Everything committed in the same turn joins the first append.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0 || this.#queueDurable) {
        const frames = this.#queue;
        const durable = this.#queueDurable;
        this.#queue = [];
        this.#queueDurable = false;
        await this.#backend.append(joined(frames), durable);
        if (durable && this.#queue.length === 0) this.#unsynced = false;
      }
      const wanted = checkpoint || this.#logBytes > this.#checkpointBytes;
      if (wanted && this.#dirty.size === 0 && !this.#resized) await this.#checkpoint();
    } catch (error) {
      this.#failure = error;
    }
  }

  /**
   * The log still covers every page written to the base here, so that a torn base is repaired by replaying it. Frames
   * committed while this waits belong to the next log.
   */
  #checkpoint(): void | Promise<void> {
    const pages = [...this.#logged].sort((a, b) => a - b);
    const runs: PageRun[] = [];
    for (let i = 0; i < pages.length; ) {
      const first = pages[i] ?? 0;
      let last = i;
      while (pages[last + 1] === (pages[last] ?? 0) + 1) last += 1;
      const end = Math.min(this.#length, ((pages[last] ?? 0) + 1) * pageBytes);
      const from = first * pageBytes;
      if (end > from) runs.push({ first, bytes: this.#image.slice(from, end) });
      i = last + 1;
    }
    const before = { pages, bytes: this.#logBytes, salt: this.#salt, sequence: this.#sequence };
    this.#logged.clear();
    this.#logBytes = 0;
    this.#salt = (this.#salt + 1) >>> 0;
    this.#sequence = 0;
    try {
      return this.#backend.checkpoint(runs, this.#length);
    } catch {
      // The log still holds everything and goes on growing; the next commit tries again.
      for (const page of before.pages) this.#logged.add(page);
      this.#logBytes = before.bytes;
      this.#salt = before.salt;
      this.#sequence = before.sequence;
    }
  }

  #checkFailure(): void {
    if (this.#failure === null) return;
    const message = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    throw new StoreError(
      'sql.io',
      `The page log could not be stored: ${message}`,
      'Check the storage; close and open the database again.',
      this.#failure,
    );
  }

  #grow(size: number): void {
    const needed = roundUp(size);
    if (needed <= this.#image.length) return;
    const grown = new Uint8Array(Math.max(needed, roundUp(this.#image.length * 1.5)));
    grown.set(this.#image);
    this.#image = grown;
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / pageBytes) * pageBytes;
}

function joined(frames: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = frames;
  if (frames.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(frames.reduce((total, frame) => total + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    all.set(frame, at);
    at += frame.length;
  }
  return all;
}
