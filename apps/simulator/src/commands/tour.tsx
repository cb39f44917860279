import { platformSystem } from '@outpost/device';
import type { Arguments } from '../arguments.ts';
import { isTerminal } from '../is-terminal.ts';
import { Desk } from '../tui/desk.ts';
import { lookOf } from '../tui/look-of.ts';
import { showOnTerminal } from '../tui/terminal.tsx';
import { Tour } from '../tui/tour.ts';
import { openWorld } from '../world/world.ts';
import { runCommand } from './run.ts';

/** The guided first minutes; without a terminal the same story as text. */
export async function tourCommand(given: Arguments): Promise<number> {
  const { values } = given;
  if (!isTerminal() || values['plain'] === true || values['json'] === true)
    return runCommand({ ...given, command: 'run', operand: 'conflict' });
  const world = await openWorld({
    rows: 600,
    seed: 1,
    solution: null,
    data: null,
    dir: null,
    conflicts: 'on',
    system: platformSystem,
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
  });
  try {
    const phone = await world.openDevice({
      name: 'phone',
      user: 'ana',
      start: 'auto',
      online: true,
      pageRows: 50,
    });
    return await showOnTerminal(lookOf(values), ({ quit }) => {
      const desk = new Desk({
        world,
        devices: [phone],
        quit: () => quit(0),
        interrupt: () => quit(130),
      });
      const { caption, intercept } = new Tour(desk);
      return { desk, caption, intercept };
    });
  } finally {
    await world.close();
  }
}
