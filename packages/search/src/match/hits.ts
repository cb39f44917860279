import type { PostingSink } from '../postings/posting.ts';
import type { Rank } from './rank.ts';
import { rankOf } from './rank.ts';

/**
 * Rows that one word matches, by `_rid`: the columns it is in, those where it begins a token, those whose value it
 * begins, those it is all of, and the best rank. Arrays are kept and cleared row by row.
 */
export class Hits {
  rids: number[] = [];
  /** The only word of a term: its rank says all, so `prefixes`, `firsts` and `onlys` are left out. */
  isSingle = false;
  masks: Uint32Array = new Uint32Array(1024);
  prefixes: Uint32Array = new Uint32Array(1024);
  firsts: Uint32Array = new Uint32Array(1024);
  onlys: Uint32Array = new Uint32Array(1024);
  /** Rank plus one; 0: the row is not among them. */
  best: Uint8Array = new Uint8Array(1024);

  has(rid: number): boolean {
    return rid < this.best.length && this.best[rid] !== 0;
  }

  /** The word begins a token in the columns of `mask`; it is the whole value in those of `only`. */
  addPrefix(rid: number, mask: number, first: number, only: number): void {
    this.#note(rid, only !== 0 ? rankOf.exact : first !== 0 ? rankOf.value : rankOf.token);
    this.masks[rid] = (this.masks[rid] ?? 0) | mask;
    if (this.isSingle) return;
    this.prefixes[rid] = (this.prefixes[rid] ?? 0) | mask;
    this.firsts[rid] = (this.firsts[rid] ?? 0) | first;
    this.onlys[rid] = (this.onlys[rid] ?? 0) | only;
  }

  /** The word is in a token, or nearly one. */
  addWeak(rid: number, mask: number, rank: number): void {
    this.#note(rid, rank);
    this.masks[rid] = (this.masks[rid] ?? 0) | mask;
  }

  clear(): void {
    for (const rid of this.rids) {
      this.masks[rid] = 0;
      this.prefixes[rid] = 0;
      this.firsts[rid] = 0;
      this.onlys[rid] = 0;
      this.best[rid] = 0;
    }
    this.rids = [];
  }

  #note(rid: number, rank: number): void {
    if (rid >= this.best.length) this.#grow(rid);
    const known = this.best[rid] ?? 0;
    if (known === 0) {
      this.rids.push(rid);
      this.best[rid] = rank + 1;
    } else if (rank + 1 < known) this.best[rid] = rank + 1;
  }

  #grow(rid: number): void {
    const size = Math.max(rid + 1, this.best.length * 2);
    this.masks = grown(this.masks, size);
    this.prefixes = grown(this.prefixes, size);
    this.firsts = grown(this.firsts, size);
    this.onlys = grown(this.onlys, size);
    const best = new Uint8Array(size);
    best.set(this.best);
    this.best = best;
  }
}

/** Working memory of searches, used again and again: its arrays are as long as the largest row number. */
export class HitsPool {
  readonly #free: Hits[] = [];

  /** Lends cleared hits to some work; what it returns must not be the hits themselves. */
  use<T>(work: (hits: Hits) => T): T {
    return this.useEach([null], ([hits = new Hits()]) => work(hits));
  }

  /** The same with hits for each item. */
  useEach<T>(items: readonly unknown[], work: (hits: readonly Hits[]) => T): T {
    const lent = items.map(() => this.#free.pop() ?? new Hits());
    try {
      return work(lent);
    } finally {
      for (const hits of lent) {
        hits.clear();
        hits.isSingle = false;
        this.#free.push(hits);
      }
    }
  }
}

function grown(from: Uint32Array, size: number): Uint32Array {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

/** Postings as beginnings of tokens in some columns. `isWhole`: the word is the whole token. */
export function prefixSink(hits: Hits, allowed: number, isWhole: boolean): PostingSink {
  return {
    add(rid, mask, first, only) {
      const found = mask & allowed;
      if (found !== 0) hits.addPrefix(rid, found, first & allowed, isWhole ? only & allowed : 0);
    },
  };
}

/** Postings as matches of a lower rank in some columns. */
export function weakSink(hits: Hits, allowed: number, rank: Rank): PostingSink {
  const code = rankOf[rank];
  return {
    add(rid, mask) {
      const found = mask & allowed;
      if (found !== 0) hits.addWeak(rid, found, code);
    },
  };
}
