import type { Run } from '../world/run-world.ts';
import { ViolationFound } from './violation.ts';

/** W-25: a device stops synchronizing by itself only because of what the organization has said to it. */
export function checkPauses({ devices }: Run): void {
  for (const device of devices) {
    const paused = device.client?.schedule?.current.paused ?? null;
    if (paused !== 'auth' && paused !== 'disabled') continue;
    if (device.refusals > 0) continue;
    throw new ViolationFound(
      'W-25',
      `${device.name} is paused (${paused}), and the organization has refused nothing.`,
    );
  }
}
