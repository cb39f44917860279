import type { Run } from '../world/run-world.ts';
import { ViolationFound } from './violation.ts';

/** After an edit or a repair, a cycle begins within this time. */
const soonMs = 5000;

/** W-23: where a device synchronizes by itself and nothing hinders it, no edit waits for an interval. */
export function checkWaiting({ devices }: Run): void {
  for (const device of devices) {
    const { client } = device;
    const schedule = client?.schedule?.current;
    if (client === null || schedule === undefined) continue;
    // A failure puts the next attempt off, and a cycle under way may still take the edit along.
    if (schedule.paused !== null || schedule.failures > 0) continue;
    if (client.sync.currentStatus.running !== null) continue;
    const [entry] = client.sync.outbox.nextBatch();
    if (entry === undefined) continue;
    if (schedule.nextAt !== null && schedule.nextAt <= device.now + soonMs) continue;
    const next = schedule.nextAt === null ? 'never' : `in ${schedule.nextAt - device.now} ms`;
    throw new ViolationFound(
      'W-23',
      `${device.name} holds ${entry.op} of ${entry.table} ${entry.id}; its next attempt is ${next}.`,
    );
  }
}
