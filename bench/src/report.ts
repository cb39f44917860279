/** One measured comparison. A ratio above 1 means Outpost is better. */
export interface Measure {
  readonly bench: string;
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
}

export type Report = (measure: Measure) => void;

/** Ratio of two costs (time, bytes): less is better. */
export function costRatio({ ours, peer }: Measure): number {
  return Number((peer / ours).toPrecision(3));
}

/**
 * Median milliseconds of `runs` runs of each kind of work, after `warmUp` that are not counted. The kinds take turns, so
 * that a busy machine slows all of them.
 */
export function medians<K extends string>(
  runs: number,
  warmUp: number,
  work: Readonly<Record<K, (run: number) => unknown>>,
): Readonly<Record<K, number>> {
  const kinds = Object.keys(work) as K[];
  const times = new Map(kinds.map((kind) => [kind, [] as number[]]));
  for (let run = -warmUp; run < runs; run++) {
    for (const kind of kinds) {
      const start = process.hrtime.bigint();
      work[kind](run);
      const time = Number(process.hrtime.bigint() - start) / 1e6;
      if (run >= 0) times.get(kind)?.push(time);
    }
  }
  const median = (kind: K): number => {
    const sorted = times.get(kind)?.sort((a, b) => a - b) ?? [];
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return Object.fromEntries(kinds.map((kind) => [kind, median(kind)])) as Record<K, number>;
}
