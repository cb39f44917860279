import { type Observable, Subject } from 'rxjs';
import type { ChangeSet } from './change-set.ts';

/** Runs before anybody else learns of a commit. Reads the database exactly as of that commit; must not write. */
export interface Maintainer {
  readonly name: string;
  apply(change: ChangeSet): void;
}

/**
 * Delivers change sets one after the other: all maintainers, then all subscribers. What a subscriber commits is
 * delivered when everybody has seen what came before.
 */
export class CommitStream {
  readonly #maintainers: Maintainer[] = [];
  readonly #commits = new Subject<ChangeSet>();
  readonly #queue: ChangeSet[] = [];
  readonly #onFault: (error: unknown) => void;
  #delivering = false;
  #maintaining = false;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get commits(): Observable<ChangeSet> {
    return this.#commits.asObservable();
  }

  /** A maintainer is at work: nobody may write. */
  get maintaining(): boolean {
    return this.#maintaining;
  }

  maintain(maintainer: Maintainer): () => void {
    this.#maintainers.push(maintainer);
    return () => {
      const at = this.#maintainers.indexOf(maintainer);
      if (at >= 0) this.#maintainers.splice(at, 1);
    };
  }

  deliver(set: ChangeSet): void {
    this.#queue.push(set);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#maintain(next);
        this.#commits.next(next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  complete(): void {
    this.#commits.complete();
  }

  #maintain(set: ChangeSet): void {
    this.#maintaining = true;
    for (const maintainer of this.#maintainers) {
      try {
        maintainer.apply(set);
      } catch (error) {
        this.#onFault(error);
      }
    }
    this.#maintaining = false;
  }
}
