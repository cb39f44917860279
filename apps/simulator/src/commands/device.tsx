import { VirtualClock } from '@outpost/testkit';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { Desk } from '../tui/desk.ts';
import { lookOf } from '../tui/look-of.ts';
import { showOnTerminal } from '../tui/terminal.tsx';
import { UsageError } from '../usage-error.ts';
import { type OpenDevice, openWorld, type World } from '../world/world.ts';
import { interactiveWorld, stoppedSystem } from './interactive-world.ts';

/** Devices that there may be on one terminal. */
const maxDevices = 8;
const deviceNames = ['phone', 'tablet', 'laptop'];

/** The interactive devices. Their first sync starts, or resumes, by itself. */
export async function deviceCommand({ values }: Arguments): Promise<number> {
  const tell = (message: string) => process.stderr.write(`\r\x1b[2K${message}`);
  const count = numberOption(values, 'devices', 1);
  if (count < 1 || count > maxDevices)
    throw new UsageError(`--devices is 1 to ${maxDevices}; many more are a fleet: outpost fleet.`);
  const start = textOption(values, 'clock');
  const clock = start === null ? null : new VirtualClock(parseStart(start));
  const world = await openWorld(interactiveWorld(values, tell, clock));
  process.stderr.write('\n');
  try {
    const devices: OpenDevice[] = [];
    for (let n = 0; n < count; n++) devices.push(await openNth(world, n, values, clock));
    return await showOnTerminal(lookOf(values), ({ quit }) => ({
      desk: new Desk({
        world,
        devices,
        quit: () => quit(0),
        interrupt: () => quit(130),
        ...(clock === null ? {} : { minute: () => clock.advance({ minutes: 1 }) }),
      }),
    }));
  } finally {
    await world.close();
  }
}

/** Devices belong to the users in turn: phone of the first, tablet of the second ... */
function openNth(
  world: World,
  n: number,
  values: Arguments['values'],
  clock: VirtualClock | null,
): Promise<OpenDevice> {
  const users = [...world.users.keys()];
  const name = deviceNames[n] ?? `device-${n + 1}`;
  return world.openDevice({
    name,
    user: users[n % users.length] ?? 'ana',
    // With a clock that stands still nothing would ever be due.
    start: 'auto',
    online: values['offline'] !== true,
    pageRows: 200,
    ...(clock === null
      ? {}
      : { system: stoppedSystem(clock, numberOption(values, 'seed', 1) * 100 + n) }),
  });
}

function parseStart(text: string): number {
  const start = Date.parse(text);
  if (Number.isNaN(start))
    throw new UsageError('--clock expects a time such as 2026-03-02T08:00:00Z.');
  return start;
}
