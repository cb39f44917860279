import type { VirtualClock } from '@outpost/testkit';
import type { Reporter } from '../output/events.ts';
import type { Desk } from '../tui/desk.ts';
import { UsageError } from '../usage-error.ts';
import type { World } from '../world/world.ts';
import { ScenarioContext } from './context.ts';
import { editStep } from './edit-steps.ts';
import { expectStep } from './expect-step.ts';
import { lifeStep } from './life-steps.ts';
import { describeStep, type Scenario, type Step } from './scenario.ts';
import { serverStep } from './server-steps.ts';
import { showStep } from './show-steps.ts';

export interface RunOptions {
  /** What is shown of the devices; a scenario's devices are put on it. */
  readonly desk: Desk;
  readonly report: Reporter;
  /** The clock the world was opened with. */
  readonly clock: VirtualClock;
  /** Keeps a picture under a name. */
  readonly onFrame: (name: string) => void;
  /** Waits before a step; default: not at all. */
  readonly before?: (step: Step, nth: number) => Promise<void>;
}

/** Plays a scenario step by step. Answers true when every expectation held. */
export async function runScenario(
  world: World,
  scenario: Scenario,
  { desk, report, clock, onFrame, before }: RunOptions,
): Promise<boolean> {
  const context = new ScenarioContext({ world, scenario, report, desk, clock, frame: onFrame });
  report({ type: 'start', scenario: scenario.name, about: scenario.about, seed: scenario.seed });
  await world.setConflicts(scenario.conflicts);
  for (const [nth, step] of scenario.steps.entries()) {
    await before?.(step, nth);
    report({ type: 'step', line: step.line, verb: step.verb, text: describeStep(step) });
    await play(context, step);
  }
  return end(context);
}

async function play(context: ScenarioContext, step: Step): Promise<void> {
  if (step.verb === 'say' || editStep(context, step) || showStep(context, step)) return;
  if (await lifeStep(context, step)) return;
  if ((await serverStep(context, step)) || (await expectStep(context, step))) return;
  throw new UsageError(`Line ${step.line}: unknown verb "${step.verb}".`);
}

async function end(context: ScenarioContext): Promise<boolean> {
  let converged = true;
  let syncErrors = 0;
  for (const opened of context.devices.values()) {
    converged &&= await context.converged(opened);
    syncErrors += opened.device.sync.errors.list().length;
  }
  const ok = context.failed === 0 && converged;
  const { rowsDownloaded, editsUploaded, conflicts, requests, bytes } = context.world.traffic;
  context.report({
    type: 'end',
    ok,
    failed: context.failed,
    rowsDownloaded,
    editsUploaded,
    conflicts,
    syncErrors,
    converged,
    requests,
    bytes,
    commands: [...context.commands].sort(),
  });
  return ok;
}
