import { type GeneratedRun, type GenerateOptions, generateRun } from './generate/generate-run.ts';
import { shrink } from './generate/shrink.ts';
import { runWorld, type WorldReport } from './world/run-world.ts';
import type { Sabotage } from './world/sabotage.ts';
import type { WorldApp } from './world/world-spec.ts';

export interface FuzzOptions extends GenerateOptions {
  /** First seed; default 1. */
  readonly from?: number;
  readonly seeds: number;
  /** Runs to spend on making a failing one small; default 300. */
  readonly shrinkRuns?: number;
  /** After each seed. False: stop. */
  readonly onSeed?: (seed: number, report: WorldReport) => boolean | undefined;
  /** Plants a fault in every run, to see whether it is found. */
  readonly sabotage?: (() => Sabotage) | undefined;
  readonly onShrink?: (decisions: number, runs: number) => void;
}

export interface FuzzResult {
  readonly seeds: number;
  readonly requests: number;
  readonly edits: number;
  /** The first failure, as it was found and as small as it could be made. */
  readonly failure: {
    readonly seed: number;
    readonly found: GeneratedRun;
    readonly report: WorldReport;
    readonly small: GeneratedRun;
    readonly smallReport: WorldReport;
  } | null;
}

/** Runs seed after seed until an invariant breaks. */
export async function fuzz(app: WorldApp, options: FuzzOptions): Promise<FuzzResult> {
  const from = options.from ?? 1;
  let requests = 0;
  let edits = 0;
  for (let n = 0; n < options.seeds; n++) {
    const seed = from + n;
    const found = generateRun(app, seed, options);
    const { sabotage } = options;
    const report = await runWorld(app, found.spec, found.decisions, {
      sabotage: sabotage?.() ?? {},
    });
    requests += report.requests;
    edits += report.edits;
    const goesOn = options.onSeed?.(seed, report) !== false;
    if (report.violation !== null) {
      const { run: small, report: smallReport } = await shrink(app, found, report, {
        ...(sabotage === undefined ? {} : { sabotage }),
        ...(options.shrinkRuns === undefined ? {} : { runs: options.shrinkRuns }),
        ...(options.onShrink === undefined ? {} : { onRun: options.onShrink }),
      });
      const failure = { seed, found, report, small, smallReport };
      return { seeds: n + 1, requests, edits, failure };
    }
    if (!goesOn) return { seeds: n + 1, requests, edits, failure: null };
  }
  return { seeds: options.seeds, requests, edits, failure: null };
}
