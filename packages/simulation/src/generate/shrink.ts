import type { Decision } from '../world/decision.ts';
import { goodNetwork } from '../world/network.ts';
import { runWorld, type WorldReport } from '../world/run-world.ts';
import type { Sabotage } from '../world/sabotage.ts';
import type { WorldApp } from '../world/world-spec.ts';
import type { GeneratedRun } from './generate-run.ts';

export interface ShrinkOptions {
  /** Runs to spend; default 300. */
  readonly runs?: number;
  /** Plants the fault that is looked for. */
  readonly sabotage?: () => Sabotage;
  /** After each run: how many decisions are left. */
  readonly onRun?: (decisions: number, runs: number) => void;
}

export interface Shrunk {
  readonly run: GeneratedRun;
  readonly report: WorldReport;
  /** Runs that it took. */
  readonly runs: number;
}

/**
 * The smallest run found that breaks the same invariant: decisions are left out by halves down to single ones, the
 * network made good, devices taken away, times shortened. Chance is drawn by name, so what stays happens as before.
 */
export async function shrink(
  app: WorldApp,
  failing: GeneratedRun,
  report: WorldReport,
  options: ShrinkOptions = {},
): Promise<Shrunk> {
  const most = options.runs ?? 300;
  const invariant = report.violation?.invariant;
  let best = { run: failing, report };
  let runs = 0;
  const tried = async (run: GeneratedRun): Promise<boolean> => {
    if (runs >= most) return false;
    runs += 1;
    const next = await runWorld(app, run.spec, run.decisions, {
      sabotage: options.sabotage?.() ?? {},
    });
    options.onRun?.(best.run.decisions.length, runs);
    if (next.violation?.invariant !== invariant) return false;
    best = { run, report: next };
    return true;
  };
  const { done } = report;
  await tried({ ...failing, decisions: failing.decisions.slice(0, done + 1) });
  await tried({ ...best.run, spec: { ...best.run.spec, network: goodNetwork } });
  for (let size = best.run.decisions.length >> 1; size >= 1; ) {
    let removed = false;
    for (let at = best.run.decisions.length - size; at >= 0 && runs < most; at -= size) {
      const { decisions } = best.run;
      const rest: Decision[] = [...decisions.slice(0, at), ...decisions.slice(at + size)];
      if (await tried({ ...best.run, decisions: rest })) removed = true;
    }
    if (size === 1 && !removed) break;
    size = Math.max(1, Math.min(size, best.run.decisions.length) >> 1);
    if (runs >= most || best.run.decisions.length === 0) break;
  }
  for (let devices = 1; devices < best.run.spec.devices; devices++) {
    const used = best.run.decisions.every((one) => !('device' in one) || one.device < devices);
    if (used && (await tried({ ...best.run, spec: { ...best.run.spec, devices } }))) break;
  }
  for (let i = 0; i < best.run.decisions.length; i++) {
    const decisions = best.run.decisions.map((one, at) =>
      at === i ? { ...one, wait: 1000 } : one,
    );
    if (best.run.decisions[i]?.wait !== 1000) await tried({ ...best.run, decisions });
  }
  return { ...best, runs };
}
