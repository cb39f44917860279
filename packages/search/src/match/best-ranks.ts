import { ranks } from './rank.ts';

/** The best rank of each row that was found. Cleared row by row, so that many rows cost no more than they are. */
export class BestRanks {
  rids: number[] = [];
  /** Rank plus one; 0: the row was not found. */
  #ranks = new Uint8Array(1024);

  add(rid: number, rank: number): void {
    if (rid >= this.#ranks.length) {
      const grown = new Uint8Array(Math.max(rid + 1, this.#ranks.length * 2));
      grown.set(this.#ranks);
      this.#ranks = grown;
    }
    const known = this.#ranks[rid] ?? 0;
    if (known === 0) this.rids.push(rid);
    if (known === 0 || rank + 1 < known) this.#ranks[rid] = rank + 1;
  }

  /** Rows by rank. */
  groups(): readonly (readonly number[])[] {
    const groups: number[][] = ranks.map(() => []);
    for (const rid of this.rids) groups[(this.#ranks[rid] ?? 0) - 1]?.push(rid);
    return groups;
  }

  clear(): void {
    for (const rid of this.rids) this.#ranks[rid] = 0;
    this.rids = [];
  }
}
