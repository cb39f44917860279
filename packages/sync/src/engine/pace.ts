import type { Count } from './status.ts';

/** Pages before which a guess would be worthless. */
const leastPages = 3;
/** Weight of the newest page. */
const newest = 0.3;
/** Nothing but the end is the end. */
const almost = 0.99;

/** How far a cycle is, and how long it will take, from the rows that each page brings. */
export class Pace {
  #fraction = 0;
  #pages = 0;
  #rowsPerMs: number | null = null;
  #last: { readonly rows: number; readonly at: number } | null = null;

  /** Rows so far and in all, at a time in milliseconds. */
  take(rows: Count, at: number): { readonly fraction: number; readonly etaMs: number | null } {
    const { done, total } = rows;
    this.#fraction = Math.max(this.#fraction, total === 0 ? 0 : Math.min(almost, done / total));
    const last = this.#last;
    if (last !== null && done > last.rows && at > last.at) {
      const rate = (done - last.rows) / (at - last.at);
      this.#rowsPerMs =
        this.#rowsPerMs === null ? rate : newest * rate + (1 - newest) * this.#rowsPerMs;
      this.#pages += 1;
    }
    if (last === null || done > last.rows) this.#last = { rows: done, at };
    const known = this.#pages >= leastPages && this.#rowsPerMs !== null && this.#rowsPerMs > 0;
    const etaMs = known ? Math.max(0, total - done) / (this.#rowsPerMs ?? 1) : null;
    return { fraction: this.#fraction, etaMs: etaMs === null ? null : Math.round(etaMs) };
  }
}
