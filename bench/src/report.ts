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

/** Median milliseconds of `runs` runs, after one that is not counted. */
export function medianMs(runs: number, work: (run: number) => void): number {
  work(-1);
  const times = Array.from({ length: runs }, (_, run) => {
    const start = process.hrtime.bigint();
    work(run);
    return Number(process.hrtime.bigint() - start) / 1e6;
  });
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
