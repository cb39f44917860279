import type { SyncErrorRow } from '@outpost/sync';
import type { DeviceStore } from '../device-store.ts';
import type { CommandId } from '../keys.ts';

const said = {
  retry: 'Queued again, as it was.',
  keepMine: "Queued again: it will be written over the server's row.",
  takeServer: "Given up: the server's row stays.",
  discard: 'Given up.',
} as const;

/** Carries out a way of repair. False: the command is none. */
export function repair(store: DeviceStore, error: SyncErrorRow, command: CommandId): boolean {
  if (!Object.hasOwn(said, command)) return false;
  const action = command as keyof typeof said;
  store.device.sync.errors.resolve(error.id, action);
  store.set({ selected: 0 });
  store.say(said[action]);
  return true;
}
