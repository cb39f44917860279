import { numberOption } from '../arguments.ts';
import { plainReporter, type Reporter, type RunEvent } from '../output/events.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { Desk } from '../tui/desk.ts';
import { lookOf } from '../tui/look-of.ts';
import { showOnTerminal } from '../tui/terminal.tsx';
import { Watch } from '../tui/watch.ts';
import { keepFrames } from './keep-frames.ts';
import type { Run } from './run.ts';

/** Plays a scenario on a terminal, step by step, beside what the devices show. */
export async function watch({ world, scenario, clock, values }: Run): Promise<number> {
  let verdict: boolean | null = null;
  const events: RunEvent[] = [];
  const code = await showOnTerminal(lookOf(values), ({ quit }) => {
    const desk = new Desk({
      world,
      devices: [],
      quit: () => quit(verdict === false ? 1 : 0),
      interrupt: () => quit(130),
    });
    const player = new Watch(
      desk,
      scenario,
      numberOption(values, 'speed', 1),
      values['step'] === true,
    );
    const report: Reporter = (event) => {
      events.push(event);
      player.tell(event);
    };
    const { before, caption, intercept } = player;
    runScenario(world, scenario, {
      desk,
      report,
      clock,
      before,
      onFrame: keepFrames(desk, values, report),
    }).then(
      (ok) => {
        verdict = ok;
        player.end(ok);
      },
      (error: unknown) => player.fail(error),
    );
    return { desk, caption, intercept };
  });
  // The screen is gone: what happened stays readable.
  const report = plainReporter((line) => process.stdout.write(line));
  for (const event of events) report(event);
  return code;
}
