import { HttpError } from '../server-error.ts';

/** Bytes of one caller, and of all, that are held for requests under way. */
const most = { ofCaller: 32 * 1024 * 1024, all: 256 * 1024 * 1024 };

/**
 * Counts bodies that were read and answers that were not taken yet, by caller: neither many bodies at a time nor reading
 * no answers fills the memory.
 */
export class InFlight {
  readonly #bytes = new Map<string, number>();
  #all = 0;

  /** Throws the 429 of a caller who holds too much, or the 503 of a process that does. */
  demand(caller: string): void {
    if ((this.#bytes.get(caller) ?? 0) >= most.ofCaller) {
      const message = 'Read the answers to your other requests first.';
      throw new HttpError(429, 'outpost:tooMuchAtOnce', message, { 'retry-after': '5' });
    }
    if (this.#all >= most.all) {
      const message = 'Too much is under way: try again later.';
      throw new HttpError(503, 'outpost:busy', message, { 'retry-after': '5' });
    }
  }

  /** Answers how to give them back. */
  hold(caller: string, bytes: number): () => void {
    this.#add(caller, bytes);
    return () => this.#add(caller, -bytes);
  }

  #add(caller: string, bytes: number): void {
    const left = (this.#bytes.get(caller) ?? 0) + bytes;
    if (left === 0) this.#bytes.delete(caller);
    else this.#bytes.set(caller, left);
    this.#all += bytes;
  }
}
