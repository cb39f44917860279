/** What the cycles of a fleet came to. */
export class Tally {
  syncs = 0;
  edits = 0;
  kills = 0;
  readonly failures: Record<string, number> = {};
  readonly #latencies: number[] = [];
  #recent: number[] = [];

  synced(ms: number): void {
    this.syncs += 1;
    this.#latencies.push(ms);
    this.#recent.push(ms);
  }

  failed(kind: string): void {
    this.failures[kind] = (this.failures[kind] ?? 0) + 1;
  }

  /** Milliseconds that so many percent of all cycles took at most. */
  get latency(): Latency {
    return latencyOf(this.#latencies);
  }

  /** The same of the cycles since it was asked for last, and how many there were. */
  takeRecent(): Latency & { readonly syncs: number } {
    const recent = this.#recent;
    this.#recent = [];
    return { ...latencyOf(recent), syncs: recent.length };
  }
}

export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

function latencyOf(all: readonly number[]): Latency {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
